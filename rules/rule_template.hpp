// The templates in the labels and annotations of alerting rules: Prometheus' functions and data on the
// template engine. Parsed once when the rule is loaded, expanded when an alert is about to show.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "promql/labels.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"
#include "promql/value.hpp"
#include "rules/template/template.hpp"

namespace tocsin::rules {

// What an expansion may look at. Borrowed for the call.
struct RuleTemplateData {
  const Labels& labels;  // of the sample, metric name included
  const Labels& external_labels;
  const promql::Sample& sample;
  WallTime now{};  // the group's timestamp, without query_offset
  std::string_view external_url;
  // Off in promtool's tests: there $externalURL is set, but the functions externalURL and pathPrefix fail.
  bool external_url_functions = true;
  // Evaluates an instant query at the same time as the rule (query_offset applied).
  const std::function<Result<promql::Vector>(std::string_view expression)>& query;
};

class RuleTemplate {
 public:
  // The error is upstream's: template: __alert_NAME:1: unexpected "}" in operand.
  [[nodiscard]] static Result<RuleTemplate> parse(std::string_view alert_name, std::string_view text);
  // Stands for a text that parse() refused, where upstream parses only when it expands: every expansion ends
  // in that error.
  [[nodiscard]] static RuleTemplate failing(std::string_view alert_name, std::string_view text, Error error);

  // The text, or the error: error executing template __alert_NAME: template: ...
  [[nodiscard]] Result<std::string> expand(const RuleTemplateData& data) const;
  // What upstream puts in the place of a text that could not be expanded: <error expanding template: ...>.
  [[nodiscard]] static std::string in_place_of(const Error& error);
  // True if the text has no action: it expands to itself.
  [[nodiscard]] bool is_constant() const { return !compiled_.has_value(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
  std::optional<Result<templates::Template>> compiled_;  // an error: of the parse
};

}  // namespace tocsin::rules
