// The API: a request and a view of the core in, an answer or a command for the core out. Pure.
//
// Paths, parameters, error types and status codes are those of Prometheus 3.14 and of Alertmanager 0.34's v2.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/api/history.hpp"
#include "engine/api/http.hpp"
#include "engine/api/view.hpp"
#include "promql/engine.hpp"
#include "promql/parser.hpp"

namespace tocsin::api {

// ---- what the core has to do before it can answer

struct QueryCommand {
  std::string query;
  promql::TimeRange range;  // an instant query has start == end and no step
  bool instant = true;
  std::optional<Duration> timeout;
  std::optional<Duration> lookback;
  std::size_t limit = 0;  // 0: no limit
  std::string stats;      // not empty: with statistics
};

// An alert as it was posted; times that were missing are kNoTime.
struct PostedAlert {
  Labels labels;
  TextMap annotations;
  std::string generator_url;
  WallTime starts_at = kNoTime;
  WallTime ends_at = kNoTime;
};

// The core stores `alerts` whatever `errors` says; the answer is 400 with `errors` if there are any.
struct PostAlertsCommand {
  std::vector<PostedAlert> alerts;
  std::size_t invalid = 0;
  std::string errors;
};

// A silence to add or to change (then with its id). Read and checked but for what only who keeps silences
// knows.
struct SetSilenceCommand {
  std::string id;
  std::vector<SilenceView::MatcherText> matchers;  // patterns compile
  WallTime starts_at = kNoTime;
  WallTime ends_at = kNoTime;
  std::string created_by;
  std::string comment;
  TextMap annotations;
};
struct ExpireSilenceCommand {
  std::string id;
};

struct HistoryCommand {
  HistoryQuery query;
};

struct ReloadCommand {};

using Answer = std::variant<HttpResponse, QueryCommand, PostAlertsCommand, SetSilenceCommand,
                            ExpireSilenceCommand, HistoryCommand, ReloadCommand>;

struct ApiOptions {
  bool prometheus = false;        // there is a Prometheus configuration
  bool enable_lifecycle = false;  // with it, POST /-/reload and /-/quit need this
  std::string external_url;
  promql::ParserOptions parser;  // what --enable-feature switched on
};

[[nodiscard]] Answer handle(const HttpRequest& request, const View& view, const ApiOptions& options);

// ---- answers to commands

// For the statistics: how long the query waited in line, and what it took.
struct QueryTimings {
  Duration queue{};
  Duration preparation{};
  Duration evaluation{};
};
[[nodiscard]] HttpResponse answer_query(const QueryCommand& command,
                                        const promql::EvalResult<promql::QueryResult>& result,
                                        const QueryTimings& timings = {});
// A query that could not be parsed: `error` as Prometheus words it.
[[nodiscard]] HttpResponse answer_bad_query(std::string_view error);
[[nodiscard]] HttpResponse answer_post_alerts(const PostAlertsCommand& command);
// The silence's id, or why it was refused; `not_found`: there is no silence of the command's id.
[[nodiscard]] HttpResponse answer_set_silence(const Result<std::string>& id, bool not_found);
[[nodiscard]] HttpResponse answer_expire_silence(bool found);
[[nodiscard]] HttpResponse answer_history(const HistoryPage& page);
// `errors` is empty when the new configuration is in force.
[[nodiscard]] HttpResponse answer_reload(std::string_view errors);

}  // namespace tocsin::api
