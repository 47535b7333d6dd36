// A YAML document as a tree with positions, read by yaml-cpp's event parser and then made to mean what Go's
// YAML libraries make of it: aliases and merge keys resolved, duplicate keys and expansion bombs refused.
//
// Upstream reads its files with two libraries whose rules differ, so a reader says which one it stands for:
//   Dialect::v2  go.yaml.in/yaml/v2 and gopkg.in/yaml.v2, strict: prometheus.yml, alertmanager.yml, file_sd,
//                unit tests, web config
//   Dialect::v3  go.yaml.in/yaml/v3: rule files
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/yaml/diagnostic.hpp"

namespace tocsin::yaml {

enum class Dialect { v2, v3 };
enum class NodeKind { scalar, mapping, sequence };
enum class ScalarStyle { plain, single_quoted, double_quoted, literal, folded };

struct Node;

// One key of a mapping and its value, after merge keys were resolved. The nodes belong to the Document; a
// value that was written as an alias is the anchor's node, so its position is the anchor's.
struct Entry {
  const Node* key = nullptr;
  const Node* value = nullptr;
  bool merged = false;  // came in by "<<"
  // What a v2 merge put there before: Go decodes both into one map, so a map holds the union.
  const Node* before = nullptr;
};

struct Node {
  NodeKind kind = NodeKind::scalar;
  ScalarStyle style = ScalarStyle::plain;
  SourcePosition position;
  std::size_t offset = 0;          // of the node's first byte in Document::text(), properties skipped
  std::string tag;                 // as written and resolved, "tag:yaml.org,2002:str"; "" when there is none
  std::string value;               // of a scalar
  std::vector<const Node*> items;  // of a sequence
  std::vector<Entry> entries;      // of a mapping, in the order of the file

  // The value under a key, or null. Finds what MapReader finds; made for code that only looks.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

// "a mapping", "a list", "a string" ...: how errors name what was found.
[[nodiscard]] std::string_view describe(const Node& node);

// The first document of a text. Owns the text, the nodes and all positions; moves keep nodes in place.
class Document {
 public:
  Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  [[nodiscard]] const std::string& file() const;
  [[nodiscard]] Dialect dialect() const;
  // The top node; null for an empty document.
  [[nodiscard]] const Node* root() const;
  // True if a second document follows. Upstream ignores it silently (v2) or with a warning (rule files).
  [[nodiscard]] bool has_second_document() const;

  // The text in UTF-8, without a byte order mark.
  [[nodiscard]] const std::string& text() const;
  // Line n, from 1, without its end; "" when there is none.
  [[nodiscard]] std::string_view line(int number) const;
  [[nodiscard]] SourcePosition position_of(std::size_t offset) const;
  // Where a byte of a scalar's value stands in the file, through quoting, folding and indentation. A byte
  // that has no place of its own (a line break that folding made) is at the next one that has.
  [[nodiscard]] SourcePosition position_in(const Node& scalar, std::size_t value_offset) const;
  // The offset behind a scalar or a flow collection; of block collections the offset of their beginning.
  [[nodiscard]] std::size_t end_of(const Node& node) const;

 private:
  friend class Builder;
  friend Document parse(std::string text, const struct ParseOptions& options, Diagnostics& diagnostics);
  struct State;
  std::unique_ptr<State> state_;
};

struct ParseOptions {
  std::string file;  // as the user named it, for positions
  Dialect dialect = Dialect::v2;
  // A key that stands twice in a mapping is no error (v2's Unmarshal, which is not strict): both entries
  // stay, and the last counts for who reads them. For texts that no person wrote.
  bool duplicate_keys = false;
};

// Reads a text. All that can be found wrong is added to diagnostics; the document then holds what was
// readable (its root is null after a syntax error), so that a caller goes on to find more.
[[nodiscard]] Document parse(std::string text, const ParseOptions& options, Diagnostics& diagnostics);

// How Go's resolver types a scalar that is decoded without a wanted type.
enum class ScalarType { null, boolean, integer, floating, timestamp, string, binary };
[[nodiscard]] ScalarType resolve_type(const Node& scalar, Dialect dialect);
// True where Go leaves a typed field at its zero value: ~, null, or nothing at all.
[[nodiscard]] bool is_null(const Node& node, Dialect dialect);

}  // namespace tocsin::yaml
