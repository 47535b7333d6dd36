// libFuzzer target: see promql_evaluation.hpp for what is checked. The first eight bytes seed the series, the
// rest is the expression.
#include "tests/fuzz/promql_evaluation.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t seed = 0;
  if (size < sizeof seed) return 0;
  std::memcpy(&seed, data, sizeof seed);
  const std::string_view text(reinterpret_cast<const char*>(data) + sizeof seed, size - sizeof seed);
  const std::string wrong = tocsin::testing::EvaluationCheck(text, seed).run();
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
