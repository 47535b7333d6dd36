// Source of the signatures: Prometheus 3.14, promql/parser/functions.go.
#include "promql/functions.hpp"

#include <algorithm>

namespace tocsin::promql {
namespace {

constexpr ValueType kScalar = ValueType::scalar;
constexpr ValueType kVector = ValueType::vector;
constexpr ValueType kMatrix = ValueType::matrix;
constexpr ValueType kString = ValueType::string;

// Name, argument types, variadic, return type, experimental.
constexpr auto kFunctions =
    std::to_array<Function>({{"abs", {kVector}, 0, kVector},
                             {"absent", {kVector}, 0, kVector},
                             {"absent_over_time", {kMatrix}, 0, kVector},
                             {"acos", {kVector}, 0, kVector},
                             {"acosh", {kVector}, 0, kVector},
                             {"asin", {kVector}, 0, kVector},
                             {"asinh", {kVector}, 0, kVector},
                             {"atan", {kVector}, 0, kVector},
                             {"atanh", {kVector}, 0, kVector},
                             {"avg_over_time", {kMatrix}, 0, kVector},
                             {"ceil", {kVector}, 0, kVector},
                             {"changes", {kMatrix}, 0, kVector},
                             {"clamp", {kVector, kScalar, kScalar}, 0, kVector},
                             {"clamp_max", {kVector, kScalar}, 0, kVector},
                             {"clamp_min", {kVector, kScalar}, 0, kVector},
                             {"cos", {kVector}, 0, kVector},
                             {"cosh", {kVector}, 0, kVector},
                             {"count_over_time", {kMatrix}, 0, kVector},
                             {"day_of_month", {kVector}, 1, kVector},
                             {"day_of_week", {kVector}, 1, kVector},
                             {"day_of_year", {kVector}, 1, kVector},
                             {"days_in_month", {kVector}, 1, kVector},
                             {"deg", {kVector}, 0, kVector},
                             {"delta", {kMatrix}, 0, kVector},
                             {"deriv", {kMatrix}, 0, kVector},
                             {"double_exponential_smoothing", {kMatrix, kScalar, kScalar}, 0, kVector, true},
                             {"end", {}, 0, kScalar, true},
                             {"exp", {kVector}, 0, kVector},
                             {"first_over_time", {kMatrix}, 0, kVector},
                             {"floor", {kVector}, 0, kVector},
                             {"histogram_avg", {kVector}, 0, kVector},
                             {"histogram_count", {kVector}, 0, kVector},
                             {"histogram_fraction", {kScalar, kScalar, kVector}, 0, kVector},
                             {"histogram_quantile", {kScalar, kVector}, 0, kVector},
                             {"histogram_quantiles", {kVector, kString, kScalar, kScalar}, 9, kVector, true},
                             {"histogram_stddev", {kVector}, 0, kVector},
                             {"histogram_stdvar", {kVector}, 0, kVector},
                             {"histogram_sum", {kVector}, 0, kVector},
                             {"hour", {kVector}, 1, kVector},
                             {"idelta", {kMatrix}, 0, kVector},
                             {"increase", {kMatrix}, 0, kVector},
                             {"info", {kVector, kVector}, 1, kVector, true},
                             {"irate", {kMatrix}, 0, kVector},
                             {"label_join", {kVector, kString, kString, kString}, -1, kVector},
                             {"label_replace", {kVector, kString, kString, kString, kString}, 0, kVector},
                             {"last_over_time", {kMatrix}, 0, kVector},
                             {"ln", {kVector}, 0, kVector},
                             {"log10", {kVector}, 0, kVector},
                             {"log2", {kVector}, 0, kVector},
                             {"mad_over_time", {kMatrix}, 0, kVector, true},
                             {"max_of", {kScalar, kScalar}, 0, kScalar, true},
                             {"max_over_time", {kMatrix}, 0, kVector},
                             {"min_of", {kScalar, kScalar}, 0, kScalar, true},
                             {"min_over_time", {kMatrix}, 0, kVector},
                             {"minute", {kVector}, 1, kVector},
                             {"month", {kVector}, 1, kVector},
                             {"pi", {}, 0, kScalar},
                             {"predict_linear", {kMatrix, kScalar}, 0, kVector},
                             {"present_over_time", {kMatrix}, 0, kVector},
                             {"quantile_over_time", {kScalar, kMatrix}, 0, kVector},
                             {"rad", {kVector}, 0, kVector},
                             {"range", {}, 0, kScalar, true},
                             {"rate", {kMatrix}, 0, kVector},
                             {"resets", {kMatrix}, 0, kVector},
                             {"round", {kVector, kScalar}, 1, kVector},
                             {"scalar", {kVector}, 0, kScalar},
                             {"sgn", {kVector}, 0, kVector},
                             {"sin", {kVector}, 0, kVector},
                             {"sinh", {kVector}, 0, kVector},
                             {"sort", {kVector}, 0, kVector},
                             {"sort_by_label", {kVector, kString}, -1, kVector, true},
                             {"sort_by_label_desc", {kVector, kString}, -1, kVector, true},
                             {"sort_desc", {kVector}, 0, kVector},
                             {"sqrt", {kVector}, 0, kVector},
                             {"start", {}, 0, kScalar, true},
                             {"start_timestamp", {kVector}, 0, kVector, true},
                             {"stddev_over_time", {kMatrix}, 0, kVector},
                             {"stdvar_over_time", {kMatrix}, 0, kVector},
                             {"step", {}, 0, kScalar, true},
                             {"sum_over_time", {kMatrix}, 0, kVector},
                             {"tan", {kVector}, 0, kVector},
                             {"tanh", {kVector}, 0, kVector},
                             {"time", {}, 0, kScalar},
                             {"timestamp", {kVector}, 0, kVector},
                             {"ts_of_first_over_time", {kMatrix}, 0, kVector, true},
                             {"ts_of_last_over_time", {kMatrix}, 0, kVector, true},
                             {"ts_of_max_over_time", {kMatrix}, 0, kVector, true},
                             {"ts_of_min_over_time", {kMatrix}, 0, kVector, true},
                             {"vector", {kScalar}, 0, kVector},
                             {"year", {kVector}, 1, kVector}});
static_assert(std::ranges::is_sorted(kFunctions, {}, &Function::name));

}  // namespace

std::span<const Function> functions() {
  return kFunctions;
}

const Function* find_function(std::string_view name) {
  const auto* at = std::ranges::lower_bound(kFunctions, name, {}, &Function::name);
  return at != kFunctions.end() && at->name == name ? at : nullptr;
}

}  // namespace tocsin::promql
