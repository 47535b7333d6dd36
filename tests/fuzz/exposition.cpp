// libFuzzer target: see exposition.hpp for what is checked. The first byte chooses the format.
#include "tests/fuzz/exposition.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using namespace tocsin::scrape;
  const std::string page(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string wrong = check_any_page(data[0] % 2 == 0 ? Format::text : Format::open_metrics, page);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
