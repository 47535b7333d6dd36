// Go's built-in template functions. Comparisons are in comparison.cpp, escapes in escape.cpp.
#include <span>

#include "promql/format.hpp"
#include "rules/template/comparison.hpp"
#include "rules/template/escape.hpp"
#include "rules/template/functions.hpp"
#include "rules/template/printing.hpp"

namespace tocsin::templates {
namespace {

bool is_integer(const Value& value) {
  return value.kind() == Kind::integer || value.kind() == Kind::unsigned_integer;
}

// A position in a list or string; `largest` is allowed.
Result<std::size_t> index_argument(const Value& index, std::size_t largest) {
  if (!index.valid()) return Error("cannot index slice/array with nil");
  if (!is_integer(index)) return Error(format("cannot index slice/array with type {}", index.type_name()));
  const std::int64_t number =
      index.kind() == Kind::integer ? index.integer() : static_cast<std::int64_t>(index.unsigned_integer());
  if (number < 0 || static_cast<std::uint64_t>(number) > largest) {
    return Error(format("index out of range: {}", number));
  }
  return static_cast<std::size_t>(number);
}

std::size_t length_of(const Value& item) {
  switch (item.kind()) {
    case Kind::string:
      return item.string().size();
    case Kind::map:
      return item.map().size();
    default:
      return item.list().size();
  }
}

bool is_sequence(const Value& item) {
  return item.kind() == Kind::list || item.kind() == Kind::string;
}

Result<Value> index_sequence(const Value& item, const Value& index) {
  const std::size_t length = length_of(item);
  const auto at = index_argument(index, length);
  if (!at) return at.error();
  // Go's check lets the length itself pass, and then its runtime panics.
  if (*at == length)
    return Error(format("reflect: {} index out of range", item.kind() == Kind::list ? "slice" : "string"));
  if (item.kind() == Kind::list) return item.element(*at);
  return Value::of(byte_type(), std::uint64_t{static_cast<unsigned char>(item.string()[*at])});
}

Result<Value> index_map(const Value& item, const Value& key) {
  if (!key.valid()) return Error("value is nil; should be of type string");
  if (key.kind() != Kind::string || &key.type() != &string_type()) {
    return Error(format("value has type {}; should be string", key.type_name()));
  }
  const Value found = item.entry(key.string());
  return found.valid() ? found : Value::zero(*item.type().element);
}

// x[1][2][3] of lists, strings and maps.
Result<Value> index_item(const Value& start, const Rest<Value>& indexes) {
  Value item = start.outside_interface();
  if (!item.valid()) return Error("index of untyped nil");
  for (const Value& boxed : indexes.values) {
    const Value index = boxed.outside_interface();
    item = item.indirect();
    if (item.kind() == Kind::interface || (item.kind() == Kind::pointer && item.is_nil())) {
      return Error("index of nil pointer");
    }
    Result<Value> next = Error(format("can't index item of type {}", item.type_name()));
    if (is_sequence(item)) next = index_sequence(item, index);
    if (item.kind() == Kind::map) next = index_map(item, index);
    if (!next) return next.error();
    item = *next;
  }
  return item;
}

// The elements of a list between two positions, as a list of the same type.
Value sub_list(const Value& item, std::size_t from, std::size_t to) {
  const List& elements = item.list();
  return Value::of(item.type(), List(elements.begin() + static_cast<std::ptrdiff_t>(from),
                                     elements.begin() + static_cast<std::ptrdiff_t>(to)));
}

// x[1:2] of lists and strings. A list's capacity is taken to be its length.
Result<Value> slice_item(const Value& boxed, const Rest<Value>& indexes) {
  const Value outside = boxed.outside_interface();
  if (!outside.valid()) return Error("slice of untyped nil");
  const Value item = outside.indirect();
  if (item.kind() == Kind::pointer) return Error("slice of nil pointer");
  const std::size_t count = indexes.values.size();
  if (count > 3) return Error(format("too many slice indexes: {}", count));
  if (item.kind() == Kind::string && count == 3) return Error("cannot 3-index slice a string");
  if (!is_sequence(item)) return Error(format("can't slice item of type {}", item.type_name()));
  const std::size_t length = length_of(item);
  std::size_t bounds[3] = {0, length, length};
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = index_argument(indexes.values[i], length);
    if (!at) return at.error();
    bounds[i] = *at;
  }
  if (bounds[0] > bounds[1]) return Error(format("invalid slice index: {} > {}", bounds[0], bounds[1]));
  if (count == 3 && bounds[1] > bounds[2]) {
    return Error(format("invalid slice index: {} > {}", bounds[1], bounds[2]));
  }
  if (item.kind() == Kind::list) return sub_list(item, bounds[0], bounds[1]);
  return Value::of(item.type(), item.string().substr(bounds[0], bounds[1] - bounds[0]));
}

Result<std::int64_t> length(const Value& boxed) {
  const Value item = boxed.indirect();
  if (item.kind() == Kind::interface || (item.kind() == Kind::pointer && item.is_nil())) {
    return Error("len of nil pointer");
  }
  if (!is_sequence(item) && item.kind() != Kind::map) {
    // The type of no value at all is asked for, which panics in Go.
    if (!item.valid()) return Error("reflect: call of reflect.Value.Type on zero Value");
    return Error(format("len of type {}", item.type_name()));
  }
  return static_cast<std::int64_t>(length_of(item));
}

std::vector<Value> unwrap(const Rest<Any>& rest) {
  std::vector<Value> values;
  values.reserve(rest.values.size());
  for (const Any& any : rest.values) values.push_back(any.value);
  return values;
}

// The text of the arguments of html, js and urlquery.
std::string joined(const Rest<Any>& rest) {
  std::vector<Value> values;
  for (const Any& any : rest.values) {
    values.push_back(any.value.valid() ? printable(any.value) : Value("<no value>"));
  }
  return sprint(values);
}

Result<Value> refused(const Value&) {
  return Error("the executor calls this function itself");
}

FunctionMap make_builtins() {
  FunctionMap functions;
  functions.add("and", [](const Value& first, const Rest<Value>&) { return refused(first); });
  functions.add("or", [](const Value& first, const Rest<Value>&) { return refused(first); });
  functions.add("call", [](const Value& first, const Rest<Value>&) { return refused(first); });
  functions.add("not", [](const Value& value) { return Value(!value.truth()); });
  functions.add("index", index_item);
  functions.add("slice", slice_item);
  functions.add("len", [](const Value& item) -> Result<Value> {
    const auto count = length(item);
    if (!count) return count.error();
    return Value(*count);
  });
  functions.add("print", [](const Rest<Any>& rest) { return Value(sprint(unwrap(rest))); });
  functions.add("println", [](const Rest<Any>& rest) { return Value(sprintln(unwrap(rest))); });
  functions.add("printf", [](const std::string& text, const Rest<Any>& rest) {
    return Value(sprintf(text, unwrap(rest)));
  });
  functions.add("html", [](const Rest<Any>& rest) { return Value(html_escape(joined(rest))); });
  functions.add("js", [](const Rest<Any>& rest) { return Value(js_escape(joined(rest))); });
  functions.add("urlquery", [](const Rest<Any>& rest) { return Value(query_escape(joined(rest))); });
  functions.add(
      "eq", [](const Value& first, const Rest<Value>& others) { return equal_to_any(first, others.values); });
  functions.add("ne", not_equal);
  functions.add("lt", less);
  functions.add("le", less_or_equal);
  functions.add("gt", greater);
  functions.add("ge", greater_or_equal);
  return functions;
}

}  // namespace

const FunctionMap& builtin_functions() {
  static const FunctionMap kFunctions = make_builtins();
  return kFunctions;
}

}  // namespace tocsin::templates
