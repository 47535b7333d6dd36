#include "engine/dispatch/forwarder_json.hpp"

#include "rules/template/json.hpp"

namespace tocsin::dispatch {
namespace {

template <class Pairs>
std::string object_of(const Pairs& pairs) {
  templates::JsonObject object;
  for (const auto& [name, value] : pairs) object.text(name, value);
  return object.finish();
}

}  // namespace

std::string encode_alerts(std::span<const rules::OutgoingAlert> alerts) {
  std::vector<std::string> encoded;
  for (const rules::OutgoingAlert& alert : alerts) {
    templates::JsonObject object;
    if (!alert.annotations.empty()) object.raw("annotations", object_of(alert.annotations));
    object.text("endsAt", format_rfc3339_milli(alert.ends_at));
    object.text("startsAt", format_rfc3339_milli(alert.starts_at));
    object.text_if("generatorURL", alert.generator_url);
    object.raw("labels", object_of(alert.labels));
    encoded.push_back(object.finish());
  }
  return templates::json_array(encoded);
}

}  // namespace tocsin::dispatch
