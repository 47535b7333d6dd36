// The groups of a match, and Go's templates over them ($1, ${name}): what relabelling and label_replace do
// with a regular expression beyond matching.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/matcher.hpp"

namespace tocsin {

// Go's Regexp.Expand: $name and ${name} are replaced by what `group` gives for the name; $$ is a dollar sign,
// and a dollar sign that begins none of these stays. $1x is the group named "1x", not group 1 and an x.
using GroupText = std::function<std::string_view(std::string_view name)>;
[[nodiscard]] std::string expand_groups(std::string_view text, const GroupText& group);
// The group that a name or number means; nothing if the expression has none such.
[[nodiscard]] std::optional<std::size_t> group_index(const re2::RE2& program, std::string_view name);

// Borrows the expression and the text it was matched against.
class RegexGroups {
 public:
  // Empty when the text does not match as a whole.
  [[nodiscard]] static std::optional<RegexGroups> match(const AnchoredRegex& regex, std::string_view text);

  // expand_groups over this match; a group that is missing or took no part gives nothing.
  [[nodiscard]] std::string expand(std::string_view text) const;

 private:
  struct Group {
    std::string_view text;
    bool matched = false;
  };
  RegexGroups(const AnchoredRegex& regex, std::vector<Group> groups)
      : regex_(&regex), groups_(std::move(groups)) {}

  const AnchoredRegex* regex_;
  std::vector<Group> groups_;
};

}  // namespace tocsin
