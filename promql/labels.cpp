// Encoding: for each pair, name then value, each as a length (7 bits a byte, low first) and its bytes.
#include "promql/labels.hpp"

#include <xxhash.h>

#include <algorithm>

#include "promql/format.hpp"

namespace tocsin {
namespace {

void append_string(std::string& out, std::string_view text) {
  std::size_t length = text.size();
  while (length >= 0x80) {
    out.push_back(static_cast<char>(length | 0x80));
    length >>= 7;
  }
  out.push_back(static_cast<char>(length));
  out.append(text);
}

std::string_view read_string(const char*& at) {
  auto byte = static_cast<unsigned char>(*at++);
  std::size_t length = byte & 0x7f;
  for (int shift = 7; byte >= 0x80; shift += 7) {
    byte = static_cast<unsigned char>(*at++);
    length |= static_cast<std::size_t>(byte & 0x7f) << shift;
  }
  const std::string_view text(at, length);
  at += length;
  return text;
}

}  // namespace

LabelView Labels::Iterator::operator*() const {
  const char* at = at_;
  const std::string_view name = read_string(at);
  return {name, read_string(at)};
}

Labels::Iterator& Labels::Iterator::operator++() {
  read_string(at_);
  read_string(at_);
  return *this;
}

Labels::Labels(std::initializer_list<LabelView> pairs) : Labels(std::vector<LabelView>(pairs)) {}

Labels::Labels(std::vector<LabelView> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const bool replaced = i + 1 < pairs.size() && pairs[i + 1].name == pairs[i].name;
    if (replaced || pairs[i].value.empty()) continue;
    append_string(data_, pairs[i].name);
    append_string(data_, pairs[i].value);
  }
}

Labels Labels::from_map(const std::map<std::string, std::string>& values) {
  std::vector<LabelView> pairs;
  pairs.reserve(values.size());
  for (const auto& [name, value] : values) pairs.push_back({name, value});
  return Labels(std::move(pairs));
}

std::size_t Labels::size() const {
  return static_cast<std::size_t>(std::distance(begin(), end()));
}

std::string_view Labels::get(std::string_view name) const {
  for (const char *at = data_.data(), *last = at + data_.size(); at != last;) {
    const std::string_view candidate = read_string(at);
    const std::string_view value = read_string(at);
    if (candidate == name) return value;
    if (candidate > name) break;
  }
  return {};
}

bool Labels::has(std::string_view name) const {
  return !get(name).empty();  // an empty value is never stored
}

Labels Labels::without(std::string_view name) const {
  Labels result;
  result.data_.reserve(data_.size());
  for (const LabelView label : *this) {
    if (label.name == name) continue;
    append_string(result.data_, label.name);
    append_string(result.data_, label.value);
  }
  return result;
}

namespace {

// Calls keep(label) for the labels whose name is in the list, or for those that are not.
template <class Keep>
void select_labels(const Labels& labels, std::span<const std::string> sorted_names, bool listed,
                   const Keep& keep) {
  auto name = sorted_names.begin();
  for (const LabelView label : labels) {
    while (name != sorted_names.end() && name->compare(label.name) < 0) ++name;
    if ((name != sorted_names.end() && *name == label.name) == listed) keep(label);
  }
}

}  // namespace

Labels Labels::without(std::span<const std::string> sorted_names) const {
  Labels result;
  result.data_.reserve(data_.size());
  select_labels(*this, sorted_names, false, [&result](LabelView label) {
    append_string(result.data_, label.name);
    append_string(result.data_, label.value);
  });
  return result;
}

Labels Labels::only(std::span<const std::string> sorted_names) const {
  Labels result;
  select_labels(*this, sorted_names, true, [&result](LabelView label) {
    append_string(result.data_, label.name);
    append_string(result.data_, label.value);
  });
  return result;
}

std::uint64_t Labels::hash() const {
  return XXH64(data_.data(), data_.size(), 0);
}

std::string Labels::to_string() const {
  std::string out = "{";
  for (const LabelView label : *this) {
    if (out.size() > 1) out += ", ";
    out += is_classic_label_name(label.name) ? std::string(label.name) : go_quote(label.name);
    out += '=';
    out += go_quote(label.value);
  }
  out += '}';
  return out;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    const LabelView l = *left;
    const LabelView r = *right;
    if (const auto order = l.name.compare(r.name); order != 0) return order <=> 0;
    if (const auto order = l.value.compare(r.value); order != 0) return order <=> 0;
  }
  return (left != a.end()) <=> (right != b.end());
}

LabelsBuilder::LabelsBuilder(const Labels& base) {
  for (const LabelView label : base) pairs_.emplace_back(label.name, label.value);
}

LabelsBuilder& LabelsBuilder::set(std::string_view name, std::string_view value) {
  if (value.empty()) return remove(name);
  const auto at = std::lower_bound(pairs_.begin(), pairs_.end(), name,
                                   [](const auto& pair, std::string_view key) { return pair.first < key; });
  if (at != pairs_.end() && at->first == name) {
    at->second = value;
  } else {
    pairs_.emplace(at, name, value);
  }
  return *this;
}

LabelsBuilder& LabelsBuilder::remove(std::string_view name) {
  std::erase_if(pairs_, [name](const auto& pair) { return pair.first == name; });
  return *this;
}

std::string_view LabelsBuilder::get(std::string_view name) const {
  for (const auto& [candidate, value] : pairs_) {
    if (candidate == name) return value;
  }
  return {};
}

Labels LabelsBuilder::build() const {
  Labels result;
  for (const auto& [name, value] : pairs_) {
    append_string(result.data_, name);
    append_string(result.data_, value);
  }
  return result;
}

bool is_classic_label_name(std::string_view name) {
  return is_classic_metric_name(name) && name.find(':') == std::string_view::npos;
}

bool is_classic_metric_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
  });
}

std::string Fingerprint::to_hex() const {
  return format("{:016x}", value);
}

Fingerprint fingerprint(const Labels& labels) {
  std::uint64_t sum = 14695981039346656037ULL;
  const auto add = [&sum](std::string_view text) {
    for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    sum = (sum ^ 0xffU) * 1099511628211ULL;
  };
  for (const LabelView label : labels) {
    add(label.name);
    add(label.value);
  }
  return {sum};
}

}  // namespace tocsin
