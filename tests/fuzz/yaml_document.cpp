// libFuzzer target: see yaml_document.hpp for what is checked. The first byte chooses the dialect.
#include "tests/fuzz/yaml_document.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using namespace tocsin::yaml;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string wrong = check_any_yaml(text, data[0] % 2 == 0 ? Dialect::v2 : Dialect::v3);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
