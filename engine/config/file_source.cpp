#include "engine/config/file_source.hpp"

#include <algorithm>

namespace tocsin::config {
namespace {

const Error kBadPattern("syntax error in pattern");

// One character class "[...]" against a character; `at` stands behind "[" and ends behind "]".
Result<bool> match_class(std::string_view pattern, std::size_t& at, char c) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool matched = false;
  bool first = true;
  const auto next = [&]() -> Result<char> {
    if (at >= pattern.size() || pattern[at] == '-' || pattern[at] == ']') return kBadPattern;
    if (pattern[at] == '\\' && ++at >= pattern.size()) return kBadPattern;
    return pattern[at++];
  };
  while (first || at >= pattern.size() || pattern[at] != ']') {
    first = false;
    const Result<char> low = next();
    if (!low) return low.error();
    char high = *low;
    if (at < pattern.size() && pattern[at] == '-') {
      ++at;
      const Result<char> end = next();
      if (!end) return end.error();
      high = *end;
    }
    matched = matched || (*low <= c && c <= high);
    if (at >= pattern.size()) return kBadPattern;
  }
  ++at;
  return matched != negated;
}

Result<bool> match_from(std::string_view pattern, std::string_view path) {
  std::size_t p = 0;
  std::size_t s = 0;
  while (p < pattern.size()) {
    if (pattern[p] == '*') {
      while (p < pattern.size() && pattern[p] == '*') ++p;
      const std::string_view rest = pattern.substr(p);
      for (std::size_t skip = s;; ++skip) {
        Result<bool> matched = match_from(rest, path.substr(skip));
        if (!matched || *matched) return matched;
        if (skip >= path.size() || path[skip] == '/') return false;
      }
    }
    if (pattern[p] == '[') {
      ++p;
      const bool here = s < path.size();
      Result<bool> matched = match_class(pattern, p, here ? path[s] : '\0');
      if (!matched) return matched;
      if (!here || !*matched || path[s] == '/') return false;
      ++s;
      continue;
    }
    const bool escaped = pattern[p] == '\\';
    if (escaped && ++p >= pattern.size()) return kBadPattern;
    const bool any = !escaped && pattern[p] == '?';
    if (s >= path.size() || (any ? path[s] == '/' : path[s] != pattern[p])) return false;
    ++p;
    ++s;
  }
  return s == path.size();
}

}  // namespace

Result<bool> glob_match(std::string_view pattern, std::string_view path) {
  return match_from(pattern, path);
}

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string join_directory(std::string_view directory, std::string_view path) {
  if (path.empty() || path.front() == '/') return std::string(path);
  const std::string joined = std::string(directory) + "/" + std::string(path);
  const bool rooted = joined.front() == '/';
  std::vector<std::string_view> parts;
  for (std::size_t i = 0; i < joined.size();) {
    const std::size_t end = std::min(joined.find('/', i), joined.size());
    const std::string_view part = std::string_view(joined).substr(i, end - i);
    i = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !rooted) {
      parts.push_back(part);
    }
  }
  std::string out = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  return out.empty() ? "." : out;
}

Result<std::string> MemoryFiles::read(const std::string& path) {
  const auto file = files.find(path);
  if (file == files.end()) return Error("no such file or directory");
  return file->second;
}

Result<std::vector<std::string>> MemoryFiles::glob(const std::string& pattern) {
  std::vector<std::string> found;
  for (const auto& [path, content] : files) {
    const Result<bool> matched = glob_match(pattern, path);
    if (!matched) return matched.error();
    if (*matched) found.push_back(path);
  }
  return found;
}

std::optional<std::string> MemoryFiles::env(const std::string& name) {
  const auto variable = variables.find(name);
  return variable == variables.end() ? std::nullopt : std::optional(variable->second);
}

}  // namespace tocsin::config
