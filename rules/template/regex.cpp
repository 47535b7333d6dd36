#include "rules/template/regex.hpp"

#include <re2/re2.h>

#include <vector>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/utf8.hpp"
#include "rules/template/unicode.hpp"

namespace tocsin::templates {
namespace {

re2::RE2::Options options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return options;
}

std::string compile_error(const re2::RE2& regex) {
  // RE2 words its errors as Go does, but for the quotes around the pattern's part.
  std::string text = "error parsing regexp: ";
  const std::string& error = regex.error();
  const std::size_t colon = error.find(": ");
  if (colon == std::string::npos) return text + error;
  return text + error.substr(0, colon + 2) + "`" + error.substr(colon + 2) + "`";
}

// The name after a dollar sign: letters, digits and underscores, or the same in braces.
struct Reference {
  std::string_view name;
  std::size_t length = 0;  // of what stands for it, without the dollar sign
};

Reference read_reference(std::string_view text) {
  const bool braced = text.starts_with('{');
  const std::size_t start = braced ? 1 : 0;
  std::size_t end = start;
  while (end < text.size()) {
    const CodePoint next = decode_code_point(text.substr(end));
    if (!is_letter(next.value) && !is_digit(next.value) && next.value != '_') break;
    end += next.width;
  }
  if (end == start) return {};
  if (braced && (end >= text.size() || text[end] != '}')) return {};
  return {text.substr(start, end - start), braced ? end + 1 : end};
}

int group_index(const re2::RE2& regex, std::string_view name) {
  int number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9' || number >= 100'000'000) {
      const auto found = regex.NamedCapturingGroups().find(std::string(name));
      return found == regex.NamedCapturingGroups().end() ? -1 : found->second;
    }
    number = number * 10 + (c - '0');
  }
  // Go takes no number with a leading zero for one.
  return name.size() > 1 && name[0] == '0' ? -1 : number;
}

void expand(const re2::RE2& regex, std::string_view replacement, const std::vector<re2::StringPiece>& groups,
            std::string& out) {
  while (!replacement.empty()) {
    const std::size_t dollar = replacement.find('$');
    out += replacement.substr(0, dollar);
    if (dollar == replacement.npos) return;
    replacement.remove_prefix(dollar + 1);
    if (replacement.starts_with('$')) {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    const Reference reference = read_reference(replacement);
    if (reference.length == 0) {
      out += '$';
      continue;
    }
    const int index = group_index(regex, reference.name);
    if (index >= 0 && index < static_cast<int>(groups.size())) {
      const re2::StringPiece& group = groups[static_cast<std::size_t>(index)];
      out.append(group.data(), group.size());
    }
    replacement.remove_prefix(reference.length);
  }
}

}  // namespace

Result<bool> regex_match(const std::string& pattern, std::string_view text) {
  const re2::RE2 regex(pattern, options());
  if (!regex.ok()) return Error(compile_error(regex));
  return re2::RE2::PartialMatch({text.data(), text.size()}, regex);
}

Result<std::string> regex_replace_all(const std::string& pattern, std::string_view replacement,
                                      std::string_view text) {
  const re2::RE2 regex(pattern, options());
  if (!regex.ok()) {
    const bool backquoted = pattern.find('`') == std::string::npos && is_valid_utf8(pattern);
    return Error(format("regexp: Compile({}): {}", backquoted ? "`" + pattern + "`" : go_quote(pattern),
                        compile_error(regex)));
  }
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  const re2::StringPiece whole(text.data(), text.size());
  std::string out;
  std::size_t copied = 0;  // up to where the text is in the output
  std::size_t search = 0;  // where the next match may begin
  while (search <= text.size() && regex.Match(whole, search, text.size(), re2::RE2::UNANCHORED, groups.data(),
                                              static_cast<int>(groups.size()))) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    out += text.substr(copied, begin - copied);
    // An empty match right behind a match is not one.
    if (end > copied || begin == 0) expand(regex, replacement, groups, out);
    copied = end;
    const std::size_t width = search < text.size() ? decode_code_point(text.substr(search)).width : 1;
    search = search + width > end ? search + width : end > search ? end : search + 1;
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
