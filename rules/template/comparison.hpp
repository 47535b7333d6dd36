// The comparisons of templates: eq, ne, lt, le, gt, ge. Only values of the same basic kind compare; integers
// compare whatever their sign type. The errors are Go's.
#pragma once

#include <span>

#include "promql/result.hpp"
#include "rules/template/value.hpp"

namespace tocsin::templates {

[[nodiscard]] Result<Value> equal_to_any(const Value& first, std::span<const Value> others);
[[nodiscard]] Result<Value> not_equal(const Value& a, const Value& b);
[[nodiscard]] Result<Value> less(const Value& a, const Value& b);
[[nodiscard]] Result<Value> less_or_equal(const Value& a, const Value& b);
[[nodiscard]] Result<Value> greater(const Value& a, const Value& b);
[[nodiscard]] Result<Value> greater_or_equal(const Value& a, const Value& b);

}  // namespace tocsin::templates
