#include "rules/yaml/strict.hpp"

#include <algorithm>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "rules/yaml/document_state.hpp"
#include "rules/yaml/position.hpp"

namespace tocsin::yaml {
namespace {

bool is_name(char c) {
  return is_word(c) || c == '-';
}

}  // namespace

std::optional<StreamError> check_directives(std::string_view text) {
  bool directives = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = text.substr(at, std::min(text.find('\n', at), text.size()) - at);
    const std::size_t first = line.find_first_not_of(" \t");
    const bool empty = first == std::string_view::npos || line[first] == '#';
    if (line.starts_with('%')) {
      directives = true;
      const std::string_view name = line.substr(1, std::min(line.find_first_of(" \t"), line.size()) - 1);
      if (name == "YAML") {
        const std::size_t version = line.find_first_not_of(" \t", 5);
        const std::string_view number = version == std::string_view::npos ? "" : line.substr(version, 3);
        if (number != "1.1") return StreamError{at, "incompatible YAML document: only %YAML 1.1 is read"};
      } else if (name != "TAG") {
        return StreamError{at, format("unknown directive \"%{}\"", name)};
      }
    } else if (!empty) {
      if (directives && !line.starts_with("---"))
        return StreamError{at, "expected \"---\" after the directives"};
      return std::nullopt;
    }
    at += line.size() + 1;
  }
  return std::nullopt;
}

std::optional<StreamError> check_properties(std::string_view text, std::size_t offset) {
  while (offset < text.size() && std::string_view("!&*").find(text[offset]) != std::string_view::npos) {
    std::size_t end = offset;
    while (end < text.size() && !is_blank(text[end])) ++end;
    const std::string_view property = text.substr(offset, end - offset);
    if (property[0] != '!') {
      const auto bad = std::find_if_not(property.begin() + 1, property.end(), is_name);
      const bool ends =
          bad == property.end() || std::string_view("?:,]}%@`").find(*bad) != std::string_view::npos;
      if (!ends || bad == property.begin() + 1) {
        return StreamError{offset, "the name of an anchor may hold letters, digits, \"_\" and \"-\" only"};
      }
      if (property[0] == '*') return std::nullopt;
    } else if (const std::size_t second = property.find('!', 1);
               second != std::string_view::npos && second > 1 && property[1] != '<') {
      const std::string declaration = format("%TAG {}", property.substr(0, second + 1));
      if (text.find(declaration) == std::string_view::npos) {
        return StreamError{offset, format("undefined tag handle \"{}\"", property.substr(0, second + 1))};
      }
    }
    offset = end;
    while (offset < text.size() && is_blank(text[offset])) ++offset;
  }
  return std::nullopt;
}

std::optional<StreamError> check_scalar(std::string_view text, std::size_t offset, ScalarStyle style,
                                        std::string_view value) {
  if (style == ScalarStyle::plain) {
    for (const std::string_view separator : {"\u2028", "\u2029"}) {
      if (value.find(separator) != std::string_view::npos) {
        return StreamError{offset,
                           "a line separator (U+2028 or U+2029) ends an unquoted text; put it in quotes"};
      }
    }
    return std::nullopt;
  }
  if (style != ScalarStyle::single_quoted && style != ScalarStyle::double_quoted) return std::nullopt;
  const char quote = text[offset];
  for (std::size_t i = offset + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      if (i + 1 < text.size() && text[i + 1] == '/')
        return StreamError{i, "unknown escape sequence in double quotes: \\/"};
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) return std::nullopt;
      ++i;
    }
  }
  return StreamError{offset, "the file ends inside a quoted text"};
}

namespace {

// Places where a tab stands and libyaml would look for a token: behind the indentation of a line, and behind
// the "- " of a list there.
std::vector<std::size_t> find_suspicious_tabs(std::string_view text) {
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::size_t i = at;
    while (i < end) {
      if (text[i] == '\t') {
        found.push_back(i);
        break;
      }
      const bool dash = text[i] == '-' && i + 1 < end && (text[i + 1] == ' ' || text[i + 1] == '\t');
      if (text[i] != ' ' && !dash) break;
      ++i;
    }
    at = end + 1;
  }
  return found;
}

}  // namespace

// A tab may stand inside a scalar or a flow collection. Tabs and spans are gone through together, in the
// order of the text: a file may have one of either on every line.
std::optional<std::size_t> find_forbidden_tab(const Document& document, const std::deque<Node>& nodes) {
  const std::vector<std::size_t> tabs = find_suspicious_tabs(document.text());
  if (tabs.empty()) return std::nullopt;
  std::vector<Span> spans = spans_of(document, nodes);
  std::ranges::sort(spans, {}, &Span::begin);
  auto next = spans.begin();
  std::size_t inside_until = 0;  // the furthest end of all spans that begin before the tab
  for (const std::size_t tab : tabs) {
    for (; next != spans.end() && next->begin < tab; ++next) inside_until = std::max(inside_until, next->end);
    if (tab >= inside_until) return tab;
  }
  return std::nullopt;
}

}  // namespace tocsin::yaml
