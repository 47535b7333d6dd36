// Go's implicit typing of scalars (go.yaml.in/yaml resolve.go). Internal to rules/yaml.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "promql/result.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::yaml {

struct Null {};
struct TimestampText {};  // looks like a date; upstream decodes it into strings only

// A string keeps its bytes (of !!binary: decoded), everything else its value.
using Resolved = std::variant<Null, bool, std::int64_t, std::uint64_t, double, TimestampText, std::string>;

// The error is about an explicit tag that its text does not fit: cannot decode !!str `x` as a !!int.
[[nodiscard]] Result<Resolved> resolve(const Node& scalar, Dialect dialect);

}  // namespace tocsin::yaml
