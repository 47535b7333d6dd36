// The checks are those of Prometheus' model/rulefmt; the texts are ours but for what PromQL and the template
// engine say, which keep upstream's words.
#include "rules/rule_file.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::rules {
namespace {

using yaml::MapReader;
using yaml::Node;

// What is left of "template: __alert_NAME:1: undefined variable ..." without the name that the user never
// gave, and the line it speaks of.
struct TemplateError {
  std::string text;
  std::size_t line = 1;
};

TemplateError strip_template_name(const std::string& error, std::string_view alert) {
  const std::string prefix = format("template: __alert_{}:", alert);
  TemplateError stripped{error, 1};
  if (!error.starts_with(prefix)) return stripped;
  std::size_t end = prefix.size();
  std::size_t line = 0;
  while (end < error.size() && is_digit(error[end])) {
    line = line * 10 + static_cast<std::size_t>(error[end] - '0');
    ++end;
  }
  const std::size_t text = error.find(": ", end);
  if (text == std::string::npos) return stripped;
  return {error.substr(text + 2), std::max<std::size_t>(line, 1)};
}

// Where in a template's text an error is: at the variable it names, else at the line it names.
std::size_t find_template_error(std::string_view text, const TemplateError& error,
                                std::string_view variable) {
  for (std::size_t at = text.find(variable); !variable.empty() && at != std::string_view::npos;
       at = text.find(variable, at + 1)) {
    const std::size_t after = at + variable.size();
    if (after >= text.size() || !is_word(text[after])) return at;
  }
  std::size_t at = 0;
  for (std::size_t line = 1; line < error.line && at != std::string_view::npos; ++line) {
    at = text.find('\n', at);
    if (at != std::string_view::npos) ++at;
  }
  return at == std::string_view::npos ? 0 : at;
}

class RuleFileLoader {
 public:
  RuleFileLoader(RuleFile& file, const RuleFileOptions& options, Diagnostics& diagnostics)
      : file_(file), options_(options), scope_{file.document, diagnostics, {}, options.ignore_unknown_keys} {}

  void load() {
    const Node* root = file_.document.root();
    if (root == nullptr || yaml::is_null(*root, yaml::Dialect::v3)) return;
    MapReader map(scope_, *root, "");
    for (const Node* node : map.list("groups")) {
      if (!yaml::is_null(*node, yaml::Dialect::v3)) read_group(*node);
    }
    map.finish();
    if (file_.document.has_second_document()) {
      scope_.warning(*root, "more than one YAML document: only the first is read");
    }
  }

 private:
  void read_group(const Node& node) {
    MapReader map(scope_, node, "group");
    RuleGroup group;
    group.position = node.position;
    map.string("name", group.name);
    if (!group.name.empty()) map.set_subject(format("group \"{}\"", group.name));
    Duration interval{};
    if (map.duration("interval", interval) && interval != Duration{}) group.interval = interval;
    map.duration("query_offset", group.query_offset);
    map.integer("limit", group.limit);
    map.string_map("labels", group.labels);
    check_labels(map, "labels", group.labels, "label");
    const std::vector<const Node*> items = map.list("rules");
    if (map.valid()) check_group_name(map, group);
    int number = 0;
    for (const Node* item : items) {
      if (yaml::is_null(*item, yaml::Dialect::v3)) continue;
      ++number;
      auto rule = read_rule(*item, format("{}, rule {}", map.subject(), number), group, map);
      if (rule) group.rules.push_back(*std::move(rule));
    }
    map.finish();
    file_.groups.push_back(std::move(group));
  }

  void check_group_name(MapReader& map, const RuleGroup& group) {
    if (group.name.empty()) return map.error_here("name must not be empty");
    const SourcePosition here = map.position_of_value("name");
    for (std::size_t i = 0; i < file_.groups.size(); ++i) {
      if (file_.groups[i].name != group.name) continue;
      const SourcePosition first = name_positions_[i];
      scope_.error(here, format("group name \"{}\" is already used at {}:{}:{}", group.name, options_.file,
                                first.line, first.column));
      break;
    }
    name_positions_.resize(file_.groups.size());
    name_positions_.push_back(here);
  }

  std::optional<Rule> read_rule(const Node& node, const std::string& subject, const RuleGroup& group,
                                MapReader& group_map) {
    MapReader map(scope_, node, subject);
    if (!map.valid()) return std::nullopt;
    Rule rule;
    rule.node = &node;
    rule.position = node.position;
    read_name(map, rule, subject);
    read_expr(map, rule);
    map.duration("for", rule.hold);
    map.duration("keep_firing_for", rule.keep_firing_for);
    std::map<std::string, std::string> labels;
    map.string_map("labels", labels);
    map.string_map("annotations", rule.annotations);
    check_labels(map, "labels", labels, "label");
    check_labels(map, "annotations", rule.annotations, "annotation");
    map.finish();
    if (rule.kind == RuleKind::recording) check_recording(map, rule);
    rule.labels = group.labels;
    for (const auto& [name, value] : labels) rule.labels.insert_or_assign(name, value);
    if (rule.kind == RuleKind::alerting) parse_templates(map, group_map, rule);
    return rule.expr == nullptr || rule.name.empty() ? std::nullopt : std::optional(std::move(rule));
  }

  void read_name(MapReader& map, Rule& rule, const std::string& subject) {
    std::string record;
    std::string alert;
    map.string("record", record);
    map.string("alert", alert);
    rule.kind = alert.empty() ? RuleKind::recording : RuleKind::alerting;
    rule.name = alert.empty() ? record : alert;
    map.set_subject(format("{}, \"{}\"", subject, rule.name));
    if (record.empty() && alert.empty()) {
      rule.kind = RuleKind::alerting;
      map.error_here("one of \"record\" or \"alert\" must be set");
    } else if (!record.empty() && !alert.empty()) {
      scope_.error(map.position_of_key("record"),
                   map.subject() + ": only one of \"record\" and \"alert\" must be set");
    }
  }

  void read_expr(MapReader& map, Rule& rule) {
    map.string("expr", rule.expr_text);
    rule.expr_node = map.value("expr");
    if (rule.expr_text.empty()) {
      const bool wrong_kind = rule.expr_node != nullptr && rule.expr_node->kind != yaml::NodeKind::scalar;
      if (!wrong_kind) map.error("expr", "must be set");
      return;
    }
    auto parsed = promql::parse_expr(rule.expr_text, options_.parser);
    for (const promql::ParseError& error : parsed.errors) {
      Diagnostic diagnostic;
      diagnostic.position = file_.position_in_expr(rule, error.position.start);
      diagnostic.text =
          format("{}: {}", map.subject_of("expr"), promql::to_string_with_feature(error, rule.expr_text));
      diagnostic.source_line = std::string(file_.document.line(diagnostic.position.line));
      scope_.add(std::move(diagnostic));
    }
    if (parsed.ok()) rule.expr = std::move(parsed.value);
  }

  [[nodiscard]] bool is_valid_name(std::string_view name) const {
    return options_.legacy_names ? is_classic_label_name(name) : !name.empty() && is_valid_utf8(name);
  }

  void check_labels(MapReader& map, std::string_view key, const std::map<std::string, std::string>& labels,
                    std::string_view noun) {
    const Node* node = map.value(key);
    if (node == nullptr) return;
    for (const auto& [name, value] : labels) {
      const bool reserved = noun == "label" && name == kMetricName;
      const bool good_value = noun != "label" || is_valid_utf8(value);
      if (is_valid_name(name) && !reserved && good_value) continue;
      const auto entry = std::ranges::find_if(
          node->entries,
          [&, &wanted = name](const yaml::Entry& candidate) { return candidate.key->value == wanted; });
      scope_.error(entry == node->entries.end() ? *node : *entry->key,
                   good_value
                       ? format("{}: invalid {} name {}", map.subject(), noun, go_quote(name))
                       : format("{}: label \"{}\": invalid value {}", map.subject(), name, go_quote(value)));
    }
  }

  void check_recording(MapReader& map, const Rule& rule) {
    for (const std::string_view key : {"for", "keep_firing_for"}) {
      const Duration given = key == "for" ? rule.hold : rule.keep_firing_for;
      if (given != Duration{}) {
        scope_.error(map.position_of_key(key),
                     format("{}: invalid key \"{}\" in a recording rule", map.subject(), key));
      }
    }
    if (!rule.annotations.empty()) {
      scope_.error(map.position_of_key("annotations"),
                   map.subject() + ": invalid key \"annotations\" in a recording rule");
    }
    const bool valid = options_.legacy_names ? is_classic_metric_name(rule.name) : is_valid_utf8(rule.name);
    if (!valid) map.error("record", format("invalid recording rule name \"{}\"", rule.name));
    if (rule.name.find_first_of("{}") != std::string::npos) {
      map.error("record", "braces in the recording rule name; should it be in expr?");
    }
  }

  // What a rule inherits is not checked upstream: a template of the group's that cannot be parsed becomes the
  // error in every alert.
  void parse_templates(MapReader& map, MapReader& group_map, Rule& rule) {
    for (const auto& [name, text] : rule.labels) {
      const Node* own = map.value("labels");
      const bool inherited = own == nullptr || own->find(name) == nullptr;
      MapReader& from = inherited ? group_map : map;
      parse_template({from.subject(), "label", name, text, inherited}, from.value("labels"), rule.name,
                     rule.label_templates);
    }
    for (const auto& [name, text] : rule.annotations) {
      parse_template({map.subject(), "annotation", name, text}, map.value("annotations"), rule.name,
                     rule.annotation_templates);
    }
  }

  struct TemplateSource {
    const std::string& subject;
    std::string_view noun;
    const std::string& name;
    const std::string& text;
    bool inherited = false;
  };

  void parse_template(const TemplateSource& source, const Node* map_node, const std::string& alert,
                      std::vector<TemplatedLabel>& out) {
    Result<RuleTemplate> parsed = RuleTemplate::parse(alert, source.text);
    if (parsed) {
      out.push_back({source.name, *std::move(parsed)});
      return;
    }
    if (source.inherited)
      out.push_back({source.name, RuleTemplate::failing(alert, source.text, parsed.error())});
    const Node* node = map_node == nullptr ? nullptr : map_node->find(source.name);
    // The rules of a group share its labels: one finding says it for all of them.
    if (source.inherited && !told_group_labels_.insert(node).second) return;
    report_template(source, node, alert, parsed.error());
  }

  void report_template(const TemplateSource& source, const Node* node, const std::string& alert,
                       const Error& problem) {
    const TemplateError error = strip_template_name(problem.text, alert);
    std::string_view variable;
    static constexpr std::string_view kUndefined = "undefined variable \"";
    if (error.text.starts_with(kUndefined)) {
      variable = std::string_view(error.text).substr(kUndefined.size());
      variable = variable.substr(0, variable.find('"'));
    }
    const std::string suggestion =
        variable.empty() ? ""
                         : did_you_mean(variable, {"$labels", "$value", "$externalLabels", "$externalURL"});
    Diagnostic diagnostic;
    if (node != nullptr) {
      diagnostic.position =
          file_.document.position_in(*node, find_template_error(source.text, error, variable));
    }
    diagnostic.text =
        format("{}: {} \"{}\": {}{}", source.subject, source.noun, source.name, error.text, suggestion);
    if (source.inherited) {
      diagnostic.severity = Severity::warning;
      diagnostic.hint = "alerts of this group will carry the error as the value of this label";
    }
    scope_.add(std::move(diagnostic));
  }

  RuleFile& file_;
  const RuleFileOptions& options_;
  yaml::Scope scope_;
  std::vector<SourcePosition> name_positions_;  // of the names of file_.groups
  std::set<const Node*> told_group_labels_;     // those of the groups' labels that were reported
};

}  // namespace

SourcePosition RuleFile::position_in_expr(const Rule& rule, int offset) const {
  // The end of a text over lines is behind its last character, not at the line below.
  const std::size_t end = rule.expr_node->value.find_last_not_of(" \n") + 1;
  return document.position_in(*rule.expr_node, std::min(static_cast<std::size_t>(std::max(offset, 0)), end));
}

RuleFile load_rule_file(std::string text, const RuleFileOptions& options, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.all().size();
  RuleFile file;
  file.file = options.file;
  file.document = yaml::parse(std::move(text), {options.file, yaml::Dialect::v3}, diagnostics);
  RuleFileLoader(file, options, diagnostics).load();
  diagnostics.sort(before);
  return file;
}

}  // namespace tocsin::rules
