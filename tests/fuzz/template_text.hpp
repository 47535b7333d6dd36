// What must hold for any text taken as a template: the parser and the executor end, within their limits, with
// a text or an error in Go's form; and a tree prints as a text that parses to the same print.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "rules/template/ast.hpp"
#include "rules/template/template.hpp"

namespace tocsin::fuzz {

inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

inline templates::Value template_fuzz_data() {
  using templates::List;
  using templates::Map;
  using templates::Value;
  return Value::any_map({{"a", 1},
                         {"s", "text"},
                         {"f", 2.5},
                         {"n", Value()},
                         {"l", Value::anys({1, "two", Value::strings({"x", "y"})})},
                         {"m", Value::string_map({{"k", "v"}})},
                         {"t", templates::GoTime{1'795'317'127, 5, {}}},
                         {"d", Duration(90'500'000'000)}});
}

inline void check_printing(const templates::TemplateSet& set, std::string_view text,
                           const templates::Tree& tree) {
  // Without its comment, text on both sides of one can join to a delimiter.
  if (text.find("/*") != text.npos) return;
  const std::string printed = tree.root->text();
  const auto again = set.compile("fuzz", printed);
  // Printed, an {{else if}} nests deeper; text before a delimiter can change its meaning.
  if (again && again->tree().name == tree.name)
    require(again->tree().root->text() == printed, "printed twice");
}

inline void check_template_text(std::string_view text) {
  const templates::TemplateSet set{templates::FunctionMap(), templates::MissingKey::zero};
  const auto compiled = set.compile("fuzz", text);
  if (!compiled) {
    require(compiled.error().text.starts_with("template: fuzz:"), "form of a parse error");
    return;
  }
  check_printing(set, text, compiled->tree());
  templates::Limits limits;
  limits.steps = 2000;
  limits.output = 20'000;
  const auto output = compiled->execute(template_fuzz_data(), nullptr, limits);
  if (output) {
    require(output->size() <= limits.output, "bound of the output");
  } else {
    require(output.error().text.starts_with("template: "), "form of an execution error");
  }
}

}  // namespace tocsin::fuzz
