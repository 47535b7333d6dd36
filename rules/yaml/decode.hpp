// Typed reading of a Node tree. A reader of a struct makes a MapReader over a mapping, asks for each key, and
// calls finish(), which reports the keys nobody asked for. Each error is added to the scope's diagnostics
// with its place, and reading goes on: a getter that failed leaves its target as it was and returns false.
//
//   MapReader map(scope, node, "global");
//   map.duration("scrape_interval", config.scrape_interval);
//   map.string("query_log_file", config.query_log_file);
//   map.finish();
//
// Scalars decode as Go decodes them into a typed field: 010 is eight, 1.9 into an int is one, `yes` is true,
// a number into a string keeps its spelling, null sets zero (v2) or changes nothing (v3).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promql/result.hpp"
#include "promql/time.hpp"
#include "rules/yaml/diagnostic.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::yaml {

// What the readers of one file share. Borrows both; lives for one load.
struct Scope {
  const Document& document;
  Diagnostics& diagnostics;
  // Applied to every string value (not keys) that is read: `${env:NAME}` in configuration files. May add
  // diagnostics. Empty: strings stay as written.
  std::function<std::string(const Node&, std::string)> expand;
  // Unknown keys are passed over in silence (promtool --ignore-unknown-fields).
  bool ignore_unknown_keys = false;

  void error(const Node& at, std::string text) const;
  void error(SourcePosition at, std::string text) const;
  void warning(const Node& at, std::string text) const;
  void add(Diagnostic diagnostic) const;  // the file is filled in
};

// Go's typed decoding of one scalar. The error says only what was found and expected: `expected a number,
// found a list`; the caller adds the subject.
[[nodiscard]] Result<std::string> to_string(const Scope& scope, const Node& node);
[[nodiscard]] Result<bool> to_bool(const Scope& scope, const Node& node);
[[nodiscard]] Result<std::int64_t> to_int(const Scope& scope, const Node& node);
[[nodiscard]] Result<std::uint64_t> to_uint(const Scope& scope, const Node& node);
[[nodiscard]] Result<double> to_double(const Scope& scope, const Node& node);
// Prometheus' duration syntax ("1h30m").
[[nodiscard]] Result<Duration> to_duration(const Scope& scope, const Node& node);

class MapReader {
 public:
  // subject names the thing in errors: `group "node", rule 1, "HighLoad"`; may be empty at the top. A node
  // that is not a mapping is reported at once, and the reader then behaves as one over an empty mapping.
  MapReader(const Scope& scope, const Node& node, std::string subject);
  MapReader(const MapReader&) = delete;
  MapReader& operator=(const MapReader&) = delete;

  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] const Node& node() const { return node_; }
  [[nodiscard]] const Scope& scope() const { return scope_; }
  [[nodiscard]] const std::string& subject() const { return subject_; }
  void set_subject(std::string subject) { subject_ = std::move(subject); }
  // "subject: key", the subject of a nested reader.
  [[nodiscard]] std::string subject_of(std::string_view key) const;

  // Marks the key as known. The value or null; an explicit null is a node.
  const Node* child(std::string_view key);
  // The same, but null also for an explicit null.
  const Node* value(std::string_view key);
  [[nodiscard]] bool has(std::string_view key) const;
  // Where the key itself stands; the mapping's place when it is missing.
  [[nodiscard]] SourcePosition position_of_key(std::string_view key) const;
  [[nodiscard]] SourcePosition position_of_value(std::string_view key) const;

  // Each returns true if the key is there and its value was taken.
  bool string(std::string_view key, std::string& out);
  bool boolean(std::string_view key, bool& out);
  bool integer(std::string_view key, std::int64_t& out);
  bool unsigned_integer(std::string_view key, std::uint64_t& out);
  bool floating(std::string_view key, double& out);
  bool duration(std::string_view key, Duration& out);
  bool duration(std::string_view key, std::optional<Duration>& out);
  bool strings(std::string_view key, std::vector<std::string>& out);
  bool string_map(std::string_view key, std::map<std::string, std::string>& out);
  bool string_lists(std::string_view key, std::map<std::string, std::vector<std::string>>& out);
  // The elements of a list, each as a node (null elements too); an error if it is no list. Empty when absent.
  std::vector<const Node*> list(std::string_view key);

  // Takes the key without looking at it.
  void known(std::string_view key) { (void)child(key); }
  // Takes a key of upstream that is not served, with the warning "not yet in this version: key".
  void not_yet(std::string_view key);
  // An error if the key is absent; its text is `missing key "key"`.
  void require(std::string_view key);

  // "subject: key: text" at the value (at the mapping if the key is absent).
  void error(std::string_view key, std::string_view text);
  void warning(std::string_view key, std::string_view text);
  // "subject: text" at the mapping.
  void error_here(std::string_view text);

  // Reports unknown keys, with the nearest known one. Call it last.
  void finish();

 private:
  [[nodiscard]] const Entry* entry_of(std::string_view key) const;
  bool add_strings(const Node& mapping, std::map<std::string, std::string>& out) const;
  template <class T, class Decode>
  bool scalar(std::string_view key, T& out, Decode decode);

  const Scope& scope_;
  const Node& node_;
  std::string subject_;
  std::vector<std::string> known_;
  bool valid_ = true;
};

// Joins subjects: `a: b`, or the one that is not empty.
[[nodiscard]] std::string join_subject(std::string_view outer, std::string_view inner);

}  // namespace tocsin::yaml
