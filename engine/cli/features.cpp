// Upstream's --enable-feature names: what passes a check must pass in serve, so all commands share this.
#include "engine/cli/commands.hpp"

namespace tocsin::cli {

namespace {

bool enable(std::string_view name, promql::ParserOptions& parser, promql::PlanOptions& plan) {
  struct Switch {
    std::string_view name;
    bool* target;
  };
  const Switch switches[] = {
      {"promql-experimental-functions", &parser.experimental_functions},
      {"promql-duration-expr", &parser.duration_expressions},
      {"promql-extended-range-selectors", &parser.extended_range_selectors},
      {"promql-binop-fill-modifiers", &parser.binop_fill_modifiers},
      {"promql-delayed-name-removal", &plan.delayed_name_removal},
      {"type-and-unit-labels", &plan.type_and_unit_labels},
      {"use-start-timestamps", &plan.use_start_timestamps},
  };
  for (const Switch& entry : switches) {
    if (entry.name != name) continue;
    *entry.target = true;
    return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> enable_features(const std::vector<std::string>& given, promql::ParserOptions& parser,
                                         promql::PlanOptions& plan) {
  std::vector<std::string> unknown;
  for (const std::string& list : given) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view name = rest.substr(0, comma);
      if (!name.empty() && !enable(name, parser, plan)) unknown.emplace_back(name);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return unknown;
}

}  // namespace tocsin::cli
