// Splits an expression into tokens. Which characters are allowed depends on where the text stands: outside,
// inside {braces}, inside [brackets]; so the lexer keeps track of what is open and reports what does not fit
// before the parser sees it, with Prometheus' texts.
#pragma once

#include <string>
#include <string_view>

#include "promql/token.hpp"
#include "promql/utf8.hpp"

namespace tocsin::promql {

// A place in a text that is read code point by code point. The text must outlive it.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  // What peek and next give at the end; also what Go prints for "no rune" in an error text.
  static constexpr char32_t kEnd = 0xFFFFFFFF;

  [[nodiscard]] char32_t peek() const;
  char32_t next();
  // Steps over the next code point if it is one of these (ASCII) characters.
  bool accept(std::string_view characters);
  void accept_run(std::string_view characters);
  [[nodiscard]] bool is_at(std::string_view characters) const;
  [[nodiscard]] bool starts_with(std::string_view prefix) const { return rest().starts_with(prefix); }
  void skip_space();

  [[nodiscard]] int position() const { return position_; }
  void set_position(int position) { position_ = position; }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(static_cast<std::size_t>(position_)); }
  [[nodiscard]] std::string_view since(int start) const {
    return text_.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(position_ - start));
  }

 private:
  std::string_view text_;
  int position_ = 0;
};

[[nodiscard]] bool is_space(char32_t c);
[[nodiscard]] bool is_digit(char32_t c);
[[nodiscard]] bool is_alpha(char32_t c);  // a letter or an underscore
[[nodiscard]] bool is_alphanumeric(char32_t c);

enum class NumberForm { expression, series };  // a series knows no hexadecimal: there x repeats
// Steps over a number, or a part of one if there is none: then it gives false, and the cursor stands where a
// duration's unit may follow. What it accepts is not yet known to be a number.
[[nodiscard]] bool scan_number(Cursor& cursor, NumberForm form);

class Lexer {
 public:
  // The text must outlive the lexer and its tokens, error texts excepted: those live in the lexer.
  explicit Lexer(std::string_view text) : cursor_(text) {}

  // The next token, comments included. After an error, or the end, there is no more to be had.
  [[nodiscard]] Token next();

  // Where the last token began.
  [[nodiscard]] int last_position() const { return last_position_; }
  [[nodiscard]] std::string_view text() const { return cursor_.text(); }
  // Where reading stopped: behind the last token.
  [[nodiscard]] int position() const { return cursor_.position(); }

 private:
  Token scan();
  Token in_statement();
  Token in_braces();
  Token in_duration();
  Token word_in_brackets(char32_t first);
  Token comment();
  Token word();
  Token number_or_duration();
  Token quoted_string(char32_t quote);
  Token raw_string();
  bool escape(char32_t quote);
  bool code_point_escape(char32_t first, int digits, unsigned base, unsigned largest);
  bool duration_keyword(Token& token);
  Token comparison(TokenKind alone, TokenKind with_equal, TokenKind with_slash);
  Token open_bracket();
  Token close_paren();
  Token colon_in_duration();

  Token emit(TokenKind kind);
  Token fail(std::string message);

  Cursor cursor_;
  int start_ = 0;  // of the token being read
  int last_position_ = 0;
  std::string error_;
  int open_parens_ = 0;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  bool in_duration_ = false;  // in brackets, and no number has been read since the opening one
  bool seen_colon_ = false;
  bool seen_duration_ = false;  // in any bracket so far
};

}  // namespace tocsin::promql
