// Go's fmt over template values: Sprint, Sprintln and Sprintf with all verbs, flags and complaints.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "rules/template/value.hpp"

namespace tocsin::templates {

// Where printing stops: a value that shares its parts can be far larger in print than in memory. What was
// printed so far is then given; it is longer than the limit, so the caller's own check sees it.
struct PrintLimit {
  std::size_t bytes = 16 * 1024 * 1024;
};

[[nodiscard]] std::string sprint(std::span<const Value> arguments, PrintLimit limit = {});
[[nodiscard]] std::string sprintln(std::span<const Value> arguments, PrintLimit limit = {});
[[nodiscard]] std::string sprintf(std::string_view format, std::span<const Value> arguments,
                                  PrintLimit limit = {});

// What {{ value }} writes: pointers followed, "<no value>" for none.
[[nodiscard]] std::string print_value(const Value& value, PrintLimit limit = {});
// The form in which print, html, js and urlquery take an argument: pointers followed, nil as it is.
[[nodiscard]] Value printable(const Value& value);

}  // namespace tocsin::templates
