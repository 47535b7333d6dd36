// Alertmanager's matchers as text: alertname="A", {severity=~"warn.*", team!=x}.
//
// Upstream has two parsers and uses both (matcher/compat, fallback mode): the UTF-8 one first; where only the
// classic one understands a text, or the two disagree, the classic one wins.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "promql/matcher.hpp"
#include "promql/result.hpp"

namespace tocsin::config {

struct ParsedMatchers {
  std::vector<Matcher> matchers;  // in the order of the text
  // Upstream warns where the parsers differ: the same in the form that both read; else empty.
  std::string suggestion;
};

// Zero or more matchers, with or without braces. The error has upstream's words: bad matcher format: x.
[[nodiscard]] Result<ParsedMatchers> parse_matchers(std::string_view text);
// Exactly one, without braces.
[[nodiscard]] Result<Matcher> parse_matcher(std::string_view text);

// severity="critical", as upstream prints a matcher; a name with characters of the syntax is quoted.
[[nodiscard]] std::string print_matcher(const Matcher& matcher);
// By name, value, operator: the order in which upstream keeps a route's matchers.
void sort_matchers(std::vector<Matcher>& matchers);

}  // namespace tocsin::config
