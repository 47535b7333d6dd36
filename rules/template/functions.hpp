// What a template may call: a table of named functions with typed signatures.
//
// Functions are written as plain C++ callables; make_function derives from the callable's own signature what
// Go's reflection would know of it, so that argument counts and types are refused with Go's texts:
//
//   functions.add("join", [](const std::string& separator, const std::vector<std::string>& texts) { ... });
//
//   C++ parameter                 Go parameter
//   std::string                   string
//   double, bool, std::int64_t    float64, bool, int
//   std::vector<std::string>      []string
//   GoTime, Duration              time.Time, time.Duration
//   Any                           interface {}
//   Value                         reflect.Value: anything, as it is
//   Rest<T>                       ...T, last only
//
// A callable returns one of these types, a Value, or a Result of one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "rules/template/value.hpp"

namespace tocsin::templates {

struct Any {
  Value value;  // no value for nil
};
template <class T>
struct Rest {
  std::vector<T> values;
};

// Text that Go types as html/template's HTML or URL.
struct Html {
  std::string text;
};
struct Url {
  std::string text;
};

namespace binding {

template <class T>
struct Convert;
template <>
struct Convert<std::string> {
  static const Type& type() { return string_type(); }
  static std::string from(const Value& value) { return value.string(); }
};
template <>
struct Convert<double> {
  static const Type& type() { return float64_type(); }
  static double from(const Value& value) { return value.floating(); }
};
template <>
struct Convert<bool> {
  static const Type& type() { return bool_type(); }
  static bool from(const Value& value) { return value.boolean(); }
};
template <>
struct Convert<std::int64_t> {
  static const Type& type() { return int_type(); }
  static std::int64_t from(const Value& value) { return value.integer(); }
};
template <>
struct Convert<std::vector<std::string>> {
  static const Type& type() { return strings_type(); }
  static std::vector<std::string> from(const Value& value) {
    std::vector<std::string> texts;
    for (const Value& element : value.list()) texts.push_back(element.string());
    return texts;
  }
};
template <>
struct Convert<GoTime> {
  static const Type& type() { return time_type(); }
  static GoTime from(const Value& value) { return value.time(); }
};
template <>
struct Convert<Duration> {
  static const Type& type() { return duration_type(); }
  static Duration from(const Value& value) { return value.duration(); }
};
template <>
struct Convert<Any> {
  static const Type& type() { return any_type(); }
  static Any from(const Value& value) { return Any{value.outside_interface()}; }
};
template <>
struct Convert<Value> {
  static const Type& type() { return reflected_type(); }
  static Value from(const Value& value) { return value; }
};

inline Value to_value(Value value) {
  return value;
}
inline Value to_value(const Any& any) {
  return any.value.in_interface_value();
}
inline Value to_value(Html html) {
  return Value::of(html_type(), std::move(html.text));
}
inline Value to_value(Url url) {
  return Value::of(url_type(), std::move(url.text));
}
inline Value to_value(const std::vector<std::string>& texts) {
  return Value::strings(texts);
}
template <class T>
Result<Value> to_result(T&& result) {
  return to_value(std::forward<T>(result));
}
template <class T>
Result<Value> to_result(Result<T>&& result) {
  if (!result) return result.error();
  return to_value(std::move(*result));
}

template <class T>
struct Parameter {
  static constexpr bool kRest = false;
  static const Type& type() { return Convert<T>::type(); }
  static T take(Arguments arguments, std::size_t index) { return Convert<T>::from(arguments[index]); }
};
template <class T>
struct Parameter<Rest<T>> {
  static constexpr bool kRest = true;
  static const Type& type() { return Convert<T>::type(); }
  static Rest<T> take(Arguments arguments, std::size_t index) {
    Rest<T> rest;
    for (; index < arguments.size(); ++index) rest.values.push_back(Convert<T>::from(arguments[index]));
    return rest;
  }
};

template <class F>
struct Signature : Signature<decltype(&F::operator())> {};
template <class C, class R, class... P>
struct Signature<R (C::*)(P...) const> {
  using Parameters = std::tuple<std::remove_cvref_t<P>...>;
};
template <class R, class... P>
struct Signature<R (*)(P...)> {
  using Parameters = std::tuple<std::remove_cvref_t<P>...>;
};

// `skip` leading parameters are the receiver's.
template <class F, class... P, std::size_t... I>
Function bind(std::string name, F callable, std::size_t skip, std::tuple<P...>*, std::index_sequence<I...>) {
  Function function;
  function.name = std::move(name);
  function.parameters = {Parameter<P>::type...};
  function.parameters.erase(function.parameters.begin(),
                            function.parameters.begin() + static_cast<std::ptrdiff_t>(skip));
  function.variadic = (false || ... || Parameter<P>::kRest);
  function.call = [callable = std::move(callable)]([[maybe_unused]] Arguments arguments) -> Result<Value> {
    return to_result(callable(Parameter<P>::take(arguments, I)...));
  };
  return function;
}

}  // namespace binding

template <class F>
[[nodiscard]] Function make_function(std::string name, F callable) {
  using Parameters = typename binding::Signature<F>::Parameters;
  return binding::bind(std::move(name), std::move(callable), 0, static_cast<Parameters*>(nullptr),
                       std::make_index_sequence<std::tuple_size_v<Parameters>>{});
}
// The callable's first parameter is the receiver, as Value.
template <class F>
[[nodiscard]] Function make_method(std::string name, F callable) {
  using Parameters = typename binding::Signature<F>::Parameters;
  return binding::bind(std::move(name), std::move(callable), 1, static_cast<Parameters*>(nullptr),
                       std::make_index_sequence<std::tuple_size_v<Parameters>>{});
}

// A table of functions. A later function of the same name replaces the earlier.
class FunctionMap {
 public:
  template <class F>
  FunctionMap& add(std::string name, F callable) {
    return add(make_function(std::move(name), std::move(callable)));
  }
  FunctionMap& add(Function function) {
    std::string name = function.name;
    functions_.insert_or_assign(std::move(name), std::move(function));
    return *this;
  }
  // Null if there is none; the pointer lives as long as the table is not changed.
  [[nodiscard]] const Function* find(std::string_view name) const {
    const auto found = functions_.find(name);
    return found == functions_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] auto begin() const { return functions_.begin(); }
  [[nodiscard]] auto end() const { return functions_.end(); }

 private:
  std::map<std::string, Function, std::less<>> functions_;
};

// Go's built-in functions (index, len, printf, eq ...). `and`, `or` and `call` are listed too, but the
// executor treats them itself.
[[nodiscard]] const FunctionMap& builtin_functions();

}  // namespace tocsin::templates
