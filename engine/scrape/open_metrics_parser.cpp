// OpenMetrics text 0.0.1 and 1.0.0 (upstream's model/textparse/openmetricslex.l and openmetricsparse.go).
// Exemplars are read and dropped. `_created` lines are series like any other, as upstream has them unless a
// feature flag says otherwise.
#include <cmath>
#include <limits>

#include "engine/scrape/line_parser.hpp"
#include "promql/value.hpp"

namespace tocsin::scrape {
namespace {

class OpenMetricsParser final : public LineParser {
 public:
  using LineParser::LineParser;

  [[nodiscard]] Result<EntryKind> next() override;
  [[nodiscard]] std::string help() const override { return unescape(text_, true); }

 private:
  Token lex() override;
  Token lex_start();
  Token lex_comment();
  Token lex_meta_text();
  Token lex_after_space(Token token, State then);
  Token lex_timestamp();

  Result<EntryKind> parse_metadata(Token keyword);
  Result<void> check_unit();
  Result<EntryKind> parse_rest_of_sample(Token token);
  Result<EntryKind> parse_exemplar();
  Result<double> value_of(Token token, std::string_view after);
  // Seconds as milliseconds.
  Result<Timestamp> time_of(std::string_view what);

  std::vector<LabelRange> exemplar_labels_;
};

Token OpenMetricsParser::lex() {
  if (at_ >= page_.size()) return Token::end;
  token_start_ = at_;
  const char c = page_[at_];
  switch (state_) {
    case State::start:
      return lex_start();
    case State::comment:
      return lex_comment();
    case State::meta_name:
      return lex_name_or_quoted(State::meta_text);
    case State::meta_text:
      return lex_meta_text();
    case State::labels:
      return lex_in_braces(true, State::label_value, State::value);
    case State::label_value:
      if (c != '"' || !lex_quoted(false)) return Token::invalid;
      state_ = State::labels;
      return Token::label_value;
    case State::value:
      if (c == '{') {
        advance();
        state_ = State::labels;
        return Token::brace_open;
      }
      return lex_after_space(Token::value, State::timestamp);
    case State::timestamp:
      return lex_timestamp();
    case State::exemplar:
      return lex_in_braces(false, State::exemplar_value, State::exemplar_value);
    case State::exemplar_value:
      if (c == '"') {
        if (!lex_quoted(false)) return Token::invalid;
        state_ = State::exemplar;
        return Token::label_value;
      }
      return lex_after_space(Token::value, State::exemplar_timestamp);
    case State::exemplar_timestamp:
      if (c == '\n') {
        advance();
        state_ = State::start;
        return Token::line_break;
      }
      return lex_after_space(Token::timestamp, State::exemplar_timestamp);
  }
  return Token::invalid;
}

Token OpenMetricsParser::lex_start() {
  const char c = current();
  if (is_name_start(c, true)) {
    skip_name(true);
    state_ = State::value;
    return Token::metric_name;
  }
  if (c == '{') {
    advance();
    state_ = State::labels;
    return Token::brace_open;
  }
  if (c != '#' || advance() != ' ') return Token::invalid;
  advance();
  state_ = State::comment;
  return lex_comment();
}

Token OpenMetricsParser::lex_comment() {
  struct Word {
    std::string_view text;
    Token token;
    State then;
  };
  static constexpr Word kWords[] = {{"EOF", Token::end_word, State::start},
                                    {"HELP ", Token::help, State::meta_name},
                                    {"TYPE ", Token::type, State::meta_name},
                                    {"UNIT ", Token::unit, State::meta_name}};
  char c = current();
  for (const Word& word : kWords) {
    if (c != word.text[0]) continue;
    for (const char expected : word.text) {
      if (c != expected) return Token::invalid;
      c = advance();
    }
    if (word.token == Token::end_word && c == '\n') advance();
    state_ = word.then;
    return word.token;
  }
  return Token::invalid;
}

// A blank, any text and the line break.
Token OpenMetricsParser::lex_meta_text() {
  if (current() != ' ') return Token::invalid;
  char c = advance();
  while (c != '\n' && c != '\0') c = advance();
  if (c == '\0') return Token::invalid;
  advance();
  state_ = State::start;
  return Token::text;
}

// One blank and then everything up to the next blank or line break.
Token OpenMetricsParser::lex_after_space(Token token, State then) {
  if (current() != ' ') return Token::invalid;
  char c = advance();
  if (c == '\0' || c == ' ' || c == '\n') return Token::invalid;
  while (c != '\0' && c != ' ' && c != '\n') c = advance();
  state_ = then;
  return token;
}

Token OpenMetricsParser::lex_timestamp() {
  char c = current();
  if (c == '\n') {
    advance();
    state_ = State::start;
    return Token::line_break;
  }
  if (c != ' ') return Token::invalid;
  c = advance();
  if (c == '\0' || c == ' ' || c == '\n') return Token::invalid;
  if (c == '#') {
    c = advance();
    if (c == ' ') {
      if (advance() != '{') return Token::invalid;
      advance();
      state_ = State::exemplar;
      return Token::comment;
    }
  }
  while (c != '\0' && c != ' ' && c != '\n') c = advance();
  return Token::timestamp;
}

Result<EntryKind> OpenMetricsParser::next() {
  begin_entry();
  Token token = next_token();
  switch (token) {
    case Token::end_word:
      if (next_token() != Token::end) return Error("unexpected data after # EOF");
      return EntryKind::end;
    case Token::end:
      return Error("data does not end with # EOF");
    case Token::help:
    case Token::type:
    case Token::unit:
      return parse_metadata(token);
    case Token::metric_name:
      name_ = Range{start_, at_};
      series_end_ = at_;
      token = next_token();
      if (token != Token::brace_open) return parse_rest_of_sample(token);
      [[fallthrough]];
    case Token::brace_open:
      if (Result<void> braces = parse_braces({.comma_required = true}, label_ranges_); !braces)
        return braces.error();
      series_end_ = at_;
      return parse_rest_of_sample(next_token());
    default:
      return unexpected("expected a valid start token", token);
  }
}

Result<EntryKind> OpenMetricsParser::parse_metadata(Token keyword) {
  if (Result<void> name = parse_family_name(keyword); !name) return name.error();
  if (next_token() != Token::text) return Error("expected text in " + std::string(to_string(keyword)));
  text_ = token_text().size() > 1 ? token_text().substr(1, token_text().size() - 2) : std::string_view();
  if (keyword == Token::help) {
    if (!is_valid_utf8(text_))
      return Error("help text " + quote_piece(text_) + " is not a valid utf8 string");
    return EntryKind::help;
  }
  if (keyword == Token::unit) {
    if (Result<void> unit = check_unit(); !unit) return unit.error();
    return EntryKind::unit;
  }
  static constexpr MetricType kTypes[] = {
      MetricType::unknown,         MetricType::counter, MetricType::gauge, MetricType::histogram,
      MetricType::gauge_histogram, MetricType::summary, MetricType::info,  MetricType::stateset};
  for (const MetricType type : kTypes) {
    if (to_string(type) == text_) {
      type_ = type;
      return EntryKind::type;
    }
  }
  return Error("invalid metric type " + quote_piece(text_));
}

Result<void> OpenMetricsParser::check_unit() {
  const std::string_view family = text_of(*name_);
  if (text_.empty()) return {};
  // The byte before the unit is looked up in the page, so the family may be the unit alone if what stands
  // before it is "_"; it never is.
  if (!family.ends_with(text_) || family.size() < text_.size() + 1 ||
      family[family.size() - text_.size() - 1] != '_')
    return Error("unit " + quote_piece(text_) + " not a suffix of metric " + quote_piece(family));
  return {};
}

Result<double> OpenMetricsParser::value_of(Token token, std::string_view after) {
  if (token != Token::value) return unexpected("expected value after " + std::string(after), token);
  return parse_value(token_text().substr(1));
}

Result<Timestamp> OpenMetricsParser::time_of(std::string_view what) {
  Result<double> seconds = parse_value(token_text().substr(1));
  if (!seconds) return seconds.error();
  if (std::isnan(*seconds) || std::isinf(*seconds))
    return Error("invalid " + std::string(what) + " " + promql::format_float(*seconds));
  const double milliseconds = *seconds * 1000;
  constexpr double kLimit = 9223372036854775808.0;
  // What Go makes of a float that no int64 can hold.
  if (!(milliseconds >= -kLimit && milliseconds < kLimit))
    return timestamp_from_ms(std::numeric_limits<std::int64_t>::min());
  return timestamp_from_ms(static_cast<std::int64_t>(milliseconds));
}

Result<EntryKind> OpenMetricsParser::parse_rest_of_sample(Token token) {
  if (!name_) return while_parsing("metric name not set");
  Result<double> value = value_of(token, "metric");
  if (!value) return value.error();
  value_ = *value;
  timestamp_.reset();
  token = next_token();
  if (token == Token::end) return Error("data does not end with # EOF");
  if (token == Token::comment) return parse_exemplar();
  if (token != Token::timestamp) {
    // Anything else that the lexer refuses is passed over here and refused as the start of the next entry,
    // as upstream does.
    return EntryKind::series;
  }
  Result<Timestamp> time = time_of("timestamp");
  if (!time) return time.error();
  timestamp_ = *time;
  token = next_token();
  if (token == Token::line_break) return EntryKind::series;
  if (token == Token::comment) return parse_exemplar();
  return unexpected("expected next entry after timestamp", token);
}

Result<EntryKind> OpenMetricsParser::parse_exemplar() {
  exemplar_labels_.clear();
  if (Result<void> braces = parse_braces({.exemplar = true, .comma_required = true}, exemplar_labels_);
      !braces)
    return braces.error();
  if (Result<double> value = value_of(next_token(), "exemplar labels"); !value) return value.error();
  Token token = next_token();
  if (token == Token::end) return Error("data does not end with # EOF");
  if (token == Token::line_break) return EntryKind::series;
  if (token != Token::timestamp) return unexpected("expected timestamp or comment", token);
  if (Result<Timestamp> time = time_of("exemplar timestamp"); !time) return time.error();
  if (token = next_token(); token != Token::line_break)
    return unexpected("expected next entry after exemplar timestamp", token);
  return EntryKind::series;
}

}  // namespace

std::unique_ptr<ExpositionParser> make_open_metrics_parser(std::string_view page) {
  return std::make_unique<OpenMetricsParser>(page);
}

}  // namespace tocsin::scrape
