// Go's text/template: parse once, execute many times.
//
// A TemplateSet is what Go calls associated templates: named trees that may call each other. Adding a text to
// the set defines the templates in it; compile() gives a text its own name space on top of the set, as
// Clone().New(name).Parse(text) does in Go, so what that text defines is seen by it alone.
//
// Output and error texts are Go's ("template: NAME:LINE:COLUMN: executing "NAME" at <.Field>: ..."). Where Go
// lets a template run without bounds, execution here ends with an error: see Limits.
//
// Sets and templates are immutable once built and may be executed from any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "promql/result.hpp"
#include "rules/template/functions.hpp"
#include "rules/template/value.hpp"

namespace tocsin::templates {

struct Tree;  // ast.hpp

// What a field that is missing in a map gives (Go's option "missingkey").
enum class MissingKey { no_value, zero, error };

struct Limits {
  std::size_t depth = 1000;               // nested templates, branches and parentheses
  std::size_t steps = 1'000'000;          // nodes executed and functions called
  std::size_t output = 16 * 1024 * 1024;  // bytes, of the output and of any single value
};

using Trees = std::map<std::string, std::shared_ptr<const Tree>, std::less<>>;

class Template {
 public:
  // The text that the template writes for this data.
  // `bound` holds what is only known now (now(), query()): its functions go before those given to the parse.
  // The error is what Go's Execute would return, or names the limit that was exceeded.
  [[nodiscard]] Result<std::string> execute(const Value& data, const FunctionMap* bound = nullptr,
                                            const Limits& limits = {}) const;
  [[nodiscard]] const Tree& tree() const { return *main_; }

 private:
  friend class TemplateSet;
  friend class Execution;
  [[nodiscard]] const Tree* find(std::string_view name) const;

  std::shared_ptr<const Tree> main_;
  Trees own_;
  std::shared_ptr<const Trees> shared_;
  std::shared_ptr<const FunctionMap> functions_;
  MissingKey missing_key_ = MissingKey::no_value;
};

class TemplateSet {
 public:
  // A name that is neither in `functions` nor built in is a parse error.
  explicit TemplateSet(FunctionMap functions, MissingKey missing_key = MissingKey::no_value);

  // Parses a text and adds it, and what it defines, to the set. A template that exists already is replaced,
  // unless the new one is empty. On an error the set is unchanged.
  [[nodiscard]] Result<void> add(std::string_view name, std::string_view text);
  [[nodiscard]] Result<Template> compile(std::string_view name, std::string_view text) const;
  // A template of the set; the error is Go's "template: no template ...".
  [[nodiscard]] Result<Template> find(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const { return trees_->contains(name); }
  // Sorted.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  [[nodiscard]] Result<Trees> parse(std::string_view name, std::string_view text) const;

  std::shared_ptr<const FunctionMap> functions_;
  std::shared_ptr<const Trees> trees_;
  MissingKey missing_key_;
};

}  // namespace tocsin::templates
