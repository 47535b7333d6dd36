// Statements: text, actions, branches, loops and calls of other templates.
#include "rules/template/execution.hpp"

#include <algorithm>
#include <utility>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "rules/template/printing.hpp"

namespace tocsin::templates {

Execution::Level::Level(Execution& execution) : execution_(execution) {
  if (++execution_.depth_ <= execution_.limits_.depth) return;
  --execution_.depth_;
  execution_.fail(format("exceeded maximum template depth ({})", execution_.limits_.depth));
}

Result<std::string> Execution::run(const Value& data) {
  variables_.push_back({"$", data});
  try {
    walk(data, *tree_->root);
  } catch (Failure& failure) {
    return Error(std::move(failure.text));
  }
  return std::move(out_);
}

void Execution::fail(std::string_view message) const {
  if (current_ == nullptr) throw Failure{format("template: {}: {}", tree_->name, message)};
  throw Failure{format("template: {}: executing {} at <{}>: {}", tree_->location(current_->position),
                       go_quote(tree_->name), current_->text(), message)};
}

void Execution::count_step() {
  if (++steps_ > limits_.steps) fail(format("exceeded the limit of {} execution steps", limits_.steps));
}

void Execution::set_variable(std::string_view name, const Value& value) {
  const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                  [&](const Variable& variable) { return variable.name == name; });
  if (found == variables_.rend()) fail(format("undefined variable: {}", name));
  found->value = value;
}

const Value& Execution::variable(std::string_view name) {
  const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                  [&](const Variable& variable) { return variable.name == name; });
  if (found == variables_.rend()) fail(format("undefined variable: {}", name));
  return found->value;
}

Execution::Flow Execution::walk(const Value& dot, const Node& node) {
  current_ = &node;
  count_step();
  switch (node.kind) {
    case NodeKind::list:
      return walk_list(dot, static_cast<const ListNode&>(node));
    case NodeKind::text:
      out_ += static_cast<const TextNode&>(node).content;
      if (out_.size() > limits_.output) fail(format("exceeded the output limit of {} bytes", limits_.output));
      return Flow::next;
    case NodeKind::action: {
      // Variables stay until the end of the enclosing list; a declaration prints nothing.
      const auto& action = static_cast<const ActionNode&>(node);
      const Value value = pipeline(dot, *action.pipe);
      if (action.pipe->declared.empty()) print(action, value);
      return Flow::next;
    }
    case NodeKind::if_branch:
    case NodeKind::with_branch:
      return walk_branch(dot, static_cast<const BranchNode&>(node));
    case NodeKind::range_branch:
      return walk_range(dot, static_cast<const BranchNode&>(node));
    case NodeKind::template_call:
      walk_template(dot, static_cast<const TemplateNode&>(node));
      return Flow::next;
    case NodeKind::loop_break:
      return Flow::break_loop;
    case NodeKind::loop_continue:
      return Flow::continue_loop;
    default:
      fail("unknown node: " + node.text());
  }
}

Execution::Flow Execution::walk_list(const Value& dot, const ListNode& list) {
  const Level level(*this);
  for (const NodePointer& node : list.nodes) {
    const Flow flow = walk(dot, *node);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

Execution::Flow Execution::walk_branch(const Value& dot, const BranchNode& branch) {
  const std::size_t mark = variables_.size();
  const Value value = pipeline(dot, *branch.pipe);
  Flow flow = Flow::next;
  if (value.truth()) {
    flow = walk(branch.kind == NodeKind::with_branch ? value : dot, *branch.list);
  } else if (branch.else_list != nullptr) {
    flow = walk(dot, *branch.else_list);
  }
  variables_.resize(mark);
  return flow;
}

Execution::Flow Execution::walk_range(const Value& dot, const BranchNode& range) {
  const std::size_t mark = variables_.size();
  const Value items = pipeline(dot, *range.pipe).indirect();
  Flow flow = Flow::next;
  if (!iterate(items, range, flow) && range.else_list != nullptr) flow = walk(dot, *range.else_list);
  variables_.resize(mark);
  return flow;
}

// Runs the body for each item. False if there was none, so that the else list is due.
bool Execution::iterate(const Value& items, const BranchNode& range, Flow& flow) {
  const auto run = [&](const Value& index, const Value& element) {
    flow = iteration(range, index, element);
    const bool goes_on = flow != Flow::break_loop;
    flow = Flow::next;
    return goes_on;
  };
  switch (items.kind()) {
    case Kind::integer:
    case Kind::unsigned_integer: {
      if (range.pipe->declared.size() > 1) {
        fail(format("can't use {} to iterate over more than one variable", print_value(items)));
      }
      const bool is_signed = items.kind() == Kind::integer;
      if (is_signed && items.integer() <= 0) return false;
      const std::uint64_t count =
          is_signed ? static_cast<std::uint64_t>(items.integer()) : items.unsigned_integer();
      for (std::uint64_t i = 0; i < count; ++i) {
        const Value element =
            is_signed ? Value::of(items.type(), static_cast<std::int64_t>(i)) : Value::of(items.type(), i);
        if (!run(Value(), element)) break;
      }
      return count > 0;
    }
    case Kind::list:
      for (std::size_t i = 0; i < items.list().size(); ++i) {
        if (!run(Value(static_cast<std::int64_t>(i)), items.element(i))) break;
      }
      return !items.list().empty();
    case Kind::map:
      for (const auto& entry : items.map()) {
        if (!run(Value(entry.first), items.entry(entry.first))) break;
      }
      return !items.map().empty();
    case Kind::invalid:
      return false;
    default:
      fail(format("range can't iterate over {}", print_value(items)));
  }
}

Execution::Flow Execution::iteration(const BranchNode& range, const Value& index, const Value& element) {
  const auto& declared = range.pipe->declared;
  if (range.pipe->assigns && !declared.empty()) {
    if (declared.size() > 1) {
      set_variable(declared[0]->path[0], index);
      set_variable(declared[1]->path[0], element);
    } else {
      set_variable(declared[0]->path[0], element);
    }
  } else if (!declared.empty()) {
    // The pipeline pushed one variable for each declaration, in order.
    variables_.back().value = element;
    if (declared.size() > 1) variables_[variables_.size() - 2].value = index;
  }
  const std::size_t mark = variables_.size();
  const Flow flow = walk(element, *range.list);
  variables_.resize(mark);
  return flow;
}

void Execution::walk_template(const Value& dot, const TemplateNode& node) {
  const Tree* callee = top_.find(node.name);
  if (callee == nullptr) fail(format("template {} not defined", go_quote(node.name)));
  const Level level(*this);
  const Value argument = node.pipe == nullptr ? Value() : pipeline(dot, *node.pipe);
  // No dynamic scoping: the callee sees none of the caller's variables.
  std::vector<Variable> variables{{"$", argument}};
  std::swap(variables, variables_);
  const Tree* const caller = std::exchange(tree_, callee);
  walk(argument, *callee->root);
  tree_ = caller;
  current_ = &node;
  std::swap(variables, variables_);
}

void Execution::print(const ActionNode& node, const Value& value) {
  current_ = &node;
  out_ += print_value(value, {limits_.output});
  if (out_.size() > limits_.output) fail(format("exceeded the output limit of {} bytes", limits_.output));
}

}  // namespace tocsin::templates
