// Parses a template text into trees: the text's own and those that it defines.
#pragma once

#include <functional>
#include <string_view>

#include "promql/result.hpp"
#include "rules/template/template.hpp"

namespace tocsin::templates {

// Whether a function of that name may be called.
using KnowsFunction = std::function<bool(std::string_view name)>;

// All trees of the text by name, the text's own under `name`. The error is Go's:
// template: NAME:LINE: unexpected "}" in operand.
[[nodiscard]] Result<Trees> parse_template(std::string_view name, std::string_view text,
                                           const KnowsFunction& knows_function);

}  // namespace tocsin::templates
