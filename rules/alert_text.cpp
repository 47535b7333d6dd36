#include "rules/alert_text.hpp"

#include <algorithm>

#include "promql/ascii.hpp"

namespace tocsin::rules {
namespace {

// $labels.instance and the like: one field of one of the two label maps.
bool is_plain_label(std::string_view action) {
  for (const std::string_view map : {"$labels.", ".Labels.", "$externalLabels.", ".ExternalLabels."}) {
    if (action.starts_with(map)) return is_classic_label_name(action.substr(map.size()));
  }
  return false;
}

Dependence dependence_of_action(std::string_view action) {
  if (is_plain_label(trimmed(action, " -"))) return Dependence::labels;
  const auto mentions = [action](std::string_view word) {
    return action.find(word) != std::string_view::npos;
  };
  return mentions("query") || mentions("now") ? Dependence::anything : Dependence::value;
}

// The position of the "}}" that ends the action which starts at `at`: one inside a literal does not.
std::size_t end_of_action(std::string_view text, std::size_t at) {
  for (char quote = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == '\\' && quote != '`') {
        ++at;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '`' || c == '\'') {
      quote = c;
    } else if (text.substr(at).starts_with("}}")) {
      return at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

Dependence dependence_of(std::string_view template_text) {
  Dependence result = Dependence::constant;
  std::size_t at = template_text.find("{{");
  while (at != std::string_view::npos) {
    const std::size_t begin = at + 2;
    const std::size_t end = end_of_action(template_text, begin);
    // A comment with an odd quote in it, or a text that is no template.
    if (end == std::string_view::npos) return Dependence::anything;
    result = std::max(result, dependence_of_action(template_text.substr(begin, end - begin)));
    at = template_text.find("{{", end + 2);
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
  return RuleTemplate::in_place_of(text.error());
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
