#include "promql/regex_groups.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace tocsin {
namespace {

// A byte of a group's name: letters, digits and underscores. Every byte beyond ASCII counts as a letter.
bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The name that follows a dollar sign, with the length of its whole notation; length 0 if there is none.
struct Reference {
  std::string_view name;
  std::size_t length = 0;
};
Reference reference_at(std::string_view text) {
  const bool braced = !text.empty() && text[0] == '{';
  const std::string_view rest = braced ? text.substr(1) : text;
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_name_byte);
  const std::string_view name = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  if (name.empty()) return {};
  if (!braced) return {name, name.size()};
  if (end == rest.end() || *end != '}') return {};
  return {name, name.size() + 2};
}

// The number that a name is, or -1: only digits, no leading zero.
int number_of(std::string_view name) {
  if (name.size() > 8 || (name.size() > 1 && name[0] == '0')) return -1;
  int number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::optional<RegexGroups> RegexGroups::match(const AnchoredRegex& regex, std::string_view text) {
  const re2::RE2& program = regex.program();
  std::vector<re2::StringPiece> pieces(static_cast<std::size_t>(program.NumberOfCapturingGroups()) + 1);
  if (!program.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), re2::RE2::ANCHOR_BOTH,
                     pieces.data(), static_cast<int>(pieces.size())))
    return std::nullopt;
  std::vector<Group> groups;
  groups.reserve(pieces.size());
  for (const re2::StringPiece& piece : pieces)
    groups.push_back({std::string_view(piece.data(), piece.size()), piece.data() != nullptr});
  return RegexGroups(regex, std::move(groups));
}

std::optional<std::size_t> group_index(const re2::RE2& program, std::string_view name) {
  if (const int number = number_of(name); number >= 0) {
    if (number > program.NumberOfCapturingGroups()) return std::nullopt;
    return static_cast<std::size_t>(number);
  }
  // Several groups may not have one name in RE2, so the first that matched is the one.
  const auto& names = program.NamedCapturingGroups();
  const auto found = names.find(std::string(name));
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found->second);
}

std::string RegexGroups::expand(std::string_view text) const {
  return expand_groups(text, [this](std::string_view name) {
    const std::optional<std::size_t> index = group_index(regex_->program(), name);
    return index ? groups_[*index].text : std::string_view();
  });
}

std::string expand_groups(std::string_view text, const GroupText& group) {
  std::string out;
  while (true) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return out;
    text.remove_prefix(dollar + 1);
    if (!text.empty() && text[0] == '$') {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const Reference reference = reference_at(text);
    if (reference.length == 0) {
      out += '$';
      continue;
    }
    out += group(reference.name);
    text.remove_prefix(reference.length);
  }
}

}  // namespace tocsin
