// Seeded random expressions, and text that is near to them: soups of tokens, golden expressions with damage.
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "promql/functions.hpp"

namespace tocsin::promql {

inline constexpr auto kPieces = std::to_array<std::string_view>({"(",
                                                                 ")",
                                                                 "[",
                                                                 "]",
                                                                 "{",
                                                                 "}",
                                                                 ",",
                                                                 ":",
                                                                 "+",
                                                                 "-",
                                                                 "*",
                                                                 "/",
                                                                 "^",
                                                                 "%",
                                                                 "==",
                                                                 "!=",
                                                                 "<",
                                                                 ">=",
                                                                 "</",
                                                                 "=~",
                                                                 "!~",
                                                                 "=",
                                                                 "@",
                                                                 "#",
                                                                 "\n",
                                                                 "a",
                                                                 "up",
                                                                 "le",
                                                                 "sum",
                                                                 "topk",
                                                                 "rate",
                                                                 "abs",
                                                                 "by",
                                                                 "on",
                                                                 "ignoring",
                                                                 "offset",
                                                                 "bool",
                                                                 "start()",
                                                                 "step()",
                                                                 "min_of",
                                                                 "\"x\"",
                                                                 "'y'",
                                                                 "`z`",
                                                                 "\"\\n\"",
                                                                 "1",
                                                                 "0x1f",
                                                                 "5m",
                                                                 "1h30m",
                                                                 "inf",
                                                                 "NaN",
                                                                 "1e3",
                                                                 ".5",
                                                                 "and",
                                                                 "unless",
                                                                 "group_left",
                                                                 "fill(1)",
                                                                 "info",
                                                                 "{{",
                                                                 "}}",
                                                                 "x3",
                                                                 "_",
                                                                 "stale",
                                                                 "sum:1",
                                                                 "anchored",
                                                                 "smoothed",
                                                                 "without",
                                                                 "\xff",
                                                                 "\xc3\xa9",
                                                                 "\"\xff\"",
                                                                 "~",
                                                                 "buckets:[1 2]",
                                                                 "schema:-53"});

class RandomText {
 public:
  explicit RandomText(std::uint32_t seed) : random_(seed) {
    std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/promql/accepted.txt");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("> ")) expressions_.push_back(line.substr(2));
    }
  }

  std::string next() {
    std::string text = below(4) == 0 ? std::string() : expressions_[below(expressions_.size())];
    for (std::size_t changes = 1 + below(text.empty() ? 12 : 3); changes > 0; --changes) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    switch (below(6)) {
      case 0:
        text.erase(at, 1 + below(4));
        break;
      case 1:
        text.insert(at, expressions_[below(expressions_.size())]);
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(random_()));
        break;
      default:
        text.insert(at, kPieces[below(kPieces.size())]);
        if (below(2) == 0) text.insert(at, " ");
        break;
    }
  }

  std::mt19937 random_;
  std::vector<std::string> expressions_;
};

// Expressions that the parser takes, most of them: every function with arguments of its types, aggregations,
// operators, over series named a, b, up and foo.
class RandomExpression {
 public:
  explicit RandomExpression(std::uint32_t seed) : random_(seed) {}

  std::string next() { return below(8) == 0 ? scalar(0) : vector(0); }

 private:
  static constexpr int kDeepest = 3;

  std::size_t below(std::size_t limit) { return random_() % limit; }
  template <class... Texts>
  std::string pick(Texts... texts) {
    const auto options = std::to_array<std::string_view>({texts...});
    return std::string(options[below(options.size())]);
  }

  std::string duration() {
    return pick("30s", "1m", "5m", "45", "1m+step()", "max_of(10s, range())", "2*20s");
  }

  std::string modifiers() {
    switch (below(8)) {
      case 0:
        return " offset " + duration();
      case 1:
        return " offset -" + pick("10s", "1m", "step()");
      case 2:
        return pick(" @ 100", " @ start()", " @ end()", " @ 300.5 offset 1m");
      default:
        return "";
    }
  }

  std::string selector() {
    return pick("a", "b", "up", "foo", "x", "a", "b") +
           pick("", "", "{x=\"1\"}", "{job=~\"1|z\"}", "{y!=\"2\",le!=\"1\"}");
  }

  std::string matrix(int depth) {
    if (depth < kDeepest && below(4) == 0) {
      return "(" + vector(depth + 1) + ")[" + duration() + ":" + pick("", "10s", "7s", "1m", "step()+5s") +
             "]" + modifiers();
    }
    return selector() + "[" + duration() + "]" + pick("", "", "", " anchored", " smoothed") + modifiers();
  }

  std::string string() {
    return pick("\"x\"", "\"le\"", "\"(.*)\"", "\"$1\"", "\"__name__\"", "\"\"", "\"n\"");
  }

  std::string scalar(int depth) {
    if (depth < kDeepest) {
      switch (below(6)) {
        case 0:
          return call(ValueType::scalar, depth);
        case 1:
          return "(" + scalar(depth + 1) + " " + pick("+", "-", "*", "/", "%", "^", "atan2", "</", "> bool") +
                 " " + scalar(depth + 1) + ")";
        default:
          break;
      }
    }
    return pick("0", "1", "-1", "0.5", "3", "1e3", "NaN", "Inf", "-Inf", "1m", "0.99", "0x1f");
  }

  std::string vector(int depth) {
    if (depth >= kDeepest) return selector() + modifiers();
    switch (below(8)) {
      case 0:
        return selector() + modifiers();
      case 1:
      case 2:
        return aggregation(depth);
      case 3:
        return binary(depth);
      case 4:
        return "-" + call(ValueType::vector, depth);
      default:
        return call(ValueType::vector, depth);
    }
  }

  std::string aggregation(int depth) {
    const std::string name = pick("sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk",
                                  "bottomk", "limitk", "limit_ratio", "quantile", "count_values");
    std::string arguments = vector(depth + 1);
    if (name == "count_values") arguments = string() + ", " + arguments;
    if (name.ends_with("k") || name == "limit_ratio" || name == "quantile")
      arguments = scalar(depth + 1) + ", " + arguments;
    return name + pick("", " by (job)", " without (x, le)", " by (x, y)", " by ()") + "(" + arguments + ")";
  }

  std::string binary(int depth) {
    const std::string op = pick("+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<=", "and", "or",
                                "unless", "</", ">/", "> bool");
    const bool is_set = op == "and" || op == "or" || op == "unless";
    std::string matching = pick("", "", " on (x)", " ignoring (le, y)", " on ()");
    if (!is_set && matching.size() > 1) matching += pick("", "", " group_left", " group_right (instance)");
    if (!is_set && below(6) == 0) matching += pick(" fill (1)", " fill_left (0)", " fill_right (NaN)");
    const std::string right = !is_set && below(4) == 0 ? scalar(depth + 1) : vector(depth + 1);
    if (right.find_first_of("abufx") == right.npos) matching.clear();  // a number takes no matching
    return "(" + vector(depth + 1) + " " + op + matching + " " + right + ")";
  }

  std::string call(ValueType type, int depth) {
    const Function* function = nullptr;
    do {
      function = &functions()[below(functions().size())];
    } while (function->return_type != type);
    std::string text(function->name);
    text += "(";
    std::size_t count = function->argument_count;
    if (function->variadic != 0 && below(3) == 0) --count;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) text += ", ";
      switch (function->argument_types[i]) {
        case ValueType::scalar:
          text += scalar(depth + 1);
          break;
        case ValueType::matrix:
          text += matrix(depth + 1);
          break;
        case ValueType::string:
          text += string();
          break;
        default:
          text += function->name == "info" && i == 1 ? "{x=~\".+\"}" : vector(depth + 1);
          break;
      }
    }
    return text + ")";
  }

  std::mt19937 random_;
};

}  // namespace tocsin::promql
