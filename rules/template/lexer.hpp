// The tokens of a template text, split exactly as Go's text/template/parse splits them: trim markers,
// comments, the rules of what may follow an identifier.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::templates {

enum class TokenKind : std::uint8_t {
  error,  // text is the message
  boolean,
  character,  // a printable ASCII character of no other kind, such as a comma
  char_constant,
  complex,
  assign,
  declare,
  end_of_text,
  field,
  identifier,
  left_delimiter,
  left_parenthesis,
  number,
  pipe,
  raw_string,
  right_delimiter,
  right_parenthesis,
  space,
  string,
  text,
  variable,
  // Keywords come last.
  keyword_block,
  keyword_break,
  keyword_continue,
  keyword_dot,
  keyword_define,
  keyword_else,
  keyword_end,
  keyword_if,
  keyword_nil,
  keyword_range,
  keyword_template,
  keyword_with
};

struct Token {
  TokenKind kind = TokenKind::end_of_text;
  std::size_t position = 0;
  std::string text;
  int line = 1;

  // As error texts quote it: EOF, <range>, "some text"...
  [[nodiscard]] std::string shown() const;
};

struct KeywordOptions {
  // `break` and `continue` are keywords unless functions have these names.
  bool break_is_keyword = true;
  bool continue_is_keyword = true;
};

// Borrows the text. After an error token only end_of_text follows.
class Lexer {
 public:
  Lexer(std::string_view input, KeywordOptions options) : input_(input), options_(options) {}
  [[nodiscard]] Token next();

 private:
  enum class State : std::uint8_t { text, left_delimiter, comment, inside_action, right_delimiter, done };
  struct Delimiter {
    bool found = false;
    bool trims = false;
  };

  State lex_text();
  State lex_left_delimiter();
  State lex_comment();
  State lex_right_delimiter();
  State lex_inside_action();
  State lex_space();
  State lex_identifier();
  State lex_field_or_variable(TokenKind kind);
  State lex_quoted(char quote, TokenKind kind, std::string_view unterminated);
  State lex_raw_string();
  State lex_number();
  bool scan_number();

  char32_t read();
  char32_t peek();
  void back_up();
  bool accept(std::string_view valid);
  void accept_run(std::string_view valid);
  void skip();
  [[nodiscard]] bool at_terminator();
  [[nodiscard]] Delimiter at_right_delimiter() const;
  [[nodiscard]] std::string_view rest() const { return input_.substr(position_); }
  [[nodiscard]] std::string_view current() const { return input_.substr(start_, position_ - start_); }
  State emit(TokenKind kind);
  State fail(std::string message);

  std::string_view input_;
  KeywordOptions options_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;
  std::size_t last_width_ = 0;
  bool at_end_ = false;
  int parentheses_ = 0;
  int line_ = 1;
  int start_line_ = 1;
  bool inside_action_ = false;
  Token token_;
};

}  // namespace tocsin::templates
