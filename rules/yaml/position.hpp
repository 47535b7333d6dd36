// Where the nodes of a document stand in its text. Internal to rules/yaml.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "rules/yaml/node.hpp"

namespace tocsin::yaml {

// The bytes from `begin` to before `end`.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// What Document::end_of says of each node, in time that grows with the text and not with its square.
// REQUIRES: in `nodes`, a node stands before those that are written in it, as the parser makes them.
[[nodiscard]] std::vector<Span> spans_of(const Document& document, const std::deque<Node>& nodes);

}  // namespace tocsin::yaml
