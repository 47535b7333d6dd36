#include "rules/template/regex.hpp"

#include <re2/re2.h>

#include <vector>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/regex_groups.hpp"
#include "promql/utf8.hpp"

namespace tocsin::templates {
Result<bool> regex_match(const std::string& pattern, std::string_view text) {
  const auto regex = compile_go_regex(pattern);
  if (!regex) return regex.error();
  return re2::RE2::PartialMatch({text.data(), text.size()}, **regex);
}

Result<std::string> regex_replace_all(const std::string& pattern, std::string_view replacement,
                                      std::string_view text) {
  const auto regex = compile_go_regex(pattern);
  if (!regex) {
    const bool backquoted = pattern.find('`') == std::string::npos && is_valid_utf8(pattern);
    return regex.error().wrap(
        format("regexp: Compile({})", backquoted ? "`" + pattern + "`" : go_quote(pattern)));
  }
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>((*regex)->NumberOfCapturingGroups()) + 1);
  const GroupText group = [&](std::string_view name) {
    const auto index = group_index(**regex, name);
    return index ? std::string_view(groups[*index].data(), groups[*index].size()) : std::string_view();
  };
  const re2::StringPiece whole(text.data(), text.size());
  std::string out;
  std::size_t copied = 0;  // up to where the text is in the output
  std::size_t search = 0;  // where the next match may begin
  while (search <= text.size() && (*regex)->Match(whole, search, text.size(), re2::RE2::UNANCHORED,
                                                  groups.data(), static_cast<int>(groups.size()))) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    out += text.substr(copied, begin - copied);
    // An empty match right behind a match is not one.
    if (end > copied || begin == 0) out += expand_groups(replacement, group);
    copied = end;
    const std::size_t width = search < text.size() ? decode_code_point(text.substr(search)).width : 1;
    search = search + width > end ? search + width : end;
  }
  out += text.substr(copied);
  return out;
}

std::string regex_quote(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace tocsin::templates
