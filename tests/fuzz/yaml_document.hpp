// What must hold for any bytes that are read as YAML: they are read or refused with a place inside the text,
// a tree that was read has no key twice, and every byte of every scalar has a place. Shared by the fuzz
// target and by the unit tests, which run it on seeded random texts.
#pragma once

#include <set>
#include <string>

#include "rules/yaml/decode.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::yaml {

class TreeCheck {
 public:
  explicit TreeCheck(const Document& document) : document_(document) {}

  // "" when all is well. A tree shares the nodes of its anchors, so each node is looked at once.
  std::string check(const Node& node) {
    if (!seen_.insert(&node).second) return "";
    if (std::string wrong = check_place(node.position); !wrong.empty()) return wrong;
    if (node.kind == NodeKind::scalar) return check_scalar(node);
    for (const Node* item : node.items) {
      if (std::string wrong = check(*item); !wrong.empty()) return wrong;
    }
    std::set<std::string_view> keys;
    for (const Entry& entry : node.entries) {
      if (entry.key->kind != NodeKind::scalar) return "a key that is no scalar";
      if (!keys.insert(entry.key->value).second) return "a key that is there twice";
      if (std::string wrong = check(*entry.value); !wrong.empty()) return wrong;
    }
    return "";
  }

 private:
  [[nodiscard]] std::string check_place(SourcePosition at) const {
    const std::string_view line = document_.line(at.line);
    if (at.line < 1 || at.column < 1 || static_cast<std::size_t>(at.column) > line.size() + 1) {
      return "a place outside the text";
    }
    return "";
  }

  [[nodiscard]] std::string check_scalar(const Node& node) const {
    SourcePosition before = document_.position_in(node, 0);
    for (std::size_t i = 0; i <= node.value.size(); ++i) {
      const SourcePosition at = document_.position_in(node, i);
      if (std::string wrong = check_place(at); !wrong.empty()) return wrong;
      if (at < before) return "a byte that stands before the one in front of it";
      before = at;
    }
    Diagnostics ignored;
    const Scope scope{document_, ignored, {}, false};
    (void)to_string(scope, node);
    (void)to_bool(scope, node);
    (void)to_int(scope, node);
    (void)to_uint(scope, node);
    (void)to_double(scope, node);
    (void)to_duration(scope, node);
    return "";
  }

  const Document& document_;
  std::set<const Node*> seen_;
};

inline std::string check_any_yaml(const std::string& text, Dialect dialect) {
  Diagnostics diagnostics;
  const Document document = parse(text, {"f", dialect}, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.text.empty()) return "an error without a text";
    if (diagnostic.position.line < 1) return "an error without a place";
    (void)format_diagnostic(diagnostic, SeverityWord::always);
  }
  return document.root() == nullptr ? "" : TreeCheck(document).check(*document.root());
}

}  // namespace tocsin::yaml
