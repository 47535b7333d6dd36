// The configuration as dispatch works with it: immutable, shared by the groups that were made under it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/alertmanager_config.hpp"
#include "engine/dispatch/policy.hpp"
#include "engine/dispatch/routes.hpp"
#include "engine/dispatch/time_intervals.hpp"
#include "notifiers/registry.hpp"
#include "rules/template/template.hpp"

namespace tocsin::dispatch {

// What a reload hands over.
struct Setup {
  std::shared_ptr<const config::AlertmanagerConfig> config;
  // notifiers::notification_templates() with the user's files on top.
  std::shared_ptr<const templates::TemplateSet> templates;
  notifiers::ReadFile read_file;
  std::string external_url;
};

// One integration of a receiver.
struct IntegrationRef {
  const config::Receiver* receiver = nullptr;
  const config::Integration* integration = nullptr;
  std::string name;      // slack[0]
  std::string identity;  // receiver, kind and a hash of the destination; the index with the policy off
  bool templated_destination = false;  // each notification may go elsewhere
};

class Running {
 public:
  Running(Setup setup, const Policy& policy);

  [[nodiscard]] const Setup& setup() const { return setup_; }
  [[nodiscard]] const config::AlertmanagerConfig& config() const { return *setup_.config; }
  [[nodiscard]] const RouteTree& routes() const { return routes_; }
  [[nodiscard]] const TimeIntervals& intervals() const { return intervals_; }
  // Empty for a receiver without integrations, or none of that name.
  [[nodiscard]] const std::vector<IntegrationRef>& integrations(std::string_view receiver) const;
  [[nodiscard]] const IntegrationRef* find(std::string_view identity) const;

 private:
  Setup setup_;
  RouteTree routes_;
  TimeIntervals intervals_;
  std::map<std::string, std::vector<IntegrationRef>, std::less<>> by_receiver_;
  std::map<std::string, const IntegrationRef*, std::less<>> by_identity_;
};

}  // namespace tocsin::dispatch
