// Sorting with Go's order of ties.
#include "promql/go_sort.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace tocsin::promql;

TEST_CASE("equal elements come out in the order in which Go leaves them") {
  std::ifstream file(TOCSIN_SOURCE_DIR "/tests/golden/promql/go_sort.txt");
  REQUIRE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::vector<int> keys;
    std::vector<std::size_t> expected;
    std::string word;
    while (words >> word && word != ">") keys.push_back(std::stoi(word));
    for (std::size_t index = 0; words >> index;) expected.push_back(index);
    std::vector<std::size_t> places(keys.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
    go_sort(places, [&keys](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
    CAPTURE(line);
    CHECK(places == expected);
    ++cases;
  }
  CHECK(cases == 54);
}

TEST_CASE("an order that contradicts itself is survived") {
  std::vector<int> values(500, 0);
  go_sort(values, [](int, int) { return true; });
  CHECK(values.size() == 500);
}
