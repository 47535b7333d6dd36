#include "rules/yaml/decode.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "rules/yaml/resolve.hpp"

namespace tocsin::yaml {

void Scope::add(Diagnostic diagnostic) const {
  diagnostic.file = document.file();
  diagnostics.add(std::move(diagnostic));
}

void Scope::error(SourcePosition at, std::string text) const {
  Diagnostic diagnostic;
  diagnostic.position = at;
  diagnostic.text = std::move(text);
  add(std::move(diagnostic));
}

void Scope::error(const Node& at, std::string text) const {
  error(at.position, std::move(text));
}

void Scope::warning(const Node& at, std::string text) const {
  Diagnostic diagnostic;
  diagnostic.position = at.position;
  diagnostic.severity = Severity::warning;
  diagnostic.text = std::move(text);
  add(std::move(diagnostic));
}

namespace {

Error expected_kind(std::string_view wanted, const Node& node) {
  return Error(format("expected {}, found {}", wanted, describe(node)));
}

// A value in quotes, of which a person needs no more than the beginning to find it.
std::string shown(std::string_view value) {
  constexpr std::size_t kMostShown = 32;
  if (value.size() <= kMostShown) return go_quote(value);
  std::size_t end = kMostShown;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;  // inside a character
  return go_quote(std::string(value.substr(0, end)) + "...");
}

Error expected(std::string_view wanted, const Node& node) {
  if (node.kind != NodeKind::scalar || node.value.empty()) return expected_kind(wanted, node);
  return Error(format("expected {}, found {}", wanted, shown(node.value)));
}

Result<Resolved> resolve_scalar(const Scope& scope, const Node& node, std::string_view wanted) {
  if (node.kind != NodeKind::scalar) return expected(wanted, node);
  if (!scope.expand || node.value.find("${") == std::string::npos) {
    return resolve(node, scope.document.dialect());
  }
  // A number that comes from the environment is typed by what it expands to.
  Node expanded = node;
  expanded.value = scope.expand(node, node.value);
  return resolve(expanded, scope.document.dialect());
}

}  // namespace

Result<std::string> to_string(const Scope& scope, const Node& node) {
  if (node.kind != NodeKind::scalar) return expected("a string", node);
  Result<Resolved> resolved = resolve(node, scope.document.dialect());
  if (!resolved) return resolved.error();
  if (std::holds_alternative<Null>(*resolved)) return std::string();
  const bool binary = node.tag == "tag:yaml.org,2002:binary";
  std::string text = binary ? std::get<std::string>(*std::move(resolved)) : node.value;
  return scope.expand ? scope.expand(node, std::move(text)) : text;
}

Result<bool> to_bool(const Scope& scope, const Node& node) {
  const Result<Resolved> resolved = resolve_scalar(scope, node, "true or false");
  if (!resolved) return resolved.error();
  if (std::holds_alternative<Null>(*resolved)) return false;
  if (const bool* value = std::get_if<bool>(&*resolved)) return *value;
  // v3 reads YAML 1.1's words when a boolean is wanted, even in quotes.
  const auto* text = std::get_if<std::string>(&*resolved);
  if (text != nullptr && scope.document.dialect() == Dialect::v3) {
    Node plain = node;
    plain.value = *text;
    plain.style = ScalarStyle::plain;
    plain.tag.clear();
    const Result<Resolved> word = resolve(plain, Dialect::v2);
    const bool v2_word = word && std::holds_alternative<bool>(*word) && plain.value.size() <= 3;
    if (v2_word) return std::get<bool>(*word);
  }
  return expected("true or false", node);
}

// A float is cut off, as Go does when it decodes one into an int.
Result<std::int64_t> to_int(const Scope& scope, const Node& node) {
  const Result<Resolved> resolved = resolve_scalar(scope, node, "a whole number");
  if (!resolved) return resolved.error();
  if (std::holds_alternative<Null>(*resolved)) return std::int64_t{0};
  if (const auto* value = std::get_if<std::int64_t>(&*resolved)) return *value;
  if (const auto* value = std::get_if<double>(&*resolved)) {
    constexpr double kLimit = 9223372036854775808.0;
    if (*value >= -kLimit && *value < kLimit) return static_cast<std::int64_t>(*value);
  }
  return expected("a whole number", node);
}

Result<std::uint64_t> to_uint(const Scope& scope, const Node& node) {
  const Result<Resolved> resolved = resolve_scalar(scope, node, "a whole number of 0 or more");
  if (!resolved) return resolved.error();
  if (std::holds_alternative<Null>(*resolved)) return std::uint64_t{0};
  if (const auto* value = std::get_if<std::uint64_t>(&*resolved)) return *value;
  const auto* integer = std::get_if<std::int64_t>(&*resolved);
  if (integer != nullptr && *integer >= 0) return static_cast<std::uint64_t>(*integer);
  if (const auto* value = std::get_if<double>(&*resolved)) {
    constexpr double kLimit = 18446744073709551616.0;
    if (*value > -1 && *value < kLimit) return static_cast<std::uint64_t>(*value);
    // Go lets the first float that no longer fits pass.
    if (*value == kLimit) return std::numeric_limits<std::uint64_t>::max();
  }
  return expected("a whole number of 0 or more", node);
}

Result<double> to_double(const Scope& scope, const Node& node) {
  const Result<Resolved> resolved = resolve_scalar(scope, node, "a number");
  if (!resolved) return resolved.error();
  if (std::holds_alternative<Null>(*resolved)) return 0.0;
  if (const auto* value = std::get_if<double>(&*resolved)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&*resolved)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<std::uint64_t>(&*resolved)) return static_cast<double>(*value);
  return expected("a number", node);
}

Result<Duration> to_duration(const Scope& scope, const Node& node) {
  if (is_null(node, scope.document.dialect())) return Duration{};
  if (node.kind != NodeKind::scalar) return expected("a duration such as \"5m\"", node);
  const Result<std::string> text = to_string(scope, node);
  if (!text) return text.error();
  const Result<Duration> duration = parse_duration(*text);
  if (!duration && duration.error().text.find("out of range") != std::string::npos) return duration.error();
  if (!duration) {
    return Error(
        format("not a valid duration string: {}, expected a form such as \"5m\" or \"1h30m\"", shown(*text)));
  }
  return *duration;
}

std::string join_subject(std::string_view outer, std::string_view inner) {
  if (outer.empty()) return std::string(inner);
  if (inner.empty()) return std::string(outer);
  return format("{}: {}", outer, inner);
}

MapReader::MapReader(const Scope& scope, const Node& node, std::string subject)
    : scope_(scope), node_(node), subject_(std::move(subject)) {
  if (node.kind == NodeKind::mapping) return;
  valid_ = false;
  // What stands there may be a secret, one level too high: `basic_auth: "user:password"`.
  scope_.error(node, join_subject(subject_, expected_kind("a mapping", node).text));
}

std::string MapReader::subject_of(std::string_view key) const {
  return join_subject(subject_, key);
}

const Entry* MapReader::entry_of(std::string_view key) const {
  const auto found =
      std::ranges::find_if(node_.entries, [&](const Entry& entry) { return entry.key->value == key; });
  return found == node_.entries.end() ? nullptr : &*found;
}

const Node* MapReader::child(std::string_view key) {
  known_.emplace_back(key);
  const Entry* entry = entry_of(key);
  return entry == nullptr ? nullptr : entry->value;
}

const Node* MapReader::value(std::string_view key) {
  const Node* node = child(key);
  return node == nullptr || is_null(*node, scope_.document.dialect()) ? nullptr : node;
}

bool MapReader::has(std::string_view key) const {
  return entry_of(key) != nullptr;
}

SourcePosition MapReader::position_of_key(std::string_view key) const {
  const Entry* entry = entry_of(key);
  return entry == nullptr ? node_.position : entry->key->position;
}

SourcePosition MapReader::position_of_value(std::string_view key) const {
  const Entry* entry = entry_of(key);
  if (entry == nullptr) return node_.position;
  // Nothing stands where an empty value would; the key is the place to look at.
  const bool empty = entry->value->kind == NodeKind::scalar && entry->value->style == ScalarStyle::plain &&
                     entry->value->value.empty();
  return empty ? entry->key->position : entry->value->position;
}

// An explicit null sets the zero value in v2 and leaves the target alone in v3.
template <class T, class Decode>
bool MapReader::scalar(std::string_view key, T& out, Decode decode) {
  const Node* node = child(key);
  if (node == nullptr) return false;
  if (scope_.document.dialect() == Dialect::v3 && is_null(*node, Dialect::v3)) return false;
  auto result = decode(scope_, *node);
  if (!result) {
    error(key, result.error().text);
    return false;
  }
  out = *std::move(result);
  return true;
}

bool MapReader::string(std::string_view key, std::string& out) {
  return scalar(key, out, to_string);
}
bool MapReader::boolean(std::string_view key, bool& out) {
  return scalar(key, out, to_bool);
}
bool MapReader::integer(std::string_view key, std::int64_t& out) {
  return scalar(key, out, to_int);
}
bool MapReader::unsigned_integer(std::string_view key, std::uint64_t& out) {
  return scalar(key, out, to_uint);
}
bool MapReader::floating(std::string_view key, double& out) {
  return scalar(key, out, to_double);
}
bool MapReader::duration(std::string_view key, Duration& out) {
  return scalar(key, out, to_duration);
}

bool MapReader::duration(std::string_view key, std::optional<Duration>& out) {
  if (value(key) == nullptr) return false;
  Duration duration{};
  if (!scalar(key, duration, to_duration)) return false;
  out = duration;
  return true;
}

bool MapReader::strings(std::string_view key, std::vector<std::string>& out) {
  if (value(key) == nullptr) return false;
  std::vector<std::string> read;
  bool good = value(key)->kind == NodeKind::sequence;
  for (const Node* item : list(key)) {
    if (is_null(*item, scope_.document.dialect()) && scope_.document.dialect() == Dialect::v3) continue;
    Result<std::string> text = to_string(scope_, *item);
    if (text) {
      read.push_back(*std::move(text));
    } else {
      good = false;
      scope_.error(*item, join_subject(subject_of(key), text.error().text));
    }
  }
  if (good) out = std::move(read);
  return good;
}

bool MapReader::string_map(std::string_view key, std::map<std::string, std::string>& out) {
  const Node* node = value(key);
  if (node == nullptr) return false;
  MapReader inner(scope_, *node, subject_of(key));
  std::map<std::string, std::string> read;
  bool good = inner.valid();
  // A v2 merge that brought the same key decodes into the same map.
  const Node* before = entry_of(key)->before;
  if (before != nullptr && before->kind == NodeKind::mapping) good = inner.add_strings(*before, read) && good;
  good = inner.add_strings(*node, read) && good;
  if (good) out = std::move(read);
  return good;
}

namespace {

// A key of a map, which is its text but for !!binary.
std::string key_text(const Node& key, Dialect dialect) {
  if (key.tag != "tag:yaml.org,2002:binary") return key.value;
  const Result<Resolved> resolved = resolve(key, dialect);
  return resolved ? std::get<std::string>(*resolved) : key.value;
}

}  // namespace

bool MapReader::add_strings(const Node& mapping, std::map<std::string, std::string>& out) const {
  bool good = true;
  const Dialect dialect = scope_.document.dialect();
  for (const Entry& entry : mapping.entries) {
    const bool null_key = is_null(*entry.key, dialect);
    if (null_key && dialect == Dialect::v3) continue;
    const std::string name = null_key ? "" : key_text(*entry.key, dialect);
    Result<std::string> text = to_string(scope_, *entry.value);
    if (!text) {
      good = false;
      scope_.error(*entry.value, format("{}: {}: {}", subject_, name, text.error().text));
    } else if (entry.before != nullptr || !out.emplace(name, *std::move(text)).second) {
      good = false;
      scope_.error(*entry.key, format("{}: key \"{}\" is already set by \"<<\"", subject_, name));
    }
  }
  return good;
}

bool MapReader::string_lists(std::string_view key, std::map<std::string, std::vector<std::string>>& out) {
  const Node* node = value(key);
  if (node == nullptr) return false;
  MapReader inner(scope_, *node, subject_of(key));
  std::map<std::string, std::vector<std::string>> read;
  bool good = inner.valid();
  for (const Entry& entry : node->entries) {
    std::vector<std::string> values;
    const bool null = is_null(*entry.value, scope_.document.dialect());
    good = (null || inner.strings(entry.key->value, values)) && good;
    read.emplace(entry.key->value, std::move(values));
  }
  if (good) out = std::move(read);
  return good;
}

std::vector<const Node*> MapReader::list(std::string_view key) {
  const Node* node = value(key);
  if (node == nullptr) return {};
  if (node->kind == NodeKind::sequence) return node->items;
  error(key, expected_kind("a list", *node).text);
  return {};
}

void MapReader::not_yet(std::string_view key) {
  if (value(key) == nullptr) return;
  Diagnostic diagnostic;
  diagnostic.position = position_of_key(key);
  diagnostic.severity = Severity::warning;
  diagnostic.text = join_subject(subject_, format("not yet in this version: {}", key));
  scope_.add(std::move(diagnostic));
}

void MapReader::require(std::string_view key) {
  if (valid_ && entry_of(key) == nullptr) error_here(format("missing key \"{}\"", key));
}

void MapReader::error(std::string_view key, std::string_view text) {
  scope_.error(position_of_value(key), join_subject(subject_of(key), text));
}

void MapReader::warning(std::string_view key, std::string_view text) {
  Diagnostic diagnostic;
  diagnostic.position = position_of_value(key);
  diagnostic.severity = Severity::warning;
  diagnostic.text = join_subject(subject_of(key), text);
  scope_.add(std::move(diagnostic));
}

void MapReader::error_here(std::string_view text) {
  scope_.error(node_, join_subject(subject_, text));
}

void MapReader::finish() {
  if (scope_.ignore_unknown_keys) return;
  const std::vector<std::string_view> candidates(known_.begin(), known_.end());
  for (const Entry& entry : node_.entries) {
    if (std::ranges::find(candidates, entry.key->value) != candidates.end()) continue;
    scope_.error(*entry.key, join_subject(subject_, format("unknown key \"{}\"{}", entry.key->value,
                                                           did_you_mean(entry.key->value, candidates))));
  }
}

}  // namespace tocsin::yaml
