#include "rules/template/template.hpp"

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "rules/template/ast.hpp"
#include "rules/template/execution.hpp"
#include "rules/template/parser.hpp"

namespace tocsin::templates {
namespace {

// Adds what a text defines. An empty template replaces no other.
void merge(Trees& into, const Trees& added) {
  for (const auto& [name, tree] : added) {
    const auto existing = into.find(name);
    if (existing != into.end() && is_empty_tree(*tree->root)) continue;
    into.insert_or_assign(name, tree);
  }
}

}  // namespace

Result<std::string> Template::execute(const Value& data, const FunctionMap* bound,
                                      const Limits& limits) const {
  return Execution(*this, bound, limits).run(data);
}

const Tree* Template::find(std::string_view name) const {
  if (const auto own = own_.find(name); own != own_.end()) return own->second.get();
  const auto shared = shared_->find(name);
  return shared == shared_->end() ? nullptr : shared->second.get();
}

TemplateSet::TemplateSet(FunctionMap functions, MissingKey missing_key)
    : functions_(std::make_shared<const FunctionMap>(std::move(functions))),
      trees_(std::make_shared<const Trees>()),
      missing_key_(missing_key) {}

Result<Trees> TemplateSet::parse(std::string_view name, std::string_view text) const {
  return parse_template(name, text, [this](std::string_view function) {
    return functions_->find(function) != nullptr || builtin_functions().find(function) != nullptr;
  });
}

Result<void> TemplateSet::add(std::string_view name, std::string_view text) {
  auto added = parse(name, text);
  if (!added) return added.error();
  Trees trees = *trees_;
  merge(trees, *added);
  trees_ = std::make_shared<const Trees>(std::move(trees));
  return {};
}

Result<Template> TemplateSet::compile(std::string_view name, std::string_view text) const {
  auto added = parse(name, text);
  if (!added) return added.error();
  Template result;
  result.shared_ = trees_;
  result.functions_ = functions_;
  result.missing_key_ = missing_key_;
  result.main_ = added->find(name)->second;
  for (const auto& [defined, tree] : *added) {
    const bool shadows_nothing = !is_empty_tree(*tree->root) || !trees_->contains(defined);
    if (shadows_nothing) result.own_.emplace(defined, tree);
  }
  return result;
}

Result<Template> TemplateSet::find(std::string_view name) const {
  const auto found = trees_->find(name);
  if (found == trees_->end()) {
    return Error(format("template: no template {} associated with template \"\"", go_quote(name)));
  }
  Template result;
  result.shared_ = trees_;
  result.functions_ = functions_;
  result.missing_key_ = missing_key_;
  result.main_ = found->second;
  return result;
}

std::vector<std::string> TemplateSet::names() const {
  std::vector<std::string> names;
  for (const auto& entry : *trees_) names.push_back(entry.first);
  return names;
}

}  // namespace tocsin::templates
