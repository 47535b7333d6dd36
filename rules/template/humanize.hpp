// Numbers for people, as Prometheus and Alertmanager write them in templates (common/helpers/templates and
// Prometheus' template package).
#pragma once

#include <string>

#include "promql/result.hpp"
#include "rules/template/value.hpp"

namespace tocsin::templates {

// A float64 of a float64, int, uint, int64, uint64, string or duration (in seconds). The errors are
// upstream's.
[[nodiscard]] Result<double> to_float(const Value& value);

[[nodiscard]] std::string humanize(double value);             // 1.234k, 12m
[[nodiscard]] std::string humanize_1024(double value);        // 1.205Mi
[[nodiscard]] std::string humanize_duration(double seconds);  // 1h 2m 3s, 12.3ms
[[nodiscard]] std::string humanize_percentage(double ratio);  // 12.34%
// The time of a Unix time in seconds, cut to milliseconds: 2015-06-03 13:21:58.555 +0000 UTC; NaN and
// infinite values as they are.
[[nodiscard]] Result<std::string> humanize_timestamp(double seconds);
[[nodiscard]] Result<GoTime> float_to_time(double seconds);
// Go's conversion of a float to int64 on amd64: what does not fit becomes the smallest number.
[[nodiscard]] std::int64_t to_int64(double value);

}  // namespace tocsin::templates
