#include "engine/scrape/page.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "engine/scrape/content_type.hpp"
#include "engine/scrape/relabel.hpp"
#include "promql/format.hpp"

namespace tocsin::scrape {
namespace {

using Kind = SeriesMemory::Kind;

constexpr auto kMaxAhead = std::chrono::minutes(10);

// ---- the rest of a line whose series is known: " 12.5\n" or " 12.5 1395066363000\n"

struct LineTail {
  double value = 0;
  std::optional<Timestamp> timestamp;
  std::size_t end = 0;  // of the line; 0 when it is not of this simple form
};

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Decimal numbers of at most 15 digits: the digits and the power of ten are doubles without error, so their
// quotient is the nearest double (Clinger 1990). Returns where it stopped, or null.
const char* parse_short_decimal(const char* at, const char* end, double& value) {
  const bool negative = at < end && *at == '-';
  if (negative) ++at;
  std::uint64_t digits = 0;
  std::size_t count = 0;
  std::size_t fraction = 0;
  const char* point = nullptr;
  for (; at < end; ++at) {
    const auto digit = static_cast<unsigned char>(*at - '0');
    if (digit <= 9) {
      digits = digits * 10 + digit;
      ++count;
    } else if (*at == '.' && !point) {
      point = at + 1;
    } else {
      break;
    }
  }
  if (count == 0 || count > 15) return nullptr;
  if (point) fraction = static_cast<std::size_t>(at - point);
  value = static_cast<double>(digits) / kPowersOfTen[fraction];
  if (negative) value = -value;
  return at;
}

std::optional<Timestamp> parse_short_timestamp(std::string_view digits) {
  if (digits.empty() || digits.size() > 18) return std::nullopt;
  std::int64_t milliseconds = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    milliseconds = milliseconds * 10 + (c - '0');
  }
  return timestamp_from_ms(milliseconds);
}

LineTail parse_tail(std::string_view page, std::size_t position, Format format) {
  if (position >= page.size() || page[position] != ' ') return {};
  const char* const begin = page.data() + position + 1;
  const char* const end = page.data() + page.size();
  LineTail tail;
  const char* at = parse_short_decimal(begin, end, tail.value);
  if (!at || at == end || (*at != '\n' && *at != ' ')) {
    at = std::find_if(begin, end, [](char c) { return c == '\n' || c == ' ' || c == '\t' || c == '{'; });
    if (at == begin || at == end) return {};
    const Result<double> value = parse_sample_value({begin, static_cast<std::size_t>(at - begin)});
    if (!value) return {};
    tail.value = *value;
  }
  if (*at == ' ' && format == Format::text) {
    const char* const stop = std::find(at, end, '\n');
    if (stop == end) return {};
    tail.timestamp = parse_short_timestamp({at + 1, static_cast<std::size_t>(stop - at - 1)});
    if (!tail.timestamp) return {};
    at = stop;
  }
  if (*at != '\n') return {};
  tail.end = static_cast<std::size_t>(at + 1 - page.data());
  return tail;
}

// ---- what a series may be

// At most `count` characters, as Go's %.50s cuts.
std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size() && count > 0) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    --count;
  }
  return text.substr(0, end);
}

bool is_valid(const Labels& labels, config::NameScheme scheme) {
  const bool classic = scheme == config::NameScheme::legacy;
  for (const LabelView label : labels) {
    if (label.name == kMetricName) {
      const bool good = classic ? is_classic_metric_name(label.value) : is_valid_utf8(label.value);
      if (!good) return false;
      continue;
    }
    const bool good =
        classic ? is_classic_label_name(label.name) : !label.name.empty() && is_valid_utf8(label.name);
    if (!good || !is_valid_utf8(label.value)) return false;
  }
  return true;
}

Result<void> check_limits(const Labels& labels, const config::ScrapeLimits& limits) {
  const std::string_view metric = first_characters(labels.metric_name(), 50);
  if (limits.labels > 0 && labels.size() > limits.labels) {
    return Error(format("label_limit exceeded (metric: {}, number of labels: {}, limit: {})", metric,
                        labels.size(), limits.labels));
  }
  if (limits.label_name_length == 0 && limits.label_value_length == 0) return {};
  for (const LabelView label : labels) {
    const std::string_view name = first_characters(label.name, 50);
    if (limits.label_name_length > 0 && label.name.size() > limits.label_name_length) {
      return Error(
          format("label_name_length_limit exceeded (metric: {}, label name: {}, length: {}, limit: {})",
                 metric, name, label.name.size(), limits.label_name_length));
    }
    if (limits.label_value_length > 0 && label.value.size() > limits.label_value_length) {
      return Error(format(
          "label_value_length_limit exceeded (metric: {}, label name: {}, value: {}, length: {}, limit: {})",
          metric, name, go_quote(first_characters(label.value, 50)), label.value.size(),
          limits.label_value_length));
    }
  }
  return {};
}

// ---- the page

class PageReader {
 public:
  explicit PageReader(PageJob job) : job_(std::move(job)), config_(*job_.config), memory_(job_.memory) {
    page_.target = job_.target;
    page_.time = job_.time;
    page_.took = job_.took;
    page_.body_bytes = job_.body.size();
  }

  ParsedPage read() {
    if (job_.body.empty()) {
      page_.vanished = memory_.fail();
    } else {
      read_body();
    }
    for (std::string& family : memory_.take_forgotten_families())
      page_.metadata.push_back({MetadataUpdate::What::gone, std::move(family), MetricType::unknown, ""});
    page_.memory = std::move(memory_);
    return std::move(page_);
  }

 private:
  void read_body();
  // False when the line is to be read in full.
  bool read_known_line();
  // False at the end of the page and after a failure.
  bool read_line();
  bool read_series();
  void read_metadata(EntryKind kind);
  // Where in page_.timed or page_.series a sample was put.
  struct Place {
    bool timed = false;
    std::size_t index = 0;
  };
  std::optional<Place> add_sample(LineId line, std::optional<Timestamp> timestamp, double value);
  // Labels of a series that the store has no name for. False when the page is refused.
  bool resolve(Labels& labels);
  bool may_append(std::optional<Timestamp> timestamp);
  bool refuse(PageFailure failure, std::string error) {
    page_.failure = failure;
    page_.error = std::move(error);
    return false;
  }

  PageJob job_;
  const config::ScrapeConfig& config_;
  SeriesMemory& memory_;
  ParsedPage page_;
  Format format_ = Format::text;
  std::unique_ptr<ExpositionParser> parser_;
  std::size_t appended_ = 0;  // counts against sample_limit
  bool over_sample_limit_ = false;
};

void PageReader::read_body() {
  const Result<FormatChoice> choice = choose_format(job_.content_type, config_.fallback_scrape_protocol);
  if (choice) {
    format_ = choice->format;
    page_.warning = choice->warning;
    // A last line without an end counts.
    if (format_ == Format::text) job_.body += '\n';
    parser_ = make_parser(format_, job_.body);
    while (read_known_line() || read_line()) {
    }
  } else {
    refuse(PageFailure::content_type, choice.error().text);
  }
  if (page_.failure == PageFailure::none && over_sample_limit_)
    refuse(PageFailure::sample_limit, "sample limit exceeded");
  if (page_.failure == PageFailure::none) {
    page_.vanished = memory_.succeed();
    return;
  }
  page_.series.clear();
  page_.values.clear();
  page_.timed.clear();
  page_.unresolved.clear();
  page_.vanished = memory_.fail();
}

bool PageReader::read_known_line() {
  const std::size_t position = parser_->position();
  const LineId line = memory_.predict(parser_->page(), position);
  if (line == kNoLine) return false;
  const Kind kind = memory_.kind(line);
  const std::size_t end = position + memory_.length(line);
  if (kind == Kind::type || kind == Kind::metadata) {
    if (!memory_.in_last_round(line)) return false;
    if (kind == Kind::type) parser_->set_type(memory_.type(line));
    memory_.advance_to(line);
    parser_->continue_at(end);
    return true;
  }
  if (kind == Kind::series && memory_.series(line) == promql::kNoSeries) return false;
  const LineTail tail = parse_tail(parser_->page(), end, format_);
  if (tail.end == 0) return false;
  parser_->continue_at(tail.end);
  ++page_.samples_scraped;
  if (kind == Kind::dropped) {
    memory_.advance_to(line);
  } else {
    add_sample(line, tail.timestamp, tail.value);
  }
  return true;
}

bool PageReader::read_line() {
  const Result<EntryKind> kind = parser_->next();
  if (!kind) return refuse(PageFailure::syntax, kind.error().text);
  switch (*kind) {
    case EntryKind::end:
      return false;
    case EntryKind::comment:
      return true;
    case EntryKind::series:
      return read_series();
    default:
      read_metadata(*kind);
      return true;
  }
}

void PageReader::read_metadata(EntryKind kind) {
  const std::string_view bytes = parser_->entry();
  LineId line = memory_.find(bytes);
  // One that comes back after it was away may differ from what was learnt meanwhile.
  const bool unchanged = line != kNoLine && memory_.in_last_round(line);
  if (line == kNoLine) {
    line =
        memory_.add_metadata(bytes, kind == EntryKind::type ? Kind::type : Kind::metadata, parser_->family());
    memory_.set_type(line, parser_->type());
  }
  memory_.advance_to(line);
  if (unchanged) return;
  MetadataUpdate update;
  update.family = parser_->family();
  switch (kind) {
    case EntryKind::type:
      update.what = MetadataUpdate::What::type;
      update.type = parser_->type();
      break;
    case EntryKind::help:
      update.what = MetadataUpdate::What::help;
      update.text = parser_->help();
      break;
    default:
      update.what = MetadataUpdate::What::unit;
      update.text = parser_->unit();
      break;
  }
  page_.metadata.push_back(std::move(update));
}

bool PageReader::read_series() {
  ++page_.samples_scraped;
  LineId line = memory_.find(parser_->series());
  if (line != kNoLine && memory_.kind(line) == Kind::dropped) {
    memory_.advance_to(line);
    return true;
  }
  if (line != kNoLine && memory_.series(line) != promql::kNoSeries) {
    add_sample(line, parser_->timestamp(), parser_->value());
    return true;
  }
  Labels labels;
  if (!resolve(labels)) return false;
  if (labels.empty()) {
    if (line == kNoLine) line = memory_.add(parser_->series(), Kind::dropped);
    memory_.advance_to(line);
    return true;
  }
  if (line == kNoLine) {
    // A series is learnt with its first sample: one that is not appended never needs an end.
    if (!may_append(parser_->timestamp())) {
      ++page_.samples_after_relabelling;
      return true;
    }
    line = memory_.add(parser_->series(), Kind::series);
    if (!over_sample_limit_) ++page_.series_added;
  }
  if (const std::optional<Place> place = add_sample(line, parser_->timestamp(), parser_->value()))
    page_.unresolved.push_back({line, std::move(labels), place->timed, place->index});
  return true;
}

bool PageReader::resolve(Labels& labels) {
  const ParsedLabels parsed = parser_->labels();
  labels = sample_labels(parsed, job_.target_labels, config_);
  if (labels.empty()) return true;
  if (!labels.has(kMetricName)) return refuse(PageFailure::labels, "missing metric name (__name__ label)");
  if (!is_valid(labels, config_.name_validation)) {
    const std::string shown = labels.to_string();
    return refuse(PageFailure::labels,
                  "invalid metric name or label names: " + std::string(first_characters(shown, 2000)));
  }
  if (const Result<void> good = check_limits(labels, config_.limits); !good)
    return refuse(PageFailure::label_limit, good.error().text);
  if (!parsed.repeated_name.empty() && labels.has(parsed.repeated_name)) {
    return refuse(PageFailure::labels,
                  "label name " + go_quote(parsed.repeated_name) + " is not unique: invalid sample");
  }
  return true;
}

// A page over sample_limit is read to its end all the same, so that the number of its samples can be told.
bool PageReader::may_append(std::optional<Timestamp> timestamp) {
  if (config_.limits.samples > 0 && appended_ >= config_.limits.samples) {
    over_sample_limit_ = true;
    return false;
  }
  if (config_.honor_timestamps && timestamp && *timestamp > job_.time + kMaxAhead) {
    ++page_.out_of_bounds;
    ++appended_;
    return false;
  }
  return true;
}

std::optional<PageReader::Place> PageReader::add_sample(LineId line, std::optional<Timestamp> timestamp,
                                                        double value) {
  if (!config_.honor_timestamps) timestamp.reset();
  ++page_.samples_after_relabelling;
  if (!memory_.advance_to(line) && !timestamp) {
    ++page_.duplicates;
    return std::nullopt;
  }
  if (!may_append(timestamp)) return std::nullopt;
  ++appended_;
  // A series with timestamps of its own is not ended when it is gone: nobody knows when it did.
  if (!timestamp || config_.track_timestamps_staleness) memory_.track(line);
  if (timestamp) {
    page_.timed.push_back({memory_.series(line), *timestamp, value});
    return Place{true, page_.timed.size() - 1};
  }
  page_.series.push_back(memory_.series(line));
  page_.values.push_back(value);
  return Place{false, page_.series.size() - 1};
}

}  // namespace

ParsedPage parse_page(PageJob job) {
  return PageReader(std::move(job)).read();
}

Labels sample_labels(const ParsedLabels& exposed, const Labels& target, const config::ScrapeConfig& config) {
  LabelsBuilder labels(exposed.labels);
  if (config.honor_labels) {
    const auto& empty = exposed.empty_names;
    for (const LabelView label : target) {
      const bool is_exposed =
          exposed.labels.has(label.name) || std::find(empty.begin(), empty.end(), label.name) != empty.end();
      if (!is_exposed) labels.set(label.name, label.value);
    }
  } else {
    std::vector<LabelView> conflicting;
    for (const LabelView label : target) {
      const std::string_view existing = exposed.labels.get(label.name);
      if (!existing.empty()) conflicting.push_back({label.name, existing});
      labels.set(label.name, label.value);
    }
    // The shorter name gets its prefix first, so that exported_x of the target does not take the place of
    // the x that the target exposes.
    std::stable_sort(conflicting.begin(), conflicting.end(),
                     [](const LabelView& a, const LabelView& b) { return a.name.size() < b.name.size(); });
    for (const LabelView& label : conflicting) {
      std::string name(label.name);
      do {
        name.insert(0, "exported_");
      } while (!labels.get(name).empty());
      labels.set(name, label.value);
    }
  }
  if (!relabel(config.metric_relabel_configs, labels)) return {};
  return labels.build();
}

}  // namespace tocsin::scrape
