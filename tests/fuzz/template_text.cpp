#include "tests/fuzz/template_text.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tocsin::fuzz::check_template_text({reinterpret_cast<const char*>(data), size});
  return 0;
}
