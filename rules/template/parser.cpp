// A recursive-descent parser with Go's three tokens of look-ahead and Go's order of checks, since that order
// decides which error a user sees. One TreeParser builds one tree; {{define}} and {{block}} start another on
// the same tokens. Errors leave as exceptions of this file alone: nearly every function can fail.
#include "rules/template/parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "rules/template/ast.hpp"
#include "rules/template/lexer.hpp"
#include "rules/template/number_literal.hpp"

namespace tocsin::templates {
namespace {

// Of parentheses and control structures within each other. Go allows 10000 parentheses and any depth of
// control structures on its growing stacks.
constexpr int kMaxNesting = 500;

struct ParseFailure {
  std::string text;
};

// What the trees of one text share.
struct Shared {
  std::string parse_name;
  std::shared_ptr<const std::string> source;
  Lexer lexer;
  const KnowsFunction& knows_function;
  Trees trees;
  int nesting = 0;
};

std::vector<std::string> split_path(std::string_view text) {
  std::vector<std::string> path;
  while (true) {
    const std::size_t dot = text.find('.');
    path.emplace_back(text.substr(0, dot));
    if (dot == text.npos) return path;
    text.remove_prefix(dot + 1);
  }
}

class TreeParser {
 public:
  TreeParser(Shared& shared, std::string name) : shared_(shared), name_(std::move(name)) {}

  void parse_text();

 private:
  using PipePointer = std::unique_ptr<PipeNode>;
  using ListPointer = std::unique_ptr<ListNode>;

  // Counts a level of nesting while it lives.
  class Nesting {
   public:
    explicit Nesting(TreeParser& parser) : parser_(parser) {
      if (++parser_.shared_.nesting > kMaxNesting) parser_.fail("max expression depth exceeded");
    }
    ~Nesting() { --parser_.shared_.nesting; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    TreeParser& parser_;
  };

  Token next();
  Token peek();
  void back_up() { ++pending_; }
  void back_up(Token before);
  void back_up(Token first, Token second);
  Token next_non_space();
  Token peek_non_space();
  Token expect(TokenKind kind, std::string_view context);
  [[noreturn]] void fail(std::string_view message);
  [[noreturn]] void unexpected(const Token& token, std::string_view context);

  void parse_definition();
  void add();
  struct Items {
    ListPointer list;
    NodePointer end;  // the {{end}} or {{else}} behind them
  };
  Items item_list();
  NodePointer text_or_action();
  NodePointer action();
  NodePointer control(NodeKind kind, std::string_view context);
  NodePointer loop_control(NodeKind kind, std::size_t position, std::string_view word);
  NodePointer else_control();
  NodePointer block_control();
  NodePointer template_control();
  std::string template_name(const Token& token, std::string_view context);
  PipePointer pipeline(std::string_view context, TokenKind end);
  void declarations(PipeNode& pipe, std::string_view context);
  void check_pipeline(const PipeNode& pipe, std::string_view context);
  std::unique_ptr<CommandNode> command();
  NodePointer operand();
  NodePointer term();
  NodePointer use_variable(const Token& token);

  Shared& shared_;
  std::string name_;
  ListPointer root_;
  std::array<Token, 3> tokens_;
  int pending_ = 0;
  std::vector<std::string> variables_{"$"};
  int action_line_ = 0;
  int range_depth_ = 0;
};

Token TreeParser::next() {
  if (pending_ > 0) {
    --pending_;
  } else {
    tokens_[0] = shared_.lexer.next();
  }
  return tokens_[static_cast<std::size_t>(pending_)];
}

Token TreeParser::peek() {
  if (pending_ > 0) return tokens_[static_cast<std::size_t>(pending_ - 1)];
  pending_ = 1;
  tokens_[0] = shared_.lexer.next();
  return tokens_[0];
}

// Puts back the token read last and one before it.
void TreeParser::back_up(Token before) {
  tokens_[1] = std::move(before);
  pending_ = 2;
}

void TreeParser::back_up(Token first, Token second) {
  tokens_[1] = std::move(second);
  tokens_[2] = std::move(first);
  pending_ = 3;
}

Token TreeParser::next_non_space() {
  Token token = next();
  while (token.kind == TokenKind::space) token = next();
  return token;
}

Token TreeParser::peek_non_space() {
  Token token = next_non_space();
  back_up();
  return token;
}

Token TreeParser::expect(TokenKind kind, std::string_view context) {
  Token token = next_non_space();
  if (token.kind != kind) unexpected(token, context);
  return token;
}

void TreeParser::fail(std::string_view message) {
  throw ParseFailure{format("template: {}:{}: {}", shared_.parse_name, tokens_[0].line, message)};
}

void TreeParser::unexpected(const Token& token, std::string_view context) {
  if (token.kind != TokenKind::error) fail(format("unexpected {} in {}", token.shown(), context));
  std::string extra;
  if (action_line_ != 0 && action_line_ != token.line) {
    extra = format(" in action started at {}:{}", shared_.parse_name, action_line_);
    if (token.text.ends_with(" action")) extra = extra.substr(std::string_view(" in action").size());
  }
  fail(token.text + extra);
}

void TreeParser::parse_text() {
  root_ = std::make_unique<ListNode>(peek().position);
  while (peek().kind != TokenKind::end_of_text) {
    if (peek().kind == TokenKind::left_delimiter) {
      const Token delimiter = next();
      if (next_non_space().kind == TokenKind::keyword_define) {
        TreeParser(shared_, "").parse_definition();
        continue;
      }
      back_up(delimiter);
    }
    NodePointer node = text_or_action();
    if (node->kind == NodeKind::end || node->kind == NodeKind::else_mark) fail("unexpected " + node->text());
    root_->nodes.push_back(std::move(node));
  }
  add();
}

void TreeParser::parse_definition() {
  constexpr std::string_view kContext = "define clause";
  const Token token = next_non_space();
  name_ = template_name(token, kContext);
  expect(TokenKind::right_delimiter, kContext);
  Items items = item_list();
  if (items.end->kind != NodeKind::end) fail(format("unexpected {} in {}", items.end->text(), kContext));
  root_ = std::move(items.list);
  add();
}

// A tree of nothing but space never replaces another of its name.
void TreeParser::add() {
  const auto existing = shared_.trees.find(name_);
  const bool exists = existing != shared_.trees.end() && !is_empty_tree(*existing->second->root);
  if (exists && is_empty_tree(*root_)) return;
  if (exists) fail(format("template: multiple definition of template {}", go_quote(name_)));
  auto tree = std::make_shared<Tree>();
  tree->name = name_;
  tree->parse_name = shared_.parse_name;
  tree->source = shared_.source;
  tree->root = std::move(root_);
  shared_.trees.insert_or_assign(name_, std::move(tree));
}

// Nodes up to an {{end}} or {{else}}, which is given apart.
TreeParser::Items TreeParser::item_list() {
  const Nesting nesting(*this);
  auto list = std::make_unique<ListNode>(peek_non_space().position);
  while (peek_non_space().kind != TokenKind::end_of_text) {
    NodePointer node = text_or_action();
    if (node->kind == NodeKind::end || node->kind == NodeKind::else_mark)
      return {std::move(list), std::move(node)};
    list->nodes.push_back(std::move(node));
  }
  fail("unexpected EOF");
}

NodePointer TreeParser::text_or_action() {
  const Token token = next_non_space();
  if (token.kind == TokenKind::text) return std::make_unique<TextNode>(token.position, token.text);
  if (token.kind != TokenKind::left_delimiter) unexpected(token, "input");
  action_line_ = token.line;
  NodePointer node = action();
  action_line_ = 0;
  return node;
}

NodePointer TreeParser::action() {
  const Token token = next_non_space();
  switch (token.kind) {
    case TokenKind::keyword_block:
      return block_control();
    case TokenKind::keyword_break:
      return loop_control(NodeKind::loop_break, token.position, "{{break}}");
    case TokenKind::keyword_continue:
      return loop_control(NodeKind::loop_continue, token.position, "{{continue}}");
    case TokenKind::keyword_else:
      return else_control();
    case TokenKind::keyword_end:
      return std::make_unique<PlainNode>(NodeKind::end, expect(TokenKind::right_delimiter, "end").position);
    case TokenKind::keyword_if:
      return control(NodeKind::if_branch, "if");
    case TokenKind::keyword_range:
      return control(NodeKind::range_branch, "range");
    case TokenKind::keyword_template:
      return template_control();
    case TokenKind::keyword_with:
      return control(NodeKind::with_branch, "with");
    default:
      break;
  }
  back_up();
  const std::size_t position = peek().position;
  return std::make_unique<ActionNode>(position, pipeline("command", TokenKind::right_delimiter));
}

NodePointer TreeParser::loop_control(NodeKind kind, std::size_t position, std::string_view word) {
  const Token token = next_non_space();
  if (token.kind != TokenKind::right_delimiter) unexpected(token, word);
  if (range_depth_ == 0) fail(format("{} outside {{{{range}}}}", word));
  return std::make_unique<PlainNode>(kind, position);
}

// if, range and with. What follows {{else if}} or {{else with}} is a branch of its own within the else list,
// which the one {{end}} ends too.
NodePointer TreeParser::control(NodeKind kind, std::string_view context) {
  const std::size_t variables = variables_.size();
  PipePointer pipe = pipeline(context, TokenKind::right_delimiter);
  if (kind == NodeKind::range_branch) ++range_depth_;
  Items items = item_list();
  if (kind == NodeKind::range_branch) --range_depth_;
  auto branch = std::make_unique<BranchNode>(kind, pipe->position);
  if (items.end->kind == NodeKind::else_mark) {
    const TokenKind again = kind == NodeKind::if_branch     ? TokenKind::keyword_if
                            : kind == NodeKind::with_branch ? TokenKind::keyword_with
                                                            : TokenKind::error;
    if (again != TokenKind::error && peek().kind == again) {
      const Nesting nesting(*this);
      next();
      branch->else_list = std::make_unique<ListNode>(items.end->position);
      branch->else_list->nodes.push_back(control(kind, context));
    } else {
      Items others = item_list();
      if (others.end->kind != NodeKind::end) fail("expected end; found " + others.end->text());
      branch->else_list = std::move(others.list);
    }
  }
  branch->pipe = std::move(pipe);
  branch->list = std::move(items.list);
  variables_.resize(variables);
  return branch;
}

NodePointer TreeParser::else_control() {
  const Token following = peek_non_space();
  if (following.kind == TokenKind::keyword_if || following.kind == TokenKind::keyword_with) {
    return std::make_unique<PlainNode>(NodeKind::else_mark, following.position);
  }
  return std::make_unique<PlainNode>(NodeKind::else_mark,
                                     expect(TokenKind::right_delimiter, "else").position);
}

NodePointer TreeParser::block_control() {
  constexpr std::string_view kContext = "block clause";
  const Token token = next_non_space();
  const std::string name = template_name(token, kContext);
  PipePointer pipe = pipeline(kContext, TokenKind::right_delimiter);
  TreeParser block(shared_, name);
  Items items = block.item_list();
  block.root_ = std::move(items.list);
  if (items.end->kind != NodeKind::end) fail(format("unexpected {} in {}", items.end->text(), kContext));
  block.add();
  return std::make_unique<TemplateNode>(token.position, name, std::move(pipe));
}

NodePointer TreeParser::template_control() {
  constexpr std::string_view kContext = "template clause";
  const Token token = next_non_space();
  const std::string name = template_name(token, kContext);
  PipePointer pipe;
  if (next_non_space().kind != TokenKind::right_delimiter) {
    back_up();
    pipe = pipeline(kContext, TokenKind::right_delimiter);
  }
  return std::make_unique<TemplateNode>(token.position, name, std::move(pipe));
}

std::string TreeParser::template_name(const Token& token, std::string_view context) {
  if (token.kind != TokenKind::string && token.kind != TokenKind::raw_string) unexpected(token, context);
  auto name = parse_string_literal(token.text);
  if (!name) fail(name.error().text);
  return std::move(*name);
}

TreeParser::PipePointer TreeParser::pipeline(std::string_view context, TokenKind end) {
  auto pipe = std::make_unique<PipeNode>(peek_non_space().position);
  declarations(*pipe, context);
  while (true) {
    const Token token = next_non_space();
    if (token.kind == end) {
      check_pipeline(*pipe, context);
      return pipe;
    }
    switch (token.kind) {
      case TokenKind::boolean:
      case TokenKind::char_constant:
      case TokenKind::complex:
      case TokenKind::keyword_dot:
      case TokenKind::field:
      case TokenKind::identifier:
      case TokenKind::number:
      case TokenKind::keyword_nil:
      case TokenKind::raw_string:
      case TokenKind::string:
      case TokenKind::variable:
      case TokenKind::left_parenthesis:
        back_up();
        pipe->commands.push_back(command());
        break;
      default:
        unexpected(token, context);
    }
  }
}

// "$x :=", "$x =", and in a range "$i, $x :=". Space is a token, so whether a variable is declared or only
// used takes three tokens to see.
void TreeParser::declarations(PipeNode& pipe, std::string_view context) {
  while (peek_non_space().kind == TokenKind::variable) {
    const Token variable = next_non_space();
    const Token after_variable = peek();
    const Token following = peek_non_space();
    const bool declares = following.kind == TokenKind::assign || following.kind == TokenKind::declare;
    const bool comma = following.kind == TokenKind::character && following.text == ",";
    if (!declares && !comma) {
      if (after_variable.kind == TokenKind::space) {
        back_up(variable, after_variable);
      } else {
        back_up(variable);
      }
      return;
    }
    next_non_space();
    pipe.declared.push_back(std::make_unique<VariableNode>(variable.position, split_path(variable.text)));
    variables_.push_back(variable.text);
    if (declares) {
      pipe.assigns = following.kind == TokenKind::assign;
      return;
    }
    if (context != "range" || pipe.declared.size() >= 2) fail(format("too many declarations in {}", context));
    const TokenKind third = peek_non_space().kind;
    if (third != TokenKind::variable && third != TokenKind::right_delimiter &&
        third != TokenKind::right_parenthesis) {
      fail("range can only initialize variables");
    }
  }
}

void TreeParser::check_pipeline(const PipeNode& pipe, std::string_view context) {
  if (pipe.commands.empty()) fail(format("missing value for {}", context));
  for (std::size_t i = 1; i < pipe.commands.size(); ++i) {
    switch (pipe.commands[i]->arguments[0]->kind) {
      case NodeKind::boolean:
      case NodeKind::dot:
      case NodeKind::nil:
      case NodeKind::number:
      case NodeKind::string:
        fail(format("non executable command in pipeline stage {}", i + 1));
      default:
        break;
    }
  }
}

std::unique_ptr<CommandNode> TreeParser::command() {
  auto command = std::make_unique<CommandNode>(peek_non_space().position);
  while (true) {
    peek_non_space();
    if (NodePointer argument = operand()) command->arguments.push_back(std::move(argument));
    const Token token = next();
    if (token.kind == TokenKind::space) continue;
    if (token.kind == TokenKind::right_delimiter || token.kind == TokenKind::right_parenthesis) {
      back_up();
    } else if (token.kind != TokenKind::pipe) {
      unexpected(token, "operand");
    }
    break;
  }
  if (command->arguments.empty()) fail("empty command");
  return command;
}

// A term and the fields after it; null if the next token begins no term.
NodePointer TreeParser::operand() {
  NodePointer node = term();
  if (node == nullptr || peek().kind != TokenKind::field) return node;
  const std::size_t position = peek().position;
  std::vector<std::string> path;
  while (peek().kind == TokenKind::field) path.push_back(next().text.substr(1));
  switch (node->kind) {
    case NodeKind::field:
    case NodeKind::variable: {
      const bool is_field = node->kind == NodeKind::field;
      std::vector<std::string> whole =
          is_field ? static_cast<FieldNode&>(*node).path : static_cast<VariableNode&>(*node).path;
      whole.insert(whole.end(), path.begin(), path.end());
      if (is_field) return std::make_unique<FieldNode>(position, std::move(whole));
      return std::make_unique<VariableNode>(position, std::move(whole));
    }
    case NodeKind::boolean:
    case NodeKind::string:
    case NodeKind::number:
    case NodeKind::nil:
    case NodeKind::dot:
      fail(format("unexpected . after term {}", go_quote(node->text())));
    default: {
      auto chain = std::make_unique<ChainNode>(position, std::move(node));
      chain->path = std::move(path);
      return chain;
    }
  }
}

NodePointer TreeParser::term() {
  const Token token = next_non_space();
  const auto checked = [this](auto result) {
    if (!result) fail(result.error().text);
    return std::move(*result);
  };
  switch (token.kind) {
    case TokenKind::identifier:
      if (!shared_.knows_function(token.text)) fail(format("function {} not defined", go_quote(token.text)));
      return std::make_unique<IdentifierNode>(token.position, token.text);
    case TokenKind::keyword_dot:
      return std::make_unique<PlainNode>(NodeKind::dot, token.position);
    case TokenKind::keyword_nil:
      return std::make_unique<PlainNode>(NodeKind::nil, token.position);
    case TokenKind::variable:
      return use_variable(token);
    case TokenKind::field:
      return std::make_unique<FieldNode>(token.position, split_path(std::string_view(token.text).substr(1)));
    case TokenKind::boolean:
      return std::make_unique<BoolNode>(token.position, token.text == "true");
    case TokenKind::char_constant:
      return checked(parse_char_literal(token.position, token.text));
    case TokenKind::complex:
    case TokenKind::number:
      return checked(parse_number_literal(token.position, token.text));
    case TokenKind::left_parenthesis: {
      const Nesting nesting(*this);
      return pipeline("parenthesized pipeline", TokenKind::right_parenthesis);
    }
    case TokenKind::string:
    case TokenKind::raw_string: {
      std::string content = checked(parse_string_literal(token.text));
      return std::make_unique<StringNode>(token.position, token.text, std::move(content));
    }
    default:
      back_up();
      return nullptr;
  }
}

NodePointer TreeParser::use_variable(const Token& token) {
  if (std::find(variables_.begin(), variables_.end(), token.text) == variables_.end()) {
    fail(format("undefined variable {}", go_quote(token.text)));
  }
  return std::make_unique<VariableNode>(token.position, split_path(token.text));
}

}  // namespace

Result<Trees> parse_template(std::string_view name, std::string_view text,
                             const KnowsFunction& knows_function) {
  auto source = std::make_shared<const std::string>(text);
  const KeywordOptions keywords{!knows_function("break"), !knows_function("continue")};
  Shared shared{std::string(name), source, Lexer(*source, keywords), knows_function, {}, 0};
  try {
    TreeParser(shared, std::string(name)).parse_text();
  } catch (ParseFailure& failure) {
    return Error(std::move(failure.text));
  }
  return std::move(shared.trees);
}

}  // namespace tocsin::templates
