// A View over plain data, for tests of handlers.
#pragma once

#include "engine/api/view.hpp"

namespace tocsin::api {

class FakeView final : public View {
 public:
  std::vector<TargetView> target_list;
  std::vector<DroppedTargetView> dropped_list;
  std::vector<MetadataView> metadata_list;
  std::vector<RuleGroupView> group_list;
  std::vector<AlertView> alert_list;
  std::vector<AlertGroupView> alert_group_list;
  std::vector<ReceiverView> receiver_list;
  std::vector<SilenceView> silence_list;
  std::vector<Labels> series_list;
  StatusView status_view;
  std::pair<Timestamp, Timestamp> times{Timestamp::max(), Timestamp::min()};
  std::vector<HealthCheck> checks;
  bool is_ready = true;

  std::vector<TargetView> targets() const override { return target_list; }
  std::vector<DroppedTargetView> dropped_targets() const override { return dropped_list; }
  std::vector<MetadataView> metadata() const override { return metadata_list; }
  std::vector<RuleGroupView> rule_groups() const override { return group_list; }
  std::vector<AlertView> alerts() const override { return alert_list; }
  std::vector<AlertGroupView> alert_groups() const override { return alert_group_list; }
  std::vector<ReceiverView> receivers() const override { return receiver_list; }
  std::vector<SilenceView> silences() const override { return silence_list; }
  std::vector<std::string> alertmanagers() const override { return {"http://a:9093/api/v2/alerts"}; }
  std::vector<Labels> series(const SeriesFilter&) const override { return series_list; }
  std::vector<std::string> label_names(const SeriesFilter&) const override { return {"__name__", "job"}; }
  std::vector<std::string> label_values(std::string_view name, const SeriesFilter&) const override {
    return {"first of " + std::string(name), "second"};
  }
  std::pair<Timestamp, Timestamp> sample_times() const override { return times; }
  StatusView status() const override { return status_view; }
  bool ready() const override { return is_ready; }
  std::vector<HealthCheck> health() const override { return checks; }
  std::string metrics() const override { return "up 1\n"; }
};

}  // namespace tocsin::api
