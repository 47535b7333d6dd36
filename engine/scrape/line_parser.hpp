// What the two text formats have in common: tokens, lexer states, and the inside of braces. Private to this
// folder; the public face is exposition.hpp.
//
// Upstream's lexers are generated automata whose state is visible from outside: an error shows the bytes from
// the token's start to where the automaton stood, and NUL bytes are passed over in some states and end the
// page in others. To refuse the same pages with the same words, the lexers here keep the same states and the
// same place, byte by byte, and never step back.
#pragma once

#include <string>
#include <string_view>

#include "engine/scrape/exposition.hpp"
#include "promql/ascii.hpp"

namespace tocsin::scrape {

enum class Token {
  invalid,
  end,
  line_break,
  white_space,
  help,
  type,
  unit,
  end_word,
  text,
  comment,
  metric_name,
  quoted_string,
  brace_open,
  brace_close,
  label_name,
  label_value,
  comma,
  equal,
  timestamp,
  value
};
[[nodiscard]] std::string_view to_string(Token token);  // "LINEBREAK", as errors name it

class LineParser : public ExpositionParser {
 public:
  using ExpositionParser::ExpositionParser;

 protected:
  enum class State {
    start,
    comment,
    meta_name,
    meta_text,
    labels,
    label_value,
    value,
    timestamp,
    exemplar,
    exemplar_value,
    exemplar_timestamp
  };

  [[nodiscard]] char current() const { return at_ < page_.size() ? page_[at_] : '\0'; }
  // Steps to the next byte and returns it; 0 at the end of the page. Where text is free to hold NUL bytes
  // they are stepped over.
  char advance();
  [[nodiscard]] std::string_view token_text() const { return page_.substr(token_start_, at_ - token_start_); }

  // ---- lexing; `current()` is the token's first byte

  [[nodiscard]] virtual Token lex() = 0;
  [[nodiscard]] virtual Token next_token() { return lex(); }
  // A quoted string with its closing quote.
  [[nodiscard]] bool lex_quoted(bool may_hold_line_breaks);
  void skip_name(bool with_colons);
  [[nodiscard]] Token lex_name_or_quoted(State then);
  // The five tokens inside braces, for the states `labels` and `exemplar`.
  [[nodiscard]] Token lex_in_braces(bool quoted_may_hold_line_breaks, State after_equal, State after_brace);

  // ---- parsing

  void begin_entry();
  // Everything between the braces, to the closing one. `labels` of an exemplar may not hold a metric name.
  struct BraceRules {
    bool exemplar = false;
    bool comma_required = false;  // between labels
  };
  [[nodiscard]] Result<void> parse_braces(const BraceRules& rules, std::vector<LabelRange>& labels);
  [[nodiscard]] Result<void> parse_family_name(Token keyword);
  [[nodiscard]] Result<double> parse_value(std::string_view text) const;

  // expected value after metric, got "x" ("INVALID") while parsing: "a x"
  [[nodiscard]] Error unexpected(std::string_view expected, Token got) const;
  // "<what> while parsing: <the entry so far>"
  [[nodiscard]] Error while_parsing(std::string_view what) const;

  State state_ = State::start;
  std::size_t token_start_ = 0;
};

[[nodiscard]] constexpr bool is_name_start(char c, bool with_colons) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (with_colons && c == ':');
}
[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Replaces \\ and \n, and \" where `quotes` says so; any other backslash stays.
[[nodiscard]] std::string unescape(std::string_view text, bool quotes);

// A piece of a page for an error. A page may be one endless line, an error may not: what is longer is cut,
// and
// "..." follows the quotes.
inline constexpr std::size_t kShownBytes = 2000;
[[nodiscard]] std::string quote_piece(std::string_view piece);

[[nodiscard]] std::unique_ptr<ExpositionParser> make_text_parser(std::string_view page);
[[nodiscard]] std::unique_ptr<ExpositionParser> make_open_metrics_parser(std::string_view page);

}  // namespace tocsin::scrape
