// site_sim [--seed N] [--from N --seeds COUNT] [--days D] [--policy P] [--threads T] [--workers] [--log |
// --trace]
//
// Without flags so many seeds as TOCSIN_SIM_SEEDS says, or 20.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/sim/site/site.hpp"

namespace {

using namespace tocsin;

struct Request {
  std::uint64_t first = 1;
  std::uint64_t count = 20;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool workers = false;  // plays each world with 0, 1 and 4 workers, which must not change one action
  bool log = false;
  sim::SiteOptions site;
};

// Worlds know nothing of each other, so that they can be played side by side.
class Sum {
 public:
  void add(std::uint64_t seed, const sim::SiteOutcome& outcome, bool log) {
    const std::scoped_lock lock(mutex_);
    messages_ += outcome.messages;
    attempts_ += outcome.attempts;
    starts_ += outcome.starts;
    bytes_ += outcome.bytes_written;
    if (log) std::cout << outcome.log;
    if (outcome.violations.empty()) return;
    ++bad_;
    std::cout << "seed " << seed << ":\n";
    for (const std::string& violation : outcome.violations) std::cout << "  " << violation << '\n';
  }
  [[nodiscard]] bool report(const Request& request) const {
    std::cout << request.count << " seeds from " << request.first << ": " << attempts_ << " attempts, "
              << messages_ << " messages, " << starts_ << " starts, " << bytes_ / (1U << 20U)
              << " MiB written; seeds with violations: " << bad_ << '\n';
    return bad_ == 0;
  }

 private:
  std::mutex mutex_;
  std::size_t messages_ = 0, attempts_ = 0, starts_ = 0, bad_ = 0;
  std::uint64_t bytes_ = 0;
};

sim::SiteOutcome play(const Request& request, std::uint64_t seed) {
  sim::SiteOptions options = request.site;
  options.seed = seed;
  options.keep_action_log = request.workers;
  sim::SiteOutcome outcome = sim::play_site(options);
  if (!request.workers) return outcome;
  for (const unsigned workers : {1U, 4U}) {
    options.jobs = {workers, seed};
    const std::string other = sim::play_site(options).action_log;
    if (other == outcome.action_log) continue;
    const auto [mine, theirs] =
        std::mismatch(outcome.action_log.begin(), outcome.action_log.end(), other.begin(), other.end());
    const auto at = static_cast<std::size_t>(mine - outcome.action_log.begin());
    const std::size_t line = at == 0 ? 0 : outcome.action_log.rfind('\n', at - 1) + 1;
    outcome.violations.push_back("with " + std::to_string(workers) + " workers the actions differ:\n    " +
                                 outcome.action_log.substr(line, 300) + "\n    " + other.substr(line, 300));
  }
  if (outcome.action_log.empty()) outcome.violations.emplace_back("no action was logged");
  return outcome;
}

bool read_flags(int argc, char** argv, Request& request) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const auto value = [&] { return std::string(i + 1 < argc ? argv[++i] : "0"); };
    if (flag == "--seed") {
      request.first = std::stoull(value());
      request.count = 1;
    } else if (flag == "--from") {
      request.first = std::stoull(value());
    } else if (flag == "--seeds") {
      request.count = std::stoull(value());
    } else if (flag == "--days") {
      request.site.length = std::chrono::hours(24) * std::stoi(value());
    } else if (flag == "--policy") {
      request.site.compat = value();
    } else if (flag == "--threads") {
      request.threads = static_cast<unsigned>(std::stoul(value()));
    } else if (flag == "--workers") {
      request.workers = true;
    } else if (flag == "--trace") {
      request.site.print_as_it_goes = true;
    } else if (flag == "--log") {
      request.log = true;
    } else {
      std::cerr << "site_sim: unknown flag " << flag
                << ", expected --seed, --from, --seeds, --days, --policy, --threads, --workers, --log or "
                   "--trace\n";
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Request request;
  if (const char* seeds = std::getenv("TOCSIN_SIM_SEEDS")) request.count = std::stoull(seeds);
  if (!read_flags(argc, argv, request)) return 2;
  request.site.faults = 20 * static_cast<std::size_t>(request.site.length / std::chrono::hours(24));
  Sum sum;
  std::atomic<std::uint64_t> next{request.first};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, request.threads); ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t seed = next++; seed < request.first + request.count; seed = next++) {
        try {
          sum.add(seed, play(request, seed), request.log);
        } catch (const std::exception& error) {
          sim::SiteOutcome ended;
          ended.violations.emplace_back(error.what());
          sum.add(seed, ended, false);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return sum.report(request) ? 0 : 1;
}
