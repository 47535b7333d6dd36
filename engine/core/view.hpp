// The core as the API sees it.
#pragma once

#include "engine/api/view.hpp"
#include "engine/core/state.hpp"

namespace tocsin::core {

// Borrows the state for the time of one request.
class CoreView final : public api::View {
 public:
  explicit CoreView(const Engine::State& state) : state_(state) {}

  [[nodiscard]] std::vector<api::TargetView> targets() const override;
  [[nodiscard]] std::vector<api::DroppedTargetView> dropped_targets() const override;
  [[nodiscard]] std::vector<api::MetadataView> metadata() const override;
  [[nodiscard]] std::vector<api::RuleGroupView> rule_groups() const override;
  [[nodiscard]] std::vector<api::AlertView> alerts() const override;
  [[nodiscard]] std::vector<api::AlertGroupView> alert_groups() const override;
  [[nodiscard]] std::vector<api::ReceiverView> receivers() const override;
  [[nodiscard]] std::vector<api::SilenceView> silences() const override;
  [[nodiscard]] std::vector<std::string> alertmanagers() const override;
  [[nodiscard]] std::vector<Labels> series(const SeriesFilter& filter) const override;
  [[nodiscard]] std::vector<std::string> label_names(const SeriesFilter& filter) const override;
  [[nodiscard]] std::vector<std::string> label_values(std::string_view name,
                                                      const SeriesFilter& filter) const override;
  [[nodiscard]] std::pair<Timestamp, Timestamp> sample_times() const override;
  [[nodiscard]] api::StatusView status() const override;
  [[nodiscard]] bool ready() const override;
  [[nodiscard]] std::vector<api::HealthCheck> health() const override;
  [[nodiscard]] std::string metrics() const override { return state_.metrics(); }

 private:
  const Engine::State& state_;
};

}  // namespace tocsin::core
