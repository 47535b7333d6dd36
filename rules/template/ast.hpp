// The tree of a parsed template, node for node the one that Go's text/template/parse builds, because error
// texts quote nodes: each node prints itself as Go prints it.
//
// A tree is immutable once the parser has built it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::templates {

enum class NodeKind : std::uint8_t {
  list,
  text,
  action,
  if_branch,
  range_branch,
  with_branch,
  template_call,
  loop_break,
  loop_continue,
  pipe,
  command,
  identifier,
  variable,
  dot,
  nil,
  field,
  chain,
  boolean,
  number,
  string,
  // Only while parsing: what ended a list.
  end,
  else_mark
};

struct Node {
  Node(NodeKind node_kind, std::size_t where) : kind(node_kind), position(where) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;
  // Appends the node's source in Go's canonical form.
  virtual void print(std::string& out) const = 0;
  [[nodiscard]] std::string text() const {
    std::string out;
    print(out);
    return out;
  }

  const NodeKind kind;
  const std::size_t position;  // byte offset in the template's text
};
using NodePointer = std::unique_ptr<Node>;

struct ListNode final : Node {
  explicit ListNode(std::size_t where) : Node(NodeKind::list, where) {}
  void print(std::string& out) const override;
  std::vector<NodePointer> nodes;
};

struct TextNode final : Node {
  TextNode(std::size_t where, std::string_view given_content)
      : Node(NodeKind::text, where), content(given_content) {}
  void print(std::string& out) const override;
  std::string content;
};

struct VariableNode final : Node {
  // `path` is the variable and the fields after it: $x.Name is {"$x", "Name"}.
  VariableNode(std::size_t where, std::vector<std::string> given_path)
      : Node(NodeKind::variable, where), path(std::move(given_path)) {}
  void print(std::string& out) const override;
  std::vector<std::string> path;
};

struct CommandNode final : Node {
  explicit CommandNode(std::size_t where) : Node(NodeKind::command, where) {}
  void print(std::string& out) const override;
  std::vector<NodePointer> arguments;  // the first is the function, field or constant; never empty
};

struct PipeNode final : Node {
  explicit PipeNode(std::size_t where) : Node(NodeKind::pipe, where) {}
  void print(std::string& out) const override;
  bool assigns = false;  // "=" instead of ":="
  std::vector<std::unique_ptr<VariableNode>> declared;
  std::vector<std::unique_ptr<CommandNode>> commands;
};

struct ActionNode final : Node {
  ActionNode(std::size_t where, std::unique_ptr<PipeNode> given_pipe)
      : Node(NodeKind::action, where), pipe(std::move(given_pipe)) {}
  void print(std::string& out) const override;
  std::unique_ptr<PipeNode> pipe;
};

// if, range, with
struct BranchNode final : Node {
  BranchNode(NodeKind branch, std::size_t where) : Node(branch, where) {}
  void print(std::string& out) const override;
  std::unique_ptr<PipeNode> pipe;
  std::unique_ptr<ListNode> list;
  std::unique_ptr<ListNode> else_list;  // may be null
};

struct TemplateNode final : Node {
  TemplateNode(std::size_t where, std::string given_name, std::unique_ptr<PipeNode> given_pipe)
      : Node(NodeKind::template_call, where), name(std::move(given_name)), pipe(std::move(given_pipe)) {}
  void print(std::string& out) const override;
  std::string name;
  std::unique_ptr<PipeNode> pipe;  // may be null
};

// break, continue, dot, nil, and the marks end and else
struct PlainNode final : Node {
  PlainNode(NodeKind plain, std::size_t where) : Node(plain, where) {}
  void print(std::string& out) const override;
};

struct IdentifierNode final : Node {
  IdentifierNode(std::size_t where, std::string given_name)
      : Node(NodeKind::identifier, where), name(std::move(given_name)) {}
  void print(std::string& out) const override;
  std::string name;
};

struct FieldNode final : Node {
  FieldNode(std::size_t where, std::vector<std::string> given_path)
      : Node(NodeKind::field, where), path(std::move(given_path)) {}
  void print(std::string& out) const override;
  std::vector<std::string> path;
};

// (pipeline).Field.Field
struct ChainNode final : Node {
  ChainNode(std::size_t where, NodePointer given_start)
      : Node(NodeKind::chain, where), start(std::move(given_start)) {}
  void print(std::string& out) const override;
  NodePointer start;
  std::vector<std::string> path;
};

struct BoolNode final : Node {
  BoolNode(std::size_t where, bool given_flag) : Node(NodeKind::boolean, where), flag(given_flag) {}
  void print(std::string& out) const override;
  bool flag;
};

// A number may be several things at once: 1.0 is a float and can be given to an int parameter.
struct NumberNode final : Node {
  NumberNode(std::size_t where, std::string given_source)
      : Node(NodeKind::number, where), source(std::move(given_source)) {}
  void print(std::string& out) const override;
  std::string source;
  bool is_integer = false;
  bool is_unsigned = false;
  bool is_float = false;
  std::int64_t integer = 0;
  std::uint64_t unsigned_integer = 0;
  double floating = 0;
};

struct StringNode final : Node {
  StringNode(std::size_t where, std::string given_quoted, std::string given_content)
      : Node(NodeKind::string, where), quoted(std::move(given_quoted)), content(std::move(given_content)) {}
  void print(std::string& out) const override;
  std::string quoted;
  std::string content;
};

struct Tree {
  std::string name;        // of the template: "slack.default.title"
  std::string parse_name;  // of the text it stands in: "default.tmpl"
  std::shared_ptr<const std::string> source;
  std::unique_ptr<ListNode> root;

  // "parse_name:line:column" of a node, the column counted from 0 in bytes, as Go counts it.
  [[nodiscard]] std::string location(std::size_t position) const;
};

// True for a tree of nothing but space.
[[nodiscard]] bool is_empty_tree(const Node& node);

}  // namespace tocsin::templates
