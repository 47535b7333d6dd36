// sim_dispatch [--seed N] [--seeds COUNT] [--minutes M] [--policy P]: worlds from seeds, each checked and
// each run twice. With one seed that fails, its attempts are printed.
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/sim/dispatch/dispatch_sim.hpp"

namespace {

using namespace tocsin;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t minutes = 120;
  std::string policy;
};

bool parse(int count, char** arguments, Options& options) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = arguments[i];
    const char* value = arguments[i + 1];
    if (name == "--seed") {
      options.seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--seeds") {
      options.seeds = std::strtoull(value, nullptr, 10);
    } else if (name == "--minutes") {
      options.minutes = std::strtoull(value, nullptr, 10);
    } else if (name == "--policy") {
      options.policy = value;
    } else {
      return false;
    }
  }
  return count % 2 == 1;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  const bool parsed = parse(count, arguments, options);
  const Result<dispatch::Policy> policy = dispatch::parse_policy(options.policy);
  if (!parsed || !policy) {
    std::cerr << "usage: sim_dispatch [--seed N] [--seeds COUNT] [--minutes M] [--policy P]\n";
    return 2;
  }
  const std::chrono::minutes length(options.minutes);
  int bad = 0;
  std::size_t attempts = 0;
  std::size_t failed = 0;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    const sim::Outcome outcome = sim::run_dispatch(seed, length, *policy);
    const bool repeats = sim::run_dispatch(seed, length, *policy).log == outcome.log;
    attempts += outcome.attempts;
    failed += outcome.failed;
    if (outcome.violations.empty() && repeats) continue;
    ++bad;
    std::cout << "seed " << seed << ":\n";
    for (const std::string& violation : outcome.violations) std::cout << "  " << violation << '\n';
    if (!repeats) std::cout << "  a second run of the seed did something else\n";
    if (options.seeds == 1) std::cout << outcome.log;
  }
  std::cout << options.seeds << " seeds from " << options.seed << ", " << attempts << " attempts, " << failed
            << " of them failed; seeds with violations: " << bad << '\n';
  return bad == 0 ? 0 : 1;
}
