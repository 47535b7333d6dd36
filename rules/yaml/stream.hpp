// From the bytes of a file to the UTF-8 text that the parser reads. Internal to rules/yaml.
#pragma once

#include <string>
#include <vector>

namespace tocsin::yaml {

struct StreamError {
  std::size_t offset = 0;
  std::string text;
};

struct Stream {
  std::string text;                   // UTF-8 without a byte order mark; lines end as they were
  std::vector<StreamError> problems;  // at most one: what follows a bad byte cannot be read
};

// Takes off a byte order mark, turns UTF-16 (with its mark) into UTF-8 as libyaml does, and checks that all
// characters are ones that YAML allows.
[[nodiscard]] Stream decode_stream(std::string bytes);

}  // namespace tocsin::yaml
