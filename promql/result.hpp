// Errors are values: Result<T> is Boost.System's result with our Error. Every folder uses this one header.
//
// An error's text follows the form "place: subject: what was found, what was expected", in lower case and
// without a full stop. A layer that passes an error on adds its own noun once, with Error::wrap.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
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

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace tocsin
