#include "engine/config/matcher_syntax.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/quote.hpp"
#include "promql/utf8.hpp"

namespace tocsin::config {
namespace {

// Go's unicode.IsSpace.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_reserved(char32_t c) {
  return is_space(c) ||
         (c < 0x80 && std::string_view("{}!=~,\\\"'`").find(static_cast<char>(c)) != std::string_view::npos);
}

// --- the classic parser (pkg/labels/parse.go) ---

struct ClassicParts {
  std::string_view name;
  MatchType type = MatchType::equal;
  std::string_view value;
};

// ^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*$
std::optional<ClassicParts> split_classic(std::string_view text) {
  std::string_view rest = trimmed(text);
  std::size_t end = 0;
  while (end < rest.size() && (is_classic_metric_name(rest.substr(0, end + 1)))) ++end;
  if (end == 0) return std::nullopt;
  ClassicParts parts;
  parts.name = rest.substr(0, end);
  rest = trimmed(rest.substr(end));
  static constexpr std::array<std::pair<std::string_view, MatchType>, 4> kOperators = {{
      {"=~", MatchType::regex},
      {"!=", MatchType::not_equal},
      {"!~", MatchType::not_regex},
      {"=", MatchType::equal},
  }};
  const auto found =
      std::ranges::find_if(kOperators, [&](const auto& row) { return rest.starts_with(row.first); });
  if (found == kOperators.end()) return std::nullopt;
  parts.type = found->second;
  parts.value = trimmed(rest.substr(found->first.size()));
  return parts;
}

Result<std::string> unescape_classic(std::string_view raw) {
  const Error stray(format("matcher value contains unescaped double quote: {}", raw));
  std::string_view text = raw;
  bool expect_quote = text.starts_with('"');
  if (expect_quote) text.remove_prefix(1);
  if (!is_valid_utf8(text)) return Error(format("matcher value not valid UTF-8: {}", raw));
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size();
    if (text[i] == '\\' && !last) {
      const char next = text[++i];
      if (next == 'n') {
        out += '\n';
      } else {
        if (next != '"' && next != '\\') out += '\\';
        out += next;
      }
    } else if (text[i] == '"') {
      if (!expect_quote || !last) return stray;
      expect_quote = false;
    } else {
      out += text[i];
    }
  }
  if (expect_quote) return stray;
  return out;
}

Result<Matcher> parse_classic_one(std::string_view text) {
  const auto parts = split_classic(text);
  if (!parts) return Error(format("bad matcher format: {}", text));
  const Result<std::string> value = unescape_classic(parts->value);
  if (!value) return value.error();
  return Matcher::make(parts->type, parts->name, *value);
}

Result<std::vector<Matcher>> parse_classic(std::string_view text) {
  if (text.starts_with('{')) text.remove_prefix(1);
  if (text.ends_with('}')) text.remove_suffix(1);
  std::vector<std::string> tokens(1);
  bool quoted = false;
  bool escaped = false;
  for (const char c : text) {
    if (c == ',' && !quoted) {
      tokens.emplace_back();
      continue;
    }
    if (c == '"') {
      if (!escaped) quoted = !quoted;
      escaped = false;
    } else {
      escaped = c == '\\' && !escaped;
    }
    tokens.back() += c;
  }
  if (trimmed(tokens.back()).empty()) tokens.pop_back();
  std::vector<Matcher> matchers;
  for (const std::string& token : tokens) {
    Result<Matcher> matcher = parse_classic_one(token);
    if (!matcher) return matcher.error();
    matchers.push_back(*std::move(matcher));
  }
  return matchers;
}

// --- the UTF-8 parser (matcher/parse) ---

enum class TokenKind { end, open_brace, close_brace, comma, op, word, quoted };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;
  std::size_t column_start = 0;  // in characters, from 0
  std::size_t column_end = 0;
};

class Utf8MatcherParser {
 public:
  explicit Utf8MatcherParser(std::string_view text) : text_(text) {}

  Result<std::vector<Matcher>> parse() {
    if (Result<void> scanned = advance(); !scanned) return scanned.error();
    const bool braces = token_.kind == TokenKind::open_brace;
    if (braces) {
      if (Result<void> scanned = advance(); !scanned) return scanned.error();
    }
    std::vector<Matcher> matchers;
    while (token_.kind != TokenKind::end && token_.kind != TokenKind::close_brace) {
      Result<Matcher> matcher = parse_one();
      if (!matcher) return matcher.error();
      matchers.push_back(*std::move(matcher));
      if (token_.kind == TokenKind::comma) {
        if (Result<void> scanned = advance(); !scanned) return scanned.error();
        const bool more = token_.kind == TokenKind::word || token_.kind == TokenKind::quoted;
        const bool stop = token_.kind == TokenKind::end || token_.kind == TokenKind::close_brace;
        if (!more && !stop) return unexpected("expected a matcher or close brace after comma");
      } else if (token_.kind != TokenKind::end && token_.kind != TokenKind::close_brace) {
        return unexpected("expected a comma or close brace");
      }
    }
    if (Result<void> end = finish(braces); !end) return end.error();
    return matchers;
  }

 private:
  Result<void> finish(bool braces) {
    const bool closed = token_.kind == TokenKind::close_brace;
    if (braces && !closed) return Error(format("0:{}: end of input: expected close brace", column_));
    if (!braces && closed) return Error(format("0:{}: }}: expected opening brace", token_.column_end));
    if (!closed) return {};
    if (Result<void> scanned = advance(); !scanned) return scanned.error().wrap("expected end of input");
    if (token_.kind != TokenKind::end) {
      return Error(
          format("{}:{}: {}: expected end of input", token_.column_start, token_.column_end, token_.text));
    }
    return {};
  }

  [[nodiscard]] Error unexpected(std::string_view wanted) const {
    if (token_.kind == TokenKind::end) return Error(format("end of input: {}", wanted));
    return Error(
        format("{}:{}: unexpected {}: {}", token_.column_start, token_.column_end, token_.text, wanted));
  }

  Result<std::string> take_text(std::string_view wanted) {
    if (token_.kind != TokenKind::word && token_.kind != TokenKind::quoted) return unexpected(wanted);
    std::string out(token_.text);
    if (token_.kind == TokenKind::quoted) {
      Result<std::string> plain = unquote(token_.text);
      if (!plain) {
        return Error(format("{}:{}: {}: invalid input", token_.column_start, token_.column_end, token_.text));
      }
      out = *std::move(plain);
    }
    if (Result<void> scanned = advance(); !scanned) return scanned.error();
    return out;
  }

  Result<Matcher> parse_one() {
    const Result<std::string> name = take_text("expected label name");
    if (!name) return name.error();
    if (token_.kind != TokenKind::op)
      return unexpected("expected an operator such as '=', '!=', '=~' or '!~'");
    const MatchType type = token_.text == "="    ? MatchType::equal
                           : token_.text == "!=" ? MatchType::not_equal
                           : token_.text == "=~" ? MatchType::regex
                                                 : MatchType::not_regex;
    if (Result<void> scanned = advance(); !scanned) return scanned.error();
    const Result<std::string> value = take_text("expected label value");
    if (!value) return value.error();
    Result<Matcher> matcher = Matcher::make(type, *name, *value);
    if (!matcher) return matcher.error().wrap("failed to create matcher");
    return matcher;
  }

  [[nodiscard]] CodePoint peek() const { return decode_code_point(text_.substr(at_)); }

  void step(const CodePoint& point) {
    at_ += point.width;
    ++column_;
  }

  Result<void> advance() {
    CodePoint point = peek();
    while (point.width > 0 && is_space(point.value)) {
      step(point);
      point = peek();
    }
    const std::size_t start = at_;
    token_ = Token{TokenKind::end, {}, column_, column_};
    if (point.width == 0) return {};
    Result<TokenKind> kind = scan(point);
    if (!kind) return kind.error();
    token_.kind = *kind;
    token_.text = text_.substr(start, at_ - start);
    token_.column_end = column_;
    return {};
  }

  Result<TokenKind> scan(const CodePoint& first) {
    if (!is_reserved(first.value)) {
      for (CodePoint point = first; point.width > 0 && !is_reserved(point.value); point = peek()) step(point);
      return TokenKind::word;
    }
    const std::size_t start = at_;
    const std::size_t column = column_;
    step(first);
    switch (first.value) {
      case '{':
        return TokenKind::open_brace;
      case '}':
        return TokenKind::close_brace;
      case ',':
        return TokenKind::comma;
      case '=':
        if (peek().value == '~') step(peek());
        return TokenKind::op;
      case '!':
        if (peek().value == '=' || peek().value == '~') {
          step(peek());
          return TokenKind::op;
        }
        return Error(
            format("{}:{}: {}: expected one of '=~'", column, column_, text_.substr(start, at_ - start)));
      case '"':
        return scan_quoted(start, column);
      default:
        return Error(format("{}:{}: {}: invalid input", column, column_, text_.substr(start, at_ - start)));
    }
  }

  Result<TokenKind> scan_quoted(std::size_t start, std::size_t column) {
    bool escaped = false;
    for (CodePoint point = peek(); point.width > 0; point = peek()) {
      step(point);
      if (!escaped && point.value == '"') return TokenKind::quoted;
      escaped = !escaped && point.value == '\\';
    }
    return Error(format("{}:{}: {}: missing end \"", column, column_, text_.substr(start)));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t column_ = 0;
  Token token_;
};

bool same(const std::vector<Matcher>& a, const std::vector<Matcher>& b) {
  return std::ranges::equal(a, b, [](const Matcher& x, const Matcher& y) {
    return x.type() == y.type() && x.name() == y.name() && x.value() == y.value();
  });
}

std::string print_all(const std::vector<Matcher>& matchers) {
  std::string out;
  for (const Matcher& matcher : matchers) {
    if (!out.empty()) out += ',';
    out += print_matcher(matcher);
  }
  return out;
}

}  // namespace

Result<ParsedMatchers> parse_matchers(std::string_view text) {
  Result<std::vector<Matcher>> modern = Utf8MatcherParser(text).parse();
  Result<std::vector<Matcher>> classic = parse_classic(text);
  ParsedMatchers parsed;
  if (!modern && !classic) return classic.error();
  if (classic && (!modern || !same(*modern, *classic))) {
    parsed.suggestion = print_all(*classic);
    parsed.matchers = *std::move(classic);
  } else {
    parsed.matchers = *std::move(modern);
  }
  return parsed;
}

Result<Matcher> parse_matcher(std::string_view text) {
  if (text.starts_with('{') || text.ends_with('}')) {
    return Error(format("unexpected open or close brace: {}", text));
  }
  Result<std::vector<Matcher>> modern = Utf8MatcherParser(text).parse();
  Result<Matcher> classic = parse_classic_one(text);
  const bool one = modern && modern->size() == 1;
  if (!one ||
      (classic && (classic->name() != modern->front().name() || classic->type() != modern->front().type() ||
                   classic->value() != modern->front().value()))) {
    return classic;
  }
  return std::move(modern->front());
}

std::string print_matcher(const Matcher& matcher) {
  const std::string_view name = matcher.name();
  bool reserved = false;
  for (std::size_t i = 0; i < name.size();) {
    const CodePoint point = decode_code_point(name.substr(i));
    reserved = reserved || is_reserved(point.value);
    i += std::max<std::size_t>(point.width, 1);
  }
  if (reserved) return go_quote(name) + std::string(to_string(matcher.type())) + go_quote(matcher.value());
  std::string value;
  for (const char c : matcher.value()) {
    if (c == '\n') {
      value += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') value += '\\';
    value += c;
  }
  return format("{}{}\"{}\"", name, to_string(matcher.type()), value);
}

void sort_matchers(std::vector<Matcher>& matchers) {
  std::ranges::stable_sort(matchers, [](const Matcher& a, const Matcher& b) {
    return std::tie(a.name(), a.value()) != std::tie(b.name(), b.value())
               ? std::tie(a.name(), a.value()) < std::tie(b.name(), b.value())
               : a.type() < b.type();
  });
}

}  // namespace tocsin::config
