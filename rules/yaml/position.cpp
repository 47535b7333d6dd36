// Where a byte of a scalar's value stands in the file.
//
// The value is what the scanner made of the source: quotes and escapes undone, lines folded, indentation cut.
// Rather than scan again, the value and the source are walked side by side. At each step the source says how
// many value bytes its next piece made: an escape makes one character, a run of white space around a line
// break makes a space or some line breaks, anything else makes itself. The walk never fails: where the two do
// not fit (they always do for a scalar that was parsed), it goes on byte by byte.
#include "rules/yaml/position.hpp"

#include <algorithm>
#include <unordered_map>

#include "rules/yaml/document_state.hpp"

namespace tocsin::yaml {
namespace {

class Walk {
 public:
  Walk(std::string_view source, const Node& scalar) : source_(source), value_(scalar.value), node_(scalar) {
    at_ = std::min(scalar.offset, source.size());
    if (is_block()) {
      enter_block();
    } else if (node_.style != ScalarStyle::plain) {
      ++at_;  // the opening quote
    }
  }

  // Advances until the value byte at `target` is next; its place in the source.
  std::size_t to(std::size_t target) {
    while (made_ < target && at_ < source_.size()) step();
    skip_unmade();
    return std::min(at_, source_.size());
  }

 private:
  [[nodiscard]] bool is_block() const {
    return node_.style == ScalarStyle::literal || node_.style == ScalarStyle::folded;
  }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  [[nodiscard]] char next_value(std::size_t ahead = 0) const {
    return made_ + ahead < value_.size() ? value_[made_ + ahead] : '\0';
  }

  void skip_spaces() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }

  // The indentation of a block is that of its first line that is not empty; an indicator in the header only
  // matters for text that begins with spaces, and those the value shows.
  void enter_block() {
    at_ = std::min(source_.find('\n', at_), source_.size() - 1) + 1;
    std::size_t line = at_;
    while (line < source_.size()) {
      const std::size_t text = source_.find_first_not_of(' ', line);
      if (text == std::string_view::npos) break;
      if (source_[text] != '\n') {
        const std::size_t leading = std::min(value_.find_first_not_of(" \n"), value_.size());
        const std::size_t line_of_value = value_.rfind('\n', leading) + 1;
        indent_ = text - line - std::min(text - line, leading - std::min(leading, line_of_value));
        break;
      }
      line = text + 1;
    }
    skip_indent();
  }

  void skip_indent() {
    for (std::size_t i = 0; i < indent_ && peek() == ' '; ++i) ++at_;
  }

  void step() {
    if (is_block()) return step_block();
    const char c = peek();
    if (c == '\n' || ((c == ' ' || c == '\t') && runs_to_break())) return step_fold();
    if (node_.style == ScalarStyle::double_quoted && c == '\\') return step_escape();
    if (node_.style == ScalarStyle::single_quoted && c == '\'') ++at_;  // doubled
    ++at_;
    ++made_;
  }

  void step_block() {
    if (peek() != '\n') {
      ++at_;
      ++made_;
      return;
    }
    ++at_;
    if (next_value() == '\n' || next_value() == ' ') ++made_;
    skip_indent();
  }

  // Each run of blanks is looked through once, however many steps it takes.
  [[nodiscard]] bool runs_to_break() {
    if (at_ < inner_blanks_end_) return false;
    const std::size_t text = std::min(source_.find_first_not_of(" \t", at_), source_.size());
    if (text < source_.size() && source_[text] == '\n') return true;
    inner_blanks_end_ = text;
    return false;
  }

  // One line break makes a space, n + 1 of them make n line breaks.
  void step_fold() {
    std::size_t breaks = 0;
    while (peek() == ' ' || peek() == '\t' || peek() == '\n') {
      if (peek() == '\n') ++breaks;
      ++at_;
    }
    made_ += breaks > 1 ? breaks - 1 : 1;
  }

  void step_escape() {
    const char kind = peek(1);
    if (kind == '\n') {
      at_ += 2;
      skip_spaces();
      return;
    }
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    at_ += 2 + digits;
    do {
      ++made_;
    } while ((static_cast<unsigned char>(next_value()) & 0xC0) == 0x80);
  }

  // Source that makes nothing: an escaped line break, and the indentation before the next byte.
  void skip_unmade() {
    while (node_.style == ScalarStyle::double_quoted && peek() == '\\' && peek(1) == '\n') {
      at_ += 2;
      skip_spaces();
    }
  }

  std::string_view source_;
  std::string_view value_;
  const Node& node_;
  std::size_t at_ = 0;    // in the source
  std::size_t made_ = 0;  // bytes of the value behind us
  std::size_t indent_ = 0;
  std::size_t inner_blanks_end_ = 0;  // of the last run of blanks that no line break ends
};

// Asks end_of_child for the ends of what a flow collection holds.
template <class EndOf>
std::size_t find_end(const std::string& text, const Node& node, EndOf end_of_child) {
  if (node.offset >= text.size()) return text.size();
  if (node.kind == NodeKind::scalar) {
    const bool quoted = node.style == ScalarStyle::single_quoted || node.style == ScalarStyle::double_quoted;
    return Walk(text, node).to(node.value.size()) + (quoted ? 1 : 0);
  }
  if (text[node.offset] != '[' && text[node.offset] != '{') return node.offset;
  std::size_t end = node.offset + 1;
  const auto extend = [&](const Node& child) {
    // Else it is an alias to what stands above.
    if (child.offset >= node.offset) end = std::max(end, end_of_child(child));
  };
  for (const Node* item : node.items) extend(*item);
  for (const Entry& entry : node.entries) {
    extend(*entry.key);
    extend(*entry.value);
  }
  const std::size_t close = text.find(text[node.offset] == '[' ? ']' : '}', end);
  return close == std::string::npos ? text.size() : close + 1;
}

}  // namespace

std::size_t Document::end_of(const Node& node) const {
  return find_end(state_->text, node, [this](const Node& child) { return end_of(child); });
}

std::vector<Span> spans_of(const Document& document, const std::deque<Node>& nodes) {
  std::vector<Span> spans;
  std::unordered_map<const Node*, std::size_t> ends;
  // An alias to an empty value may be all that is not known yet: that ends where it begins.
  const auto end_of_child = [&](const Node& child) {
    const auto found = ends.find(&child);
    return found == ends.end() ? child.offset : found->second;
  };
  // Backwards, so that what a collection holds comes before it.
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const std::size_t end = find_end(document.text(), *node, end_of_child);
    ends.emplace(&*node, end);
    spans.push_back({node->offset, end});
  }
  return spans;
}

SourcePosition Document::position_in(const Node& scalar, std::size_t value_offset) const {
  if (scalar.kind != NodeKind::scalar || state_->text.empty()) return scalar.position;
  return position_of(Walk(state_->text, scalar).to(value_offset));
}

}  // namespace tocsin::yaml
