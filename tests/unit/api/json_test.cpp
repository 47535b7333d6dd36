#include "engine/api/json.hpp"

#include <limits>

#include "tests/support/catch.hpp"

namespace tocsin::api {
namespace {

std::string string_of(std::string_view text) {
  return JsonWriter().string(text).text();
}
std::string raw_string_of(std::string_view text) {
  return JsonWriter().raw_string(text).text();
}
std::string number_of(double value) {
  return JsonWriter().number(value).text();
}

TEST_CASE("commas stand between the members of arrays and objects, and nowhere else") {
  JsonWriter json;
  json.begin_object().key("a").begin_array().integer(1).integer(2).end_array();
  json.key("b").begin_object().end_object().key("c").begin_array().begin_array().end_array().begin_object();
  json.key("d").null().end_object().end_array().key("e").boolean(true).end_object();
  CHECK(json.text() == R"({"a":[1,2],"b":{},"c":[[],{"d":null}],"e":true})");
}

TEST_CASE("strings are escaped as Go's encoder escapes them") {
  CHECK(string_of("a\"b\\c") == R"("a\"b\\c")");
  CHECK(string_of("\n\r\t\b\f") == R"("\n\r\t\b\f")");
  CHECK(string_of(std::string_view("\0\x1f", 2)) == R"("\u0000\u001f")");
  CHECK(string_of("<a>&'") == R"("\u003ca\u003e\u0026'")");
  CHECK(string_of("\u2028\u2029") == R"("\u2028\u2029")");
  CHECK(string_of("ä€😀") == "\"ä€😀\"");
}

TEST_CASE("each byte that is not UTF-8 becomes a replacement character") {
  CHECK(string_of("a\xff\xc3z") == R"("a\ufffd\ufffdz")");
  CHECK(string_of("\xe2\x82") == R"("\ufffd\ufffd")");
  CHECK(string_of("\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd")");
}

TEST_CASE("raw strings keep angle brackets and ampersands") {
  CHECK(raw_string_of("<a>&\n") == "\"<a>&\\n\"");
}

TEST_CASE("numbers have Go's form") {
  CHECK(number_of(0) == "0");
  CHECK(number_of(15) == "15");
  CHECK(number_of(0.00012) == "0.00012");
  CHECK(number_of(1e20) == "100000000000000000000");
  CHECK(number_of(1e21) == "1e+21");
  CHECK(number_of(1e-7) == "1e-7");
  CHECK(number_of(-2.5) == "-2.5");
  CHECK(number_of(std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("labels are an object in the order of names") {
  CHECK(JsonWriter().labels(Labels{{"b", "<"}, {"a", "1"}}).text() == R"({"a":"1","b":"\u003c"})");
  CHECK(JsonWriter().raw_labels(Labels{{"b", "<"}, {"a", "1"}}).text() == R"({"a":"1","b":"<"})");
  CHECK(JsonWriter().labels(Labels{}).text() == "{}");
}

}  // namespace
}  // namespace tocsin::api
