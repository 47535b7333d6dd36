// Cases of a golden file: a line "=== words" begins one, what follows up to the next is its body.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tocsin::scrape {

struct GoldenCase {
  std::string head;
  std::string body;  // without the blank line at its end
};

inline std::vector<GoldenCase> golden_cases(const std::string& file) {
  std::ifstream in(std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/scrape/" + file);
  std::vector<GoldenCase> cases;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), ""});
    } else if (!cases.empty() && !line.empty()) {
      cases.back().body += line + '\n';
    }
  }
  return cases;
}

// The bytes that a quoted word stands for: \n \r \t \" \\ \xNN.
inline std::string unquoted(const std::string& word) {
  std::string out;
  for (std::size_t i = 1; i + 1 < word.size(); ++i) {
    if (word[i] != '\\') {
      out += word[i];
      continue;
    }
    const char c = word[++i];
    if (c == 'x') {
      out += static_cast<char>(std::stoi(word.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
    }
  }
  return out;
}

}  // namespace tocsin::scrape
