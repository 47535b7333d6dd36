// One execution of a template: the walk over its tree. Used by template.cpp alone.
//
// It follows Go's executor step by step, because the position and wording of an error depend on which node
// was looked at last. Failures leave as exceptions within execution.cpp and evaluation.cpp and never pass
// run().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "promql/result.hpp"
#include "rules/template/ast.hpp"
#include "rules/template/template.hpp"
#include "rules/template/value.hpp"

namespace tocsin::templates {

class Execution {
 public:
  // Borrows all of it for the one run.
  Execution(const Template& top, const FunctionMap* bound, const Limits& limits)
      : top_(top), bound_(bound), limits_(limits), tree_(top.main_.get()) {}

  [[nodiscard]] Result<std::string> run(const Value& data);

 private:
  enum class Flow : std::uint8_t { next, break_loop, continue_loop };
  using Nodes = std::span<const NodePointer>;

  struct Failure {
    std::string text;
  };
  struct Variable {
    std::string_view name;  // of the node that declared it
    Value value;
  };
  // The value that a pipe hands on as the last argument; null if there is none.
  using Final = const Value*;

  // A call of a function or method.
  struct Call {
    const Function& function;
    std::string_view name;
    const Node& node;  // whom an error of the function itself is blamed on
    Nodes arguments;   // without the name
    Final final_value;
    const Value* receiver;  // of a method
    bool builtin;
  };

  // Counts nested lists, templates and parentheses while it lives.
  class Level {
   public:
    explicit Level(Execution& execution);
    ~Level() { --execution_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Execution& execution_;
  };

  // execution.cpp: statements
  Flow walk(const Value& dot, const Node& node);
  Flow walk_list(const Value& dot, const ListNode& list);
  Flow walk_branch(const Value& dot, const BranchNode& branch);
  Flow walk_range(const Value& dot, const BranchNode& range);
  bool iterate(const Value& items, const BranchNode& range, Flow& flow);
  Flow iteration(const BranchNode& range, const Value& index, const Value& element);
  void walk_template(const Value& dot, const TemplateNode& node);
  void print(const ActionNode& node, const Value& value);
  void count_step();
  void set_variable(std::string_view name, const Value& value);
  [[nodiscard]] const Value& variable(std::string_view name);
  [[noreturn]] void fail(std::string_view message) const;

  // evaluation.cpp: pipelines, fields, calls
  Value pipeline(const Value& dot, const PipeNode& pipe);
  Value command(const Value& dot, const CommandNode& command, Final final_value);
  void refuse_arguments(Nodes arguments, Final final_value);
  Value number(const NumberNode& number);
  Value field_node(const Value& dot, const FieldNode& field, Nodes arguments, Final final_value);
  Value chain_node(const Value& dot, const ChainNode& chain, Nodes arguments, Final final_value);
  Value variable_node(const Value& dot, const VariableNode& node, Nodes arguments, Final final_value);
  Value field_chain(const Value& dot, const Value& start, const Node& node, std::span<const std::string> path,
                    Nodes arguments, Final final_value);
  Value field(const Value& dot, const std::string& name, const Node& node, Nodes arguments, Final final_value,
              const Value& receiver);
  Value map_entry(const Value& map, const std::string& name);
  Value function_node(const Value& dot, const IdentifierNode& node, const Node& blamed, Nodes arguments,
                      Final final_value);
  Value call(const Value& dot, const Call& call);
  void check_argument_count(const Call& call);
  std::vector<Value> collect_arguments(const Value& dot, const Call& call);
  Value and_or(const Value& dot, const Call& call);
  Value invoke(const Call& call, std::span<const Value> arguments);
  void check_size(const Value& value);
  Value argument(const Value& dot, const Type* type, const Node& node);
  Value constant_argument(const Type& type, const Node& node);
  Value any_constant(const Node& node);
  Value validated(const Value& value, const Type* type);

  const Template& top_;
  const FunctionMap* bound_;
  const Limits& limits_;
  const Tree* tree_;               // that of the template being executed
  const Node* current_ = nullptr;  // whom an error is blamed on
  std::vector<Variable> variables_;
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
  std::string out_;
};

}  // namespace tocsin::templates
