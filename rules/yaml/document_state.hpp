// What a Document owns. Internal to rules/yaml.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "rules/yaml/node.hpp"

namespace tocsin::yaml {

struct Document::State {
  std::string file;
  Dialect dialect = Dialect::v2;
  std::string text;
  std::vector<std::size_t> line_starts;  // offsets; the first is 0
  std::deque<Node> nodes;                // a deque, so that nodes stay where they are
  const Node* root = nullptr;
  bool second_document = false;
};

// A tab where only spaces may stand (block context, before a token): libyaml refuses it, yaml-cpp skips it.
[[nodiscard]] std::optional<std::size_t> find_forbidden_tab(const Document& document,
                                                            const std::deque<Node>& nodes);

// Resolves merge keys of a finished mapping and reports duplicate keys, as the options have it.
void resolve_entries(const ParseOptions& options, Node& mapping, Diagnostics& diagnostics);

}  // namespace tocsin::yaml
