// The templated texts of an alerting rule, and what each depends on, so that a text is expanded again only
// when it could come out differently.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/outgoing_alert.hpp"
#include "rules/rule_file.hpp"
#include "rules/rule_template.hpp"

namespace tocsin::rules {

enum class Dependence : std::uint8_t {
  constant,  // no action
  labels,    // only the sample's labels and the external ones
  value,     // also the sample's value
  anything   // also the time, or other series
};
// Never says less than the truth: an action that is more than one plain field counts as `value`, one that
// could ask for the time or run a query as `anything`.
[[nodiscard]] Dependence dependence_of(std::string_view template_text);

class AlertText {
 public:
  explicit AlertText(const TemplatedLabel& label);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Dependence dependence() const { return dependence_; }
  // An error becomes the text that upstream puts in its place, and is added to `errors`.
  [[nodiscard]] std::string expand(const RuleTemplateData& data, std::vector<std::string>& errors) const;

 private:
  std::string name_;  // of the label or annotation
  Dependence dependence_;
  RuleTemplate template_;
};

// All labels, or all annotations, of one rule.
class AlertTexts {
 public:
  explicit AlertTexts(const std::vector<TemplatedLabel>& texts);
  [[nodiscard]] const std::vector<AlertText>& all() const { return all_; }
  // Of the text that depends on most.
  [[nodiscard]] Dependence dependence() const { return dependence_; }
  [[nodiscard]] TextMap expand(const RuleTemplateData& data, std::vector<std::string>& errors) const;

 private:
  std::vector<AlertText> all_;
  Dependence dependence_ = Dependence::constant;
};

}  // namespace tocsin::rules
