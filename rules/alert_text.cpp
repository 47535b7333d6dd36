#include "rules/alert_text.hpp"

#include <algorithm>

namespace tocsin::rules {
namespace {

std::string_view trimmed(std::string_view action) {
  while (!action.empty() && (action.front() == ' ' || action.front() == '-')) action.remove_prefix(1);
  while (!action.empty() && (action.back() == ' ' || action.back() == '-')) action.remove_suffix(1);
  return action;
}

// $labels.instance and the like: one field of one of the two label maps.
bool is_plain_label(std::string_view action) {
  for (const std::string_view map : {"$labels.", ".Labels.", "$externalLabels.", ".ExternalLabels."}) {
    if (action.starts_with(map)) return is_classic_label_name(action.substr(map.size()));
  }
  return false;
}

Dependence dependence_of_action(std::string_view action) {
  if (is_plain_label(trimmed(action))) return Dependence::labels;
  const auto mentions = [action](std::string_view word) {
    return action.find(word) != std::string_view::npos;
  };
  return mentions("query") || mentions("now") ? Dependence::anything : Dependence::value;
}

}  // namespace

Dependence dependence_of(std::string_view template_text) {
  Dependence result = Dependence::constant;
  for (std::size_t at = template_text.find("{{"); at != std::string_view::npos;
       at = template_text.find("{{", at)) {
    at += 2;
    // A "}}" inside a string literal ends the action too early, which only adds to what is found.
    const std::size_t end = template_text.find("}}", at);
    const bool closed = end != std::string_view::npos;
    const std::string_view action = template_text.substr(at, closed ? end - at : std::string_view::npos);
    result = std::max(result, closed ? dependence_of_action(action) : Dependence::anything);
  }
  return result;
}

AlertText::AlertText(const TemplatedLabel& label)
    : name_(label.name), dependence_(dependence_of(label.value.text())), template_(label.value) {}

std::string AlertText::expand(const RuleTemplateData& data, std::vector<std::string>& errors) const {
  if (template_.is_constant()) return template_.text();
  Result<std::string> text = template_.expand(data);
  if (text) return std::move(*text);
  errors.push_back(text.error().text);
  return "<error expanding template: " + text.error().text + ">";
}

AlertTexts::AlertTexts(const std::vector<TemplatedLabel>& texts) {
  for (const TemplatedLabel& text : texts) {
    all_.emplace_back(text);
    dependence_ = std::max(dependence_, all_.back().dependence());
  }
}

TextMap AlertTexts::expand(const RuleTemplateData& data, std::vector<std::string>& errors) const {
  TextMap out;
  for (const AlertText& text : all_) out.emplace(text.name(), text.expand(data, errors));
  return out;
}

}  // namespace tocsin::rules
