// The groups of a match, and Go's templates over them ($1, ${name}): what relabelling and label_replace do
// with a regular expression beyond matching.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/matcher.hpp"

namespace tocsin {

// Borrows the expression and the text it was matched against.
class RegexGroups {
 public:
  // Empty when the text does not match as a whole.
  [[nodiscard]] static std::optional<RegexGroups> match(const AnchoredRegex& regex, std::string_view text);

  // Go's Regexp.Expand: $name and ${name} are replaced by the group, by number or by name; a group that is
  // missing or took no part gives nothing; $$ is a dollar sign, and a dollar sign that begins none of these
  // stays. $1x is the group named "1x", not group 1 and an x.
  [[nodiscard]] std::string expand(std::string_view text) const;

 private:
  struct Group {
    std::string_view text;
    bool matched = false;
  };
  RegexGroups(const AnchoredRegex& regex, std::vector<Group> groups)
      : regex_(&regex), groups_(std::move(groups)) {}
  [[nodiscard]] std::string_view group(std::string_view name) const;

  const AnchoredRegex* regex_;
  std::vector<Group> groups_;
};

}  // namespace tocsin
