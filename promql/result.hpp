// Errors are values: Result<T> is Boost.System's result with our Error. Every folder uses this one header.
//
// An error's text follows the form "place: subject: what was found, what was expected", in lower case and
// without a full stop. A layer that passes an error on adds its own noun once, with Error::wrap.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tocsin {

struct Error {
  std::string text;

  Error() = default;
  explicit Error(std::string message) : text(std::move(message)) {}

  // "subject: text"
  [[nodiscard]] Error wrap(std::string_view subject) const {
    return Error(std::string(subject) + ": " + text);
  }
  friend bool operator==(const Error&, const Error&) = default;
};

// Boost.System calls this when value() is asked of a result that holds an error: a bug of the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("value() of a failed result: " + error.text);
}

// Boost's own converting constructors leave out every T that an Error can be made of, std::string first of
// all; so ours say it outright: an Error is the error, whatever converts to T is the value.
template <class T>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
  using Base = boost::system::result<T, Error>;

 public:
  Result() = default;
  Result(Error error) : Base(boost::system::in_place_error, std::move(error)) {}
  template <class Value>
  requires(std::is_convertible_v<Value, T> && !std::is_same_v<std::remove_cvref_t<Value>, Error> &&
           !std::is_base_of_v<Base, std::remove_cvref_t<Value>>) Result(Value&& value)
      : Base(boost::system::in_place_value, std::forward<Value>(value)) {}
};

template <>
class [[nodiscard]] Result<void> : public boost::system::result<void, Error> {
  using Base = boost::system::result<void, Error>;

 public:
  Result() = default;
  Result(Error error) : Base(boost::system::in_place_error, std::move(error)) {}
};

}  // namespace tocsin
