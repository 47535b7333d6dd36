// The event log as JSON: what GET /api/v1/history answers, an event at a time, and read back.
#pragma once

#include <string_view>

#include "engine/api/history.hpp"
#include "engine/api/json.hpp"
#include "promql/result.hpp"

namespace tocsin::api {

// {"time":"2026-11-22T03:12:17Z","event":"told
// firing","alerts":["NATSDisconnected"],"labels":...,"receiver":...,
//  "who":...,"detail":...}
void write_event(JsonWriter& json, const HistoryEntry& entry);

// The page of an answer's body. An event that this release has no name for keeps it at the beginning of its
// detail. The error is the answer's own, or says what is wrong with it.
[[nodiscard]] Result<HistoryPage> read_history_answer(std::string_view body);

}  // namespace tocsin::api
