#include <algorithm>

#include "engine/dispatch/alert_store.hpp"
#include "notifiers/notification.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/dispatch/support.hpp"

using namespace tocsin;
using namespace tocsin::dispatch;

namespace {

struct Report {
  double starts;
  double ends;
  double updated;
  bool timeout = false;
};

Alert posted(const Report& report) {
  Alert alert;
  alert.labels = Labels{{"alertname", "A"}};
  alert.starts_at = at(report.starts);
  alert.ends_at = at(report.ends);
  alert.updated_at = at(report.updated);
  alert.timeout = report.timeout;
  alert.origin = Origin::posted;
  return alert;
}

}  // namespace

// The table of upstream's TestAlertMerge, in minutes; now is minute 0.
TEST_CASE("MergeKeepsTheEarliestStartAndTheEndThatASenderNamed") {
  struct Case {
    const char* rule;
    Report a, b;
    double starts, ends;
  };
  const Case cases[] = {
      {"both timed out: the younger end", {-2, 2, 0, true}, {-1, 3, 1, true}, -2, 3},
      {"an explicit end replaces a timeout", {-1, 3, 0, true}, {0, 2, 1}, -1, 2},
      {"a timeout does not shorten an explicit end", {-1, 3, 0}, {0, 2, 1, true}, -1, 3},
      {"an explicit later end survives an earlier one", {-1, 3, 0}, {0, 2, 1}, -1, 3},
      {"a later end extends", {-1, 3, 0}, {-1, 4, 1}, -1, 4},
      {"fires again", {-3, -1, 0}, {-2, 1, 1}, -3, 1},
      {"a resolve is taken although the older end is later", {-2, 3, 0}, {-2, 0, 1}, -2, 0},
      {"of two resolves the later end counts", {-3, -1, -1}, {-4, -2, 1}, -4, -1},
  };
  for (const Case& c : cases) {
    INFO(c.rule);
    const auto minutes = [](Report report) {
      return posted({report.starts * 60, report.ends * 60, report.updated * 60, report.timeout});
    };
    const Alert a = minutes(c.a);
    const Alert b = minutes(c.b);
    for (const Alert& merged : {merge(a, b, at(0)), merge(b, a, at(0))}) {
      CHECK(merged.starts_at == at(c.starts * 60));
      CHECK(merged.ends_at == at(c.ends * 60));
      CHECK(merged.updated_at == b.updated_at);
    }
  }
}

TEST_CASE("ReportsMergeOnlyWhereTheirRangesOverlap") {
  const Alert known = posted({0, 100, 0});
  CHECK(should_merge(known, posted({10, 200, 10})));
  CHECK(should_merge(known, posted({-10, 50, 10})));
  CHECK_FALSE(should_merge(known, posted({100, 200, 100})));
  CHECK_FALSE(should_merge(known, posted({150, 200, 100})));
  // The very same range is replaced, not merged.
  CHECK_FALSE(should_merge(known, posted({0, 100, 10})));
}

TEST_CASE("AlertsAreOrderedByJobThenInstanceThenLabels") {
  std::vector<Labels> alerts = {
      {{"alertname", "B"}},
      {{"alertname", "A"}},
      {{"alertname", "A"}, {"job", "b"}, {"instance", "1"}},
      {{"alertname", "Z"}, {"job", "a"}},
      {{"alertname", "Z"}, {"job", "a"}, {"instance", "2"}},
      {{"alertname", "A"}, {"job", "a"}, {"instance", "2"}},
      {{"alertname", "A"}, {"instance", "0"}},
  };
  std::stable_sort(alerts.begin(), alerts.end(), notifiers::notification_order);
  std::vector<std::string> printed;
  for (const Labels& labels : alerts) printed.push_back(labels.to_string());
  CHECK(printed == std::vector<std::string>{
                       R"({alertname="A", instance="2", job="a"})",
                       R"({alertname="Z", instance="2", job="a"})", R"({alertname="Z", job="a"})",
                       R"({alertname="A", instance="1", job="b"})", R"({alertname="A", instance="0"})",
                       R"({alertname="A"})", R"({alertname="B"})"});
}

TEST_CASE("ASmallerLabelSetComesFirstAndALackingNameBeforeAPresentOne") {
  CHECK(notifiers::label_set_before({{"z", "9"}}, {{"a", "1"}, {"b", "1"}}));
  // Of equal size: `a` is missing in the second set, so the second comes first.
  CHECK_FALSE(notifiers::label_set_before({{"a", "1"}}, {{"b", "1"}}));
  CHECK(notifiers::label_set_before({{"b", "1"}}, {{"a", "1"}}));
  CHECK(notifiers::label_set_before({{"a", "1"}}, {{"a", "2"}}));
  CHECK_FALSE(notifiers::label_set_before({{"a", "1"}}, {{"a", "1"}}));
}

TEST_CASE("APostDoesNotTouchAnAlertThatARuleOfThisProcessHoldsFiring") {
  AlertStore store{Limits{}};
  const Labels labels{{"alertname", "A"}};
  CHECK(store.put(own_alert(labels, 0), at(0)) == PutResult::added);
  CHECK(store.put(posted({0, 5, 10}), at(10)) == PutResult::ignored);
  CHECK_FALSE(store.find(fingerprint(labels))->alert.resolved_at(at(10)));
  CHECK(store.put(own_alert(labels, 0, 20), at(20)) == PutResult::updated);
  CHECK(store.put(posted({25, 300, 30}), at(30)) == PutResult::updated);
  CHECK(store.find(fingerprint(labels))->alert.origin == Origin::posted);
}

TEST_CASE("ANewAlertIsRefusedAtTheLimitAndAKnownOneIsUpdated") {
  Limits limits;
  limits.alerts = 2;
  AlertStore store(limits);
  CHECK(store.put(own_alert({{"alertname", "A"}}, 0), at(0)) == PutResult::added);
  CHECK(store.put(own_alert({{"alertname", "B"}}, 0), at(0)) == PutResult::added);
  CHECK(store.put(own_alert({{"alertname", "C"}}, 0), at(0)) == PutResult::limited);
  CHECK(store.put(own_alert({{"alertname", "A"}}, 0, 5), at(5)) == PutResult::updated);
}

TEST_CASE("TheLimitForANameCountsAlertsThatHaveNotEnded") {
  Limits limits;
  limits.alerts_per_name = 1;
  AlertStore store(limits);
  CHECK(store.put(own_alert({{"alertname", "A"}, {"i", "1"}}, 0), at(0)) == PutResult::added);
  CHECK(store.put(own_alert({{"alertname", "A"}, {"i", "2"}}, 0), at(0)) == PutResult::limited);
  CHECK(store.put(own_alert({{"alertname", "B"}, {"i", "2"}}, 0), at(0)) == PutResult::added);
  CHECK(store.put(own_alert({{"alertname", "A"}, {"i", "1"}}, 0, 9), at(9)) == PutResult::updated);
  CHECK(store.put(own_alert({{"alertname", "A"}, {"i", "2"}}, 9), at(9)) == PutResult::added);
}

TEST_CASE("AResolvedAlertIsCollectedOnceNoGroupHoldsIt") {
  AlertStore store{Limits{}};
  const Labels labels{{"alertname", "A"}};
  store.put(own_alert(labels, 0, 5), at(5));
  store.retain(fingerprint(labels));
  CHECK(store.collect(at(10)).empty());
  store.release(fingerprint(labels));
  CHECK(store.collect(at(4)).empty());
  CHECK(store.collect(at(10)).size() == 1);
  CHECK(store.size() == 0);
}
