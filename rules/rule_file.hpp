// A rule file as structs: groups of recording and alerting rules, checked as Prometheus checks them
// (model/rulefmt) and with their expressions and templates parsed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/ast.hpp"
#include "promql/parser.hpp"
#include "promql/time.hpp"
#include "rules/rule_template.hpp"
#include "rules/yaml/diagnostic.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::rules {

enum class RuleKind { recording, alerting };

// A label or annotation of an alerting rule: its text is a template.
struct TemplatedLabel {
  std::string name;
  RuleTemplate value;
};

struct Rule {
  RuleKind kind = RuleKind::alerting;
  std::string name;  // of the alert, or of the recorded series
  std::string expr_text;
  promql::ExprPtr expr;
  Duration hold{};  // `for`
  Duration keep_firing_for{};
  // The rule's own labels over those of its group, as written; upstream merges them so.
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  // The same, parsed and sorted by name; empty for a recording rule, whose labels are plain text.
  std::vector<TemplatedLabel> label_templates;
  std::vector<TemplatedLabel> annotation_templates;
  SourcePosition position;                // of the rule's mapping
  const yaml::Node* node = nullptr;       // the same, in RuleFile::document
  const yaml::Node* expr_node = nullptr;  // the expression's scalar
};

struct RuleGroup {
  std::string name;
  std::optional<Duration> interval;      // not given: global evaluation_interval
  std::optional<Duration> query_offset;  // not given: global rule_query_offset
  std::int64_t limit = 0;                // 0: none
  std::map<std::string, std::string> labels;
  std::vector<Rule> rules;
  SourcePosition position;
};

struct RuleFile {
  std::string file;  // as it was named to the loader
  std::vector<RuleGroup> groups;
  yaml::Document document;

  // Where byte `offset` of the rule's expression stands in the file: for errors and lint on a part of it.
  [[nodiscard]] SourcePosition position_in_expr(const Rule& rule, int offset) const;
};

struct RuleFileOptions {
  std::string file;  // as the user named it, for positions
  bool ignore_unknown_keys = false;
  bool legacy_names = false;  // metric_name_validation_scheme: legacy
  promql::ParserOptions parser;
};

// Reads and checks a whole file. Everything wrong with it is added to diagnostics; groups and rules that
// could be read are in the result all the same, but upstream runs a file only if it has no error at all.
[[nodiscard]] RuleFile load_rule_file(std::string text, const RuleFileOptions& options,
                                      Diagnostics& diagnostics);

}  // namespace tocsin::rules
