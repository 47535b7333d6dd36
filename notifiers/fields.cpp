#include "notifiers/fields.hpp"

#include <algorithm>

namespace tocsin::notifiers {
namespace {

using templates::Kind;
using templates::Value;

}  // namespace

FieldSpec templated(std::string name, std::string default_text) {
  return {std::move(name), FieldType::text, std::move(default_text), true, {}};
}

void Settings::erase(std::string_view name) {
  if (const auto found = values_.find(name); found != values_.end()) values_.erase(found);
}

std::string_view Settings::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.kind() != Kind::string) return {};
  return found->second.string();
}

bool Settings::flag(std::string_view name) const {
  const Value found = value(name);
  return found.kind() == Kind::boolean && found.boolean();
}

std::int64_t Settings::number(std::string_view name) const {
  const Value found = value(name);
  if (found.kind() == Kind::unsigned_integer) return static_cast<std::int64_t>(found.unsigned_integer());
  return found.kind() == Kind::integer ? found.integer() : 0;
}

Duration Settings::duration(std::string_view name) const {
  return Duration(number(name));
}

Value Settings::value(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? Value() : found->second.outside_interface();
}

std::vector<std::string> Settings::texts(std::string_view name) const {
  std::vector<std::string> texts;
  const Value list = value(name);
  if (list.kind() != Kind::list) return texts;
  for (const Value& element : list.list()) {
    if (element.kind() == Kind::string) texts.push_back(element.string());
  }
  return texts;
}

std::vector<Settings> Settings::objects(std::string_view name) const {
  std::vector<Settings> objects;
  const Value found = value(name);
  const auto add = [&](const Value& object) {
    if (object.kind() != Kind::map) return;
    Settings settings;
    settings.values_ = object.map();
    objects.push_back(std::move(settings));
  };
  if (found.kind() == Kind::list) {
    for (const Value& element : found.list()) add(element.outside_interface());
  } else {
    add(found);
  }
  return objects;
}

const FieldSpec* FieldTable::field(std::string_view name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const FieldSpec& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace tocsin::notifiers
