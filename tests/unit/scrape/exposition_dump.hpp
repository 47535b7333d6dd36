// A page as text, entry by entry, in the form of tests/golden/scrape/exposition.txt.
#pragma once

#include <string>
#include <string_view>

#include "engine/scrape/exposition.hpp"
#include "promql/value.hpp"

namespace tocsin::scrape {

inline std::string dump_labels(const ParsedLabels& parsed) {
  if (!parsed.repeated_name.empty()) return "duplicate";
  std::string out;
  for (const LabelView label : parsed.labels) {
    if (!out.empty()) out += ',';
    out += go_quote(label.name) + '=' + go_quote(label.value);
  }
  return out;
}

inline std::string dump_entry(const ExpositionParser& parser, EntryKind kind) {
  switch (kind) {
    case EntryKind::end:
      return "end\n";
    case EntryKind::comment:
      return "comment\n";
    case EntryKind::type:
      return "type " + go_quote(parser.family()) + ' ' + std::string(to_string(parser.type())) + '\n';
    case EntryKind::help:
      return "help " + go_quote(parser.family()) + ' ' + go_quote(parser.help()) + '\n';
    case EntryKind::unit:
      return "unit " + go_quote(parser.family()) + ' ' + go_quote(parser.unit()) + '\n';
    case EntryKind::series:
      break;
  }
  const std::string time = parser.timestamp() ? std::to_string(ms_of(*parser.timestamp())) : "-";
  return "series " + go_quote(parser.series()) + ' ' + time + ' ' + promql::format_float_go(parser.value()) +
         ' ' + dump_labels(parser.labels()) + '\n';
}

inline std::string dump_page(Format format, std::string page) {
  if (format == Format::text) page += '\n';
  const auto parser = make_parser(format, page);
  std::string out;
  while (true) {
    const Result<EntryKind> kind = parser->next();
    if (!kind) return out + "error " + go_quote(kind.error().text) + '\n';
    out += dump_entry(*parser, *kind);
    if (*kind == EntryKind::end) return out;
  }
}

}  // namespace tocsin::scrape
