// What the handlers of one kind of API share: parameters as upstream reads them, and the envelope of an
// answer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/http.hpp"
#include "engine/api/json.hpp"
#include "promql/matcher.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::api {

// Upstream's error types and the status each is answered with.
enum class ErrorType { bad_data, execution, timeout, canceled, internal, not_found, unavailable };

// The warning of an answer that the parameter "limit" cut.
inline constexpr std::string_view kTruncated = "results truncated due to limit";

struct Notes {
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
};

// {"status":"success","data":...}: `write_data` writes the value of "data".
[[nodiscard]] HttpResponse answer_success(const std::function<void(JsonWriter&)>& write_data,
                                          const Notes& notes = {});
[[nodiscard]] HttpResponse answer_error(ErrorType type, std::string_view text);
// invalid parameter "step": ...
[[nodiscard]] HttpResponse answer_bad_parameter(std::string_view name, std::string_view text);

// A JSON document as Alertmanager's API answers it: with a final newline.
[[nodiscard]] HttpResponse answer_json(std::string body, unsigned status = 200);
// 204: there is nothing to say.
[[nodiscard]] HttpResponse answer_nothing();
[[nodiscard]] HttpResponse answer_text(unsigned status, std::string text);

// Seconds since 1970 with a fraction, or RFC 3339; from kEarliestTime to kLatestTime.
[[nodiscard]] Result<Timestamp> parse_time(std::string_view text);
// Seconds with a fraction, or Prometheus' form.
[[nodiscard]] Result<Duration> parse_step(std::string_view text);
// The parameters start and end; what is not given stays as it is. The answer is that to a bad one.
[[nodiscard]] std::optional<HttpResponse> read_time_bounds(const HttpRequest& request, Timestamp& from,
                                                           Timestamp& to);
// Go's strconv.Atoi.
[[nodiscard]] Result<std::int64_t> parse_integer(std::string_view text);
[[nodiscard]] Result<std::size_t> parse_limit(std::string_view text);
// Go's strconv.ParseBool; `fallback` for an absent parameter.
[[nodiscard]] Result<bool> parse_bool(std::string_view text, bool fallback);
[[nodiscard]] Result<std::vector<std::vector<Matcher>>> parse_selectors(
    const std::vector<std::string_view>& texts);

// The time of a sample: seconds with up to three decimals.
[[nodiscard]] std::string seconds_text(Timestamp time);
// Go's 'e' form: "9.3e-01", "1e+06", "+Inf".
[[nodiscard]] std::string scientific_text(double value);

}  // namespace tocsin::api
