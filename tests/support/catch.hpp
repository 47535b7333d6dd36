// The one include of Catch2: version 2 (Debian 12) and version 3 both serve.
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <ostream>

#include "promql/result.hpp"

namespace tocsin {

// So that REQUIRE(result) shows the error's text, whatever the value's type is.
template <class T>
std::ostream& operator<<(std::ostream& out, const Result<T>& result) {
  return out << (result ? "a value" : "error: " + result.error().text);
}

}  // namespace tocsin
