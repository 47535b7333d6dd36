#include <algorithm>
#include <array>
#include <functional>

#include "engine/config/effective.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

using notifiers::FieldSpec;
using notifiers::FieldType;

YamlValue to_yaml(const templates::Value& boxed) {
  const templates::Value value = boxed.indirect();
  switch (value.kind()) {
    case templates::Kind::boolean:
      return YamlValue::bare(value.boolean() ? "true" : "false");
    case templates::Kind::integer:
      return YamlValue::bare(std::to_string(value.integer()));
    case templates::Kind::unsigned_integer:
      return YamlValue::bare(std::to_string(value.unsigned_integer()));
    case templates::Kind::floating:
      return YamlValue::bare(format("{}", value.floating()));
    case templates::Kind::string:
      return YamlValue::text(value.string());
    case templates::Kind::list: {
      YamlValue out = YamlValue::list();
      for (const templates::Value& element : value.list()) out.add(to_yaml(element));
      return out;
    }
    case templates::Kind::map: {
      YamlValue out = YamlValue::map();
      for (const auto& [key, entry] : value.map()) out.set(key, to_yaml(entry));
      return out;
    }
    default:
      return YamlValue::bare("null");
  }
}

void add_settings(YamlValue& out, const notifiers::Settings& settings, const std::vector<FieldSpec>& fields);

YamlValue object_value(const notifiers::Settings& settings, const std::vector<FieldSpec>& fields) {
  YamlValue out = YamlValue::map();
  add_settings(out, settings, fields);
  return out;
}

void add_field(YamlValue& out, const notifiers::Settings& settings, const FieldSpec& field) {
  if (!settings.has(field.name)) return;
  if (field.is_secret()) {
    if (settings.has_text(field.name)) out.set(field.name, kSecretToken);
    return;
  }
  switch (field.type) {
    case FieldType::boolean:
    case FieldType::optional_boolean:
      out.set_flag(field.name, settings.flag(field.name));
      return;
    case FieldType::duration:
      out.set(field.name, format_go_duration(settings.duration(field.name)));
      return;
    case FieldType::object:
      for (const notifiers::Settings& object : settings.objects(field.name)) {
        out.set(field.name, object_value(object, field.fields));
      }
      return;
    case FieldType::object_list: {
      YamlValue list = YamlValue::list();
      for (const notifiers::Settings& object : settings.objects(field.name))
        list.add(object_value(object, field.fields));
      out.set_some(field.name, std::move(list));
      return;
    }
    default:
      if (settings.has_text(field.name) || field.type == FieldType::data ||
          field.type == FieldType::data_map || field.type == FieldType::text_list ||
          field.type == FieldType::integer || field.type == FieldType::count) {
        out.set(field.name, to_yaml(settings.value(field.name)));
      }
  }
}

void add_settings(YamlValue& out, const notifiers::Settings& settings, const std::vector<FieldSpec>& fields) {
  for (const FieldSpec& field : fields) add_field(out, settings, field);
}

YamlValue http_value(const HttpClientConfig& client) {
  YamlValue out = YamlValue::map();
  add_http_client(out, client);
  return out;
}

YamlValue global_value(const AlertmanagerGlobal& global, const yaml::Node* written) {
  YamlValue out = YamlValue::map();
  out.set("resolve_timeout", format_duration(global.resolve_timeout));
  out.set("http_config", http_value(*global.http));
  std::vector<std::string_view> shown = {"resolve_timeout", "http_config"};
  for (const notifiers::Service& service : notifiers::services()) {
    add_settings(out, global.services, service.table.global_fields);
    for (const FieldSpec& field : service.table.global_fields) shown.push_back(field.name);
  }
  if (written == nullptr) return out;
  const YamlValue masked = YamlValue::of(*written);
  for (const yaml::Entry& entry : written->entries) {
    if (std::ranges::find(shown, entry.key->value) == shown.end())
      out.set(entry.key->value, *masked.find(entry.key->value));
  }
  return out;
}

YamlValue receiver_value(const Receiver& receiver) {
  YamlValue out = YamlValue::map();
  out.set("name", receiver.name);
  out.set("labels", YamlValue::texts(receiver.labels));
  for (const notifiers::Service& service : notifiers::services()) {
    YamlValue list = YamlValue::list();
    for (const Integration& integration : receiver.integrations) {
      if (integration.service != &service) continue;
      YamlValue one = YamlValue::map();
      one.set_flag("send_resolved", integration.send_resolved);
      one.set("http_config", http_value(*integration.http));
      add_settings(one, integration.settings, service.table.fields);
      list.add(std::move(one));
    }
    out.set_some(service.table.config_key, std::move(list));
  }
  return out;
}

}  // namespace

std::string effective_yaml(const AlertmanagerConfig& config, const yaml::Node* root) {
  YamlValue out = YamlValue::map();
  out.set("global", global_value(config.global, root == nullptr ? nullptr : root->find("global")));
  const auto as_written = [&](std::string_view key) {
    const yaml::Node* node = root == nullptr ? nullptr : root->find(key);
    if (node != nullptr && !yaml::is_null(*node, yaml::Dialect::v2)) out.set(key, YamlValue::of(*node));
  };
  as_written("route");
  as_written("inhibit_rules");
  YamlValue receivers = YamlValue::list();
  for (const Receiver& receiver : config.receivers) receivers.add(receiver_value(receiver));
  out.set_some("receivers", std::move(receivers));
  out.set("templates", YamlValue::texts(config.template_patterns));
  for (const std::string_view key : {"mute_time_intervals", "time_intervals", "tracing", "event_recorder"}) {
    as_written(key);
  }
  return out.print();
}

}  // namespace tocsin::config
