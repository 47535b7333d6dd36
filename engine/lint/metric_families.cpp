// Upstream's parser is a chain of states over a byte stream in which each read may hit the end; the end is an
// error everywhere but at the start of a line. Here the stream is a view, and the end is the state `failed_`
// with that error, so that the order in which upstream looks at things is kept.
#include "engine/lint/metric_families.hpp"

#include <algorithm>
#include <cmath>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/number_text.hpp"
#include "promql/utf8.hpp"

namespace tocsin::lint {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_name_start(char c, bool with_colon) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '"' || (with_colon && c == ':');
}
// A byte beyond ASCII, taken as a character of its own, is always valid.
bool is_name_byte(char c, bool with_colon, bool quoted) {
  return is_name_start(c, with_colon) || (c >= '0' && c <= '9') || quoted;
}

// Go's %q of a byte: quoted as a character.
std::string quote_byte(char c) {
  std::string text = go_quote(std::string_view(&c, 1));
  if (c == '\'') return "'\\''";
  if (c == '"') return "'\"'";
  if (static_cast<unsigned char>(c) >= 0x80) {
    text = "\"";
    append_code_point(text, static_cast<unsigned char>(c));
    text += '"';
  }
  text.front() = text.back() = '\'';
  return text;
}

bool is_scalar(FamilyType type) {
  return type == FamilyType::counter || type == FamilyType::gauge || type == FamilyType::untyped;
}

std::string without(std::string_view name, std::initializer_list<std::string_view> suffixes) {
  for (const std::string_view suffix : suffixes) {
    if (name.size() > suffix.size() && name.ends_with(suffix))
      return std::string(name.substr(0, name.size() - suffix.size()));
  }
  return std::string(name);
}

class FamilyParser {
 public:
  FamilyParser(std::string_view page, FamilyNames names) : page_(page), names_(names) {}

  ParsedFamilies parse() {
    while (line()) {
    }
    ParsedFamilies parsed{std::move(families_), std::move(error_)};
    std::erase_if(parsed.families, [](const auto& entry) { return entry.second.metrics.empty(); });
    return parsed;
  }

 private:
  // ---- bytes; each is false at the end of the page, which is an error to all but line()

  bool advance() {
    if (at_ >= page_.size()) return fail("unexpected end of input stream");
    current_ = page_[at_++];
    return true;
  }
  bool skip_blanks() {
    do {
      if (!advance()) return false;
    } while (is_blank(current_));
    return true;
  }
  bool skip_blanks_here() { return !is_blank(current_) || skip_blanks(); }
  bool fail(std::string_view text) {
    error_ = Error(format("text format parsing error in line {}: {}", line_, text));
    return false;
  }

  // ---- tokens, from the current byte on

  bool read_until_blank() {
    token_.clear();
    while (!is_blank(current_) && current_ != '\n') {
      token_ += current_;
      if (!advance()) return false;
    }
    return true;
  }
  bool read_escaped() {
    if (current_ != '\\' && current_ != 'n' && current_ != '"') {
      std::string shown;
      append_code_point(shown, static_cast<unsigned char>(current_));
      return fail(format("invalid escape sequence '\\{}'", shown));
    }
    token_ += current_ == 'n' ? '\n' : current_;
    return true;
  }
  bool read_until_line_break(bool escapes) {
    token_.clear();
    while (current_ != '\n') {
      if (escapes && current_ == '\\') {
        if (!advance() || !read_escaped()) return false;
      } else if (current_ != '\\') {
        token_ += current_;
      }
      if (!advance()) return false;
    }
    return true;
  }
  // A metric's or a label's name, quoted or not.
  bool read_name(bool metric) {
    token_.clear();
    if (!is_name_start(current_, metric)) return true;
    bool quoted = false;
    while (true) {
      if (current_ == '"') {
        quoted = !quoted;
        if (!quoted) return advance();
      } else if (current_ == '\n') {
        return fail(
            format("{} name {} contains unescaped new-line", metric ? "metric" : "label", go_quote(token_)));
      } else if (current_ == '\\') {
        if (!advance() || !read_escaped()) return false;
      } else {
        token_ += current_;
      }
      if (!advance()) return false;
      if (!is_name_byte(current_, metric, quoted)) return true;
    }
  }
  bool read_label_value() {
    token_.clear();
    while (true) {
      if (!advance()) return false;
      if (current_ == '"') return true;
      if (current_ == '\n')
        return fail(format("label value {} contains unescaped new-line", go_quote(token_)));
      if (current_ == '\\') {
        if (!advance() || !read_escaped()) return false;
      } else {
        token_ += current_;
      }
    }
  }

  // ---- lines

  bool line();
  bool comment();
  bool help();
  bool type();
  bool sample();
  bool labels(bool name_inside);
  bool name_inside_braces();
  bool label_value(const std::string& name);
  bool value();
  bool timestamp();
  bool choose_family();
  void begin_metric() {
    if (!family_->type) family_->type = FamilyType::untyped;
    metric_ = {};
  }
  [[nodiscard]] std::string family_name() const { return family_ ? family_->name : ""; }
  [[nodiscard]] std::optional<FamilyType> family_type() const {
    return family_ ? family_->type : std::nullopt;
  }
  [[nodiscard]] bool is_own_label(std::string_view name) const {
    const std::optional<FamilyType> type = family_type();
    return (type == FamilyType::summary && name == "quantile") ||
           ((type == FamilyType::histogram || type == FamilyType::gauge_histogram) && name == "le");
  }

  std::string_view page_;
  FamilyNames names_;
  std::size_t at_ = 0;
  char current_ = '\0';
  int line_ = 0;
  std::string token_;
  std::optional<Error> error_;
  std::map<std::string, MetricFamily> families_;
  MetricFamily* family_ = nullptr;
  FamilyMetric metric_;
  // Where the metric of these labels, sorted, stands in its histogram or summary.
  std::map<std::pair<const MetricFamily*, FamilyLabels>, std::size_t> metric_of_labels_;
  bool has_name_inside_ = false;
  bool is_count_ = false;  // of a histogram or summary
  bool is_sum_ = false;
  double part_ = std::nan("");  // the line's le or quantile
};

bool FamilyParser::line() {
  ++line_;
  do {
    if (at_ >= page_.size()) return false;
    current_ = page_[at_++];
  } while (is_blank(current_));
  switch (current_) {
    case '#':
      return comment();
    case '\n':
      return true;
    case '{':
      metric_ = {};
      return labels(true);
    default:
      return sample();
  }
}

bool FamilyParser::comment() {
  if (!skip_blanks()) return false;
  if (current_ == '\n') return true;
  if (!read_until_blank()) return false;
  if (current_ == '\n') return true;
  const std::string keyword = token_;
  if (keyword != "HELP" && keyword != "TYPE") {
    while (current_ != '\n') {
      if (!advance()) return false;
    }
    return true;
  }
  if (!skip_blanks() || !read_name(true)) return false;
  if (current_ == '\n') return true;
  if (!is_blank(current_)) return fail("invalid metric name in comment");
  if (!choose_family() || !skip_blanks()) return false;
  if (current_ == '\n') return true;
  return keyword == "HELP" ? help() : type();
}

bool FamilyParser::help() {
  if (family_->help) return fail(format("second HELP line for metric name {}", go_quote(family_->name)));
  if (!read_until_line_break(true)) return false;
  family_->help = token_;
  return true;
}

bool FamilyParser::type() {
  if (family_->type) {
    return fail(format("second TYPE line for metric name {}, or TYPE reported after samples",
                       go_quote(family_->name)));
  }
  if (!read_until_line_break(false)) return false;
  std::string word = ascii_lower(token_);
  if (word == "gaugehistogram") word = "gauge_histogram";
  for (const FamilyType type : {FamilyType::counter, FamilyType::gauge, FamilyType::summary,
                                FamilyType::untyped, FamilyType::histogram, FamilyType::gauge_histogram}) {
    if (word != to_string(type)) continue;
    family_->type = type;
    return true;
  }
  return fail(format("unknown metric type {}", go_quote(token_)));
}

bool FamilyParser::sample() {
  if (!read_name(true)) return false;
  if (token_.empty()) return fail("invalid metric name");
  if (!choose_family()) return false;
  begin_metric();
  if (!skip_blanks_here()) return false;
  part_ = std::nan("");
  return current_ == '{' ? labels(false) : value();
}

// From the opening brace, which is the current byte.
bool FamilyParser::labels(bool name_inside) {
  has_name_inside_ = false;
  part_ = std::nan("");
  while (true) {
    if (!skip_blanks()) return false;
    if (current_ == '}') {
      if (!family_) return fail("invalid metric name");
      return skip_blanks() && value();
    }
    if (!read_name(false)) return false;
    if (token_.empty()) return fail(format("invalid label name for metric {}", go_quote(family_name())));
    if (!skip_blanks_here()) return false;
    if (current_ != '=') {
      if (!name_inside) return fail("expected '=' after label name, found " + quote_byte(current_));
      const bool closes = current_ == '}';
      if (!name_inside_braces()) return false;
      if (closes) return skip_blanks() && value();
      continue;
    }
    const std::string name = token_;
    if (name == kMetricName) return fail(format("label name {} is reserved", go_quote(name)));
    const bool valid = names_ == FamilyNames::classic ? is_classic_label_name(name) : is_valid_utf8(name);
    if (!valid) return fail(format("invalid label name {}", go_quote(name)));
    const bool repeated =
        !is_own_label(name) && std::any_of(metric_.labels.begin(), metric_.labels.end(),
                                           [&](const auto& label) { return label.first == name; });
    if (repeated) return fail(format("duplicate label names for metric {}", go_quote(family_name())));
    if (!label_value(name)) return false;
    if (current_ == ',') continue;
    if (current_ != '}') return fail("unexpected end of label value " + go_quote(token_));
    if (!family_) return fail("invalid metric name");
    return skip_blanks() && value();
  }
}

bool FamilyParser::name_inside_braces() {
  if (has_name_inside_) return fail(format("multiple metric names for metric {}", go_quote(family_name())));
  if (current_ != ',' && current_ != '}')
    return fail("unexpected end of metric name " + quote_byte(current_));
  if (!choose_family()) return false;
  if (!family_->type) family_->type = FamilyType::untyped;
  has_name_inside_ = true;
  return true;
}

bool FamilyParser::label_value(const std::string& name) {
  if (!skip_blanks()) return false;
  if (current_ != '"') return fail("expected '\"' at start of label value, found " + quote_byte(current_));
  if (!read_label_value()) return false;
  if (!is_valid_utf8(token_)) return fail("invalid label value " + go_quote(token_));
  if (is_own_label(name)) {
    const Result<double> number = promql::parse_float(token_);
    if (!number || token_.find_first_of("pP_") != std::string::npos) {
      return fail(format("expected float as value for '{}' label, got {}", name, go_quote(token_)));
    }
    part_ = *number;
  } else {
    metric_.labels.emplace_back(name, token_);
  }
  return skip_blanks();
}

bool FamilyParser::value() {
  FamilyMetric* metric = nullptr;
  if (!is_scalar(*family_->type)) {
    auto sorted = metric_.labels;
    std::sort(sorted.begin(), sorted.end());
    const auto [known, is_new] =
        metric_of_labels_.try_emplace({family_, std::move(sorted)}, family_->metrics.size());
    if (!is_new) metric = &family_->metrics[known->second];
  }
  if (!metric) {
    family_->metrics.push_back(std::move(metric_));
    metric = &family_->metrics.back();
  }
  if (!read_until_blank()) return false;
  const Result<double> number = promql::parse_float(token_);
  if (!number || token_.find_first_of("pP_") != std::string::npos)
    return fail("expected float as value, got " + go_quote(token_));
  if (!is_scalar(*family_->type)) {
    const bool histogram = *family_->type != FamilyType::summary;
    const bool bucket = !is_count_ && !is_sum_ && !std::isnan(part_);
    if (histogram && *number < 0 && (is_count_ || bucket)) {
      return fail(format("negative {} for histogram {}", is_count_ ? "count" : "bucket population",
                         go_quote(family_->name)));
    }
    if (bucket) ++metric->parts;
  }
  return current_ == '\n' || timestamp();
}

bool FamilyParser::timestamp() {
  if (!skip_blanks() || !read_until_blank()) return false;
  const bool negative = token_.starts_with('-');
  const std::string_view digits =
      std::string_view(token_).substr(negative || token_.starts_with('+') ? 1 : 0);
  const Result<std::uint64_t> number = promql::parse_uint64(digits);
  if (!number || *number > (std::uint64_t{1} << 63) - (negative ? 0 : 1))
    return fail("expected integer as timestamp, got " + go_quote(token_));
  if (!read_until_line_break(false)) return false;
  if (!token_.empty()) return fail("spurious string after timestamp: " + go_quote(token_));
  return true;
}

// The family that the token names, or that of the histogram or summary whose part it names.
bool FamilyParser::choose_family() {
  is_count_ = false;
  is_sum_ = false;
  const std::string name = token_;
  const bool valid =
      names_ == FamilyNames::classic ? is_classic_metric_name(name) : !name.empty() && is_valid_utf8(name);
  if (!valid) return fail("invalid metric name " + go_quote(name));
  const auto find = [&](const std::string& wanted) {
    const auto found = families_.find(wanted);
    return found == families_.end() ? nullptr : &found->second;
  };
  if (family_ = find(name); family_) return true;
  const bool is_count = name.size() > 6 && name.ends_with("_count");
  const bool is_sum = name.size() > 4 && name.ends_with("_sum");
  MetricFamily* const summary = find(without(name, {"_count", "_sum"}));
  MetricFamily* const histogram = find(without(name, {"_count", "_sum", "_bucket"}));
  if (summary && summary->type == FamilyType::summary) {
    family_ = summary;
  } else if (histogram &&
             (histogram->type == FamilyType::histogram || histogram->type == FamilyType::gauge_histogram)) {
    family_ = histogram;
  }
  if (family_) {
    is_count_ = is_count;
    is_sum_ = is_sum;
    return true;
  }
  family_ = &families_[name];
  family_->name = name;
  return true;
}

}  // namespace

std::string_view to_string(FamilyType type) {
  switch (type) {
    case FamilyType::counter:
      return "counter";
    case FamilyType::gauge:
      return "gauge";
    case FamilyType::summary:
      return "summary";
    case FamilyType::untyped:
      return "untyped";
    case FamilyType::histogram:
      return "histogram";
    case FamilyType::gauge_histogram:
      return "gauge_histogram";
  }
  return "untyped";
}

ParsedFamilies parse_metric_families(std::string_view page, FamilyNames names) {
  return FamilyParser(page, names).parse();
}

}  // namespace tocsin::lint
