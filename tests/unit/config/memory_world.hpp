// A folder of text files on disk, read as the loaders read files: for golden cases.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/config/file_source.hpp"

namespace tocsin::test {

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// All files below a folder under their names relative to it, with a few variables set.
inline config::MemoryFiles memory_of(const std::filesystem::path& folder) {
  config::MemoryFiles files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files.files.emplace(std::filesystem::relative(entry.path(), folder).string(), slurp(entry.path()));
    }
  }
  files.variables = {{"SLACK_URL", "https://hooks.slack.com/services/T0/B0/x"}, {"REGION", "eu"}};
  return files;
}

inline std::vector<std::filesystem::path> sorted_files(const std::filesystem::path& folder,
                                                       const std::string& ending) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace tocsin::test
