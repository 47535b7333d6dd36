// Builds the Node tree from yaml-cpp's events. yaml-cpp's own nodes are not used: they take duplicate keys in
// silence, leave merge keys unresolved and forget where a value stood.
//
// Limits. Nesting: kMaxDepth, since everything that walks a tree recurses. Aliases: the rule of Go's
// libraries, which count the nodes a decoder would visit and how many of them come from aliases
// (go.yaml.in/yaml, decode.go, allowedAliasRatio); a tree shares the nodes of an anchor, so a bomb costs
// nothing before it is refused.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "promql/format.hpp"
#include "rules/yaml/document_state.hpp"
#include "rules/yaml/stream.hpp"
#include "rules/yaml/strict.hpp"

namespace tocsin::yaml {
namespace {

constexpr std::size_t kMaxDepth = 200;

// Ends the parse at an error of ours; thrown by the handler through yaml-cpp and caught in parse().
struct StopParsing final : std::exception {
  StopParsing(std::size_t at, std::string message) : offset(at), text(std::move(message)) {}
  [[nodiscard]] const char* what() const noexcept override { return text.c_str(); }
  std::size_t offset;
  std::string text;
};

// What decoding a node visits, with aliases expanded; counts stop at the largest number.
struct Weight {
  std::uint64_t decoded = 1;
  std::uint64_t aliased = 0;
  std::size_t height = 1;  // levels, this one included

  void add(std::uint64_t& count, std::uint64_t more) {
    count = more > std::numeric_limits<std::uint64_t>::max() - count
                ? std::numeric_limits<std::uint64_t>::max()
                : count + more;
  }
};

bool is_excessive(const Weight& weight) {
  if (weight.aliased <= 100 || weight.decoded <= 1000) return false;
  constexpr double kLow = 400'000;
  constexpr double kHigh = 4'000'000;
  const auto decoded = static_cast<double>(weight.decoded);
  const double allowed = decoded <= kLow    ? 0.99
                         : decoded >= kHigh ? 0.10
                                            : 0.99 - 0.89 * ((decoded - kLow) / (kHigh - kLow));
  return static_cast<double>(weight.aliased) / decoded > allowed;
}

}  // namespace

class Builder final : public YAML::EventHandler {
 public:
  Builder(Document& document, const ParseOptions& options, Diagnostics& diagnostics)
      : document_(document), state_(*document.state_), options_(options), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node& node = make(NodeKind::scalar, mark, "");
    node.value = null_text(node.offset);
    null_at_ = node.value.empty() ? nullptr : &node;
    finish(node, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    notice(offset_of(mark));
    refuse(check_properties(state_.text, offset_of(mark)));
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw StopParsing(offset_of(mark), "an anchor's value contains itself");
    }
    attach(*found->second, offset_of(mark), true);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node& node = make(NodeKind::scalar, mark, tag);
    node.value = value;
    node.style = style_at(node.offset, tag);
    refuse(check_scalar(state_.text, node.offset, node.style, value));
    finish(node, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(NodeKind::sequence, mark, tag), anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(NodeKind::mapping, mark, tag), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    resolve_entries(options_, *stack_.back().node, diagnostics_);
    close();
  }

  [[nodiscard]] bool expands_too_far() const { return root_ != nullptr && is_excessive(weights_.at(root_)); }

 private:
  struct Frame {
    Node* node;
    YAML::anchor_t anchor;
    const Node* key = nullptr;  // of a mapping: read, its value not yet
    Weight weight;
  };

  [[nodiscard]] std::size_t offset_of(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), state_.text.size());
  }

  // An empty value is reported at the mark of the token that follows it. If that token turns out to be the
  // very text that looked like a null ("a:\nnull: 1"), the value before it was empty.
  void notice(std::size_t offset) {
    if (null_at_ != nullptr && null_at_->offset == offset) null_at_->value.clear();
    null_at_ = nullptr;
  }

  Node& make(NodeKind kind, const YAML::Mark& mark, const std::string& tag) {
    notice(offset_of(mark));
    Node& node = state_.nodes.emplace_back();
    node.kind = kind;
    node.offset = offset_of(mark);
    node.position = position_of(node.offset);
    const bool written = !tag.empty() && tag != "?" && tag != "!";
    if (written) node.tag = tag;
    refuse(check_properties(state_.text, node.offset));
    node.offset = skip_properties(node.offset);
    return node;
  }

  static void refuse(const std::optional<StreamError>& problem) {
    if (problem) throw StopParsing(problem->offset, "not valid YAML: " + problem->text);
  }

  // As Document::position_of, but going on from the last place: nodes come in order, and a file may be one
  // line.
  SourcePosition position_of(std::size_t offset) {
    const auto next = std::ranges::upper_bound(state_.line_starts, offset);
    const auto line = static_cast<int>(next - state_.line_starts.begin());
    if (line != at_.line || offset < at_offset_) {
      at_ = {line, 1};
      at_offset_ = *std::prev(next);
    }
    for (; at_offset_ < offset; ++at_offset_) {
      if ((static_cast<unsigned char>(state_.text[at_offset_]) & 0xC0) != 0x80) ++at_.column;
    }
    return at_;
  }

  // Past tags and anchors, to where the content begins.
  [[nodiscard]] std::size_t skip_properties(std::size_t offset) const {
    const std::string& text = state_.text;
    while (offset < text.size() && (text[offset] == '!' || text[offset] == '&')) {
      while (offset < text.size() && !is_blank(text[offset])) ++offset;
      while (offset < text.size() && is_blank(text[offset])) ++offset;
    }
    return offset;
  }

  [[nodiscard]] std::string null_text(std::size_t offset) const {
    static constexpr std::array<std::string_view, 4> kNulls = {"null", "Null", "NULL", "~"};
    const std::string_view rest = std::string_view(state_.text).substr(offset);
    for (const std::string_view word : kNulls) {
      if (rest.starts_with(word)) return std::string(word);
    }
    return {};
  }

  [[nodiscard]] ScalarStyle style_at(std::size_t offset, const std::string& tag) const {
    if (tag == "?" || offset >= state_.text.size()) return ScalarStyle::plain;
    switch (state_.text[offset]) {
      case '\'':
        return ScalarStyle::single_quoted;
      case '"':
        return ScalarStyle::double_quoted;
      case '|':
        return ScalarStyle::literal;
      case '>':
        return ScalarStyle::folded;
      default:
        return ScalarStyle::plain;
    }
  }

  void open(Node& node, YAML::anchor_t anchor) {
    if (stack_.size() >= kMaxDepth) {
      throw StopParsing(node.offset, format("nested more than {} levels deep", kMaxDepth));
    }
    stack_.push_back(Frame{&node, anchor, nullptr, {}});
  }

  void close() {
    const Frame frame = stack_.back();
    stack_.pop_back();
    weights_[frame.node] = frame.weight;
    finish(*frame.node, frame.anchor);
  }

  void finish(Node& node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
    attach(node, node.offset, false);
  }

  void attach(const Node& node, std::size_t offset, bool alias) {
    if (stack_.empty()) {
      root_ = state_.root = &node;
      weights_.try_emplace(&node);
      return;
    }
    Frame& frame = stack_.back();
    add_weight(frame.weight, node, alias);
    if (is_excessive(frame.weight)) throw StopParsing(offset, "aliases expand to too many values");
    // Aliases in aliases are deep without any bracket that is.
    if (stack_.size() + frame.weight.height > kMaxDepth + 1) {
      throw StopParsing(offset, format("nested more than {} levels deep", kMaxDepth));
    }
    if (frame.node->kind == NodeKind::sequence) {
      frame.node->items.push_back(&node);
    } else if (frame.key == nullptr) {
      frame.key = &node;
    } else {
      frame.node->entries.push_back(Entry{frame.key, &node, false, nullptr});
      frame.key = nullptr;
    }
  }

  void add_weight(Weight& sum, const Node& node, bool alias) {
    const auto found = weights_.find(&node);
    const Weight weight = found == weights_.end() ? Weight{} : found->second;
    sum.height = std::max(sum.height, weight.height + 1);
    sum.add(sum.decoded, weight.decoded);
    if (alias) sum.add(sum.decoded, 1);
    sum.add(sum.aliased, alias ? weight.decoded : weight.aliased);
  }

  Document& document_;
  Document::State& state_;
  const ParseOptions& options_;
  Diagnostics& diagnostics_;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Node*> anchors_;
  std::unordered_map<const Node*, Weight> weights_;  // of containers; a scalar weighs 1
  const Node* root_ = nullptr;
  Node* null_at_ = nullptr;
  SourcePosition at_;
  std::size_t at_offset_ = 0;
};

namespace {

// yaml-cpp's messages, said for people who do not know its inner words.
std::string explain(const std::string& message) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kWords = {{
      {"illegal map value", "\": \" is not allowed here; put the text in quotes if it holds a colon"},
      {"illegal block entry", "\"- \" is not allowed here"},
      {"illegal map key", "\"? \" is not allowed here"},
      {"end of map not found", "expected a key at the same indentation, or the end of the mapping"},
      {"end of sequence not found", "expected \"- \" at the same indentation, or the end of the list"},
      {"end of map flow not found", "expected \",\" or \"}\""},
      {"end of sequence flow not found", "expected \",\" or \"]\""},
      {"illegal EOF in scalar", "the file ends inside a quoted text"},
      {"illegal document indicator in scalar", "a document ends (\"---\" or \"...\") inside a quoted text"},
      {"illegal tab when looking for indentation", "a tab is not allowed in indentation, use spaces"},
      {"unknown escape character", "unknown escape sequence in double quotes"},
      {"unknown token", "this character cannot begin a value; put the text in quotes"},
  }};
  for (const auto& [theirs, ours] : kWords) {
    if (message.starts_with(theirs)) return std::string(ours);
  }
  return message;
}

void add_error(const Document& document, std::size_t offset, std::string text, Diagnostics& diagnostics) {
  Diagnostic diagnostic;
  diagnostic.file = document.file();
  diagnostic.position = document.position_of(offset);
  diagnostic.text = std::move(text);
  diagnostic.source_line = std::string(document.line(diagnostic.position.line));
  diagnostics.add(std::move(diagnostic));
}

// Upstream reads the first document and no further, so an error behind it is not one.
bool has_more(const YAML::Parser& parser) {
  try {
    return static_cast<bool>(parser);
  } catch (const YAML::Exception&) {
    return true;
  }
}

std::vector<std::size_t> find_lines(const std::string& text) {
  std::vector<std::size_t> starts = {0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts.push_back(i + 1);
  }
  return starts;
}

}  // namespace

Document parse(std::string text, const ParseOptions& options, Diagnostics& diagnostics) {
  Document document;
  Document::State& state = *document.state_;
  Stream stream = decode_stream(std::move(text));
  state.file = options.file;
  state.dialect = options.dialect;
  state.text = std::move(stream.text);
  state.line_starts = find_lines(state.text);
  for (const StreamError& problem : stream.problems) {
    add_error(document, problem.offset, problem.text, diagnostics);
  }
  if (!stream.problems.empty()) return document;

  std::istringstream input(state.text);
  try {
    if (const auto problem = check_directives(state.text)) {
      throw StopParsing(problem->offset, "not valid YAML: " + problem->text);
    }
    YAML::Parser parser(input);
    Builder builder(document, options, diagnostics);
    if (!parser.HandleNextDocument(builder)) return document;
    if (builder.expands_too_far()) throw StopParsing(0, "aliases expand to too many values");
    if (const auto tab = find_forbidden_tab(document, state.nodes)) {
      throw StopParsing(*tab, "not valid YAML: a tab is not allowed in indentation, use spaces");
    }
    state.second_document = has_more(parser);
  } catch (const StopParsing& stop) {
    state.root = nullptr;
    add_error(document, stop.offset, stop.text, diagnostics);
  } catch (const YAML::Exception& exception) {
    state.root = nullptr;
    const int at = exception.mark.is_null() ? 0 : exception.mark.pos;
    add_error(document, static_cast<std::size_t>(std::max(at, 0)),
              "not valid YAML: " + explain(exception.msg), diagnostics);
  }
  return document;
}

}  // namespace tocsin::yaml
