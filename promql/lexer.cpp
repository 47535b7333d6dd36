// The states follow upstream's lexer (Prometheus 3.14, promql/parser/lex.go), because its error texts tell
// which state met the character. In brackets there are two: up to the first number only what duration
// arithmetic needs is read, after it anything that an expression may hold, but for names.
#include "promql/lexer.hpp"

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/quote.hpp"
#include "promql/utf8.hpp"

namespace tocsin::promql {
namespace {

constexpr char32_t kLargestCodePoint = 0x10FFFF;

bool contains(std::string_view characters, char32_t c) {
  return c < 0x80 && characters.find(static_cast<char>(c)) != characters.npos;
}

char32_t lower(char32_t c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

unsigned digit_value(char32_t c) {
  if (is_digit(c)) return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return 16;
}

// Go's %#U: U+0071 'q'.
std::string unicode_name(char32_t c) {
  const std::string number = format("U+{:04X}", static_cast<unsigned>(c));
  return is_printable(c)
             ? number + " " +
                   (c == '\'' || c == '\\' ? format("'{}'", static_cast<char>(c)) : go_quote_rune(c))
             : number;
}

// Steps over the unit of a duration and further numbers with units. The character behind it is stepped over
// too where it makes the text wrong, because the error text shows it.
bool scan_rest_of_duration(Cursor& cursor) {
  if (!cursor.accept("smhdwy")) return false;
  cursor.accept("s");  // of ms; a wrong unit such as hs is found when the duration's value is taken
  while (cursor.accept("0123456789")) {
    cursor.accept_run("0123456789");
    if (!cursor.accept("smhdw")) return false;
    cursor.accept("s");
  }
  if (!is_alphanumeric(cursor.peek())) return true;
  cursor.next();
  return false;
}

}  // namespace

bool is_space(char32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

bool is_alpha(char32_t c) {
  return c == '_' || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool is_alphanumeric(char32_t c) {
  return is_alpha(c) || is_digit(c);
}

char32_t Cursor::peek() const {
  const CodePoint code_point = decode_code_point(rest());
  return code_point.width == 0 ? kEnd : code_point.value;
}

char32_t Cursor::next() {
  const CodePoint code_point = decode_code_point(rest());
  position_ += static_cast<int>(code_point.width);
  return code_point.width == 0 ? kEnd : code_point.value;
}

bool Cursor::is_at(std::string_view characters) const {
  return contains(characters, peek());
}

bool Cursor::accept(std::string_view characters) {
  if (!is_at(characters)) return false;
  ++position_;
  return true;
}

void Cursor::accept_run(std::string_view characters) {
  while (accept(characters)) {
  }
}

void Cursor::skip_space() {
  accept_run(" \t\n\r");
}

bool scan_number(Cursor& cursor, NumberForm form) {
  const int start = cursor.position();
  std::string_view digits = "0123456789";
  bool is_hex = false;
  if (form == NumberForm::expression && cursor.accept("0") && cursor.accept("xX")) {
    cursor.accept("_");
    digits = "0123456789abcdefABCDEF";
    is_hex = true;
  }
  cursor.accept(".");
  cursor.accept(digits);
  bool seen_dot = false;
  bool seen_exponent = false;
  // The order of the questions decides what an e is in a hexadecimal number: an exponent, as upstream has it.
  while (cursor.is_at(digits) || cursor.is_at("._eE")) {
    if (seen_dot && cursor.accept(".")) return false;
    if (seen_exponent && cursor.accept("eE")) return false;
    if (cursor.accept(".")) {
      seen_dot = true;
      if (cursor.accept("_.") || is_hex) return false;
    } else if (cursor.accept("eE")) {
      seen_exponent = true;
      cursor.accept("+-");
      if (cursor.accept("._eE") || cursor.peek() == Cursor::kEnd) return false;
    } else if (cursor.accept("_")) {
      if (cursor.accept("._eE") || cursor.peek() == Cursor::kEnd) return false;
    } else {
      cursor.accept_run(digits);
    }
  }
  if (cursor.position() == start) return false;
  const char32_t behind = cursor.peek();
  return (form == NumberForm::series && behind == 'x') || !is_alphanumeric(behind);
}

Token Lexer::next() {
  if (!error_.empty()) return {TokenKind::error, start_, error_};
  const Token token = scan();
  last_position_ = token.position;
  return token;
}

Token Lexer::scan() {
  if (in_duration_) return in_duration();
  cursor_.skip_space();
  start_ = cursor_.position();
  if (cursor_.peek() == '#') return comment();
  return in_braces_ ? in_braces() : in_statement();
}

Token Lexer::emit(TokenKind kind) {
  const Token token{kind, start_, cursor_.since(start_)};
  start_ = cursor_.position();
  return token;
}

Token Lexer::fail(std::string message) {
  error_ = std::move(message);
  return {TokenKind::error, start_, error_};
}

Token Lexer::in_statement() {
  const char32_t c = cursor_.peek();
  if (c == Cursor::kEnd) {
    if (open_parens_ != 0) return fail("unclosed left parenthesis");
    if (in_brackets_) return fail("unclosed left bracket");
    return emit(TokenKind::end);
  }
  if (is_digit(c)) return number_or_duration();
  if (is_alpha(c) || c == ':') return in_brackets_ ? word_in_brackets(c) : word();
  cursor_.next();
  switch (c) {
    case '.':
      if (!is_digit(cursor_.peek())) break;
      cursor_.set_position(start_);
      return number_or_duration();
    case ',':
      return emit(TokenKind::comma);
    case '*':
      return emit(TokenKind::multiply);
    case '/':
      return emit(TokenKind::divide);
    case '%':
      return emit(TokenKind::modulo);
    case '+':
      return emit(TokenKind::add);
    case '-':
      return emit(TokenKind::subtract);
    case '^':
      return emit(TokenKind::power);
    case '=':
      if (cursor_.peek() == '~') return fail("unexpected character after '=': '~'");
      return emit(cursor_.accept("=") ? TokenKind::double_equal : TokenKind::equal);
    case '!':
      if (cursor_.accept("=")) return emit(TokenKind::not_equal);
      return fail("unexpected character after '!': " + go_quote_rune(cursor_.peek()));
    case '<':
      return comparison(TokenKind::less, TokenKind::less_or_equal, TokenKind::trim_upper);
    case '>':
      return comparison(TokenKind::greater, TokenKind::greater_or_equal, TokenKind::trim_lower);
    case '"':
    case '\'':
      return quoted_string(c);
    case '`':
      return raw_string();
    case '(':
      ++open_parens_;
      return emit(TokenKind::left_paren);
    case ')':
      return close_paren();
    case '{':
      in_braces_ = true;
      return emit(TokenKind::left_brace);
    case '[':
      return open_bracket();
    case ']':
      if (!in_brackets_) return fail("unexpected right bracket ']'");
      in_brackets_ = false;
      return emit(TokenKind::right_bracket);
    case '@':
      return emit(TokenKind::at);
    default:
      break;
  }
  return fail("unexpected character: " + go_quote_rune(c));
}

Token Lexer::comparison(TokenKind alone, TokenKind with_equal, TokenKind with_slash) {
  if (cursor_.accept("=")) return emit(with_equal);
  return emit(cursor_.accept("/") ? with_slash : alone);
}

Token Lexer::open_bracket() {
  if (in_brackets_) return fail("unexpected left bracket '['");
  in_brackets_ = true;
  in_duration_ = true;
  seen_colon_ = false;
  return emit(TokenKind::left_bracket);
}

Token Lexer::close_paren() {
  const Token token = emit(TokenKind::right_paren);
  if (--open_parens_ < 0) return fail("unexpected right parenthesis ')'");
  return token;
}

Token Lexer::word_in_brackets(char32_t first) {
  cursor_.next();
  if (first == ':') {
    if (seen_colon_) return fail("unexpected colon ':'");
    seen_colon_ = true;
    return emit(TokenKind::colon);
  }
  if (Token token; contains("srm", lower(first)) && duration_keyword(token)) return token;
  return fail(format("unexpected character: {}, expected ':'", go_quote_rune(first)));
}

Token Lexer::in_duration() {
  cursor_.skip_space();
  start_ = cursor_.position();
  const char32_t c = cursor_.next();
  if (is_digit(c) || (c == '.' && is_digit(cursor_.peek()))) {
    cursor_.set_position(start_);
    in_duration_ = false;
    seen_duration_ = true;
    return number_or_duration();
  }
  switch (c) {
    case Cursor::kEnd:
      return fail("unexpected end of input in duration expression");
    case ']':
      in_brackets_ = in_duration_ = seen_colon_ = false;
      return emit(TokenKind::right_bracket);
    case ':':
      return colon_in_duration();
    case '(':
      ++open_parens_;
      return emit(TokenKind::left_paren);
    case ')':
      return close_paren();
    case '+':
      return emit(TokenKind::add);
    case '-':
      return emit(TokenKind::subtract);
    case '*':
      return emit(TokenKind::multiply);
    case '/':
      return emit(TokenKind::divide);
    case '%':
      return emit(TokenKind::modulo);
    case '^':
      return emit(TokenKind::power);
    case ',':
      return emit(TokenKind::comma);
    default:
      break;
  }
  if (Token token; contains("srm", lower(c)) && duration_keyword(token)) return token;
  return fail("unexpected character in duration expression: " + go_quote_rune(c));
}

Token Lexer::colon_in_duration() {
  const Token token = emit(TokenKind::colon);
  if (!seen_duration_) return fail("unexpected colon before duration in duration expression");
  if (seen_colon_) return fail("unexpected repeated colon in duration expression");
  seen_colon_ = true;
  return token;
}

Token Lexer::in_braces() {
  const char32_t c = cursor_.next();
  if (is_alpha(c)) {
    while (is_alphanumeric(cursor_.peek())) cursor_.next();
    return emit(TokenKind::identifier);
  }
  switch (c) {
    case Cursor::kEnd:
      return fail("unexpected end of input inside braces");
    case ',':
      return emit(TokenKind::comma);
    case '"':
    case '\'':
      return quoted_string(c);
    case '`':
      return raw_string();
    case '=':
      return emit(cursor_.accept("~") ? TokenKind::equal_regex : TokenKind::equal);
    case '!':
      if (cursor_.accept("~")) return emit(TokenKind::not_equal_regex);
      if (cursor_.accept("=")) return emit(TokenKind::not_equal);
      return fail("unexpected character after '!' inside braces: " + go_quote_rune(cursor_.peek()));
    case '{':
      return fail("unexpected left brace '{'");
    case '}':
      in_braces_ = false;
      return emit(TokenKind::right_brace);
    default:
      return fail("unexpected character inside braces: " + go_quote_rune(c));
  }
}

Token Lexer::comment() {
  while (cursor_.peek() != '\n' && cursor_.peek() != '\r' && cursor_.peek() != Cursor::kEnd) cursor_.next();
  return emit(TokenKind::comment);
}

Token Lexer::word() {
  while (is_alphanumeric(cursor_.peek()) || cursor_.peek() == ':') cursor_.next();
  const std::string_view text = cursor_.since(start_);
  const TokenKind kind = keyword_kind(text);
  if (is_between(kind, TokenKind::fill, TokenKind::fill_right)) {
    // So that metrics of these names, older than the keywords, stay usable.
    Cursor ahead = cursor_;
    ahead.skip_space();
    return emit(ahead.peek() == '(' ? kind : TokenKind::identifier);
  }
  const bool has_colon = text.find(':') != text.npos;
  return emit(has_colon ? TokenKind::metric_identifier : kind);
}

bool Lexer::duration_keyword(Token& token) {
  while (is_alpha(cursor_.peek())) cursor_.next();
  const TokenKind kind = keyword_kind(cursor_.since(start_));
  if (!is_between(kind, TokenKind::step, TokenKind::min_of)) return false;
  token = emit(kind);
  return true;
}

Token Lexer::number_or_duration() {
  if (scan_number(cursor_, NumberForm::expression)) return emit(TokenKind::number);
  if (scan_rest_of_duration(cursor_)) return emit(TokenKind::duration);
  return fail("bad number or duration syntax: " + go_quote(cursor_.since(start_)));
}

Token Lexer::quoted_string(char32_t quote) {
  for (;;) {
    const char32_t c = cursor_.next();
    if (c == quote) return emit(TokenKind::string);
    if (c == '\\') {
      if (!escape(quote)) return fail(error_);
    } else if (c == kReplacementCharacter) {
      return fail("invalid UTF-8 rune");
    } else if (c == Cursor::kEnd || c == '\n') {
      return fail("unterminated quoted string");
    }
  }
}

Token Lexer::raw_string() {
  for (;;) {
    const char32_t c = cursor_.next();
    if (c == '`') return emit(TokenKind::string);
    if (c == kReplacementCharacter) return fail("invalid UTF-8 rune");
    if (c == Cursor::kEnd) return fail("unterminated raw string");
  }
}

// Checks the escape behind a backslash; its meaning is taken by unquote. False: error_ says why.
bool Lexer::escape(char32_t quote) {
  const char32_t c = cursor_.next();
  if (c == quote || contains("abfnrtv\\", c)) return true;
  if (c >= '0' && c <= '7') return code_point_escape(c, 3, 8, 255);
  if (c == 'x') return code_point_escape(cursor_.next(), 2, 16, 255);
  if (c == 'u') return code_point_escape(cursor_.next(), 4, 16, kLargestCodePoint);
  if (c == 'U') return code_point_escape(cursor_.next(), 8, 16, kLargestCodePoint);
  error_ =
      c == Cursor::kEnd ? "escape sequence not terminated" : "unknown escape sequence " + unicode_name(c);
  return false;
}

bool Lexer::code_point_escape(char32_t first, int digits, unsigned base, unsigned largest) {
  std::uint64_t value = 0;
  char32_t c = first;
  for (int i = 0; i < digits; ++i) {
    if (i > 0) c = cursor_.next();
    const unsigned digit = digit_value(c);
    if (digit >= base) {
      error_ = c == Cursor::kEnd ? "escape sequence not terminated"
                                 : format("illegal character {} in escape sequence", unicode_name(c));
      return false;
    }
    value = value * base + digit;
  }
  if (value <= largest && !is_surrogate(value)) return true;
  error_ = "escape sequence is an invalid Unicode code point";
  return false;
}

}  // namespace tocsin::promql
