#include "engine/config/settings_reader.hpp"

#include <cctype>
#include <utility>

#include "engine/config/go_duration.hpp"
#include "engine/config/url.hpp"
#include "promql/format.hpp"
#include "rules/yaml/secret.hpp"

namespace tocsin::config {
namespace {

using notifiers::FieldSpec;
using notifiers::FieldType;
using templates::Value;
using yaml::MapReader;

// Go's decoding into `any`; keys that are not text are left out of a map.
Value to_value(const yaml::Scope& scope, const yaml::Node& node) {
  if (node.kind == yaml::NodeKind::sequence) {
    templates::List items;
    for (const yaml::Node* item : node.items) items.push_back(to_value(scope, *item));
    return Value::anys(std::move(items));
  }
  if (node.kind == yaml::NodeKind::mapping) {
    templates::Map entries;
    for (const yaml::Entry& entry : node.entries) {
      const yaml::ScalarType type = yaml::resolve_type(*entry.key, scope.document.dialect());
      const bool text = type == yaml::ScalarType::string || type == yaml::ScalarType::timestamp;
      if (text) entries.insert_or_assign(entry.key->value, to_value(scope, *entry.value));
    }
    return Value::any_map(std::move(entries));
  }
  switch (yaml::resolve_type(node, scope.document.dialect())) {
    case yaml::ScalarType::null:
      return Value::nil_interface();
    case yaml::ScalarType::boolean:
      return Value(yaml::to_bool(scope, node).value());
    case yaml::ScalarType::floating:
      return Value(yaml::to_double(scope, node).value());
    case yaml::ScalarType::integer:
      if (const Result<std::int64_t> number = yaml::to_int(scope, node)) return Value(*number);
      return Value(yaml::to_double(scope, node).value());
    case yaml::ScalarType::timestamp:
    case yaml::ScalarType::string:
    case yaml::ScalarType::binary:
      break;
  }
  Result<std::string> text = yaml::to_string(scope, node);
  return text ? Value(*std::move(text)) : Value::nil_interface();
}

// A backslash and an n outside of template actions, where somebody meant a line break; npos if there is none.
std::size_t find_literal_newline(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.substr(i).starts_with("{{")) {
      const std::size_t close = text.find("}}", i);
      if (close == std::string_view::npos) return close;
      i = close + 2;
    } else if (text.substr(i).starts_with("\\n")) {
      return i;
    } else {
      ++i;
    }
  }
  return std::string_view::npos;
}

class SettingsReader {
 public:
  SettingsReader(MapReader& map, std::vector<Diagnostic>& lint) : map_(map), lint_(lint) {}

  notifiers::Settings read(const std::vector<FieldSpec>& fields) {
    for (const FieldSpec& field : fields) {
      if (map_.child(field.name) == nullptr) {
        set_default(field);
      } else {
        set_given(field);
      }
    }
    return std::move(settings_);
  }

 private:
  void set_default(const FieldSpec& field) {
    if (field.default_text.empty()) return;
    if (field.type == FieldType::boolean) {
      settings_.set(field.name, Value(field.default_text == "true"));
    } else if (field.type == FieldType::duration) {
      if (const Result<Duration> duration = parse_go_duration(field.default_text))
        settings_.set(field.name, Value(*duration));
    } else if (field.type == FieldType::integer || field.type == FieldType::count) {
      settings_.set(field.name, Value(std::int64_t{std::stoll(field.default_text)}));
    } else {
      settings_.set(field.name, Value(field.default_text));
    }
  }

  void set_given(const FieldSpec& field) {
    const bool null = map_.value(field.name) == nullptr;
    switch (field.type) {
      case FieldType::text:
      case FieldType::file:
      case FieldType::secret:
      case FieldType::secret_template_url:
        return set_text(field);
      case FieldType::url:
      case FieldType::secret_url:
        if (!null) set_text(field);
        return;
      case FieldType::boolean:
      case FieldType::optional_boolean: {
        bool flag = false;
        if (!(null && field.type == FieldType::optional_boolean) && map_.boolean(field.name, flag)) {
          settings_.set(field.name, Value(flag));
        }
        return;
      }
      case FieldType::integer:
      case FieldType::count:
        return set_number(field);
      case FieldType::duration:
        return set_duration(field);
      case FieldType::text_list: {
        std::vector<std::string> texts;
        if (map_.strings(field.name, texts)) settings_.set(field.name, list_of(texts));
        return;
      }
      case FieldType::object:
        if (!null) settings_.set(field.name, read_object(field, *map_.value(field.name), field.name));
        return;
      case FieldType::object_list:
        return set_objects(field);
      case FieldType::data:
      case FieldType::data_map:
        return set_data(field);
    }
  }

  static Value list_of(const std::vector<std::string>& texts) {
    templates::List items;
    for (const std::string& text : texts) items.emplace_back(text);
    return Value::anys(std::move(items));
  }

  void set_text(const FieldSpec& field) {
    std::string text;
    if (!map_.string(field.name, text)) return;
    settings_.set(field.name, Value(text));
    const bool url = field.type == FieldType::url || field.type == FieldType::secret_url ||
                     (field.type == FieldType::secret_template_url && text.find("{{") == std::string::npos);
    if (field.is_secret() && (text.empty() || text == kSecretToken)) return;
    const bool bad_url = url && !check_url(field, text);
    if (!bad_url && field.is_secret() && looks_like_placeholder(text)) warn_placeholder(field);
    lint_newlines(field, text);
  }

  // False if it is no URL. A secret's text never shows, nor does any part of it.
  bool check_url(const FieldSpec& field, const std::string& text) {
    const Result<Url> url = parse_http_url(text);
    if (url) return true;
    if (!field.is_secret()) {
      map_.error(field.name, url.error().text);
      return false;
    }
    const bool placeholder = looks_like_placeholder(text);
    const bool tells_nothing = url.error().text.starts_with("unsupported scheme \"\"") ||
                               url.error().text.starts_with("missing host");
    Diagnostic diagnostic;
    diagnostic.position = map_.position_of_value(field.name);
    diagnostic.text =
        format("{}: {} (value hidden: it is a secret{})", map_.subject_of(field.name),
               tells_nothing ? url.error().text : "not a valid URL, expected http:// or https://",
               placeholder ? "; it looks like a placeholder" : "");
    diagnostic.hint = how_to_write(field);
    map_.scope().add(std::move(diagnostic));
    return false;
  }

  static std::string how_to_write(const FieldSpec& field) {
    std::string service = field.name.substr(0, field.name.find('_'));
    std::string variable;
    for (const char c : service) variable += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return format("write it here, or use {0}_file: /run/secrets/{1}, or {0}: '${{env:{2}_URL}}'", field.name,
                  service, variable);
  }

  void warn_placeholder(const FieldSpec& field) {
    Diagnostic diagnostic;
    diagnostic.position = map_.position_of_value(field.name);
    diagnostic.severity = Severity::warning;
    diagnostic.text = yaml::join_subject(map_.subject(), field.name + " looks like a placeholder");
    map_.scope().add(std::move(diagnostic));
  }

  void lint_newlines(const FieldSpec& field, const std::string& text) {
    const yaml::Node* node = map_.value(field.name);
    if (!field.templated || node == nullptr || node->style == yaml::ScalarStyle::double_quoted) return;
    if (node->value != text) return;  // came from a reference
    const std::size_t at = find_literal_newline(text);
    if (at == std::string::npos) return;
    const bool single = node->style == yaml::ScalarStyle::single_quoted;
    Diagnostic diagnostic;
    diagnostic.file = map_.scope().document.file();
    diagnostic.position = map_.scope().document.position_in(*node, at);
    diagnostic.severity = Severity::warning;
    diagnostic.code = "A103 literal-backslash-n";
    diagnostic.text = format("{}: \"\\n\" {} is sent as a backslash and an n", map_.subject_of(field.name),
                             single ? "in single quotes" : "without double quotes");
    diagnostic.fix = "write the text in double quotes";
    lint_.push_back(std::move(diagnostic));
  }

  void set_number(const FieldSpec& field) {
    std::int64_t number = 0;
    std::uint64_t count = 0;
    if (field.type == FieldType::integer) {
      if (map_.integer(field.name, number)) settings_.set(field.name, Value(number));
    } else if (map_.unsigned_integer(field.name, count)) {
      settings_.set(field.name, Value(static_cast<std::int64_t>(count)));
    }
  }

  // Go decodes a number into a time.Duration as nanoseconds.
  void set_duration(const FieldSpec& field) {
    const yaml::Node* node = map_.value(field.name);
    if (node == nullptr) return;
    if (yaml::resolve_type(*node, map_.scope().document.dialect()) == yaml::ScalarType::integer) {
      std::int64_t nanoseconds = 0;
      if (map_.integer(field.name, nanoseconds)) settings_.set(field.name, Value(Duration(nanoseconds)));
      return;
    }
    std::string text;
    if (!map_.string(field.name, text)) return;
    const Result<Duration> duration = parse_go_duration(text);
    if (duration) {
      settings_.set(field.name, Value(*duration));
    } else {
      map_.error(field.name, duration.error().text + ", expected a form such as \"10s\" or \"1h30m\"");
    }
  }

  Value read_object(const FieldSpec& field, const yaml::Node& node, const std::string& name) {
    MapReader inner(map_.scope(), node, map_.subject_of(name));
    notifiers::Settings settings = SettingsReader(inner, lint_).read(field.fields);
    inner.finish();
    return Value::any_map(settings.all());
  }

  void set_objects(const FieldSpec& field) {
    if (map_.value(field.name) == nullptr) return;
    templates::List objects;
    const std::vector<const yaml::Node*> items = map_.list(field.name);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string name = format("{}[{}]", field.name, i);
      if (yaml::is_null(*items[i], map_.scope().document.dialect())) {
        map_.scope().error(*items[i], map_.subject_of(name) + ": expected a mapping, found nothing");
      } else {
        objects.push_back(read_object(field, *items[i], name));
      }
    }
    settings_.set(field.name, Value::anys(std::move(objects)));
  }

  void set_data(const FieldSpec& field) {
    const yaml::Node* node = map_.value(field.name);
    if (node == nullptr) return;
    if (field.type == FieldType::data_map && node->kind != yaml::NodeKind::mapping) {
      map_.error(field.name, format("expected a mapping, found {}", yaml::describe(*node)));
      return;
    }
    if (field.type == FieldType::data) return settings_.set(field.name, to_value(map_.scope(), *node));
    // The keys of the map itself are text whatever they look like; only below it Go has keys of any type.
    templates::Map entries;
    for (const yaml::Entry& entry : node->entries) {
      entries.insert_or_assign(entry.key->value, to_value(map_.scope(), *entry.value));
    }
    settings_.set(field.name, Value::any_map(std::move(entries)));
  }

  MapReader& map_;
  std::vector<Diagnostic>& lint_;
  notifiers::Settings settings_;
};

// The node a path such as "actions[0].type" leads to, as far as it exists.
const yaml::Node* follow(const yaml::Node& from, std::string_view path) {
  const yaml::Node* at = &from;
  while (at != nullptr && !path.empty()) {
    const std::size_t end = std::min(path.find_first_of("[."), path.size());
    const yaml::Node* next = at->find(path.substr(0, end));
    if (next == nullptr) return at;
    at = next;
    path.remove_prefix(end);
    if (path.starts_with('[')) {
      const std::size_t close = std::min(path.find(']'), path.size() - 1);
      const auto index = static_cast<std::size_t>(std::atoi(std::string(path.substr(1, close - 1)).c_str()));
      if (at->kind != yaml::NodeKind::sequence || index >= at->items.size()) return at;
      at = at->items[index];
      path.remove_prefix(close + 1);
    }
    if (path.starts_with('.')) path.remove_prefix(1);
  }
  return at;
}

}  // namespace

notifiers::Settings read_settings(MapReader& map, const std::vector<FieldSpec>& fields,
                                  std::vector<Diagnostic>& lint) {
  return SettingsReader(map, lint).read(fields);
}

void report_problems(MapReader& map, const std::vector<notifiers::Problem>& problems) {
  for (const notifiers::Problem& problem : problems) {
    const std::string subject = problem.field.empty() ? map.subject() : map.subject_of(problem.field);
    const yaml::Node* node = follow(map.node(), problem.field);
    map.scope().error(node == nullptr ? map.node() : *node, yaml::join_subject(subject, problem.text));
  }
}

}  // namespace tocsin::config
