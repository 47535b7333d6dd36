// What all services need to turn templated settings into text: execution of fields with a fallback, cutting
// to limits, and settings whose value lies in a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/registry.hpp"

namespace tocsin::notifiers {

// Upstream's truncation: to `limit` characters, the last of which is then an ellipsis.
struct Truncated {
  std::string text;
  bool cut = false;
};
[[nodiscard]] Truncated truncate_characters(std::string text, std::size_t limit);

// How a field whose template failed is shown when pages must go out all the same.
enum class FailedField {
  with_error,  // the default text, and the error in brackets
  plain        // the default text alone: links, icons, colours
};

// Renders the fields of one notification. Borrows everything for its short life.
//
// With context.fall_back_to_default each failure is noted and the field gets its default. Without, it does
// what upstream's notify.TmplText does: after the first failure every field is empty and error() is set.
class FieldRenderer {
 public:
  FieldRenderer(const Notification& notification, templates::Value data, const RenderContext& context,
                const FieldTable& table);

  // A field of the integration, by its name.
  [[nodiscard]] std::string field(const Settings& settings, std::string_view name,
                                  FailedField failed = FailedField::with_error);
  // A text that is part of a field; `path` names it in failures ("fields[0].title"). It has no default.
  [[nodiscard]] std::string nested(std::string_view path, std::string_view source,
                                   FailedField failed = FailedField::with_error);
  // A text without which there is nothing to send: a failure is final whatever the context says.
  [[nodiscard]] Result<std::string> required(std::string_view source);
  // Data of any shape, each string in it (keys too) rendered, and each rendered value read as YAML, so that
  // "1" is a number and toJson's output is structure (upstream's template.DeepCopyWithTemplate).
  [[nodiscard]] templates::Value data(std::string_view path, const templates::Value& source);

  // Whether that field has a failure.
  [[nodiscard]] bool failed(std::string_view path) const;
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] std::vector<TemplateFailure> take_failures() { return std::move(failures_); }

 private:
  [[nodiscard]] std::string render(std::string_view path, std::string_view source,
                                   std::string_view default_source, FailedField failed);

  const Notification& notification_;
  templates::Value data_;
  const RenderContext& context_;
  const FieldTable& table_;
  std::vector<TemplateFailure> failures_;
  std::optional<Error> error_;
};

// The value of a setting that is given inline or as a file; the file's content is trimmed.
// The error of a file that cannot be read begins with `what`.
[[nodiscard]] Result<std::string> setting_or_file(const Settings& settings, std::string_view name,
                                                  const RenderContext& context, std::string_view what);

// A service whose rendering looks at its own table.
using RenderFields = Result<Rendered> (*)(const FieldTable&, const Notification&, const Settings&,
                                          const RenderContext&);
[[nodiscard]] Service make_service(FieldTable table, RenderFields render, Classify classify);

// A request that posts JSON.
[[nodiscard]] Request json_request(std::string url, std::string body);

}  // namespace tocsin::notifiers
