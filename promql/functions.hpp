// The table of PromQL's functions: names and signatures, for the parser and the type check. What they compute
// lives with the evaluator.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

#include "promql/ast.hpp"

namespace tocsin::promql {

struct Function {
  std::string_view name;
  std::array<ValueType, 5> argument_types{};
  std::size_t argument_count = 0;  // entries of argument_types
  // 0: takes exactly these arguments. Else the last one is optional and may be repeated: up to `variadic`
  // times, or without limit where it is -1.
  int variadic = 0;
  ValueType return_type = ValueType::vector;
  bool is_experimental = false;  // needs --enable-feature=promql-experimental-functions

  constexpr Function(std::string_view function_name, std::initializer_list<ValueType> types,
                     int variadic_count, ValueType result, bool experimental = false)
      : name(function_name),
        argument_count(types.size()),
        variadic(variadic_count),
        return_type(result),
        is_experimental(experimental) {
    std::size_t i = 0;
    for (const ValueType type : types) argument_types[i++] = type;
  }
  [[nodiscard]] std::span<const ValueType> arguments() const {
    return {argument_types.data(), argument_count};
  }
  // The type that argument i must have; extra ones have that of the last.
  [[nodiscard]] ValueType argument_type(std::size_t i) const {
    return argument_types[i < argument_count ? i : argument_count - 1];
  }
};

// All functions, sorted by name. The table is constant and lives as long as the program: pointers into it may
// be kept, and a function's index in it is a dense number.
[[nodiscard]] std::span<const Function> functions();
// Null where there is none of this name. Names are case-sensitive.
[[nodiscard]] const Function* find_function(std::string_view name);

}  // namespace tocsin::promql
