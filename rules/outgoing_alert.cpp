#include "rules/outgoing_alert.hpp"

#include "rules/template/escape.hpp"

namespace tocsin::rules {

Labels with_external_labels(const Labels& alert, const Labels& external) {
  LabelsBuilder builder(alert);
  for (const LabelView label : external) {
    if (!alert.has(label.name)) builder.set(label.name, label.value);
  }
  return builder.build();
}

std::string table_link(std::string_view expression) {
  return "/graph?g0.expr=" + templates::query_escape(expression) + "&g0.tab=1";
}

std::string_view to_string(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::fired:
      return "fired";
    case ChangeKind::updated:
      return "updated";
    case ChangeKind::unknown:
      return "unknown";
    case ChangeKind::resolved:
      return "resolved";
  }
  return "none";
}

std::string_view to_string(ResolveCause cause) {
  switch (cause) {
    case ResolveCause::none:
      break;
    case ResolveCause::condition_false:
      return "condition_false";
    case ResolveCause::for_raised:
      return "for_raised";
    case ResolveCause::limit_exceeded:
      return "limit_exceeded";
    case ResolveCause::rule_removed:
      return "rule_removed";
    case ResolveCause::relabelled:
      return "relabelled";
  }
  return "none";
}

}  // namespace tocsin::rules
