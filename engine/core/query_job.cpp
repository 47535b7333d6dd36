#include "engine/core/query_job.hpp"

#include <optional>

#include "engine/core/engine.hpp"
#include "engine/core/state.hpp"
#include "promql/format.hpp"
#include "promql/parser.hpp"

namespace tocsin::core {
namespace {

class QueryJob final : public Job {
 public:
  QueryJob(RequestId request, api::QueryCommand command, promql::Plan plan, std::size_t max_samples,
           std::unique_ptr<engine::PinnedView> view, Duration queued)
      : request_(request),
        command_(std::move(command)),
        plan_(std::move(plan)),
        max_samples_(max_samples),
        view_(std::move(view)) {
    timings_.queue = queued;
  }

  void run(const JobClock& clock) override {
    promql::RunLimits limits;
    limits.max_samples = max_samples_;
    limits.abort = [&clock] { return clock.timed_out() ? promql::Abort::timeout : promql::Abort::none; };
    plan_->bind(*view_);
    timings_.preparation = clock.elapsed();
    const auto result = command_.instant ? plan_->query_at(command_.range.start, limits)
                                         : plan_->query_range(command_.range, limits);
    timings_.evaluation = clock.elapsed() - timings_.preparation;
    response_ = api::answer_query(command_, result, timings_);
    plan_.reset();  // it is bound to the view, which goes back to the store next
  }

  void apply(Engine& engine) override {
    engine.state().store.release_view(std::move(view_));
    engine.state().queries.ended();
    engine.state().actions.emplace_back(Respond{request_, std::move(response_)});
  }

 private:
  RequestId request_;
  api::QueryCommand command_;
  std::optional<promql::Plan> plan_;
  std::size_t max_samples_;
  std::unique_ptr<engine::PinnedView> view_;
  api::QueryTimings timings_;
  api::HttpResponse response_;
};

}  // namespace

QueryStart make_query_job(AskedQuery query, MonoTime now, const Options& options,
                          Duration evaluation_interval, engine::Store& store) {
  api::QueryCommand& command = query.command;
  auto parsed = promql::parse_expr(command.query, options.parser);
  if (!parsed.ok()) return {nullptr, api::answer_bad_query(parsed.error(command.query).text)};
  const promql::ValueType type = parsed.value->type();
  if (!command.instant && type != promql::ValueType::scalar && type != promql::ValueType::vector) {
    return {nullptr, api::answer_bad_query(format(
                         "invalid expression type {} for range query, must be Scalar or instant Vector",
                         go_quote(promql::document_name(type))))};
  }
  promql::PlanOptions plan_options = options.plan;
  plan_options.lookback = command.lookback.value_or(options.plan.lookback);
  plan_options.default_subquery_step = evaluation_interval;
  auto plan = promql::Plan::compile(std::move(parsed.value), command.query, plan_options);
  if (!plan) return {nullptr, api::answer_bad_query(plan.error().text)};
  if (query.deadline <= now) {
    return {nullptr, api::answer_query(command, promql::EvalError(promql::EvalErrorKind::timeout,
                                                                  "query timed out in query execution"))};
  }
  auto view = store.pin(plan->selections(command.range));
  return {std::make_unique<QueryJob>(query.id, std::move(command), std::move(*plan),
                                     options.query_max_samples, std::move(view), now - query.asked),
          {}};
}

}  // namespace tocsin::core
