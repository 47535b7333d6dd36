// Writes metrics in the text format, family by family.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::core {

enum class MetricKind { counter, gauge, summary, histogram };

class MetricsText {
 public:
  using Pairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Starts a family: what follows belongs to it. `help` is one line.
  MetricsText& family(std::string_view name, MetricKind kind, std::string_view help);
  MetricsText& sample(double value, Pairs labels = {});
  // With a suffix of the family's name: _sum, _count, _bucket.
  MetricsText& suffixed(std::string_view suffix, double value, Pairs labels = {});
  // A family of one sample without labels.
  MetricsText& counter(std::string_view name, std::string_view help, double value);
  MetricsText& gauge(std::string_view name, std::string_view help, double value);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::string name_;
};

}  // namespace tocsin::core
