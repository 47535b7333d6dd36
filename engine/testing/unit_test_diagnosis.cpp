// Why an alert did not fire, or fired otherwise than expected, in the words of the standard of wording:
//
//   expected 1 firing alert, got 0
//   missing: {alertname="NATSDisconnected", instance="a:9091"}
//   why: pending since 1m0s, 30s of for: 1m (alerts/cim-alerts.yml:18); it would fire at 2m0s
//     time    cim_nats_connections_active{instance="a:9091"}    == 0    state
//     30s     3                                                 no      inactive
//     1m0s    0                                                 yes     pending
//     1m30s   0                                                 yes     pending
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/testing/unit_test_run.hpp"
#include "promql/format.hpp"
#include "promql/printer.hpp"

namespace tocsin::testing {
namespace {

constexpr int kRowsOfHistory = 3;

std::size_t differences(const rules::TextMap& a, const rules::TextMap& b) {
  std::size_t count = 0;
  for (const auto& [name, value] : a) {
    const auto at = b.find(name);
    count += at == b.end() || at->second != value ? 1 : 0;
  }
  for (const auto& [name, value] : b) count += a.contains(name) ? 0 : 1;
  return count;
}

// `label "severity": expected "page", got "ticket"`, for each that differs.
void list_differences(std::string_view noun, const rules::TextMap& expected, const rules::TextMap& found,
                      std::string& out) {
  for (const auto& [name, value] : expected) {
    const auto at = found.find(name);
    if (at != found.end() && at->second == value) continue;
    out += format("\n    {} {}: expected {}, got {}", noun, go_quote(name), go_quote(value),
                  at == found.end() ? "none" : go_quote(at->second));
  }
  for (const auto& [name, value] : found) {
    if (expected.contains(name)) continue;
    out += format("\n    {} {}: expected none, got {}", noun, go_quote(name), go_quote(value));
  }
}

bool is_constant(const promql::Expr& expr) {
  if (expr.kind() == promql::ExprKind::paren) return is_constant(*promql::as<promql::ParenExpr>(expr).expr);
  return expr.kind() == promql::ExprKind::number;
}

// The comparison that a rule's expression comes down to: what is compared, and with what.
struct Comparison {
  std::string value;      // as PromQL
  std::string condition;  // == 0
};

std::optional<Comparison> comparison_of(const promql::Expr& expr) {
  if (expr.kind() == promql::ExprKind::paren) return comparison_of(*promql::as<promql::ParenExpr>(expr).expr);
  if (expr.kind() != promql::ExprKind::binary) return std::nullopt;
  const auto& binary = promql::as<promql::BinaryExpr>(expr);
  if (!promql::is_comparison(binary.op) || binary.return_bool || !is_constant(*binary.rhs))
    return std::nullopt;
  return Comparison{to_string(*binary.lhs), format("{} {}", to_string(binary.op), to_string(*binary.rhs))};
}

// Lines of cells, each column as wide as its widest cell.
std::string table(const std::vector<std::array<std::string, 4>>& rows) {
  std::array<std::size_t, 4> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    out += "\n   ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += " " + row[i];
      if (i + 1 < row.size()) out += std::string(widths[i] - row[i].size() + 3, ' ');
    }
  }
  return out;
}

}  // namespace

class AlertDiagnosis {
 public:
  AlertDiagnosis(UnitTestRun& run, const AlertTest& alert_test, WallTime evaluated_at)
      : run_(run), alert_test_(alert_test), evaluated_at_(evaluated_at) {}

  std::string explain(const std::vector<FiringAlert>& expected, const std::vector<FiringAlert>& found) {
    std::string out = format("  expected {} firing alert{}, got {}", expected.size(),
                             expected.size() == 1 ? "" : "s", found.size());
    const std::vector<FiringAlert> missing = without(expected, found);
    const std::vector<FiringAlert> unexpected = without(found, expected);
    for (const FiringAlert& alert : missing) {
      out += format("\n  missing: {}", labels_text(alert.labels));
      out += why_missing(alert, unexpected);
    }
    for (const FiringAlert& alert : unexpected) {
      if (is_paired(alert, missing)) continue;
      out += format("\n  unexpected: {}", labels_text(alert.labels));
      if (!alert.annotations.empty()) out += format("\n    annotations {}", labels_text(alert.annotations));
    }
    return out;
  }

 private:
  // Those that are not among the others; each of the others stands for one.
  static std::vector<FiringAlert> without(const std::vector<FiringAlert>& alerts,
                                          const std::vector<FiringAlert>& others) {
    std::vector<FiringAlert> out;
    std::ranges::set_difference(alerts, others, std::back_inserter(out));
    return out;
  }

  // Whether why_missing has shown this alert as the counterpart of a missing one.
  static bool is_paired(const FiringAlert& found, const std::vector<FiringAlert>& missing) {
    return std::ranges::any_of(missing,
                               [&found](const FiringAlert& alert) { return alert.labels == found.labels; });
  }

  std::string why_missing(const FiringAlert& missing, const std::vector<FiringAlert>& unexpected) {
    for (const FiringAlert& alert : unexpected) {
      if (alert.labels != missing.labels) continue;
      std::string out = "\n  why: it fires with other annotations";
      list_differences("annotation", missing.annotations, alert.annotations, out);
      return out;
    }
    const std::vector<const rules::AlertingRule*> rules = rules_of_alert();
    if (rules.empty()) {
      return format("\n  why: no rule file defines alert {}{}", go_quote(alert_test_.alertname),
                    did_you_mean(alert_test_.alertname, alert_names()));
    }
    for (const rules::AlertingRule* rule : rules) {
      if (std::string why = why_pending(*rule, missing); !why.empty()) return why;
    }
    if (!unexpected.empty()) return nearest(missing, unexpected);
    std::string out;
    for (const rules::AlertingRule* rule : rules) {
      out += format("\n  why: its expression does not hold at {}: {} ({})", shown(evaluated_at_),
                    rule->query(), place_of(*rule)) +
             history(*rule, missing.labels, kNoTime);
    }
    return out;
  }

  [[nodiscard]] std::vector<const rules::AlertingRule*> rules_of_alert() const {
    std::vector<const rules::AlertingRule*> out;
    for (const auto& group : run_.rules_.groups()) {
      for (const auto& rule : group->rules()) {
        const auto* const alerting = dynamic_cast<const rules::AlertingRule*>(rule.get());
        if (alerting != nullptr && alerting->definition().name == alert_test_.alertname)
          out.push_back(alerting);
      }
    }
    return out;
  }

  std::string why_pending(const rules::AlertingRule& rule, const FiringAlert& missing) {
    std::optional<rules::Alert> pending;
    rule.for_each_active([&](const Labels& labels, const rules::Alert& alert) {
      if (alert.clock.state == rules::AlertState::pending && same_labels(labels, missing.labels))
        pending = alert;
    });
    if (!pending) return {};
    const WallTime since = pending->clock.active_at;
    const Duration hold = rule.definition().hold;
    return format("\n  why: pending since {}, {} of for: {} ({}); it would fire at {}", shown(since),
                  format_duration(evaluated_at_ - since), format_duration(hold), place_of(rule),
                  shown(fires_at(since, hold))) +
           history(rule, missing.labels, since);
  }

  static std::string nearest(const FiringAlert& missing, const std::vector<FiringAlert>& unexpected) {
    const auto found = std::ranges::min_element(unexpected, {}, [&missing](const FiringAlert& alert) {
      return differences(missing.labels, alert.labels);
    });
    std::string out = "\n  why: the nearest alert that fires has other labels";
    list_differences("label", missing.labels, found->labels, out);
    return out;
  }

  // The first evaluation at which `for` has passed.
  [[nodiscard]] WallTime fires_at(WallTime since, Duration hold) const {
    WallTime time = evaluated_at_;
    while (time - since < hold) time += run_.file_.evaluation_interval;
    return time;
  }

  // Times are shown as the test file counts them: from its start.
  [[nodiscard]] std::string shown(WallTime time) const { return format_go_duration(time - run_.test_.start); }

  static bool same_labels(const Labels& labels, const rules::TextMap& wanted) {
    return labels.size() == wanted.size() && std::ranges::all_of(wanted, [&labels](const auto& pair) {
             return labels.get(pair.first) == pair.second;
           });
  }

  // file:line of the rule, or just the file.
  [[nodiscard]] std::string place_of(const rules::AlertingRule& rule) const {
    for (const rules::RuleFile& file : run_.loaded_rules_.files) {
      for (const rules::RuleGroup& group : file.groups) {
        for (const rules::Rule& candidate : group.rules) {
          const bool is_it = candidate.kind == rules::RuleKind::alerting &&
                             candidate.name == rule.definition().name &&
                             candidate.expr_text == rule.definition().expression;
          if (is_it) return format("{}:{}", file.file, candidate.position.line);
        }
      }
    }
    return "unknown place";
  }

  [[nodiscard]] std::vector<std::string_view> alert_names() const {
    std::vector<std::string_view> names;
    for (const rules::RuleFile& file : run_.loaded_rules_.files) {
      for (const rules::RuleGroup& group : file.groups) {
        for (const rules::Rule& rule : group.rules) {
          if (rule.kind == rules::RuleKind::alerting) names.push_back(rule.name);
        }
      }
    }
    return names;
  }

  // The value that the rule compares, at the last evaluations. Nothing where there is no one value to show.
  std::string history(const rules::AlertingRule& rule, const rules::TextMap& wanted, WallTime pending_since) {
    const auto parsed = promql::parse_expr(rule.definition().expression, run_.options_.parser);
    const std::optional<Comparison> comparison = parsed.ok() ? comparison_of(*parsed.value) : std::nullopt;
    if (!comparison) return {};
    std::vector<std::array<std::string, 4>> rows;
    std::optional<Labels> series;
    for (int i = kRowsOfHistory - 1; i >= 0; --i) {
      const WallTime time = evaluated_at_ - i * run_.file_.evaluation_interval;
      if (time < run_.test_.start) continue;
      const std::optional<ResultSample> value = value_for(comparison->value, wanted, time);
      if (value) series = value->labels;
      const bool holds = value && value_for(rule.definition().expression, wanted, time).has_value();
      const bool is_pending = pending_since != kNoTime && time >= pending_since;
      rows.push_back({shown(time), value ? promql::format_float_go(value->value) : "no value",
                      holds ? "yes" : "no", is_pending ? "pending" : "inactive"});
    }
    std::string subject = comparison->value;
    if (series && !series->metric_name().empty()) {
      subject = metric_text(*series);
    } else if (series && !series->empty()) {
      subject += " " + series->to_string();
    }
    rows.insert(rows.begin(), {"time", subject, comparison->condition, "state"});
    return table(rows);
  }

  // The first sample whose labels do not contradict those of the alert.
  std::optional<ResultSample> value_for(const std::string& expression, const rules::TextMap& wanted,
                                        WallTime time) {
    const auto samples = run_.query(expression, time);
    if (!samples) return std::nullopt;
    for (const ResultSample& sample : *samples) {
      const auto fits = [&wanted](const LabelView& label) {
        const auto at = wanted.find(std::string(label.name));
        return label.name == kMetricName || (at != wanted.end() && at->second == label.value);
      };
      bool all_fit = true;
      for (const LabelView label : sample.labels) all_fit = all_fit && fits(label);
      if (all_fit) return sample;
    }
    return std::nullopt;
  }

  UnitTestRun& run_;
  const AlertTest& alert_test_;
  WallTime evaluated_at_;
};

std::string explain_alerts(UnitTestRun& run, const AlertTest& alert_test, WallTime evaluated_at,
                           const std::vector<FiringAlert>& expected, const std::vector<FiringAlert>& found) {
  return AlertDiagnosis(run, alert_test, evaluated_at).explain(expected, found);
}

}  // namespace tocsin::testing
