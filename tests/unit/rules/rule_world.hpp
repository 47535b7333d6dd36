// A rule set over the real sample store, under a clock that a test turns: what the script runner and the
// tests of reloads share.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/store/store.hpp"
#include "rules/rule_set.hpp"

namespace tocsin::rules::testing {

class StoreSink final : public OutputSink {
 public:
  explicit StoreSink(engine::Store& store) : store_(store) {}
  AppendResult append(OutputSeries& series, Timestamp time, double value) override;
  AppendResult append(OutputSeries& series, Timestamp time, const promql::HistogramPtr& histogram) override;
  void append_stale(OutputSeries& series, Timestamp time) override;

 private:
  promql::SeriesRef find(OutputSeries& series);
  engine::Store& store_;
};

// What one evaluation of a rule gave.
struct Run {
  std::string group;
  std::string rule;
  WallTime slot{};
  RuleOutcome outcome;
};

class RuleWorld {
 public:
  explicit RuleWorld(RuleSetOptions options);

  // Fails the test if a file has errors. Each text becomes the file "N.yml".
  ReloadReport load(const std::vector<std::string>& texts, WallTime now = {});
  void append(const Labels& labels, WallTime time, double value);
  void append_stale(const Labels& labels, WallTime time);
  // Evaluates all that is due at `now`.
  std::vector<Run> run(WallTime now);
  // The result of an instant query, a line a sample, sorted.
  [[nodiscard]] std::vector<std::string> query(std::string_view expression, WallTime at);
  // Pending and firing alerts, a line each.
  [[nodiscard]] std::vector<std::string> alerts() const;

  [[nodiscard]] RuleSet& rules() { return rules_; }
  RuleSetOptions options;

 private:
  engine::Store store_;
  StoreSink sink_;
  promql::RunLimits limits_;
  RuleSet rules_;
};

// "1m30s", "-" for kNoTime.
[[nodiscard]] std::string show(WallTime time);
[[nodiscard]] std::string show(const TextMap& texts);
[[nodiscard]] std::string show(const AlertChange& change);
[[nodiscard]] std::string show(const OutgoingAlert& alert);

}  // namespace tocsin::rules::testing
