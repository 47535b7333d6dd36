// libFuzzer target: see kept_rows.hpp for what is checked. The first byte chooses the table.
#include "tests/fuzz/kept_rows.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using namespace tocsin::core;
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string wrong = check_any_row(static_cast<Table>(1 + data[0] % kTables), body);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
