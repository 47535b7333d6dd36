// Rounds of a rule's outputs, written down as what the sink was asked to do.
#include "rules/output_series.hpp"

#include <string>
#include <vector>

#include "promql/format.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::rules {
namespace {

// Notes every call; answers with what the test asked for.
class NotingSink final : public OutputSink {
 public:
  AppendResult append(OutputSeries& series, Timestamp time, double value) override {
    notes.push_back(format("{} {}@{}", series.labels.to_string(), value, ms_of(time)));
    return answer;
  }
  AppendResult append(OutputSeries& series, Timestamp time, const promql::HistogramPtr&) override {
    notes.push_back(format("{} histogram@{}", series.labels.to_string(), ms_of(time)));
    return answer;
  }
  void append_stale(OutputSeries& series, Timestamp time) override {
    notes.push_back(format("{} stale@{}", series.labels.to_string(), ms_of(time)));
  }
  std::vector<std::string> take() { return std::exchange(notes, {}); }

  AppendResult answer = AppendResult::appended;
  std::vector<std::string> notes;
};

Labels series(std::string_view name) {
  return Labels{{"s", name}};
}

// One finished round at `ms` that writes 1 to each series.
AppendTally round(RuleOutputs& outputs, NotingSink& sink, std::int64_t ms,
                  const std::vector<std::string>& names) {
  const Timestamp time = timestamp_from_ms(ms);
  AppendTally tally;
  outputs.begin_round();
  for (const std::string& name : names) {
    outputs.write(outputs.find_or_add(series(name)), time, {time, 1, nullptr}, sink, tally);
  }
  outputs.finish_round(time, sink);
  return tally;
}

using Notes = std::vector<std::string>;

TEST_CASE("a series that a round no longer writes is ended once") {
  RuleOutputs outputs;
  NotingSink sink;
  round(outputs, sink, 1, {"a", "b"});
  sink.take();
  round(outputs, sink, 2, {"b"});
  CHECK(sink.take() == Notes{R"({s="b"} 1@2)", R"({s="a"} stale@2)"});
  round(outputs, sink, 3, {"b"});
  CHECK(sink.take() == Notes{R"({s="b"} 1@3)"});
}

TEST_CASE("a round that was not finished ends nothing, the next one does") {
  RuleOutputs outputs;
  NotingSink sink;
  round(outputs, sink, 1, {"a", "b"});
  outputs.begin_round();
  CHECK(outputs.claim(outputs.find_or_add(series("a"))));
  sink.take();
  round(outputs, sink, 3, {"a"});
  CHECK(sink.take() == Notes{R"({s="a"} 1@3)", R"({s="b"} stale@3)"});
}

TEST_CASE("a series can be claimed once a round") {
  RuleOutputs outputs;
  outputs.begin_round();
  CHECK(outputs.claim(outputs.find_or_add(series("a"))));
  CHECK_FALSE(outputs.claim(outputs.find_or_add(series("a"))));
  outputs.begin_round();
  CHECK(outputs.claim(outputs.find_or_add(series("a"))));
}

TEST_CASE("a rejected sample counts as not written: its series is ended") {
  RuleOutputs outputs;
  NotingSink sink;
  round(outputs, sink, 1, {"a"});
  sink.answer = AppendResult::out_of_order;
  const AppendTally tally = round(outputs, sink, 2, {"a"});
  CHECK(tally.out_of_order == 1);
  CHECK_FALSE(tally.all_appended());
  CHECK(sink.notes.back() == R"({s="a"} stale@2)");
}

TEST_CASE("the live series are handed over once") {
  RuleOutputs outputs;
  NotingSink sink;
  round(outputs, sink, 1, {"a", "b"});
  round(outputs, sink, 2, {"b"});
  const std::vector<OutputSeries> live = outputs.take_live();
  REQUIRE(live.size() == 1);
  CHECK(live[0].labels == series("b"));
  CHECK(outputs.take_live().empty());
}

TEST_CASE("entries that nobody writes are dropped when they are many, live ones stay in place") {
  RuleOutputs outputs;
  NotingSink sink;
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(std::to_string(i));
  round(outputs, sink, 1, names);
  CHECK_FALSE(outputs.tidy());
  round(outputs, sink, 2, {"7"});
  CHECK(outputs.tidy());
  sink.take();
  round(outputs, sink, 3, {"8"});
  CHECK(sink.take() == Notes{R"({s="8"} 1@3)", R"({s="7"} stale@3)"});
}

}  // namespace
}  // namespace tocsin::rules
