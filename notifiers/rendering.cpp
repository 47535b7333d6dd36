#include "notifiers/rendering.hpp"

#include <algorithm>
#include <utility>

#include "notifiers/notification_template.hpp"
#include "notifiers/yaml_value.hpp"
#include "promql/format.hpp"
#include "promql/utf8.hpp"
#include "rules/template/json.hpp"
#include "rules/template/unicode.hpp"

namespace tocsin::notifiers {

using templates::Kind;
using templates::List;
using templates::Map;
using templates::Value;

Truncated truncate_characters(std::string text, std::size_t limit) {
  std::size_t keep = 0;  // bytes of the first limit - 1 characters
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty(); ++count) {
    if (count == limit) {
      text.resize(keep);
      return {text + "…", true};
    }
    const std::size_t width = decode_code_point(rest).width;
    if (count < limit - 1) keep += width;
    rest.remove_prefix(width);
  }
  return {std::move(text), false};
}

FieldRenderer::FieldRenderer(const Notification& notification, Value data, const RenderContext& context,
                             const FieldTable& table)
    : notification_(notification), data_(std::move(data)), context_(context), table_(table) {}

std::string FieldRenderer::field(const Settings& settings, std::string_view name, FailedField failed) {
  const FieldSpec* spec = table_.field(name);
  const std::string_view default_text =
      spec == nullptr ? std::string_view() : std::string_view(spec->default_text);
  return render(name, settings.text(name), default_text, failed);
}

std::string FieldRenderer::nested(std::string_view path, std::string_view source, FailedField failed) {
  return render(path, source, {}, failed);
}

Result<std::string> FieldRenderer::required(std::string_view source) {
  return execute_text(context_.templates, source, notification_, data_);
}

bool FieldRenderer::failed(std::string_view path) const {
  return std::any_of(failures_.begin(), failures_.end(),
                     [&](const TemplateFailure& failure) { return failure.field == path; });
}

std::string FieldRenderer::render(std::string_view path, std::string_view source,
                                  std::string_view default_source, FailedField failed) {
  if (error_) return {};
  auto text = execute_text(context_.templates, source, notification_, data_);
  if (text) return std::move(*text);
  failures_.push_back({std::string(path), text.error().text});
  if (!context_.fall_back_to_default) {
    error_ = text.error();
    return {};
  }
  const auto fallback = execute_text(context_.templates, default_source, notification_, data_);
  std::string shown = fallback ? *fallback : std::string();
  if (failed == FailedField::plain) return shown;
  if (!shown.empty()) shown += ' ';
  return shown + "[" + text.error().text + "]";
}

Value FieldRenderer::data(std::string_view path, const Value& boxed) {
  Value source = boxed.outside_interface();
  switch (source.kind()) {
    case Kind::string: {
      const std::size_t failures = failures_.size();
      const std::string text = render(path, source.string(), {}, FailedField::with_error);
      // An error text is no YAML to be read.
      if (failures_.size() > failures || error_) return Value(text);
      const auto read = read_yaml_value(text);
      // ".inf" is a number that JSON cannot hold; upstream loses the notification over it.
      const bool sendable = read && (!context_.fall_back_to_default || templates::to_json(*read));
      return sendable ? *read : Value(text);
    }
    case Kind::list: {
      List elements;
      for (std::size_t i = 0; i < source.list().size(); ++i) {
        elements.push_back(data(format("{}[{}]", path, i), source.list()[i]));
      }
      return Value::anys(std::move(elements));
    }
    case Kind::map: {
      Map entries;
      for (const auto& [key, element] : source.map()) {
        const std::string inner = format("{}.{}", path, key);
        entries.insert_or_assign(render(inner, key, {}, FailedField::with_error), data(inner, element));
      }
      return Value::any_map(std::move(entries));
    }
    default:
      return source;
  }
}

Result<std::string> setting_or_file(const Settings& settings, std::string_view name,
                                    const RenderContext& context, std::string_view what) {
  if (settings.has_text(name)) return std::string(settings.text(name));
  const std::string path(settings.text(std::string(name) + "_file"));
  const auto content = context.read_file(path);
  if (!content) return what.empty() ? content.error() : content.error().wrap(what);
  return std::string(templates::trim_space(*content));
}

Service make_service(FieldTable table, RenderFields render, Classify classify) {
  Service service;
  service.table = table;
  service.render = [table = std::move(table), render](const Notification& notification,
                                                      const Settings& settings,
                                                      const RenderContext& context) {
    return render(table, notification, settings, context);
  };
  service.classify = std::move(classify);
  return service;
}

Request json_request(std::string url, std::string body) {
  Request request;
  request.shown_url = hide_url_path(url);
  request.url = std::move(url);
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  return request;
}

}  // namespace tocsin::notifiers
