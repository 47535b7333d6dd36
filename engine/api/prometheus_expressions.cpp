// The part of Prometheus' API that reads expressions and no samples: format_query, parse_query,
// query_exemplars.
#include <algorithm>

#include "engine/api/answers.hpp"
#include "engine/api/expression_tree.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"
#include "promql/parser.hpp"
#include "promql/printer.hpp"

namespace tocsin::api {
namespace {

// A chain of n operators is formatted with an indent that grows to 2n, so that a request of a hundred
// kilobytes would be answered with gigabytes. What a person formats has some kilobytes.
constexpr std::size_t kLongestFormatted = 1'048'576;

Answer format_query(const std::string& query, const promql::ParserOptions& options) {
  const auto expr = promql::parse_expr(query, options);
  if (!expr.ok()) return answer_bad_parameter("query", expr.error(query).text);
  const auto formatted = promql::prettify(*expr.value, kLongestFormatted);
  if (!formatted) {
    return answer_bad_parameter(
        "query", format("formatted, it is longer than the limit of {} bytes", kLongestFormatted));
  }
  return answer_success([&formatted](JsonWriter& json) { json.string(*formatted); });
}

Answer parse_query(const std::string& query, const promql::ParserOptions& options) {
  const auto expr = promql::parse_expr(query, options);
  if (!expr.ok()) return answer_bad_parameter("query", expr.error(query).text);
  return answer_success([&expr](JsonWriter& json) { write_tree(json, *expr.value); });
}

// Exemplars are not kept. What is asked for is checked all the same, as a client would be told upstream.
Answer query_exemplars(const HttpRequest& request, const promql::ParserOptions& options) {
  Timestamp from = Timestamp::min();
  Timestamp to = Timestamp::max();
  if (auto bad = read_time_bounds(request, from, to)) return *bad;
  if (to < from) {
    return answer_error(ErrorType::bad_data, "end timestamp must not be before start timestamp");
  }
  const std::string query(request.parameter("query"));
  const auto expr = promql::parse_expr(query, options);
  if (!expr.ok()) return answer_error(ErrorType::bad_data, expr.error(query).text);
  if (!has_selector(*expr.value)) return answer_nothing();
  return answer_success([](JsonWriter& json) { json.begin_array().end_array(); });
}

}  // namespace

std::optional<Answer> handle_expression_api(std::string_view rest, const HttpRequest& request,
                                            const ApiOptions& options) {
  const std::string query(request.parameter("query"));
  if (rest == "/format_query") return format_query(query, options.parser);
  if (rest == "/parse_query") return parse_query(query, options.parser);
  if (rest == "/query_exemplars") return query_exemplars(request, options.parser);
  return std::nullopt;
}

}  // namespace tocsin::api
