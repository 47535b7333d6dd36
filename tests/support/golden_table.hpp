// Tables of recorded answers: one case a line, `WORDS "INPUT" = "OUTPUT"` or `WORDS "INPUT" ! "ERROR"`, texts
// as Go string literals; lines that begin with # are headings.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "promql/labels.hpp"
#include "promql/quote.hpp"
#include "promql/result.hpp"

namespace tocsin::testing {

struct GoldenLine {
  std::string words;    // before the input
  std::string literal;  // the input as it stands in the file
  std::string input;
  std::string answer;  // `= "OUTPUT"` or `! "ERROR"`
};

// The end of the literal that text starts with.
inline std::size_t literal_end(const std::string& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

// The lines of a file below the source folder; empty if there is no such file.
inline std::vector<GoldenLine> read_golden_table(const std::string& path) {
  std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/" + path);
  std::vector<GoldenLine> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t quote = line.find('"');
    const std::string rest = line.substr(quote);
    const std::size_t end = literal_end(rest);
    const auto input = unquote(rest.substr(0, end));
    lines.push_back({line.substr(0, quote == 0 ? 0 : quote - 1), rest.substr(0, end),
                     input ? *input : "not a literal", rest.substr(end + 1)});
  }
  return lines;
}

inline std::string golden_answer(const Result<std::string>& result) {
  return result ? "= " + go_quote(*result) : "! " + go_quote(result.error().text);
}

}  // namespace tocsin::testing
