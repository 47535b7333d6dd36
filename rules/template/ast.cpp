// How nodes print themselves.
#include "rules/template/ast.hpp"

#include <algorithm>

#include "promql/format.hpp"
#include "promql/labels.hpp"

namespace tocsin::templates {
namespace {

void print_argument(const Node& node, std::string& out) {
  const bool parenthesised = node.kind == NodeKind::pipe;
  if (parenthesised) out += '(';
  node.print(out);
  if (parenthesised) out += ')';
}

}  // namespace

void ListNode::print(std::string& out) const {
  for (const NodePointer& node : nodes) node->print(out);
}

void TextNode::print(std::string& out) const {
  out += content;
}

void VariableNode::print(std::string& out) const {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0) out += '.';
    out += path[i];
  }
}

void CommandNode::print(std::string& out) const {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) out += ' ';
    print_argument(*arguments[i], out);
  }
}

void PipeNode::print(std::string& out) const {
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (i > 0) out += ", ";
    declared[i]->print(out);
  }
  if (!declared.empty()) out += assigns ? " = " : " := ";
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (i > 0) out += " | ";
    commands[i]->print(out);
  }
}

void ActionNode::print(std::string& out) const {
  out += "{{";
  pipe->print(out);
  out += "}}";
}

void BranchNode::print(std::string& out) const {
  out += kind == NodeKind::if_branch ? "{{if " : kind == NodeKind::range_branch ? "{{range " : "{{with ";
  pipe->print(out);
  out += "}}";
  list->print(out);
  if (else_list != nullptr) {
    out += "{{else}}";
    else_list->print(out);
  }
  out += "{{end}}";
}

void TemplateNode::print(std::string& out) const {
  out += "{{template " + go_quote(name);
  if (pipe != nullptr) {
    out += ' ';
    pipe->print(out);
  }
  out += "}}";
}

void PlainNode::print(std::string& out) const {
  switch (kind) {
    case NodeKind::loop_break:
      out += "{{break}}";
      break;
    case NodeKind::loop_continue:
      out += "{{continue}}";
      break;
    case NodeKind::dot:
      out += '.';
      break;
    case NodeKind::nil:
      out += "nil";
      break;
    case NodeKind::else_mark:
      out += "{{else}}";
      break;
    default:
      out += "{{end}}";
  }
}

void IdentifierNode::print(std::string& out) const {
  out += name;
}

void FieldNode::print(std::string& out) const {
  for (const std::string& name : path) {
    out += '.';
    out += name;
  }
}

void ChainNode::print(std::string& out) const {
  print_argument(*start, out);
  for (const std::string& name : path) {
    out += '.';
    out += name;
  }
}

void BoolNode::print(std::string& out) const {
  out += flag ? "true" : "false";
}

void NumberNode::print(std::string& out) const {
  out += source;
}

void StringNode::print(std::string& out) const {
  out += quoted;
}

std::string Tree::location(std::size_t position) const {
  const std::string_view before = std::string_view(*source).substr(0, position);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == before.npos ? position : position - newline - 1;
  return format("{}:{}:{}", parse_name, lines + 1, column);
}

bool is_empty_tree(const Node& node) {
  if (node.kind == NodeKind::list) {
    const auto& nodes = static_cast<const ListNode&>(node).nodes;
    return std::all_of(nodes.begin(), nodes.end(),
                       [](const NodePointer& child) { return is_empty_tree(*child); });
  }
  if (node.kind != NodeKind::text) return false;
  // Go's bytes.TrimSpace also takes U+0085 and U+00A0.
  std::string_view content = static_cast<const TextNode&>(node).content;
  while (!content.empty()) {
    if (std::string_view(" \t\n\v\f\r").find(content.front()) != std::string_view::npos) {
      content.remove_prefix(1);
    } else if (content.starts_with("\u0085") || content.starts_with("\u00a0")) {
      content.remove_prefix(2);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace tocsin::templates
