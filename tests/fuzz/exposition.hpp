// What must hold for any bytes a target may send, read in either format: the page is read or refused, reading
// always moves on, and a target that remembers the page reads it again as it read it first. Shared by the
// fuzz target and by the unit tests, which run it on seeded random pages.
#pragma once

#include <bit>
#include <memory>
#include <string>
#include <string_view>

#include "engine/scrape/exposition.hpp"
#include "engine/scrape/page.hpp"

namespace tocsin::scrape {

// "" when the parser always moved on to its end or to an error.
inline std::string check_progress(Format format, std::string page) {
  if (format == Format::text) page += '\n';
  const auto parser = make_parser(format, page);
  while (true) {
    const std::size_t before = parser->position();
    const Result<EntryKind> kind = parser->next();
    if (!kind) return kind.error().text.empty() ? "an error without a text" : "";
    if (*kind == EntryKind::end) return "";
    if (parser->position() <= before || parser->position() > page.size())
      return "the parser does not move on";
    if (*kind == EntryKind::series && parser->labels().labels.empty() && !parser->series().starts_with('{') &&
        parser->series().find_first_not_of(" \t") == std::string_view::npos)
      return "a series without a name";
  }
}

inline ParsedPage read_once(Format format, const std::string& page, SeriesMemory memory) {
  PageJob job;
  job.body = page;
  job.content_type = format == Format::text ? "text/plain" : "application/openmetrics-text";
  job.time = timestamp_from_ms(1'700'000'000'000);
  job.target_labels = Labels{{"instance", "i"}};
  job.config = std::make_shared<const config::ScrapeConfig>();
  job.memory = std::move(memory);
  return parse_page(std::move(job));
}

inline std::string check_any_page(Format format, const std::string& page) {
  if (std::string wrong = check_progress(format, page); !wrong.empty()) return wrong;
  ParsedPage first = read_once(format, page, SeriesMemory());
  std::uint32_t slot = 0;
  for (const UnresolvedSeries& series : first.unresolved) first.memory.set_series(series.line, {slot++, 0});
  const ParsedPage again = read_once(format, page, std::move(first.memory));
  if (again.error != first.error) return "the page means another error the second time";
  if (again.samples_scraped != first.samples_scraped || again.duplicates != first.duplicates ||
      again.values.size() != first.values.size() || again.timed.size() != first.timed.size())
    return "the page holds another number of samples the second time";
  for (std::size_t i = 0; i < first.values.size(); ++i) {
    if (std::bit_cast<std::uint64_t>(first.values[i]) != std::bit_cast<std::uint64_t>(again.values[i]))
      return "a value is another one the second time";
  }
  for (std::size_t i = 0; i < first.timed.size(); ++i) {
    if (first.timed[i].time != again.timed[i].time) return "a timestamp is another one the second time";
  }
  if (again.series_added != 0) return "a series is new the second time";
  return "";
}

}  // namespace tocsin::scrape
