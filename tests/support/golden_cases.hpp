// Cases of a file below tests/golden: a line "=== words" begins one, what follows up to the next is its body.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "promql/labels.hpp"

namespace tocsin::golden {

struct GoldenCase {
  std::string head;
  std::string body;  // without the blank line at its end
};

inline std::vector<GoldenCase> golden_cases(const std::string& path) {
  std::ifstream in(std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/" + path);
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

// "name"="value","name"="value" as labels.
inline Labels labels_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '"') continue;
    std::size_t end = at + 1;
    while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    words.push_back(unquoted(text.substr(at, end - at + 1)));
    at = end;
  }
  LabelsBuilder labels;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) labels.set(words[i], words[i + 1]);
  return labels.build();
}

// The rest of the body's first line that begins with this word; "" when there is none.
inline std::string field(const GoldenCase& golden, const std::string& word) {
  std::istringstream lines(golden.body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(word + ' ')) return line.substr(word.size() + 1);
  }
  return "";
}

}  // namespace tocsin::golden
