// The rules that a source file has to keep, as functions from its text to what is wrong with it: where things
// may be included, which libraries stand where, and what is not used at all. structure_test.cpp applies them
// to every file of the repository.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::structure {

// A file with its path from the repository's root ("engine/core/engine.cpp").
struct Source {
  std::string path;
  std::string text;
};

// "engine/core/engine.cpp:12: <what> is not used here, use <instead>", one for each place.
using Findings = std::vector<std::string>;

// The folder that a path counts to: "rules/yaml", "engine/core", "tests", ...; "" for what is no source.
[[nodiscard]] std::string_view folder_of(std::string_view path);

// Project headers: only from folders further down (README.md, "Folders").
[[nodiscard]] Findings check_include_direction(const Source& source);
// Headers of libraries: only where the library's work is done.
[[nodiscard]] Findings check_libraries(const Source& source);
// Clocks, sleeps, threads, raw memory, and what else has a better place or none.
[[nodiscard]] Findings check_words(const Source& source);
[[nodiscard]] Findings check_length(const Source& source);

}  // namespace tocsin::structure
