// Expressions: pipelines, constants, fields, and calls with the argument checks of Go's reflection.
#include <algorithm>
#include <cctype>
#include <utility>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "rules/template/execution.hpp"
#include "rules/template/printing.hpp"

namespace tocsin::templates {
namespace {

// How deep values may nest: what templates build in loops would otherwise exhaust the stack when it is
// printed or destroyed.
constexpr std::size_t kMaxValueDepth = 1000;

bool can_be_nil(const Type& type) {
  switch (type.kind) {
    case Kind::interface:
    case Kind::map:
    case Kind::list:
    case Kind::pointer:
      return true;
    default:
      return &type == &reflected_type();
  }
}

bool is_exported(std::string_view name) {
  return !name.empty() && std::isupper(static_cast<unsigned char>(name[0])) != 0;
}

// 1.5 and 1e3 are floats; '.' in a character constant or an e in a hexadecimal number makes none.
bool is_written_as_float(const NumberNode& number) {
  const std::string_view text = number.source;
  const bool hex_integer = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
                           text.find_first_of("pP") == text.npos;
  return number.is_float && !hex_integer && text[0] != '\'' && text.find_first_of(".eEpP") != text.npos;
}

std::span<const NodePointer> after_first(std::span<const NodePointer> nodes) {
  return nodes.empty() ? nodes : nodes.subspan(1);
}

}  // namespace

Value Execution::pipeline(const Value& dot, const PipeNode& pipe) {
  const Level level(*this);
  current_ = &pipe;
  Value value;
  bool first = true;
  for (const auto& command_node : pipe.commands) {
    value = command(dot, *command_node, first ? nullptr : &value).outside_interface();
    first = false;
  }
  for (const auto& declared : pipe.declared) {
    if (pipe.assigns) {
      set_variable(declared->path[0], value);
    } else {
      variables_.push_back({declared->path[0], value});
    }
  }
  return value;
}

void Execution::refuse_arguments(Nodes arguments, Final final_value) {
  if (arguments.size() > 1 || final_value != nullptr) {
    fail(format("can't give argument to non-function {}", arguments[0]->text()));
  }
}

Value Execution::command(const Value& dot, const CommandNode& command, Final final_value) {
  const Node& first = *command.arguments[0];
  const Nodes arguments = command.arguments;
  switch (first.kind) {
    case NodeKind::field:
      return field_node(dot, static_cast<const FieldNode&>(first), arguments, final_value);
    case NodeKind::chain:
      return chain_node(dot, static_cast<const ChainNode&>(first), arguments, final_value);
    case NodeKind::identifier:
      return function_node(dot, static_cast<const IdentifierNode&>(first), command, arguments, final_value);
    case NodeKind::pipe:
      refuse_arguments(arguments, final_value);
      return pipeline(dot, static_cast<const PipeNode&>(first));
    case NodeKind::variable:
      return variable_node(dot, static_cast<const VariableNode&>(first), arguments, final_value);
    default:
      break;
  }
  current_ = &first;
  refuse_arguments(arguments, final_value);
  if (first.kind == NodeKind::dot) return dot;
  if (first.kind == NodeKind::nil) fail("nil is not a command");
  return any_constant(first);
}

Value Execution::number(const NumberNode& number) {
  current_ = &number;
  if (is_written_as_float(number)) return Value(number.floating);
  if (number.is_integer) return Value(number.integer);
  fail(format("{} overflows int", number.source));
}

// The value of a constant where its syntax alone tells the type.
Value Execution::any_constant(const Node& node) {
  switch (node.kind) {
    case NodeKind::boolean:
      return Value(static_cast<const BoolNode&>(node).flag);
    case NodeKind::number:
      return number(static_cast<const NumberNode&>(node));
    case NodeKind::string:
      return Value(static_cast<const StringNode&>(node).content);
    default:
      fail(format("can't evaluate command {}", go_quote(node.text())));
  }
}

Value Execution::field_node(const Value& dot, const FieldNode& field, Nodes arguments, Final final_value) {
  current_ = &field;
  return field_chain(dot, dot, field, field.path, arguments, final_value);
}

Value Execution::chain_node(const Value& dot, const ChainNode& chain, Nodes arguments, Final final_value) {
  current_ = &chain;
  if (chain.start->kind == NodeKind::nil) fail("indirection through explicit nil in " + chain.text());
  const Value start = argument(dot, nullptr, *chain.start);
  return field_chain(dot, start, chain, chain.path, arguments, final_value);
}

Value Execution::variable_node(const Value& dot, const VariableNode& node, Nodes arguments,
                               Final final_value) {
  current_ = &node;
  Value value = variable(node.path[0]);
  if (node.path.size() == 1) {
    refuse_arguments(arguments, final_value);
    return value;
  }
  return field_chain(dot, value, node, std::span(node.path).subspan(1), arguments, final_value);
}

// .X.Y.Z and the arguments of the last, if it is a method. `dot` is what the arguments are evaluated with.
Value Execution::field_chain(const Value& dot, const Value& start, const Node& node,
                             std::span<const std::string> path, Nodes arguments, Final final_value) {
  Value receiver = start;
  for (const std::string& name : path.first(path.size() - 1))
    receiver = field(dot, name, node, {}, nullptr, receiver);
  return field(dot, path.back(), node, arguments, final_value, receiver);
}

Value Execution::field(const Value& dot, const std::string& name, const Node& node, Nodes arguments,
                       Final final_value, const Value& outer) {
  if (!outer.valid()) {
    if (top_.missing_key_ == MissingKey::error) fail(format("nil data; no entry for key {}", go_quote(name)));
    return {};
  }
  const std::string_view type_name = outer.type_name();
  const Value receiver = outer.indirect();
  if (receiver.kind() == Kind::interface) fail(format("nil pointer evaluating {}.{}", type_name, name));
  if (const Function* method = receiver.type().method(name)) {
    return call(dot, {*method, name, node, after_first(arguments), final_value, &receiver, false});
  }
  const bool has_arguments = arguments.size() > 1 || final_value != nullptr;
  if (receiver.kind() == Kind::structure) {
    const auto& fields = receiver.type().fields;
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
    if (found != fields.end()) {
      if (!is_exported(name)) fail(format("{} is an unexported field of struct type {}", name, type_name));
      if (has_arguments) fail(format("{} has arguments but cannot be invoked as function", name));
      return receiver.field(static_cast<std::size_t>(found - fields.begin()));
    }
  }
  if (receiver.kind() == Kind::map) {
    if (has_arguments) fail(format("{} is not a method but has arguments", name));
    return map_entry(receiver, name);
  }
  if (receiver.kind() == Kind::pointer) {
    const auto& fields = receiver.type().element->fields;
    const bool exists =
        std::any_of(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
    if (exists) fail(format("nil pointer evaluating {}.{}", type_name, name));
  }
  fail(format("can't evaluate field {} in type {}", name, type_name));
}

Value Execution::map_entry(const Value& map, const std::string& name) {
  Value entry = map.entry(name);
  if (entry.valid()) return entry;
  if (top_.missing_key_ == MissingKey::zero) return Value::zero(*map.type().element);
  if (top_.missing_key_ == MissingKey::error) fail(format("map has no entry for key {}", go_quote(name)));
  return {};
}

Value Execution::function_node(const Value& dot, const IdentifierNode& node, const Node& blamed,
                               Nodes arguments, Final final_value) {
  current_ = &node;
  const Function* function = bound_ == nullptr ? nullptr : bound_->find(node.name);
  if (function == nullptr) function = top_.functions_->find(node.name);
  const bool builtin = function == nullptr;
  if (builtin) function = builtin_functions().find(node.name);
  if (function == nullptr) fail(format("{} is not a defined function", go_quote(node.name)));
  return call(dot, {*function, node.name, blamed, after_first(arguments), final_value, nullptr, builtin});
}

void Execution::check_argument_count(const Call& call) {
  const std::size_t given = call.arguments.size() + (call.final_value != nullptr ? 1 : 0);
  const std::size_t parameters = call.function.parameters.size();
  if (call.function.variadic) {
    if (given + 1 < parameters) {
      fail(format("wrong number of args for {}: want at least {} got {}", call.name, parameters - 1,
                  call.arguments.size()));
    }
  } else if (given != parameters) {
    fail(format("wrong number of args for {}: want {} got {}", call.name, parameters, given));
  }
}

std::vector<Value> Execution::collect_arguments(const Value& dot, const Call& call) {
  const auto& parameters = call.function.parameters;
  const auto type_of = [&](std::size_t index) {
    return &parameters[std::min(index, parameters.size() - 1)]();
  };
  std::vector<Value> values;
  values.reserve(call.arguments.size() + 2);
  if (call.receiver != nullptr) values.push_back(*call.receiver);
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    values.push_back(argument(dot, type_of(i), *call.arguments[i]));
  }
  if (call.final_value != nullptr)
    values.push_back(validated(*call.final_value, type_of(call.arguments.size())));
  return values;
}

// The first argument that decides; the others are not evaluated.
Value Execution::and_or(const Value& dot, const Call& call) {
  Value value;
  for (const NodePointer& node : call.arguments) {
    value = argument(dot, &reflected_type(), *node);
    if (value.truth() == (call.name == "or")) return value;
  }
  if (call.final_value != nullptr) return *call.final_value;
  return value;
}

Value Execution::call(const Value& dot, const Call& call) {
  count_step();
  check_argument_count(call);
  if (!call.function.refusal.empty()) fail(call.function.refusal);
  if (call.builtin && (call.name == "and" || call.name == "or")) return and_or(dot, call);
  const std::vector<Value> arguments = collect_arguments(dot, call);
  if (call.builtin && call.name == "call") {
    // No data that templates get here has functions as values.
    current_ = &call.node;
    const Value callee = arguments[0].outside_interface();
    if (!callee.valid()) fail("error calling call: call of nil");
    // A callee that came through a pipe has no source; Go shows what reflect.Value.String() gives.
    std::string shown =
        call.arguments.empty() ? format("<{} Value>", callee.type_name()) : call.arguments[0]->text();
    if (call.arguments.empty() && callee.kind() == Kind::string) shown = callee.string();
    fail(format("error calling call: non-function {} of type {}", shown, callee.type_name()));
  }
  return invoke(call, arguments);
}

Value Execution::invoke(const Call& call, std::span<const Value> arguments) {
  Result<Value> result = call.function.call(arguments);
  if (!result) {
    current_ = &call.node;
    fail(format("error calling {}: {}", call.name, result.error().text));
  }
  check_size(*result);
  return std::move(*result);
}

void Execution::check_size(const Value& value) {
  if (value.depth() > kMaxValueDepth) fail(format("exceeded the limit of {} nested values", kMaxValueDepth));
  if (value.kind() == Kind::string && value.string().size() > limits_.output) {
    fail(format("exceeded the limit of {} bytes for a value", limits_.output));
  }
}

// Makes a value fit a parameter. A null type takes anything.
Value Execution::validated(const Value& value, const Type* type) {
  if (type == nullptr) return value;
  if (!value.valid()) {
    if (type == &reflected_type()) return value;
    if (can_be_nil(*type)) return Value::zero(*type);
    fail(format("invalid value; expected {}", type->name));
  }
  if (type == &reflected_type() || assignable(value, *type)) return value;
  Value inside = value.kind() == Kind::interface ? value : value.outside_interface();
  if (assignable(inside, *type)) return inside;
  if (inside.kind() == Kind::pointer && inside.type().element == type) {
    Value target = inside.target();
    if (!target.valid()) fail(format("dereference of nil pointer of type {}", type->name));
    return target;
  }
  fail(format("wrong type for value; expected {}; got {}", type->name, inside.type_name()));
}

Value Execution::argument(const Value& dot, const Type* type, const Node& node) {
  current_ = &node;
  switch (node.kind) {
    case NodeKind::dot:
      return validated(dot, type);
    case NodeKind::nil:
      if (type == &reflected_type()) return {};
      if (!can_be_nil(*type)) fail(format("cannot assign nil to {}", type->name));
      return Value::zero(*type);
    case NodeKind::field:
      return validated(field_node(dot, static_cast<const FieldNode&>(node), {}, nullptr), type);
    case NodeKind::variable:
      return validated(variable_node(dot, static_cast<const VariableNode&>(node), {}, nullptr), type);
    case NodeKind::pipe:
      return validated(pipeline(dot, static_cast<const PipeNode&>(node)), type);
    case NodeKind::identifier:
      return validated(function_node(dot, static_cast<const IdentifierNode&>(node), node, {}, nullptr), type);
    case NodeKind::chain:
      return validated(chain_node(dot, static_cast<const ChainNode&>(node), {}, nullptr), type);
    default:
      // Only the start of a chain takes anything, and the parser lets no constant start one.
      if (type == nullptr) fail("unexpected . after term " + go_quote(node.text()));
      return constant_argument(*type, node);
  }
}

// A constant takes the parameter's type if it can: 1 is given to a float64 as 1.0.
Value Execution::constant_argument(const Type& type, const Node& node) {
  const auto* as_number = node.kind == NodeKind::number ? &static_cast<const NumberNode&>(node) : nullptr;
  switch (type.kind) {
    case Kind::boolean:
      if (node.kind == NodeKind::boolean) return Value::of(type, static_cast<const BoolNode&>(node).flag);
      fail("expected bool; found " + node.text());
    case Kind::floating:
      if (as_number != nullptr && as_number->is_float) return Value::of(type, as_number->floating);
      fail("expected float; found " + node.text());
    case Kind::integer:
      if (as_number != nullptr && as_number->is_integer) return Value::of(type, as_number->integer);
      fail("expected integer; found " + node.text());
    case Kind::unsigned_integer:
      if (as_number != nullptr && as_number->is_unsigned) return Value::of(type, as_number->unsigned_integer);
      fail("expected unsigned integer; found " + node.text());
    case Kind::string:
      if (node.kind == NodeKind::string) return Value::of(type, static_cast<const StringNode&>(node).content);
      fail("expected string; found " + node.text());
    case Kind::interface:
      return any_constant(node);
    default:
      if (&type == &reflected_type()) return any_constant(node);
      fail(format("can't handle {} for arg of type {}", node.text(), type.name));
  }
}

}  // namespace tocsin::templates
