// Mathematics with Go's results.
#include "promql/go_math.hpp"

#include <bit>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "tests/support/catch.hpp"

using namespace tocsin::promql;

namespace {

const std::map<std::string, std::function<double(double, double)>, std::less<>>& functions() {
  static const auto of_one = [](double (*function)(double)) {
    return [function](double value, double /*unused*/) { return function(value); };
  };
  static const std::map<std::string, std::function<double(double, double)>, std::less<>> table = {
      {"acos", of_one(go_acos)},   {"acosh", of_one(go_acosh)},
      {"asin", of_one(go_asin)},   {"asinh", of_one(go_asinh)},
      {"atan", of_one(go_atan)},   {"atan2", go_atan2},
      {"atanh", of_one(go_atanh)}, {"cos", of_one(go_cos)},
      {"cosh", of_one(go_cosh)},   {"exp", of_one(go_exp)},
      {"exp2", of_one(go_exp2)},   {"log", of_one(go_log)},
      {"log10", of_one(go_log10)}, {"log1p", of_one(go_log1p)},
      {"log2", of_one(go_log2)},   {"pow", go_pow},
      {"sin", of_one(go_sin)},     {"sinh", of_one(go_sinh)},
      {"tan", of_one(go_tan)},     {"tanh", of_one(go_tanh)},
  };
  return table;
}

bool same_bits(double left, double right) {
  return std::bit_cast<std::uint64_t>(left) == std::bit_cast<std::uint64_t>(right) ||
         (std::isnan(left) && std::isnan(right));
}

}  // namespace

TEST_CASE("mathematics gives Go's results to the last bit") {
  // Another file with more values may be given.
  const char* path = std::getenv("TOCSIN_GO_MATH");
  std::ifstream file(path != nullptr ? path : TOCSIN_SOURCE_DIR "/tests/golden/promql/go_math.txt");
  REQUIRE(file);
  std::map<std::string, int, std::less<>> different;
  std::size_t cases = 0;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name;
    std::uint64_t bits[3] = {};
    int count = 0;
    words >> name >> std::hex;
    while (count < 3 && words >> bits[count]) ++count;
    REQUIRE(count >= 2);
    const double expected = std::bit_cast<double>(bits[count - 1]);
    const double got = functions().at(name)(std::bit_cast<double>(bits[0]), std::bit_cast<double>(bits[1]));
    ++cases;
    if (same_bits(got, expected)) continue;
    INFO(line << " got " << std::hex << std::bit_cast<std::uint64_t>(got));
    if (++different[name] <= 3) CHECK(same_bits(got, expected));
  }
  for (const auto& [name, count] : different) {
    CAPTURE(name, count);
    CHECK(count == 0);
  }
  CHECK(cases > 1000);
}
