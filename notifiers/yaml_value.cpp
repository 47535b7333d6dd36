#include "notifiers/yaml_value.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "rules/template/base64.hpp"
#include "rules/yaml/decode.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::notifiers {
namespace {

using templates::List;
using templates::Map;
using templates::Value;
using yaml::Dialect;
using yaml::Node;
using yaml::NodeKind;
using yaml::ScalarType;

bool is_text(ScalarType type) {
  return type == ScalarType::string || type == ScalarType::timestamp || type == ScalarType::binary;
}

Value scalar_value(const yaml::Scope& scope, const Node& node) {
  switch (yaml::resolve_type(node, Dialect::v2)) {
    case ScalarType::null:
      return {};
    case ScalarType::boolean:
      if (const auto flag = yaml::to_bool(scope, node)) return Value(*flag);
      break;
    case ScalarType::integer:
      if (const auto number = yaml::to_int(scope, node)) return Value(*number);
      if (const auto number = yaml::to_uint(scope, node)) return Value::of(templates::uint64_type(), *number);
      [[fallthrough]];
    case ScalarType::floating:
      if (const auto number = yaml::to_double(scope, node)) return Value(*number);
      break;
    case ScalarType::binary: {
      std::string text = node.value;
      std::replace(text.begin(), text.end(), '+', '-');
      std::replace(text.begin(), text.end(), '/', '_');
      if (const auto bytes = templates::base64_url_decode(text)) return Value(*bytes);
      break;
    }
    case ScalarType::timestamp:
    case ScalarType::string:
      break;
  }
  return Value(node.value);
}

Value node_value(const yaml::Scope& scope, const Node& node) {
  switch (node.kind) {
    case NodeKind::sequence: {
      List elements;
      for (const Node* item : node.items) elements.push_back(node_value(scope, *item));
      return Value::anys(std::move(elements));
    }
    case NodeKind::mapping: {
      Map entries;
      for (const yaml::Entry& entry : node.entries) {
        const bool is_string_key =
            entry.key->kind == NodeKind::scalar && is_text(yaml::resolve_type(*entry.key, Dialect::v2));
        if (is_string_key) entries.insert_or_assign(entry.key->value, node_value(scope, *entry.value));
      }
      return Value::any_map(std::move(entries));
    }
    case NodeKind::scalar:
      break;
  }
  return scalar_value(scope, node);
}

}  // namespace

std::optional<Value> read_yaml_value(std::string_view text) {
  Diagnostics diagnostics;
  const yaml::Document document = yaml::parse(
      std::string(text), {.file = "", .dialect = Dialect::v2, .duplicate_keys = true}, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  const Node* root = document.root();
  if (root == nullptr) return Value();
  if (root->kind == NodeKind::scalar && is_text(yaml::resolve_type(*root, Dialect::v2))) return std::nullopt;
  const yaml::Scope scope{document, diagnostics, {}, false};
  return node_value(scope, *root);
}

}  // namespace tocsin::notifiers
