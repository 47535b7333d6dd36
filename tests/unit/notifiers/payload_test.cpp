// Requests beside those of the real Alertmanager, recorded in tests/golden/notifiers (how: README there).
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "notifiers/notification_template.hpp"
#include "notifiers/registry.hpp"
#include "notifiers/yaml_value.hpp"
#include "promql/time.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace tocsin;
using namespace tocsin::notifiers;
using templates::Kind;
using templates::List;
using templates::Map;
using templates::Value;

const std::string kFolder = std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/notifiers/";

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string as_text(const Value& value) {
  return value.kind() == Kind::string ? value.string() : std::string();
}

std::map<std::string, std::string> text_map(const Value& value) {
  std::map<std::string, std::string> out;
  if (value.kind() != Kind::map) return out;
  for (const auto& [name, text] : value.map())
    out.emplace(name, text.kind() == Kind::integer ? std::to_string(text.integer()) : as_text(text));
  return out;
}

// A field as the configuration would give it.
Value typed(const FieldSpec& field, const Value& written) {
  if (field.type == FieldType::duration) return Value(*parse_duration(written.string()));
  return written;
}

Settings settings_of(const FieldTable& table, const Value& written) {
  Settings settings;
  for (const FieldSpec& field : table.fields) {
    const Value value = written.entry(field.name).outside_interface();
    if (written.map().contains(field.name)) {
      settings.set(field.name, typed(field, value));
    } else if (!field.default_text.empty()) {
      settings.set(field.name, Value(field.default_text));
    }
  }
  Settings globals;
  for (const FieldSpec& field : table.global_fields) {
    if (!field.default_text.empty()) globals.set(field.name, Value(field.default_text));
  }
  std::vector<Problem> problems = table.check(settings);
  if (table.apply_globals) {
    for (const Problem& problem : table.apply_globals(settings, {globals, false, false}))
      problems.push_back(problem);
  }
  for (const Problem& problem : problems) INFO(problem.field << ": " << problem.text);
  // update_message is checked before the address is known here as upstream does.
  REQUIRE(problems.empty());
  return settings;
}

NotifyReason reason_of(const std::string& text) {
  for (const NotifyReason reason :
       {NotifyReason::first_notification, NotifyReason::new_alerts_added, NotifyReason::some_alerts_resolved,
        NotifyReason::all_alerts_resolved, NotifyReason::repeat_interval_elapsed}) {
    if (to_string(reason) == text) return reason;
  }
  return NotifyReason::unknown;
}

Notification notification_of(const std::string& name, const Value& step) {
  Notification notification;
  notification.receiver = "team-" + name;
  notification.external_url = "http://alertmanager.example:9093/am";
  notification.reason = reason_of(as_text(step.map().at("reason")));
  if (step.map().contains("remembered")) notification.remembered = text_map(step.map().at("remembered"));
  for (const Value& written : step.map().at("alerts").list()) {
    NotifiedAlert alert;
    auto labels = text_map(written.map().at("labels"));
    labels["case"] = name;
    alert.labels = Labels::from_map(labels);
    alert.annotations = text_map(written.map().at("annotations"));
    alert.starts_at = *parse_rfc3339(as_text(written.map().at("startsAt")));
    alert.resolved = written.map().contains("endsAt");
    if (alert.resolved) alert.ends_at = *parse_rfc3339(as_text(written.map().at("endsAt")));
    alert.generator_url = as_text(written.map().at("generatorURL"));
    alert.fingerprint = fingerprint(alert.labels);
    notification.group_labels =
        Labels::from_map({{"alertname", std::string(alert.labels.get("alertname"))}, {"case", name}});
    notification.alerts.push_back(std::move(alert));
  }
  sort_for_notification(notification.alerts);
  notification.group_key = "{}/{case=\"" + name + "\"}:" + notification.group_labels.to_string();
  return notification;
}

std::string shown(const Request& request) {
  std::string out = request.method + " " + request.url + "\n";
  for (const Header& header : request.headers) out += header.name + ": " + header.value + "\n";
  return out + "\n" + request.body;
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("requests equal those of the real Alertmanager", "[notifiers]") {
  const templates::TemplateSet set = notification_templates();
  int requests = 0;
  for (const std::string& name : case_names()) {
    const auto spec = read_yaml_value(replaced(read_file(kFolder + name + ".yml"), "SINK", "http://sink"));
    INFO(name);
    REQUIRE(spec);
    const Service* service = find_service(as_text(spec->map().at("kind")));
    REQUIRE(service != nullptr);
    const Settings settings = settings_of(service->table, spec->map().at("settings"));
    const bool upstream_errors = spec->map().contains("upstream_errors");
    const List& steps = spec->map().at("steps").list();
    for (std::size_t step = 0; step < steps.size(); ++step) {
      INFO("step " << step + 1);
      const RenderContext context{set, {}, !upstream_errors};
      const auto rendered = service->render(notification_of(name, steps[step]), settings, context);
      REQUIRE(rendered);
      CHECK(rendered->failures.empty() == !upstream_errors);
      CHECK(shown(rendered->request) == read_file(kFolder + name + "." + std::to_string(step + 1) + ".http"));
      ++requests;
    }
  }
  CHECK(requests == 21);
}
