// How often the program has allocated, so that a test can say that a steady state allocates nothing. Only for
// executables that link allocation_counter.cpp, which replaces the global allocation functions.
#pragma once

#include <cstddef>

namespace tocsin::support {

[[nodiscard]] std::size_t allocations();

}  // namespace tocsin::support
