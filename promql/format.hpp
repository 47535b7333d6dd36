// The one include of fmt. Debian ships no archive of it, so promql/format.cpp compiles it once for all.
#pragma once

#include <fmt/format.h>

namespace tocsin {
using fmt::format;
}  // namespace tocsin
