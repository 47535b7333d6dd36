// A label set: immutable, sorted by name, without empty values, in one allocation.
//
// The pairs are encoded as length-prefixed strings in one buffer, so equality and hashing are those of bytes.
// Views that an iterator or get() hands out live as long as the Labels they came from.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr std::string_view kAlertName = "alertname";

struct LabelView {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const LabelView&, const LabelView&) = default;
};

class Labels {
 public:
  class Iterator {
   public:
    using value_type = LabelView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using pointer = const LabelView*;
    using reference = LabelView;

    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}
    LabelView operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const char* at_ = nullptr;
  };

  Labels() = default;
  // Names in any order; of a name given twice the last wins; pairs with an empty value are left out.
  Labels(std::initializer_list<LabelView> pairs);
  explicit Labels(std::vector<LabelView> pairs);
  [[nodiscard]] static Labels from_map(const std::map<std::string, std::string>& values);

  [[nodiscard]] Iterator begin() const { return Iterator(data_.data()); }
  [[nodiscard]] Iterator end() const { return Iterator(data_.data() + data_.size()); }
  [[nodiscard]] bool empty() const { return data_.empty(); }
  [[nodiscard]] std::size_t size() const;

  // The value, or "" where the label is missing: PromQL makes no difference.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::string_view metric_name() const { return get(kMetricName); }

  [[nodiscard]] Labels without(std::string_view name) const;
  // Without, or with nothing but, the names of a sorted list.
  [[nodiscard]] Labels without(std::span<const std::string> sorted_names) const;
  [[nodiscard]] Labels only(std::span<const std::string> sorted_names) const;

  // xxHash64 of the encoding: equal sets have equal hashes within and across processes.
  [[nodiscard]] std::uint64_t hash() const;

  // {a="b", c="d"} with Go's quoting, names that are not classic label names quoted, as Prometheus prints a
  // set.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Labels&, const Labels&) = default;
  // By name, then value, pair by pair; a prefix sorts first (Prometheus' labels.Compare).
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  friend class LabelsBuilder;
  std::string data_;
};

struct LabelsHash {
  std::size_t operator()(const Labels& labels) const { return labels.hash(); }
};

// Edits a label set. The builder owns its strings.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base);

  // An empty value removes the label.
  LabelsBuilder& set(std::string_view name, std::string_view value);
  LabelsBuilder& remove(std::string_view name);
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] Labels build() const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;  // sorted by name
};

// Go's strconv.Quote: the form in which every upstream program prints a label value.
[[nodiscard]] std::string go_quote(std::string_view text);
// [a-zA-Z_][a-zA-Z0-9_]*
[[nodiscard]] bool is_classic_label_name(std::string_view name);
// [a-zA-Z_:][a-zA-Z0-9_:]*
[[nodiscard]] bool is_classic_metric_name(std::string_view name);
[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Alertmanager's and client_golang's fingerprint of a label set (FNV-1a 64 over name 0xff value 0xff ...).
struct Fingerprint {
  std::uint64_t value = 0;
  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
  [[nodiscard]] std::string to_hex() const;  // 16 digits
};
[[nodiscard]] Fingerprint fingerprint(const Labels& labels);

}  // namespace tocsin
