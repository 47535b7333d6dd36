// The services that can be notified. One service is one pair of files: a table of its fields, render and
// classify, all pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/fields.hpp"
#include "notifiers/notification.hpp"
#include "notifiers/request.hpp"
#include "promql/result.hpp"
#include "rules/template/template.hpp"

namespace tocsin::notifiers {

// Content of a file named by a *_file field, as it is now. Given by who owns files.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

struct RenderContext {
  const templates::TemplateSet& templates;  // notification_templates() and the user's files on top
  ReadFile read_file;
  // A field whose template fails gets its default text with the error in brackets, and the page goes out.
  // Off: upstream's ways (Slack sends what is left, PagerDuty and webhook fail).
  bool fall_back_to_default = true;
};

// A template of a field that failed; the page may have gone out all the same.
struct TemplateFailure {
  std::string field;
  std::string error;
};

struct Rendered {
  Request request;
  std::vector<TemplateFailure> failures;
  std::vector<std::string> warnings;  // what was cut off, as upstream logs it
};

// The error is final: sending again would not help.
using Render = std::function<Result<Rendered>(const Notification&, const Settings&, const RenderContext&)>;
using Classify = std::function<Outcome(const Reply&, const Settings&)>;

struct Service {
  FieldTable table;
  Render render;
  Classify classify;
};

// In upstream's order of kinds, in which a receiver's integrations are built.
[[nodiscard]] const std::vector<Service>& services();
// Null if there is none.
[[nodiscard]] const Service* find_service(std::string_view kind);

// Keys of a receiver that upstream knows and this version does not serve: "opsgenie_configs", ...
[[nodiscard]] const std::vector<std::string>& unserved_config_keys();

}  // namespace tocsin::notifiers
