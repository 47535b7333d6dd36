// The JSON body of a POST to Alertmanager's API, and the texts with which upstream's framework refuses what
// it cannot read. The only header of this folder that shows Boost.JSON; for its .cpp files.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "engine/api/handler.hpp"

namespace tocsin::api {

struct Body {
  std::optional<boost::json::value> document;
  std::optional<HttpResponse> refused;  // the answer, if there is no document
};

// `name` is upstream's for the body in errors: "alerts". What is not UTF-8 is U+FFFD, as for Go.
[[nodiscard]] Body read_body(const HttpRequest& request, std::string_view name);

// {"code":602,"message":"..."}, without a newline as upstream writes it.
[[nodiscard]] HttpResponse answer_coded(unsigned status, int code, std::string_view message);
// parsing alerts body from "" failed, because ...
[[nodiscard]] HttpResponse answer_unreadable(std::string_view name, std::string_view why);

// json: cannot unmarshal number into Go struct field ...
[[nodiscard]] std::string cannot_unmarshal(const boost::json::value& value, std::string_view into);
// The member's text, or "" if there is none.
[[nodiscard]] std::string text_of(const boost::json::object& object, std::string_view name);
// An object of strings; `field` is Go's name for it: "Alert.labels".
[[nodiscard]] Result<TextMap> read_texts(const boost::json::value& value, std::string_view field);
// RFC 3339, and the shorter forms of upstream's framework. A missing, null or empty time is "no time", and so
// is Go's zero time, which Go clients send for it.
[[nodiscard]] Result<WallTime> read_time(const boost::json::value* value, std::string_view field);

}  // namespace tocsin::api
