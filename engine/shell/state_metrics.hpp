// What the keeping of state says of itself on /metrics.
#pragma once

#include <string>

#include "engine/shell/state_writer.hpp"

namespace tocsin::shell {

[[nodiscard]] std::string state_metrics(const StateWriter::Counters& counters);

}  // namespace tocsin::shell
