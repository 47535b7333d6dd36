// Prometheus text format 0.0.4 and 1.0.0 (upstream's model/textparse/promlex.l and promparse.go).
#include <charconv>

#include "engine/scrape/line_parser.hpp"

namespace tocsin::scrape {
namespace {

class TextParser final : public LineParser {
 public:
  using LineParser::LineParser;

  [[nodiscard]] Result<EntryKind> next() override;
  [[nodiscard]] std::string help() const override { return unescape(text_, false); }

 private:
  Token lex() override;
  Token next_token() override;
  Token lex_start();
  Token lex_comment();
  Token consume_comment();
  Token lex_meta_text();
  Token lex_value();
  Token lex_timestamp();
  Token skip_blanks();

  Result<EntryKind> parse_metadata(Token keyword);
  Result<EntryKind> parse_rest_of_sample(Token token);
};

Token TextParser::next_token() {
  Token token = lex();
  while (token == Token::white_space) token = lex();
  return token;
}

Token TextParser::lex() {
  if (at_ >= page_.size()) return Token::end;
  token_start_ = at_;
  const char c = page_[at_];
  if (is_blank(c) && state_ != State::meta_text) return skip_blanks();
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
      if (c != '"' || !lex_quoted(true)) return Token::invalid;
      state_ = State::labels;
      return Token::label_value;
    case State::value:
      return lex_value();
    default:
      return lex_timestamp();
  }
}

Token TextParser::skip_blanks() {
  while (is_blank(advance())) {
  }
  return Token::white_space;
}

Token TextParser::lex_start() {
  char c = current();
  if (is_name_start(c, true)) {
    skip_name(true);
    state_ = State::value;
    return Token::metric_name;
  }
  switch (c) {
    case '\0':
      advance();
      return Token::end;
    case '\n':
      advance();
      return Token::line_break;
    case '{':
      advance();
      state_ = State::labels;
      return Token::brace_open;
    case '#':
      c = advance();
      if (!is_blank(c)) return consume_comment();
      while (is_blank(c)) c = advance();
      state_ = State::comment;
      return lex_comment();
    default:
      return Token::invalid;
  }
}

// A comment that starts like HELP or TYPE is one of these only if the word ends there.
Token TextParser::lex_comment() {
  char c = current();
  if (c != 'H' && c != 'T') return consume_comment();
  const bool help = c == 'H';
  for (const char expected : std::string_view(help ? "HELP" : "TYPE")) {
    if (c != expected) return consume_comment();
    c = advance();
  }
  if (!is_blank(c)) return consume_comment();
  while (is_blank(c)) c = advance();
  state_ = State::meta_name;
  return help ? Token::help : Token::type;
}

// Stops before the line break.
Token TextParser::consume_comment() {
  for (char c = current();; c = advance()) {
    if (c == '\0') return Token::end;
    if (c == '\n') {
      state_ = State::start;
      return Token::comment;
    }
  }
}

Token TextParser::lex_meta_text() {
  char c = current();
  const bool begins_blank = is_blank(c);
  while (is_blank(c)) c = advance();
  if (begins_blank && (c == '\0' || c == '\n')) return Token::white_space;
  while (c != '\0' && c != '\n') c = advance();
  state_ = State::start;
  return Token::text;
}

Token TextParser::lex_value() {
  char c = current();
  if (c == '\0' || c == '\n') return Token::invalid;
  if (c == '{') {
    advance();
    state_ = State::labels;
    return Token::brace_open;
  }
  while (c != '\0' && c != '\n' && c != '{' && !is_blank(c)) c = advance();
  state_ = State::timestamp;
  return Token::value;
}

Token TextParser::lex_timestamp() {
  char c = current();
  if (c == '\n') {
    advance();
    state_ = State::start;
    return Token::line_break;
  }
  if (!is_digit(c)) return Token::invalid;
  while (is_digit(c)) c = advance();
  return Token::timestamp;
}

Result<EntryKind> TextParser::next() {
  while (true) {  // blank lines are passed over
    begin_entry();
    Token token = next_token();
    switch (token) {
      case Token::end:
        return EntryKind::end;
      case Token::line_break:
        continue;
      case Token::help:
      case Token::type:
        return parse_metadata(token);
      case Token::comment:
        if (token = next_token(); token != Token::line_break)
          return unexpected("linebreak expected after comment", token);
        return EntryKind::comment;
      case Token::metric_name:
        // Blanks before the name belong to it: upstream counts from the start of the entry.
        name_ = Range{start_, at_};
        series_end_ = at_;
        token = next_token();
        if (token != Token::brace_open) return parse_rest_of_sample(token);
        [[fallthrough]];
      case Token::brace_open:
        if (Result<void> braces = parse_braces({}, label_ranges_); !braces) return braces.error();
        series_end_ = at_;
        return parse_rest_of_sample(next_token());
      default:
        return unexpected("expected a valid start token", token);
    }
  }
}

Result<EntryKind> TextParser::parse_metadata(Token keyword) {
  if (Result<void> name = parse_family_name(keyword); !name) return name.error();
  Token token = next_token();
  if (token != Token::text) {
    return Error("expected text in " + std::string(to_string(keyword)) + ", got " +
                 std::string(to_string(token)));
  }
  text_ = token_text().empty() ? token_text() : token_text().substr(1);
  if (keyword == Token::help && !is_valid_utf8(text_))
    return Error("help text " + quote_piece(text_) + " is not a valid utf8 string");
  if (keyword == Token::type) {
    using Names = std::pair<std::string_view, MetricType>;
    static constexpr Names kTypes[] = {{"counter", MetricType::counter},
                                       {"gauge", MetricType::gauge},
                                       {"histogram", MetricType::histogram},
                                       {"summary", MetricType::summary},
                                       {"untyped", MetricType::unknown}};
    const Names* found = nullptr;
    for (const Names& entry : kTypes) {
      if (entry.first == text_) found = &entry;
    }
    if (!found) return Error("invalid metric type " + quote_piece(text_));
    type_ = found->second;
  }
  if (token = next_token(); token != Token::line_break)
    return unexpected("linebreak expected after metadata", token);
  return keyword == Token::help ? EntryKind::help : EntryKind::type;
}

Result<EntryKind> TextParser::parse_rest_of_sample(Token token) {
  if (!name_) return while_parsing("metric name not set");
  if (token != Token::value) return unexpected("expected value after metric", token);
  Result<double> value = parse_value(token_text());
  if (!value) return value.error();
  value_ = *value;
  timestamp_.reset();
  token = next_token();
  if (token == Token::line_break) return EntryKind::series;
  if (token != Token::timestamp) return unexpected("expected timestamp or new record", token);
  std::int64_t milliseconds = 0;
  const std::string_view digits = token_text();
  if (std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds).ec != std::errc())
    return while_parsing("strconv.ParseInt: parsing " + quote_piece(digits) + ": value out of range");
  timestamp_ = timestamp_from_ms(milliseconds);
  if (token = next_token(); token != Token::line_break)
    return unexpected("expected next entry after timestamp", token);
  return EntryKind::series;
}

}  // namespace

std::unique_ptr<ExpositionParser> make_text_parser(std::string_view page) {
  return std::make_unique<TextParser>(page);
}

}  // namespace tocsin::scrape
