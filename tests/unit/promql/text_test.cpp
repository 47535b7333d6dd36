// Quoting, UTF-8 and numbers as text.
#include <cmath>
#include <limits>

#include "promql/functions.hpp"
#include "promql/labels.hpp"
#include "promql/number_text.hpp"
#include "promql/quote.hpp"
#include "promql/utf8.hpp"
#include "promql/value.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::promql;

TEST_CASE("text is quoted as Go quotes it") {
  CHECK(go_quote("") == R"("")");
  CHECK(go_quote("a\"b\\c'd") == R"("a\"b\\c'd")");
  CHECK(go_quote("\a\b\f\n\r\t\v\x01\x7f") == R"("\a\b\f\n\r\t\v\x01\x7f")");
  CHECK(go_quote("föö 日本 😀") == "\"föö 日本 😀\"");
  CHECK(go_quote("\xff\xc0\x80") == R"("\xff\xc0\x80")");
  CHECK(go_quote("\xC2\xA0|\xE2\x80\xA8|\xF3\xA0\x80\x81") == R"("\u00a0|\u2028|\U000e0001")");
  CHECK(go_quote("\xED\xA0\x80") == R"("\xed\xa0\x80")");
  CHECK(go_quote("\xEF\xBF\xBD") == "\"\xEF\xBF\xBD\"");
  CHECK(go_quote_rune('\'') == R"('\'')");
  CHECK(go_quote_rune('"') == R"('"')");
  CHECK(go_quote_rune(0x1F600) == "'😀'");
}

TEST_CASE("UTF-8 is valid in its shortest form, without surrogates") {
  CHECK(is_valid_utf8("plain föö 日本 😀"));
  CHECK_FALSE(is_valid_utf8("\xC0\x80"));
  CHECK_FALSE(is_valid_utf8("\xED\xA0\x80"));
  CHECK_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));
  CHECK_FALSE(is_valid_utf8("\xE2\x82"));
}

TEST_CASE("a string literal gives its text") {
  CHECK(unquote(R"("a\tb\x41\101é\U0001F600\"'")").value() == "a\tbAAé😀\"'");
  CHECK(unquote(R"('a"\'')").value() == "a\"'");
  CHECK(unquote("`raw\\n\n`").value() == "raw\\n\n");
  CHECK(unquote(R"("\xff")").value() == "\xff");
  for (const std::string_view bad : {"", "\"", "\"a'", "\"\\q\"", "\"\\'\"", "\"a\"b\"", "\"\n\"", "\"\\x4\"",
                                     "\"\\400\"", "\"\\\"", "\"\\ud800\"", "``a`", "abc"}) {
    CAPTURE(bad);
    CHECK_FALSE(unquote(bad));
  }
}

TEST_CASE("a number is an integer of any base or a float") {
  struct Case {
    std::string_view text;
    double expected;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Case& c : {Case{"1", 1},
                        Case{"1.5e3", 1500},
                        Case{".5", 0.5},
                        Case{"5.", 5},
                        Case{"0x1F", 31},
                        Case{"0X_1F", 31},
                        Case{"010", 8},
                        Case{"09", 9},
                        Case{"1_000", 1000},
                        Case{"0b101", 5},
                        Case{"0o17", 15},
                        Case{"1_000.5", 1000.5},
                        Case{"0x1p-2", 0.25},
                        Case{"0x.8p1", 1},
                        Case{"inf", infinity},
                        Case{"-INF", -infinity},
                        Case{"+Infinity", infinity},
                        Case{"9223372036854775808", 9223372036854775808.0},
                        Case{"1e-400", 0},
                        Case{"4.9e-324", 4.9e-324},
                        Case{"-0x10", -16}}) {
    CAPTURE(c.text);
    const auto result = parse_number(c.text);
    REQUIRE(result);
    CHECK(*result == c.expected);
  }
  CHECK(std::isnan(parse_number("NaN").value()));
  CHECK(std::signbit(parse_float("-0").value()));
  CHECK_FALSE(std::signbit(parse_number("-0").value()));
  CHECK(std::signbit(parse_float("-1e-400").value()));
}

TEST_CASE("what is not a number is refused in Go's words") {
  for (const std::string_view bad : {"", "x", "1x", "1__0", "_1", "1_", "0x", "0x1.8", "1e", "1e+", "--1",
                                     "+nan", "infinit", " 1", "1 ", "."}) {
    CAPTURE(bad);
    const auto result = parse_number(bad);
    REQUIRE_FALSE(result);
    CHECK(result.error().text == "strconv.ParseFloat: parsing " + go_quote(bad) + ": invalid syntax");
  }
  CHECK(parse_float("1e999").error().text == "strconv.ParseFloat: parsing \"1e999\": value out of range");
  CHECK(parse_uint64("-1").error().text == "strconv.ParseUint: parsing \"-1\": invalid syntax");
  CHECK(parse_uint64("18446744073709551616").error().text ==
        "strconv.ParseUint: parsing \"18446744073709551616\": value out of range");
}

TEST_CASE("numbers print as the API and as Go's %v print them") {
  struct Case {
    double value;
    std::string_view api;
    std::string_view go;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Case& c : {Case{0, "0", "0"}, Case{-0.0, "-0", "-0"}, Case{100000, "100000", "100000"},
                        Case{1e6, "1000000", "1e+06"}, Case{123456789, "123456789", "1.23456789e+08"},
                        Case{0.0001, "0.0001", "0.0001"}, Case{0.00001, "0.00001", "1e-05"},
                        Case{0.1, "0.1", "0.1"}, Case{1e21, "1000000000000000000000", "1e+21"},
                        Case{34934271057485094912.0, "34934271057485095000", "3.4934271057485095e+19"},
                        Case{-18446744073709551616.0, "-18446744073709552000", "-1.8446744073709552e+19"},
                        Case{9007199254740993.0, "9007199254740992", "9.007199254740992e+15"},
                        Case{999999, "999999", "999999"}, Case{infinity, "+Inf", "+Inf"},
                        Case{-infinity, "-Inf", "-Inf"}, Case{std::nan(""), "NaN", "NaN"}}) {
    CAPTURE(c.value);
    CHECK(format_float(c.value) == c.api);
    CHECK(format_float_go(c.value) == c.go);
  }
  CHECK(format_float(-std::numeric_limits<double>::max()).size() == 310);
}

TEST_CASE("numbers print as Go's %f prints them") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(format_float_fixed(1) == "1.000000");
  CHECK(format_float_fixed(-0.0000005) == "-0.000000");
  CHECK(format_float_fixed(1e22) == "10000000000000000000000.000000");
  CHECK(format_float_fixed(infinity) == "+Inf");
  CHECK(format_float_fixed(-infinity) == "-Inf");
  CHECK(format_float_fixed(std::nan("")) == "NaN");
}

TEST_CASE("a function is found by its exact name") {
  CHECK(functions().size() == 90);
  REQUIRE(find_function("rate") != nullptr);
  CHECK(find_function("rate")->argument_type(0) == ValueType::matrix);
  CHECK(find_function("label_join")->argument_type(7) == ValueType::string);
  CHECK(find_function("info")->is_experimental);
  CHECK(find_function("Rate") == nullptr);
  CHECK(find_function("zzz") == nullptr);
}
