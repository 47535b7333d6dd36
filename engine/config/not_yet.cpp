#include <algorithm>
#include <vector>

#include "engine/config/upstream_keys.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

// One level of the form: its keys, and what may stand below each.
struct KnownKeys {
  struct Key {
    std::string_view name;
    std::string_view below;  // a form, "" for nothing known, "*" for anything
  };
  std::vector<Key> keys;
};

std::size_t end_of_braces(std::string_view form, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < form.size(); ++i) {
    if (form[i] == '{') ++depth;
    if (form[i] == '}' && --depth == 0) return i + 1;
  }
  return form.size();
}

// "{a b{c} d* @http}" with the outer braces.
KnownKeys parse_level(std::string_view form) {
  KnownKeys level;
  std::size_t i = 1;
  while (i + 1 < form.size()) {
    if (form[i] == ' ') {
      ++i;
      continue;
    }
    const std::size_t end = std::min(form.find_first_of(" {}*@", i), form.size());
    const std::string_view name = form.substr(i, end - i);
    std::string_view below;
    i = end;
    if (form[i] == '{') {
      i = end_of_braces(form, i);
      below = form.substr(end, i - end);
    } else if (form[i] == '*') {
      below = "*";
      ++i;
    } else if (form[i] == '@') {
      const std::size_t stop = std::min(form.find_first_of(" }", i), form.size());
      below = upstream_keys(form.substr(i + 1, stop - i - 1));
      i = stop;
    }
    if (name.empty()) {  // "@http" alone: its keys are keys of this level
      const KnownKeys shared = parse_level(below);
      level.keys.insert(level.keys.end(), shared.keys.begin(), shared.keys.end());
    } else {
      level.keys.push_back({name, below});
    }
  }
  return level;
}

void check_keys(const yaml::Scope& scope, const yaml::Node& node, std::string_view form,
                const std::string& subject) {
  if (node.kind == yaml::NodeKind::sequence) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      check_keys(scope, *node.items[i], form, format("{}[{}]", subject, i));
    }
    return;
  }
  if (node.kind != yaml::NodeKind::mapping || form.empty() || form == "*") return;
  const KnownKeys level = parse_level(form);
  std::vector<std::string_view> names;
  for (const KnownKeys::Key& key : level.keys) names.push_back(key.name);
  for (const yaml::Entry& entry : node.entries) {
    const auto known = std::ranges::find(level.keys, entry.key->value, &KnownKeys::Key::name);
    if (known == level.keys.end()) {
      scope.error(*entry.key, format("{}: unknown key \"{}\"{}", subject, entry.key->value,
                                     did_you_mean(entry.key->value, names)));
    } else {
      check_keys(scope, *entry.value, known->below, format("{}: {}", subject, known->name));
    }
  }
}

}  // namespace

void read_not_yet(yaml::MapReader& map, std::string_view key, std::string_view section) {
  map.not_yet(key);
  const yaml::Node* node = map.value(key);
  if (node == nullptr) return;
  check_keys(map.scope(), *node, upstream_keys(section.empty() ? key : section), map.subject_of(key));
}

}  // namespace tocsin::config
