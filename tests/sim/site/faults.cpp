#include "tests/sim/site/faults.hpp"

namespace tocsin::sim {
namespace {

using std::chrono::seconds;

Fault random_fault(Duration from, dispatch::Random& random) {
  Fault fault;
  fault.kind = static_cast<FaultKind>(random.below(kFaultKinds));
  fault.at = from + seconds(random.below(600)) + std::chrono::milliseconds(random.below(1000));
  fault.lasts = random.below(3) == 0 ? seconds(1 + random.below(20)) : seconds(20 + random.below(1180));
  fault.detail = random.next();
  return fault;
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  static constexpr std::string_view kNames[kFaultKinds] = {
      "killed",        "power lost",    "clockless boot", "stopped",   "reload",       "bad reload",
      "receiver",      "uplink",        "disk slow",      "disk full", "disk damaged", "target down",
      "server silent", "clock forward", "clock back",     "silence"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Fault> random_faults(std::size_t count, Duration length, dispatch::Random& random) {
  std::vector<Fault> faults;
  Duration at = std::chrono::minutes(20);
  while (faults.size() < count && at + kTurmoil + kCalm <= length) {
    faults.push_back(random_fault(at, random));
    if (random.below(3) == 0) faults.push_back(random_fault(at, random));
    at += kTurmoil + kCalm;
  }
  return faults;
}

}  // namespace tocsin::sim
