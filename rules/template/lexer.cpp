#include "rules/template/lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/utf8.hpp"
#include "rules/template/unicode.hpp"

namespace tocsin::templates {
namespace {

constexpr std::string_view kLeft = "{{";
constexpr std::string_view kRight = "}}";
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::size_t kTrimMarkerLength = 2;  // the marker and the space beside it
constexpr char32_t kEnd = 0xFFFFFFFF;

constexpr auto kKeywords = std::to_array<std::pair<std::string_view, TokenKind>>({
    {"block", TokenKind::keyword_block},
    {"break", TokenKind::keyword_break},
    {"continue", TokenKind::keyword_continue},
    {"define", TokenKind::keyword_define},
    {"else", TokenKind::keyword_else},
    {"end", TokenKind::keyword_end},
    {"if", TokenKind::keyword_if},
    {"nil", TokenKind::keyword_nil},
    {"range", TokenKind::keyword_range},
    {"template", TokenKind::keyword_template},
    {"with", TokenKind::keyword_with},
});

bool is_space_byte(char c) {
  return kSpaces.find(c) != kSpaces.npos;
}
bool is_space_character(char32_t c) {
  return c < 0x80 && is_space_byte(static_cast<char>(c));
}
bool is_alphanumeric(char32_t c) {
  return c == '_' || (c != kEnd && (is_letter(c) || is_digit(c)));
}
bool has_left_trim_marker(std::string_view text) {
  return text.size() >= 2 && text[0] == '-' && is_space_byte(text[1]);
}
bool has_right_trim_marker(std::string_view text) {
  return text.size() >= 2 && is_space_byte(text[0]) && text[1] == '-';
}
std::size_t leading_spaces(std::string_view text) {
  const std::size_t at = text.find_first_not_of(kSpaces);
  return at == text.npos ? text.size() : at;
}
std::size_t trailing_spaces(std::string_view text) {
  const std::size_t at = text.find_last_not_of(kSpaces);
  return at == text.npos ? text.size() : text.size() - at - 1;
}
int newlines(std::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

// Go's %#U: U+0021 '!'
std::string unicode_notation(char32_t c) {
  if (c == kEnd) return "U+FFFFFFFFFFFFFFFF";
  std::string out = format("U+{:04X}", static_cast<unsigned>(c));
  if (is_printable(c)) {
    out += " '";
    append_code_point(out, c);
    out += '\'';
  }
  return out;
}

}  // namespace

std::string Token::shown() const {
  if (kind == TokenKind::end_of_text) return "EOF";
  if (kind == TokenKind::error) return text;
  if (kind >= TokenKind::keyword_block) return "<" + text + ">";
  if (text.size() <= 10) return go_quote(text);
  std::string_view rest = text;
  for (int i = 0; i < 10 && !rest.empty(); ++i) rest.remove_prefix(decode_code_point(rest).width);
  return go_quote(std::string_view(text).substr(0, text.size() - rest.size())) + "...";
}

Token Lexer::next() {
  token_ = Token{TokenKind::end_of_text, position_, "EOF", start_line_};
  State state = inside_action_ ? State::inside_action : State::text;
  while (state != State::done) {
    switch (state) {
      case State::text:
        state = lex_text();
        break;
      case State::left_delimiter:
        state = lex_left_delimiter();
        break;
      case State::comment:
        state = lex_comment();
        break;
      case State::inside_action:
        state = lex_inside_action();
        break;
      case State::right_delimiter:
        state = lex_right_delimiter();
        break;
      case State::done:
        break;
    }
  }
  return token_;
}

char32_t Lexer::read() {
  if (position_ >= input_.size()) {
    at_end_ = true;
    return kEnd;
  }
  const CodePoint next = decode_code_point(rest());
  position_ += next.width;
  last_width_ = next.width;
  if (next.value == '\n') ++line_;
  return next.value;
}

char32_t Lexer::peek() {
  const char32_t next = read();
  back_up();
  return next;
}

// Steps back over the character that was read last; never called twice in a row.
void Lexer::back_up() {
  if (at_end_ || position_ == 0) return;
  position_ -= last_width_;
  if (input_[position_] == '\n') --line_;
}

bool Lexer::accept(std::string_view valid) {
  const char32_t next = read();
  if (next < 0x80 && valid.find(static_cast<char>(next)) != valid.npos) return true;
  back_up();
  return false;
}

void Lexer::accept_run(std::string_view valid) {
  while (accept(valid)) {
  }
}

// Leaves out what was passed over without read().
void Lexer::skip() {
  line_ += newlines(current());
  start_ = position_;
  start_line_ = line_;
}

Lexer::State Lexer::emit(TokenKind kind) {
  token_ = Token{kind, start_, std::string(current()), start_line_};
  start_ = position_;
  start_line_ = line_;
  return State::done;
}

Lexer::State Lexer::fail(std::string message) {
  token_ = Token{TokenKind::error, start_, std::move(message), start_line_};
  input_ = {};
  start_ = position_ = 0;
  inside_action_ = false;
  return State::done;
}

Lexer::State Lexer::lex_text() {
  const std::size_t length = rest().find(kLeft);
  if (length == std::string_view::npos) {
    position_ = input_.size();
    if (position_ == start_) return emit(TokenKind::end_of_text);
    line_ += newlines(current());
    return emit(TokenKind::text);
  }
  if (length == 0) return State::left_delimiter;
  position_ += length;
  const bool trims = has_left_trim_marker(input_.substr(position_ + kLeft.size()));
  const std::size_t trimmed = trims ? trailing_spaces(current()) : 0;
  position_ -= trimmed;
  line_ += newlines(current());
  emit(TokenKind::text);
  position_ += trimmed;
  skip();
  return token_.text.empty() ? State::left_delimiter : State::done;
}

Lexer::Delimiter Lexer::at_right_delimiter() const {
  const std::string_view text = rest();
  if (has_right_trim_marker(text) && text.substr(kTrimMarkerLength).starts_with(kRight)) return {true, true};
  return {text.starts_with(kRight), false};
}

Lexer::State Lexer::lex_left_delimiter() {
  position_ += kLeft.size();
  const std::size_t after_marker = has_left_trim_marker(rest()) ? kTrimMarkerLength : 0;
  if (rest().substr(after_marker).starts_with("/*")) {
    position_ += after_marker;
    skip();
    return State::comment;
  }
  emit(TokenKind::left_delimiter);
  inside_action_ = true;
  position_ += after_marker;
  skip();
  parentheses_ = 0;
  return State::done;
}

Lexer::State Lexer::lex_comment() {
  position_ += 2;
  const std::size_t length = rest().find("*/");
  if (length == std::string_view::npos) return fail("unclosed comment");
  position_ += length + 2;
  const Delimiter delimiter = at_right_delimiter();
  if (!delimiter.found) return fail("comment ends before closing delimiter");
  skip();
  position_ += (delimiter.trims ? kTrimMarkerLength : 0) + kRight.size();
  if (delimiter.trims) position_ += leading_spaces(rest());
  skip();
  return State::text;
}

Lexer::State Lexer::lex_right_delimiter() {
  const bool trims = at_right_delimiter().trims;
  if (trims) {
    position_ += kTrimMarkerLength;
    skip();
  }
  position_ += kRight.size();
  emit(TokenKind::right_delimiter);
  if (trims) {
    position_ += leading_spaces(rest());
    skip();
  }
  inside_action_ = false;
  return State::done;
}

Lexer::State Lexer::lex_inside_action() {
  if (at_right_delimiter().found) {
    return parentheses_ == 0 ? State::right_delimiter : fail("unclosed left paren");
  }
  const char32_t c = read();
  if (c == kEnd) return fail("unclosed action");
  if (is_space_character(c)) {
    back_up();  // a trim marker begins with this space
    return lex_space();
  }
  switch (c) {
    case '=':
      return emit(TokenKind::assign);
    case ':':
      return read() == '=' ? emit(TokenKind::declare) : fail("expected :=");
    case '|':
      return emit(TokenKind::pipe);
    case '"':
      return lex_quoted('"', TokenKind::string, "unterminated quoted string");
    case '\'':
      return lex_quoted('\'', TokenKind::char_constant, "unterminated character constant");
    case '`':
      return lex_raw_string();
    case '$':
      return at_terminator() ? emit(TokenKind::variable) : lex_field_or_variable(TokenKind::variable);
    case '(':
      ++parentheses_;
      return emit(TokenKind::left_parenthesis);
    case ')':
      return --parentheses_ < 0 ? fail("unexpected right paren") : emit(TokenKind::right_parenthesis);
    default:
      break;
  }
  const bool dot_before_no_digit =
      c == '.' && position_ < input_.size() && (input_[position_] < '0' || input_[position_] > '9');
  if (dot_before_no_digit) return lex_field_or_variable(TokenKind::field);
  if (c == '.' || c == '+' || c == '-' || (c >= '0' && c <= '9')) {
    back_up();
    return lex_number();
  }
  if (is_alphanumeric(c)) {
    back_up();
    return lex_identifier();
  }
  if (c < 0x80 && is_printable(c)) return emit(TokenKind::character);
  return fail("unrecognized character in action: " + unicode_notation(c));
}

Lexer::State Lexer::lex_space() {
  const std::size_t spaces = leading_spaces(rest());
  for (std::size_t i = 0; i < spaces; ++i) read();
  // The last of the spaces may belong to a trim marker.
  const std::string_view from_last = input_.substr(position_ - 1);
  if (has_right_trim_marker(from_last) && from_last.substr(kTrimMarkerLength).starts_with(kRight)) {
    last_width_ = 1;
    back_up();
    if (spaces == 1) return State::right_delimiter;
  }
  return emit(TokenKind::space);
}

Lexer::State Lexer::lex_identifier() {
  char32_t c = read();
  while (is_alphanumeric(c)) c = read();
  back_up();
  if (!at_terminator()) return fail("bad character " + unicode_notation(c));
  const std::string_view word = current();
  const auto* keyword = std::find_if(kKeywords.begin(), kKeywords.end(),
                                     [&](const auto& entry) { return entry.first == word; });
  if (keyword != kKeywords.end()) {
    const bool is_function =
        (keyword->second == TokenKind::keyword_break && !options_.break_is_keyword) ||
        (keyword->second == TokenKind::keyword_continue && !options_.continue_is_keyword);
    return emit(is_function ? TokenKind::identifier : keyword->second);
  }
  return emit(word == "true" || word == "false" ? TokenKind::boolean : TokenKind::identifier);
}

// The dot or dollar has been read.
Lexer::State Lexer::lex_field_or_variable(TokenKind kind) {
  if (at_terminator()) return emit(kind == TokenKind::variable ? kind : TokenKind::keyword_dot);
  char32_t c = read();
  while (is_alphanumeric(c)) c = read();
  back_up();
  if (!at_terminator()) return fail("bad character " + unicode_notation(c));
  return emit(kind);
}

bool Lexer::at_terminator() {
  const char32_t c = peek();
  if (c == kEnd || is_space_character(c)) return true;
  if (c < 0x80 && std::string_view(".,|:)(").find(static_cast<char>(c)) != std::string_view::npos)
    return true;
  return rest().starts_with(kRight);
}

// The opening quote has been read.
Lexer::State Lexer::lex_quoted(char quote, TokenKind kind, std::string_view unterminated) {
  while (true) {
    char32_t c = read();
    if (c == '\\') {
      c = read();
      if (c != kEnd && c != '\n') continue;
    }
    if (c == kEnd || c == '\n') return fail(std::string(unterminated));
    if (c == static_cast<char32_t>(quote)) return emit(kind);
  }
}

Lexer::State Lexer::lex_raw_string() {
  while (true) {
    const char32_t c = read();
    if (c == kEnd) return fail("unterminated raw quoted string");
    if (c == '`') return emit(TokenKind::raw_string);
  }
}

Lexer::State Lexer::lex_number() {
  const auto bad = [this] { return fail("bad number syntax: " + go_quote(current())); };
  if (!scan_number()) return bad();
  if (const char32_t sign = peek(); sign == '+' || sign == '-') {
    if (!scan_number() || input_[position_ - 1] != 'i') return bad();
    return emit(TokenKind::complex);
  }
  return emit(TokenKind::number);
}

// Takes what looks like a number; whether it is one the parser finds out.
bool Lexer::scan_number() {
  constexpr std::string_view kDecimal = "0123456789_";
  constexpr std::string_view kHexadecimal = "0123456789abcdefABCDEF_";
  accept("+-");
  std::string_view digits = kDecimal;
  if (accept("0")) {
    if (accept("xX")) {
      digits = kHexadecimal;
    } else if (accept("oO")) {
      digits = "01234567_";
    } else if (accept("bB")) {
      digits = "01_";
    }
  }
  accept_run(digits);
  if (accept(".")) accept_run(digits);
  if ((digits == kDecimal && accept("eE")) || (digits == kHexadecimal && accept("pP"))) {
    accept("+-");
    accept_run(kDecimal);
  }
  accept("i");
  if (is_alphanumeric(peek())) {
    read();
    return false;
  }
  return true;
}

}  // namespace tocsin::templates
