#include "rules/yaml/node.hpp"

#include <algorithm>

#include "rules/yaml/document_state.hpp"

namespace tocsin::yaml {

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key->value == key) return entry.value;
  }
  return nullptr;
}

std::string_view describe(const Node& node) {
  switch (node.kind) {
    case NodeKind::mapping:
      return "a mapping";
    case NodeKind::sequence:
      return "a list";
    case NodeKind::scalar:
      break;
  }
  switch (resolve_type(node, Dialect::v3)) {
    case ScalarType::null:
      return "nothing";
    case ScalarType::boolean:
      return "a boolean";
    case ScalarType::integer:
    case ScalarType::floating:
      return "a number";
    case ScalarType::timestamp:
    case ScalarType::string:
    case ScalarType::binary:
      break;
  }
  return "a string";
}

Document::Document() : state_(std::make_unique<State>()) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

const std::string& Document::file() const {
  return state_->file;
}
Dialect Document::dialect() const {
  return state_->dialect;
}
const Node* Document::root() const {
  return state_->root;
}
bool Document::has_second_document() const {
  return state_->second_document;
}
const std::string& Document::text() const {
  return state_->text;
}

std::string_view Document::line(int number) const {
  const std::vector<std::size_t>& starts = state_->line_starts;
  if (number < 1 || static_cast<std::size_t>(number) > starts.size()) return {};
  const std::string_view rest =
      std::string_view(state_->text).substr(starts[static_cast<std::size_t>(number) - 1]);
  return rest.substr(0, rest.find('\n'));
}

SourcePosition Document::position_of(std::size_t offset) const {
  const std::vector<std::size_t>& starts = state_->line_starts;
  const std::size_t at = std::min(offset, state_->text.size());
  const auto next = std::ranges::upper_bound(starts, at);
  if (next == starts.begin()) return {1, 1};
  const std::size_t start = *std::prev(next);
  const std::string_view before = std::string_view(state_->text).substr(start, at - start);
  const auto characters =
      std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return {static_cast<int>(next - starts.begin()), static_cast<int>(characters) + 1};
}

}  // namespace tocsin::yaml
