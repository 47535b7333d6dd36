// The typed values that templates work on.
//
// Go's text/template runs on reflection, and what a template prints, compares or refuses depends on the Go
// types of its data: a missing key of a map[string]string is "", of a map[string]any it is "<no value>"; a
// safeHtml result cannot be given to toUpper; an error text names the type. So a Value carries a Type, a
// description of a Go type: its name as %T prints it, its kind, its fields and methods. Whoever exposes data
// to templates (rules, notifiers) describes its types once and builds values of them.
//
// Types are immutable and outlive every Value: they are function-local constants of the files that define
// them. Values are immutable, cheap to copy (lists, maps and structures are shared) and may be read from any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "promql/result.hpp"
#include "promql/time.hpp"
#include "rules/template/go_time.hpp"

namespace tocsin::templates {

enum class Kind : std::uint8_t {
  invalid,  // no value at all: Go's zero reflect.Value
  boolean,
  integer,
  unsigned_integer,
  floating,
  string,
  list,
  map,  // keys are strings
  structure,
  pointer,
  interface,  // only as the type of a parameter, an element or a field: a Value knows what is inside
};

class Value;
struct Type;

using Arguments = std::span<const Value>;
using Callable = std::function<Result<Value>(Arguments)>;

// A function or method with the signature that Go's reflection would check arguments against.
// For a method the receiver is the first argument of `call`, but not among the parameters.
struct Function {
  std::string name;
  // Asked for when needed, because the methods of a type may take values of that very type.
  std::vector<const Type& (*)()> parameters;
  bool variadic = false;  // the last parameter is the type of each further argument
  Callable call;
  // Set if Go's function has results that no template can use: the error of calling it.
  std::string refusal;
};

struct Field {
  std::string name;
  const Type* type = nullptr;
  std::string json;  // its name in JSON; empty: the field's own name
  // One that upstream's structure does not have: found by its name, left out where the structure is printed
  // or becomes JSON. Such fields come last.
  bool hidden = false;
};

struct Type {
  std::string name;  // "string", "template.KV", "*template.Data"
  Kind kind = Kind::invalid;
  const Type* element = nullptr;  // of lists, maps and pointers
  std::vector<Field> fields;      // of structures; a name in lower case is not exported
  std::vector<Function> methods;

  [[nodiscard]] const Function* method(std::string_view method_name) const;
  [[nodiscard]] bool stringer() const { return method("String") != nullptr || method("Error") != nullptr; }
};

// A type without methods yet.
[[nodiscard]] Type make_type(std::string name, Kind kind, const Type* element = nullptr,
                             std::vector<Field> fields = {});

using List = std::vector<Value>;
using Map = std::map<std::string, Value, std::less<>>;

class Value {
 public:
  // No value: prints as "<no value>".
  Value() = default;

  // Values of Go's own types bool, int, float64, string.
  Value(bool flag);
  Value(int number);
  Value(std::int64_t number);
  Value(double number);
  Value(std::string text);
  Value(std::string_view text);
  Value(const char* text);
  Value(const GoTime& time);
  Value(Duration duration);

  // An interface that holds nil: what a missing key of a map[string]any gives.
  [[nodiscard]] static Value nil_interface();
  // Values of a given type. REQUIRES: the payload fits the type's kind.
  [[nodiscard]] static Value of(const Type& type, bool flag);
  [[nodiscard]] static Value of(const Type& type, std::int64_t number);
  [[nodiscard]] static Value of(const Type& type, std::uint64_t number);
  [[nodiscard]] static Value of(const Type& type, double number);
  [[nodiscard]] static Value of(const Type& type, std::string text);
  [[nodiscard]] static Value of(const Type& type, List elements);  // a list, or a structure's fields in order
  [[nodiscard]] static Value of(const Type& type, Map entries);
  [[nodiscard]] static Value of(const Type& type, const GoTime& time);
  [[nodiscard]] static Value pointer_to(const Type& pointer_type, Value target);
  // The zero of a type: "", 0, false, a nil list, map or pointer, a structure of zeros, a nil interface.
  [[nodiscard]] static Value zero(const Type& type);
  // []string, []interface {}, map[string]string, map[string]interface {}
  [[nodiscard]] static Value strings(const std::vector<std::string>& texts);
  [[nodiscard]] static Value anys(List elements);
  [[nodiscard]] static Value string_map(Map entries);
  [[nodiscard]] static Value any_map(Map entries);

  // Whether there is a value; a nil interface is one, as in Go's reflection.
  [[nodiscard]] bool valid() const { return type_ != nullptr; }
  [[nodiscard]] Kind kind() const;
  // REQUIRES: valid().
  [[nodiscard]] const Type& type() const { return *type_; }
  // The type's name, "interface {}" while the value is still inside an interface, "<nil>" without a value.
  [[nodiscard]] std::string_view type_name() const;

  // A value taken from a list, map or field whose element type is an interface stays "in an interface" until
  // something looks inside; error texts show the difference.
  [[nodiscard]] bool in_interface() const { return in_interface_; }
  [[nodiscard]] Value in_interface_value() const;
  [[nodiscard]] Value outside_interface() const;  // a nil interface becomes no value
  // Follows pointers and interfaces to the end; is_nil() of the answer tells whether that was a nil.
  [[nodiscard]] Value indirect() const;
  // True of no value, and of nil lists, maps, pointers and interfaces.
  [[nodiscard]] bool is_nil() const;

  // REQUIRES: kind() is the one asked for.
  [[nodiscard]] bool boolean() const { return std::get<bool>(data_); }
  [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(data_); }
  [[nodiscard]] std::uint64_t unsigned_integer() const { return std::get<std::uint64_t>(data_); }
  [[nodiscard]] double floating() const { return std::get<double>(data_); }
  [[nodiscard]] const std::string& string() const { return std::get<std::string>(data_); }
  // Empty for a nil list; the elements as they lie there, see element().
  [[nodiscard]] const List& list() const;
  [[nodiscard]] const Map& map() const;
  // An element or entry as reflection gives it: inside an interface if the element type is one.
  [[nodiscard]] Value element(std::size_t index) const;
  [[nodiscard]] Value entry(std::string_view key) const;  // no value if the key is missing
  [[nodiscard]] Value field(std::size_t index) const;
  [[nodiscard]] const GoTime& time() const { return std::get<GoTime>(data_); }
  [[nodiscard]] Duration duration() const { return Duration(integer()); }
  // What a pointer points to; no value if it is nil.
  [[nodiscard]] Value target() const;

  // How deep lists, maps, structures and pointers are nested in this value; 0 for the others.
  [[nodiscard]] std::size_t depth() const { return depth_; }
  // Go's template truth: not the zero of its type, not empty.
  [[nodiscard]] bool truth() const;

 private:
  using Data =
      std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, GoTime,
                   std::shared_ptr<const List>, std::shared_ptr<const Map>, std::shared_ptr<const Value>>;
  Value(const Type& type, Data data) : type_(&type), data_(std::move(data)) {}

  const Type* type_ = nullptr;
  Data data_;
  std::uint32_t depth_ = 0;
  bool in_interface_ = false;
};

// Whether a value of this type may be given where `wanted` is asked for, without looking into an interface.
[[nodiscard]] bool assignable(const Value& value, const Type& wanted);

// Go's own types.
[[nodiscard]] const Type& bool_type();
[[nodiscard]] const Type& int_type();
[[nodiscard]] const Type& int64_type();
[[nodiscard]] const Type& uint64_type();
[[nodiscard]] const Type& float64_type();
[[nodiscard]] const Type& string_type();
[[nodiscard]] const Type& byte_type();
[[nodiscard]] const Type& any_type();         // interface {}
[[nodiscard]] const Type& reflected_type();   // reflect.Value: a parameter that takes anything as it is
[[nodiscard]] const Type& strings_type();     // []string
[[nodiscard]] const Type& anys_type();        // []interface {}
[[nodiscard]] const Type& string_map_type();  // map[string]string
[[nodiscard]] const Type& any_map_type();     // map[string]interface {}
[[nodiscard]] const Type& time_type();        // time.Time
[[nodiscard]] const Type& duration_type();    // time.Duration
[[nodiscard]] const Type& html_type();        // template.HTML
[[nodiscard]] const Type& url_type();         // template.URL

}  // namespace tocsin::templates
