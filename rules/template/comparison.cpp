#include "rules/template/comparison.hpp"

#include "promql/format.hpp"
#include "rules/template/printing.hpp"

namespace tocsin::templates {
namespace {

constexpr std::string_view kBadType = "invalid type for comparison";

bool is_basic(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::floating:
    case Kind::string:
      return true;
    default:
      return false;
  }
}

bool are_mixed_integers(const Value& a, const Value& b) {
  return (a.kind() == Kind::integer && b.kind() == Kind::unsigned_integer) ||
         (a.kind() == Kind::unsigned_integer && b.kind() == Kind::integer);
}

Error incompatible(const Value& a, const Value& b) {
  return Error(format("incompatible types for comparison: {} and {}", a.type_name(), b.type_name()));
}

bool basic_equal(const Value& a, const Value& b) {
  switch (a.kind()) {
    case Kind::boolean:
      return a.boolean() == b.boolean();
    case Kind::integer:
      return a.integer() == b.integer();
    case Kind::unsigned_integer:
      return a.unsigned_integer() == b.unsigned_integer();
    case Kind::floating:
      return a.floating() == b.floating();
    default:
      return a.string() == b.string();
  }
}

std::string shown(const Value& value) {
  return sprintf("%s", std::span(&value, 1));
}

bool is_comparable(const Type& type) {
  if (type.kind == Kind::list || type.kind == Kind::map) return false;
  for (const Field& field : type.fields) {
    if (!is_comparable(*field.type)) return false;
  }
  return true;
}

// Go's == on values inside interfaces: the same type and the same value.
bool identical(const Value& a, const Value& b) {
  if (!a.valid() || !b.valid()) return a.valid() == b.valid();
  if (&a.type() != &b.type()) return false;
  if (is_basic(a)) return basic_equal(a, b);
  if (&a.type() == &time_type()) return a.time().same_instant(b.time()) && a.time().zone == b.time().zone;
  if (a.kind() == Kind::structure) {
    for (std::size_t i = 0; i < a.list().size(); ++i) {
      if (!identical(a.field(i), b.field(i))) return false;
    }
    return true;
  }
  // Pointers are equal if they point to one thing; here each pointer has its own.
  return false;
}

Result<bool> other_equal(const Value& a, const Value& b) {
  const bool one_is_nothing = !a.valid() || !b.valid();
  if (a.kind() != b.kind() && !one_is_nothing) {
    return Error(format("non-comparable types {}: {}, {}: {}", shown(a), a.type_name(), b.type_name(),
                        sprint(std::span(&b, 1))));
  }
  if (a.is_nil() || b.is_nil()) return a.is_nil() == b.is_nil();
  if (!is_comparable(b.type())) return Error(format("non-comparable type {}: {}", shown(b), b.type_name()));
  return identical(a, b);
}

Result<bool> equal(const Value& a, const Value& b) {
  if (is_basic(a) && a.kind() == b.kind()) return basic_equal(a, b);
  if (!is_basic(a) && !is_basic(b)) return other_equal(a, b);
  if (are_mixed_integers(a, b)) {
    const Value& with_sign = a.kind() == Kind::integer ? a : b;
    const Value& without = a.kind() == Kind::integer ? b : a;
    return with_sign.integer() >= 0 &&
           static_cast<std::uint64_t>(with_sign.integer()) == without.unsigned_integer();
  }
  if (a.valid() && b.valid()) return incompatible(a, b);
  return false;
}

Result<bool> is_less(const Value& boxed_a, const Value& boxed_b) {
  const Value a = boxed_a.outside_interface();
  const Value b = boxed_b.outside_interface();
  if (!is_basic(a) || !is_basic(b)) return Error(std::string(kBadType));
  if (are_mixed_integers(a, b)) {
    if (a.kind() == Kind::integer) {
      return a.integer() < 0 || static_cast<std::uint64_t>(a.integer()) < b.unsigned_integer();
    }
    return b.integer() >= 0 && a.unsigned_integer() < static_cast<std::uint64_t>(b.integer());
  }
  if (a.kind() != b.kind()) return incompatible(a, b);
  switch (a.kind()) {
    case Kind::integer:
      return a.integer() < b.integer();
    case Kind::unsigned_integer:
      return a.unsigned_integer() < b.unsigned_integer();
    case Kind::floating:
      return a.floating() < b.floating();
    case Kind::string:
      return a.string() < b.string();
    default:
      return Error(std::string(kBadType));
  }
}

Result<Value> as_value(const Result<bool>& result) {
  if (!result) return result.error();
  return Value(*result);
}

Result<bool> is_less_or_equal(const Value& a, const Value& b) {
  Result<bool> smaller = is_less(a, b);
  if (!smaller || *smaller) return smaller;
  return equal(a.outside_interface(), b.outside_interface());
}

}  // namespace

Result<Value> equal_to_any(const Value& boxed_first, std::span<const Value> others) {
  const Value first = boxed_first.outside_interface();
  if (others.empty()) return Error("missing argument for comparison");
  for (const Value& other : others) {
    const Result<bool> same = equal(first, other.outside_interface());
    if (!same) return same.error();
    if (*same) return Value(true);
  }
  return Value(false);
}

Result<Value> not_equal(const Value& a, const Value& b) {
  const Result<bool> same = equal(a.outside_interface(), b.outside_interface());
  if (!same) return same.error();
  return Value(!*same);
}

Result<Value> less(const Value& a, const Value& b) {
  return as_value(is_less(a, b));
}

Result<Value> less_or_equal(const Value& a, const Value& b) {
  return as_value(is_less_or_equal(a, b));
}

Result<Value> greater(const Value& a, const Value& b) {
  const Result<bool> other_way = is_less_or_equal(a, b);
  if (!other_way) return other_way.error();
  return Value(!*other_way);
}

Result<Value> greater_or_equal(const Value& a, const Value& b) {
  const Result<bool> smaller = is_less(a, b);
  if (!smaller) return smaller.error();
  return Value(!*smaller);
}

}  // namespace tocsin::templates
