#include "engine/scrape/line_parser.hpp"

#include <algorithm>

namespace tocsin::scrape {

std::string_view to_string(Token token) {
  switch (token) {
    case Token::invalid:
      return "INVALID";
    case Token::end:
      return "EOF";
    case Token::line_break:
      return "LINEBREAK";
    case Token::white_space:
      return "WHITESPACE";
    case Token::help:
      return "HELP";
    case Token::type:
      return "TYPE";
    case Token::unit:
      return "UNIT";
    case Token::end_word:
      return "EOFWORD";
    case Token::text:
      return "TEXT";
    case Token::comment:
      return "COMMENT";
    case Token::metric_name:
      return "MNAME";
    case Token::quoted_string:
      return "QSTRING";
    case Token::brace_open:
      return "BOPEN";
    case Token::brace_close:
      return "BCLOSE";
    case Token::label_name:
      return "LNAME";
    case Token::label_value:
      return "LVALUE";
    case Token::comma:
      return "COMMA";
    case Token::equal:
      return "EQUAL";
    case Token::timestamp:
      return "TIMESTAMP";
    case Token::value:
      return "VALUE";
  }
  return "INVALID";
}

std::string unescape(std::string_view text, bool quotes) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == '\\' || next == 'n' || (quotes && next == '"')) {
      out += next == 'n' ? '\n' : next;
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string quote_piece(std::string_view piece) {
  if (piece.size() <= kShownBytes) return go_quote(piece);
  return go_quote(piece.substr(0, kShownBytes)) + "...";
}

char LineParser::advance() {
  ++at_;
  if (state_ == State::label_value || state_ == State::meta_text || state_ == State::comment) {
    while (at_ < page_.size() && page_[at_] == '\0') ++at_;
  }
  return current();
}

bool LineParser::lex_quoted(bool may_hold_line_breaks) {
  char c = advance();
  while (true) {
    if (c == '"') {
      advance();
      return true;
    }
    if (c == '\\') {
      c = advance();
      if (c == '\n') return false;
    } else if (c == '\n' && !may_hold_line_breaks) {
      return false;
    }
    if (c == '\0') return false;
    c = advance();
  }
}

void LineParser::skip_name(bool with_colons) {
  char c = advance();
  while (is_name_start(c, with_colons) || is_digit(c)) c = advance();
}

Token LineParser::lex_name_or_quoted(State then) {
  const char c = current();
  if (c == '"') {
    if (!lex_quoted(true)) return Token::invalid;
  } else if (is_name_start(c, true)) {
    skip_name(true);
  } else {
    return Token::invalid;
  }
  state_ = then;
  return Token::metric_name;
}

Token LineParser::lex_in_braces(bool quoted_may_hold_line_breaks, State after_equal, State after_brace) {
  const char c = current();
  if (c == '"') return lex_quoted(quoted_may_hold_line_breaks) ? Token::quoted_string : Token::invalid;
  if (is_name_start(c, false)) {
    skip_name(false);
    return Token::label_name;
  }
  if (c != ',' && c != '=' && c != '}') return Token::invalid;
  advance();
  if (c == ',') return Token::comma;
  state_ = c == '=' ? after_equal : after_brace;
  return c == '=' ? Token::equal : Token::brace_close;
}

void LineParser::begin_entry() {
  start_ = at_;
  name_.reset();
  label_ranges_.clear();
}

Result<void> LineParser::parse_braces(const BraceRules& rules, std::vector<LabelRange>& labels) {
  Token token = next_token();
  while (true) {
    Range name{token_start_, at_};
    if (token == Token::brace_close) return {};
    if (token != Token::label_name && token != Token::quoted_string)
      return unexpected("expected label name", token);
    const bool quoted = token == Token::quoted_string;
    if (quoted) name = {name.start + 1, name.end - 1};

    token = next_token();
    // A quoted string without a value is the metric's name.
    if (quoted && (token == Token::comma || token == Token::brace_close)) {
      if (rules.exemplar) return unexpected("expected label name", token);
      if (name_) return while_parsing("metric name already set");
      name_ = name;
      if (token == Token::brace_close) return {};
      token = next_token();
      continue;
    }
    if (token != Token::equal) return unexpected("expected equal", token);
    if (token = next_token(); token != Token::label_value) return unexpected("expected label value", token);
    if (!is_valid_utf8(token_text())) return Error("invalid UTF-8 label value: " + quote_piece(token_text()));
    labels.push_back({name, {token_start_ + 1, at_ - 1}});

    token = next_token();
    if (token == Token::comma) {
      token = next_token();
    } else if (rules.comma_required && token != Token::brace_close) {
      return unexpected("expected comma or brace close", token);
    }
  }
}

Result<void> LineParser::parse_family_name(Token keyword) {
  const Token token = next_token();
  if (token != Token::metric_name)
    return unexpected("expected metric name after " + std::string(to_string(keyword)), token);
  Range name{token_start_, at_};
  if (page_[name.start] == '"' && page_[name.end - 1] == '"') name = {name.start + 1, name.end - 1};
  name_ = name;
  return {};
}

Result<double> LineParser::parse_value(std::string_view text) const {
  Result<double> value = parse_sample_value(text);
  if (!value) return while_parsing(value.error().text);
  return value;
}

Error LineParser::unexpected(std::string_view expected, Token got) const {
  const std::size_t end = std::min(page_.size(), at_ + 1);
  return Error(std::string(expected) + ", got " +
               quote_piece(page_.substr(token_start_, end - token_start_)) + " (" + go_quote(to_string(got)) +
               ") while parsing: " + quote_piece(page_.substr(start_, end - start_)));
}

Error LineParser::while_parsing(std::string_view what) const {
  return Error(std::string(what) + " while parsing: " + quote_piece(page_.substr(start_, at_ - start_)));
}

}  // namespace tocsin::scrape
