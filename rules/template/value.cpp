// Construction and inspection of values. The types of Go itself are at the end; those of package time are in
// time_type.cpp.
#include "rules/template/value.hpp"

#include <algorithm>

namespace tocsin::templates {
namespace {

template <class Range, class Get>
std::uint32_t depth_over(const Range& elements, Get get) {
  std::size_t deepest = 0;
  for (const auto& element : elements) deepest = std::max(deepest, get(element).depth());
  return static_cast<std::uint32_t>(deepest + 1);
}

bool element_is_interface(const Type& type) {
  return type.element != nullptr && type.element->kind == Kind::interface;
}

}  // namespace

Type make_type(std::string name, Kind kind, const Type* element, std::vector<Field> fields) {
  Type type;
  type.name = std::move(name);
  type.kind = kind;
  type.element = element;
  type.fields = std::move(fields);
  return type;
}

const Function* Type::method(std::string_view method_name) const {
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const Function& method) { return method.name == method_name; });
  return found == methods.end() ? nullptr : &*found;
}

Value::Value(bool flag) : Value(bool_type(), flag) {}
Value::Value(int number) : Value(int_type(), static_cast<std::int64_t>(number)) {}
Value::Value(std::int64_t number) : Value(int_type(), number) {}
Value::Value(double number) : Value(float64_type(), number) {}
Value::Value(std::string text) : Value(string_type(), std::move(text)) {}
Value::Value(std::string_view text) : Value(string_type(), std::string(text)) {}
Value::Value(const char* text) : Value(string_type(), std::string(text)) {}
Value::Value(const GoTime& time) : Value(time_type(), time) {}
Value::Value(Duration duration) : Value(duration_type(), static_cast<std::int64_t>(duration.count())) {}

Value Value::nil_interface() {
  Value value(any_type(), std::monostate{});
  value.in_interface_ = true;
  return value;
}

Value Value::of(const Type& type, bool flag) {
  return Value(type, flag);
}
Value Value::of(const Type& type, std::int64_t number) {
  return Value(type, number);
}
Value Value::of(const Type& type, std::uint64_t number) {
  return Value(type, number);
}
Value Value::of(const Type& type, double number) {
  return Value(type, number);
}
Value Value::of(const Type& type, std::string text) {
  return Value(type, std::move(text));
}
Value Value::of(const Type& type, const GoTime& time) {
  return Value(type, time);
}

Value Value::of(const Type& type, List elements) {
  const std::uint32_t depth = depth_over(elements, [](const Value& element) { return element; });
  Value value(type, std::make_shared<const List>(std::move(elements)));
  value.depth_ = depth;
  return value;
}

Value Value::of(const Type& type, Map entries) {
  const std::uint32_t depth = depth_over(entries, [](const auto& entry) { return entry.second; });
  Value value(type, std::make_shared<const Map>(std::move(entries)));
  value.depth_ = depth;
  return value;
}

Value Value::pointer_to(const Type& pointer_type, Value target) {
  const auto depth = static_cast<std::uint32_t>(target.depth() + 1);
  Value value(pointer_type, std::make_shared<const Value>(std::move(target)));
  value.depth_ = depth;
  return value;
}

Value Value::zero(const Type& type) {
  switch (type.kind) {
    case Kind::boolean:
      return Value(type, false);
    case Kind::integer:
      return Value(type, std::int64_t{0});
    case Kind::unsigned_integer:
      return Value(type, std::uint64_t{0});
    case Kind::floating:
      return Value(type, 0.0);
    case Kind::string:
      return Value(type, std::string());
    case Kind::list:
      return Value(type, std::shared_ptr<const List>());
    case Kind::map:
      return Value(type, std::shared_ptr<const Map>());
    case Kind::pointer:
      return Value(type, std::shared_ptr<const Value>());
    case Kind::structure: {
      if (&type == &time_type()) return Value(GoTime::zero());
      List fields;
      for (const Field& field : type.fields) fields.push_back(zero(*field.type));
      return of(type, std::move(fields));
    }
    case Kind::interface:
      return nil_interface();
    case Kind::invalid:
      break;
  }
  return {};
}

Value Value::strings(const std::vector<std::string>& texts) {
  return of(strings_type(), List(texts.begin(), texts.end()));
}
Value Value::anys(List elements) {
  return of(anys_type(), std::move(elements));
}
Value Value::string_map(Map entries) {
  return of(string_map_type(), std::move(entries));
}
Value Value::any_map(Map entries) {
  return of(any_map_type(), std::move(entries));
}

Kind Value::kind() const {
  return type_ == nullptr ? Kind::invalid : type_->kind;
}

std::string_view Value::type_name() const {
  if (in_interface_) return any_type().name;
  return type_ == nullptr ? std::string_view("<nil>") : std::string_view(type_->name);
}

Value Value::in_interface_value() const {
  if (!valid()) return nil_interface();
  Value inside = *this;
  inside.in_interface_ = true;
  return inside;
}

Value Value::outside_interface() const {
  if (kind() == Kind::interface) return {};
  Value outside = *this;
  outside.in_interface_ = false;
  return outside;
}

Value Value::indirect() const {
  Value value = *this;
  while (value.kind() == Kind::pointer && !value.is_nil()) value = value.target();
  if (value.kind() != Kind::interface) value.in_interface_ = false;
  return value;
}

bool Value::is_nil() const {
  switch (kind()) {
    case Kind::invalid:
    case Kind::interface:
      return true;
    case Kind::list:
      return std::get<std::shared_ptr<const List>>(data_) == nullptr;
    case Kind::map:
      return std::get<std::shared_ptr<const Map>>(data_) == nullptr;
    case Kind::pointer:
      return std::get<std::shared_ptr<const Value>>(data_) == nullptr;
    default:
      return false;
  }
}

const List& Value::list() const {
  static const List kEmpty;
  const auto& shared = std::get<std::shared_ptr<const List>>(data_);
  return shared == nullptr ? kEmpty : *shared;
}

const Map& Value::map() const {
  static const Map kEmpty;
  const auto& shared = std::get<std::shared_ptr<const Map>>(data_);
  return shared == nullptr ? kEmpty : *shared;
}

Value Value::element(std::size_t index) const {
  const Value& element = list()[index];
  return element_is_interface(*type_) ? element.in_interface_value() : element;
}

Value Value::entry(std::string_view key) const {
  const Map& entries = map();
  const auto found = entries.find(key);
  if (found == entries.end()) return {};
  return element_is_interface(*type_) ? found->second.in_interface_value() : found->second;
}

Value Value::field(std::size_t index) const {
  const Value& field = list()[index];
  return type_->fields[index].type->kind == Kind::interface ? field.in_interface_value() : field;
}

Value Value::target() const {
  const auto& shared = std::get<std::shared_ptr<const Value>>(data_);
  return shared == nullptr ? Value() : *shared;
}

bool Value::truth() const {
  switch (kind()) {
    case Kind::boolean:
      return boolean();
    case Kind::integer:
      return integer() != 0;
    case Kind::unsigned_integer:
      return unsigned_integer() != 0;
    case Kind::floating:
      return floating() != 0;
    case Kind::string:
      return !string().empty();
    case Kind::list:
      return !list().empty();
    case Kind::map:
      return !map().empty();
    case Kind::pointer:
      return !is_nil();
    case Kind::structure:
      return true;
    case Kind::interface:
    case Kind::invalid:
      break;
  }
  return false;
}

bool assignable(const Value& value, const Type& wanted) {
  if (wanted.kind == Kind::interface) return true;
  if (!value.valid() || value.in_interface()) return false;
  if (&value.type() == &wanted) return true;
  // Go: identical underlying types, and at least one of the two has no name of its own. That is so for lists
  // and maps ("[]string"), whose literal types start with a bracket or "map[".
  const auto unnamed = [](const Type& type) {
    return type.name.starts_with("[]") || type.name.starts_with("map[");
  };
  return (wanted.kind == Kind::list || wanted.kind == Kind::map) && value.kind() == wanted.kind &&
         value.type().element == wanted.element && (unnamed(value.type()) || unnamed(wanted));
}

const Type& bool_type() {
  static const Type kType = make_type("bool", Kind::boolean);
  return kType;
}
const Type& int_type() {
  static const Type kType = make_type("int", Kind::integer);
  return kType;
}
const Type& int64_type() {
  static const Type kType = make_type("int64", Kind::integer);
  return kType;
}
const Type& uint64_type() {
  static const Type kType = make_type("uint64", Kind::unsigned_integer);
  return kType;
}
const Type& float64_type() {
  static const Type kType = make_type("float64", Kind::floating);
  return kType;
}
const Type& string_type() {
  static const Type kType = make_type("string", Kind::string);
  return kType;
}
const Type& byte_type() {
  static const Type kType = make_type("uint8", Kind::unsigned_integer);
  return kType;
}
const Type& any_type() {
  static const Type kType = make_type("interface {}", Kind::interface);
  return kType;
}
const Type& reflected_type() {
  static const Type kType = make_type("reflect.Value", Kind::structure);
  return kType;
}
const Type& strings_type() {
  static const Type kType = make_type("[]string", Kind::list, &string_type());
  return kType;
}
const Type& anys_type() {
  static const Type kType = make_type("[]interface {}", Kind::list, &any_type());
  return kType;
}
const Type& string_map_type() {
  static const Type kType = make_type("map[string]string", Kind::map, &string_type());
  return kType;
}
const Type& any_map_type() {
  static const Type kType = make_type("map[string]interface {}", Kind::map, &any_type());
  return kType;
}
const Type& html_type() {
  static const Type kType = make_type("template.HTML", Kind::string);
  return kType;
}
const Type& url_type() {
  static const Type kType = make_type("template.URL", Kind::string);
  return kType;
}

}  // namespace tocsin::templates
