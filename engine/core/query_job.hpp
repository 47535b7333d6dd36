// An ad-hoc query: compiled and pinned by the owner, evaluated and rendered by a worker, over samples as they
// were when it was asked. It delays nobody.
#pragma once

#include <memory>

#include "engine/api/handler.hpp"
#include "engine/core/io.hpp"
#include "engine/core/options.hpp"
#include "engine/core/query_queue.hpp"
#include "engine/store/store.hpp"
#include "promql/engine.hpp"

namespace tocsin::core {

// The job, or the answer at once when the query cannot be parsed or has no time. The job gives its view back
// to `store`, which must outlive it, when it is applied, and tells the engine's QueryQueue that it ended.
struct QueryStart {
  std::unique_ptr<Job> job;
  api::HttpResponse refused;  // when job is null
};

[[nodiscard]] QueryStart make_query_job(AskedQuery query, MonoTime now, const Options& options,
                                        Duration evaluation_interval, engine::Store& store);

}  // namespace tocsin::core
