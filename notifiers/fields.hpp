// The fields of a service as data. engine/config reads, checks, masks and documents receivers from these
// tables, so that adding a service means a pair of files here and a line in registry.cpp, nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/template/value.hpp"

namespace tocsin::notifiers {

enum class FieldType {
  text,
  secret,               // text that is masked
  url,                  // http or https with a host, else an error
  secret_url,           // the same, masked; "<secret>" passes unchecked, as upstream
  secret_template_url,  // the same, but not checked as a URL if it holds "{{"
  file,                 // path of a file whose trimmed content is read when a notification is sent
  boolean,
  optional_boolean,  // without a value when not given
  integer,           // signed
  count,             // unsigned
  duration,          // Go's time.Duration in YAML: "10s", "1h30m"; no number
  text_list,
  object,       // `fields`; without a value when not given
  object_list,  // of objects with `fields`
  data,         // anything, decoded as Go's YAML decodes into `any`: maps keep string keys alone
  data_map      // the same, but a mapping
};

struct FieldSpec {
  std::string name;  // the YAML key
  FieldType type = FieldType::text;
  std::string default_text;  // of text; "true" of boolean; "" is none
  bool templated = false;    // rendered with the notification's data; of data: every string in it
  std::vector<FieldSpec> fields;

  [[nodiscard]] bool is_secret() const {
    return type == FieldType::secret || type == FieldType::secret_url ||
           type == FieldType::secret_template_url;
  }
};

// A templated text.
[[nodiscard]] FieldSpec templated(std::string name, std::string default_text = "");

// The values of one integration (or of `global`), by field name. What was not given has its default; a field
// without default is absent. Values are templates::Value: text is a string, duration a time.Duration, count
// and integer an int64, lists []interface {}, objects and data maps map[string]interface {}.
class Settings {
 public:
  void set(std::string name, templates::Value value) {
    values_.insert_or_assign(std::move(name), std::move(value));
  }
  void erase(std::string_view name);
  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  // Present and not "".
  [[nodiscard]] bool has_text(std::string_view name) const { return !text(name).empty(); }
  // "" when absent; the view lives as long as the settings are not changed.
  [[nodiscard]] std::string_view text(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;            // false when absent
  [[nodiscard]] std::int64_t number(std::string_view name) const;  // 0 when absent
  [[nodiscard]] Duration duration(std::string_view name) const;    // 0 when absent
  // No value when absent.
  [[nodiscard]] templates::Value value(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  [[nodiscard]] std::vector<Settings> objects(std::string_view name) const;
  [[nodiscard]] const templates::Map& all() const { return values_; }

 private:
  templates::Map values_;
};

// A field that is not as it must be. `field` is the key it belongs to ("" is the integration as a whole), a
// path for nested ones ("actions[0].type"); `text` is upstream's, and never holds a secret.
struct Problem {
  std::string field;
  std::string text;
};

// What the settings of an integration are completed from.
struct Globals {
  const Settings& settings;         // the services' global_fields, by name
  bool own_http_config = false;     // the integration has an http_config of its own
  bool http_authorization = false;  // the http_config that will be used sets `authorization`
};

// Checks the integration's own fields, as upstream does while it decodes them, and fills in what follows
// from other fields. Global values are not looked at.
using CheckFields = std::function<std::vector<Problem>(Settings&)>;
// Fills in what comes from `global`, and reports what is then still missing.
using ApplyGlobals = std::function<std::vector<Problem>(Settings&, const Globals&)>;
// Checks the global fields alone.
using CheckGlobals = std::function<std::vector<Problem>(const Settings& globals)>;

struct FieldTable {
  std::string kind;        // "slack": in logs, metrics, addresses of integrations
  std::string config_key;  // "slack_configs"
  bool send_resolved = true;
  std::vector<FieldSpec> fields;         // without send_resolved and http_config, which all have
  std::vector<FieldSpec> global_fields;  // keys of `global` that this service owns
  CheckFields check;
  ApplyGlobals apply_globals;
  CheckGlobals check_globals;

  [[nodiscard]] const FieldSpec* field(std::string_view name) const;
};

}  // namespace tocsin::notifiers
