// Duplicate keys and "<<".
//
// Go's two libraries differ in who wins. v2 applies a merge where it stands: what comes later overwrites, so
// a merge that stands after a key replaces that key, and a list of mappings is applied from its end so that
// earlier ones win. v3 applies the merge last, and never over a key that is there. In both, a key that is
// written twice in one mapping is an error, unless v2 is asked not to be strict.
#include <map>
#include <string_view>
#include <utility>

#include "promql/format.hpp"
#include "rules/yaml/document_state.hpp"

namespace tocsin::yaml {
namespace {

bool is_merge_key(const Node& key) {
  return key.kind == NodeKind::scalar && key.value == "<<" &&
         ((key.style == ScalarStyle::plain && key.tag.empty()) || key.tag == "tag:yaml.org,2002:merge");
}

class EntryResolver {
 public:
  EntryResolver(const ParseOptions& options, Node& mapping, Diagnostics& diagnostics)
      : options_(options), mapping_(mapping), diagnostics_(diagnostics) {}

  void resolve() {
    if (!keep_valid_keys()) return;
    std::vector<Entry> raw = std::move(mapping_.entries);
    mapping_.entries.clear();
    const bool merge_last = options_.dialect == Dialect::v3;
    for (const Entry& entry : raw) {
      if (!is_merge_key(*entry.key)) {
        put(entry, true);
      } else if (!merge_last) {
        merge(*entry.value);
      }
    }
    if (!merge_last) return;
    for (const Entry& entry : raw) {
      if (is_merge_key(*entry.key)) merge(*entry.value);
    }
  }

 private:
  void error(const Node& at, std::string text) {
    Diagnostic diagnostic;
    diagnostic.file = options_.file;
    diagnostic.position = at.position;
    diagnostic.text = std::move(text);
    diagnostics_.add(std::move(diagnostic));
  }

  // Drops entries that cannot be used, with an error each. True if a merge key is left to resolve.
  bool keep_valid_keys() {
    bool merges = false;
    std::map<std::string_view, const Node*> seen;
    std::vector<Entry> kept;
    kept.reserve(mapping_.entries.size());
    for (const Entry& entry : mapping_.entries) {
      if (entry.key->kind != NodeKind::scalar) {
        error(*entry.key, format("expected a string as key, found {}", describe(*entry.key)));
        continue;
      }
      const bool merge = is_merge_key(*entry.key);
      const auto [first, is_new] = seen.emplace(entry.key->value, entry.key);
      const bool may_repeat = options_.duplicate_keys || (merge && options_.dialect == Dialect::v2);
      if (!is_new && !may_repeat) {
        error(*entry.key, format("key \"{}\" is already used at line {}", entry.key->value,
                                 first->second->position.line));
        continue;
      }
      merges = merges || merge;
      kept.push_back(entry);
    }
    mapping_.entries = std::move(kept);
    return merges;
  }

  void put(const Entry& entry, bool overwrite) {
    for (Entry& present : mapping_.entries) {
      if (present.key->value != entry.key->value) continue;
      if (!overwrite) return;
      present.before = present.value;
      present.key = entry.key;
      present.value = entry.value;
      present.merged = entry.merged;
      return;
    }
    mapping_.entries.push_back(entry);
  }

  void merge_mapping(const Node& source) {
    for (const Entry& entry : source.entries) {
      put(Entry{entry.key, entry.value, true, nullptr}, options_.dialect == Dialect::v2);
    }
  }

  void merge(const Node& value) {
    const auto refuse = [&](const Node& node) {
      error(node,
            format("\"<<\": expected a mapping or a list of mappings to merge, found {}", describe(node)));
    };
    if (value.kind == NodeKind::mapping) return merge_mapping(value);
    if (value.kind != NodeKind::sequence) return refuse(value);
    const bool backwards = options_.dialect == Dialect::v2;
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      const Node& item = *value.items[backwards ? value.items.size() - 1 - i : i];
      if (item.kind != NodeKind::mapping) return refuse(item);
      merge_mapping(item);
    }
  }

  const ParseOptions& options_;
  Node& mapping_;
  Diagnostics& diagnostics_;
};

}  // namespace

void resolve_entries(const ParseOptions& options, Node& mapping, Diagnostics& diagnostics) {
  EntryResolver(options, mapping, diagnostics).resolve();
}

}  // namespace tocsin::yaml
