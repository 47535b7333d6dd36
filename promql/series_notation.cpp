// Grammar: Prometheus 3.14, promql/parser/generated_parser.y, series_description.
#include "promql/series_notation.hpp"

#include <optional>
#include <set>
#include <utility>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/number_text.hpp"
#include "promql/parser_state.hpp"
#include "promql/series_lexer.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

constexpr std::string_view kSeriesValues = "series values";

// What stands between {{ and }}, before it is a histogram.
struct HistogramText {
  FloatHistogram histogram;
  std::int32_t positive_offset = 0;
  std::int32_t negative_offset = 0;
  std::set<std::string, std::less<>> fields;
};

void set_span(HistogramSide& side, std::int32_t offset) {
  if (!side.buckets.empty()) side.spans = {{offset, static_cast<std::uint32_t>(side.buckets.size())}};
}

CounterReset reset_hint(std::string_view name) {
  if (name == "reset") return CounterReset::reset;
  if (name == "not_reset") return CounterReset::not_reset;
  return name == "gauge" ? CounterReset::gauge : CounterReset::unknown;
}

class SequenceParser {
 public:
  SequenceParser(std::string_view text, int position, std::vector<ParseError>& errors)
      : text_(text), lexer_(text, position), errors_(errors) {}

  std::vector<SequenceValue> parse() {
    if (peek().kind != TokenKind::space && peek().kind != TokenKind::end) unexpected(kSeriesValues, "");
    while (accept(TokenKind::space)) {
      if (starts_item(peek().kind) && !item()) return {};
    }
    // Between items the sequence may end, so nothing says what was expected.
    if (peek().kind != TokenKind::end) unexpected("", "");
    return std::move(values_);
  }

 private:
  const Token& peek() {
    if (lookahead_) return *lookahead_;
    last_ = lexer_.next();
    if (last_.kind == TokenKind::error) {
      fail({last_.position, static_cast<int>(text_.size())}, std::string(last_.text));
    }
    return lookahead_.emplace(last_);
  }
  Token take() {
    const Token token = peek();
    lookahead_.reset();
    return token;
  }
  bool accept(TokenKind kind) {
    if (peek().kind != kind) return false;
    lookahead_.reset();
    return true;
  }

  bool fail(PositionRange position, std::string text) {
    if (!failed_) errors_.push_back({position, std::move(text)});
    failed_ = true;
    return false;
  }
  bool unexpected(std::string_view rule, std::string_view expected) {
    const Token& token = peek();
    std::string text = "unexpected " + describe(token);
    if (!rule.empty()) text += format(" in {}", rule);
    if (!expected.empty()) text += format(", expected {}", expected);
    return fail(token.range(), std::move(text));
  }
  // Where no rule within a histogram speaks for itself.
  bool unexpected_token() {
    if (!in_histogram_) return unexpected(kSeriesValues, "");
    return unexpected("histogram description", "histogram description key, e.g. buckets:[5 10 7]");
  }

  static bool starts_item(TokenKind kind) {
    return kind == TokenKind::blank || kind == TokenKind::open_histogram || kind == TokenKind::identifier ||
           kind == TokenKind::number || is_sign(kind);
  }

  bool item() {
    if (peek().kind == TokenKind::open_histogram) return histogram_item();
    if (accept(TokenKind::blank)) {
      SequenceValue gap;
      gap.is_omitted = true;
      if (!accept(TokenKind::times)) return append(gap);
      const std::optional<std::uint64_t> times = repetition();
      return times && append_repeated(gap, *times);
    }
    return number_item();
  }

  bool number_item() {
    SequenceValue value;
    if (peek().kind == TokenKind::identifier) {
      if (peek().text != "stale") return unexpected(kSeriesValues, "number or \"stale\"");
      take();
      value.value = stale_nan();
    } else {
      const std::optional<double> number = signed_number();
      if (!number) return false;
      value.value = *number;
    }
    double change = 0;
    const bool has_change = is_sign(peek().kind);
    if (has_change) {
      const std::optional<double> number = signed_number();
      if (!number) return false;
      change = *number;
      if (peek().kind != TokenKind::times) return unexpected_token();
    }
    if (!accept(TokenKind::times)) return append(value);
    const std::optional<std::uint64_t> times = repetition();
    if (!times || !has_room_for(*times)) return false;
    for (std::uint64_t i = 0; i <= *times; ++i) {
      values_.push_back(value);
      if (has_change) value.value += change;
    }
    return true;
  }

  bool histogram_item() {
    SequenceValue base;
    if (!histogram(base)) return false;
    const bool adds = peek().kind == TokenKind::add;
    if (!is_sign(peek().kind)) {
      if (!accept(TokenKind::times)) return append(base);
      const std::optional<std::uint64_t> times = repetition();
      return times && append_repeated(base, *times) && append(base);
    }
    take();
    if (peek().kind != TokenKind::open_histogram) return unexpected_token();
    SequenceValue change;
    if (!histogram(change)) return false;
    if (!accept(TokenKind::times)) return unexpected_token();
    const std::optional<std::uint64_t> times = repetition();
    return times && append_growing(std::move(base), change, adds, *times);
  }

  bool append_growing(SequenceValue value, const SequenceValue& change, bool adds, std::uint64_t times) {
    // Upstream asks the histogram that was read last, which is the change.
    value.names_reset_hint = change.names_reset_hint;
    if (!has_room_for(times)) return false;
    values_.push_back(value);
    for (std::uint64_t i = 0; i < times; ++i) {
      if (value.histogram->schema > change.histogram->schema) {
        return fail(last_.range(), format("error combining histograms: cannot merge from schema {} to {}",
                                          change.histogram->schema, value.histogram->schema));
      }
      FloatHistogram next = *value.histogram;
      const auto merged = adds ? next.add(*change.histogram) : next.subtract(*change.histogram);
      if (!merged) return fail(last_.range(), merged.error().text);
      value.histogram = std::make_shared<const FloatHistogram>(std::move(next));
      values_.push_back(value);
    }
    return true;
  }

  bool append(const SequenceValue& value) { return append_repeated(value, 1); }

  // Whether the sequence may grow by a value that is repeated so often, and one more.
  bool has_room_for(std::uint64_t times) {
    if (times < kMaxSequenceLength - values_.size()) return true;
    return fail(last_.range(), format("series has more than {} values", kMaxSequenceLength));
  }

  bool append_repeated(const SequenceValue& value, std::uint64_t times) {
    if (!has_room_for(times)) return false;
    values_.insert(values_.end(), times, value);
    return true;
  }

  static bool is_sign(TokenKind kind) { return kind == TokenKind::add || kind == TokenKind::subtract; }

  std::optional<std::uint64_t> repetition() {
    if (peek().kind != TokenKind::number) {
      unexpected_token();
      return std::nullopt;
    }
    const Token token = take();
    const Result<std::uint64_t> count = parse_uint64(token.text);
    if (count) return *count;
    fail(token.range(), "invalid repetition in series values: " + count.error().text);
    return std::nullopt;
  }

  std::optional<double> signed_number() {
    const bool is_negative = peek().kind == TokenKind::subtract;
    if (is_sign(peek().kind)) take();
    if (peek().kind != TokenKind::number) {
      unexpected_token();
      return std::nullopt;
    }
    const Token token = take();
    const Result<double> value = parse_number(token.text);
    if (value) return is_negative ? -*value : *value;
    fail(token.range(), "error parsing number: " + value.error().text);
    return std::nullopt;
  }

  bool histogram(SequenceValue& out) {
    take();
    HistogramText text;
    in_histogram_ = false;
    if (accept(TokenKind::space) || peek().kind == TokenKind::close_histogram) {
      if (peek().kind != TokenKind::close_histogram) return unexpected_token();
    } else {
      if (!histogram_field(text)) return false;
      in_histogram_ = true;
      while (accept(TokenKind::space)) {
        if (peek().kind == TokenKind::close_histogram) break;
        if (!histogram_field(text)) return false;
      }
      if (peek().kind != TokenKind::close_histogram) return unexpected_token();
    }
    take();
    in_histogram_ = false;
    set_span(text.histogram.positive, text.positive_offset);
    set_span(text.histogram.negative, text.negative_offset);
    out.histogram = std::make_shared<const FloatHistogram>(std::move(text.histogram));
    out.names_reset_hint = text.fields.contains("counter_reset_hint");
    return true;
  }

  bool histogram_field(HistogramText& text) {
    if (peek().kind != TokenKind::histogram_field) return unexpected_token();
    const std::string name = ascii_lower(take().text);
    if (!accept(TokenKind::colon)) return unexpected_token();
    // Of a field that is named twice the first counts, and the error has no position.
    const bool is_new = text.fields.insert(name).second;
    HistogramText ignored;
    if (!field_value(name, is_new ? text : ignored)) return false;
    return is_new || fail({}, format("duplicate key \"{}\" in histogram", name));
  }

  bool field_value(std::string_view name, HistogramText& text) {
    FloatHistogram& histogram = text.histogram;
    if (name == "schema") return integer(histogram.schema);
    if (name == "offset") return integer(text.positive_offset);
    if (name == "n_offset") return integer(text.negative_offset);
    if (name == "sum") return number(histogram.sum);
    if (name == "count") return number(histogram.count);
    if (name == "z_bucket") return number(histogram.zero_count);
    if (name == "z_bucket_w") {
      return is_sign(peek().kind) ? unexpected_token() : number(histogram.zero_threshold);
    }
    if (name == "buckets") return number_list(histogram.positive.buckets);
    if (name == "n_buckets") return number_list(histogram.negative.buckets);
    if (name == "custom_values") return number_list(histogram.custom_values);
    if (peek().kind != TokenKind::reset_hint) return unexpected_token();
    histogram.counter_reset = reset_hint(ascii_lower(take().text));
    return true;
  }

  bool number(double& out) {
    const std::optional<double> value = signed_number();
    if (value) out = *value;
    return value.has_value();
  }

  bool integer(std::int32_t& out) {
    const bool is_negative = accept(TokenKind::subtract);
    const std::optional<std::uint64_t> value = repetition();
    if (value) out = static_cast<std::int32_t>(is_negative ? std::uint64_t{0} - *value : *value);
    return value.has_value();
  }

  bool number_list(std::vector<double>& out) {
    if (!accept(TokenKind::left_bracket)) return unexpected_token();
    for (;;) {
      const std::optional<double> value = signed_number();
      if (!value) return false;
      out.push_back(*value);
      if (accept(TokenKind::right_bracket)) return true;
      if (!accept(TokenKind::space)) return unexpected_token();
      if (accept(TokenKind::right_bracket)) return true;
    }
  }

  std::string_view text_;
  SeriesLexer lexer_;
  std::vector<ParseError>& errors_;
  std::optional<Token> lookahead_;
  Token last_;
  std::vector<SequenceValue> values_;
  bool in_histogram_ = false;  // and a field of it is complete
  bool failed_ = false;
};

}  // namespace

Parsed<SeriesDescription> parse_series(std::string_view text) {
  Parser parser(text, {});
  Parsed<SeriesDescription> result;
  result.value.labels = parser.leading_metric();
  result.errors = std::move(parser.errors());
  if (!result.ok()) return result;
  result.value.values = SequenceParser(text, parser.position(), result.errors).parse();
  return result;
}

}  // namespace tocsin::promql
