#include "engine/dispatch/running.hpp"

#include <algorithm>
#include <array>

namespace tocsin::dispatch {
namespace {

struct DestinationFields {
  std::string_view kind;
  std::array<std::string_view, 6> fields;
};

// Which fields say where a message goes. What only says how it looks, or who is behind it, may change without
// making it another destination.
constexpr std::array<DestinationFields, 3> kDestinations = {{
    {"slack", {"api_url", "api_url_file", "app_url", "channel"}},
    {"pagerduty", {"url", "routing_key", "routing_key_file", "service_key", "service_key_file"}},
    {"webhook", {"url", "url_file"}},
}};

bool says_where(const notifiers::FieldSpec& field) {
  using notifiers::FieldType;
  return field.is_secret() || field.type == FieldType::url || field.type == FieldType::file;
}

std::vector<LabelView> destination_of(const config::Integration& integration) {
  std::vector<LabelView> pairs;
  const auto known = std::find_if(kDestinations.begin(), kDestinations.end(),
                                  [&](const auto& entry) { return entry.kind == integration.kind; });
  if (known != kDestinations.end()) {
    for (const std::string_view field : known->fields) {
      if (!field.empty()) pairs.push_back({field, integration.settings.text(field)});
    }
  } else if (integration.service != nullptr) {
    for (const notifiers::FieldSpec& field : integration.service->table.fields) {
      if (says_where(field)) pairs.push_back({field.name, integration.settings.text(field.name)});
    }
  }
  return pairs;
}

bool is_templated(const std::vector<LabelView>& destination) {
  return std::any_of(destination.begin(), destination.end(),
                     [](const LabelView& field) { return field.value.find("{{") != std::string_view::npos; });
}

// A hash, so that no secret stands in an identity, which is logged and kept.
std::string hash_of(std::vector<LabelView> destination) {
  return fingerprint(Labels(std::move(destination))).to_hex();
}

}  // namespace

Running::Running(Setup setup, const Policy& policy)
    : setup_(std::move(setup)), routes_(setup_.config), intervals_(setup_.config->time_intervals) {
  std::map<std::string, int> seen;
  for (const config::Receiver& receiver : setup_.config->receivers) {
    std::vector<IntegrationRef>& list = by_receiver_[receiver.name];
    for (const config::Integration& integration : receiver.integrations) {
      IntegrationRef ref;
      ref.receiver = &receiver;
      ref.integration = &integration;
      ref.name = integration.kind + '[' + std::to_string(integration.index) + ']';
      ref.identity = receiver.name + '/';
      std::vector<LabelView> destination = destination_of(integration);
      ref.templated_destination = is_templated(destination);
      ref.identity += policy.integration_by_destination
                          ? integration.kind + '/' + hash_of(std::move(destination))
                          : ref.name;
      const int twin = ++seen[ref.identity];
      if (twin > 1) ref.identity += '#' + std::to_string(twin);
      list.push_back(std::move(ref));
    }
  }
  for (const auto& [name, list] : by_receiver_) {
    for (const IntegrationRef& ref : list) by_identity_.emplace(ref.identity, &ref);
  }
}

const std::vector<IntegrationRef>& Running::integrations(std::string_view receiver) const {
  static const std::vector<IntegrationRef> kNone;
  const auto entry = by_receiver_.find(receiver);
  return entry == by_receiver_.end() ? kNone : entry->second;
}

const IntegrationRef* Running::find(std::string_view identity) const {
  const auto entry = by_identity_.find(identity);
  return entry == by_identity_.end() ? nullptr : entry->second;
}

}  // namespace tocsin::dispatch
