// How long to wait between attempts: upstream's exponential back-off (cenkalti/backoff, its defaults).
#pragma once

#include "engine/dispatch/random.hpp"
#include "promql/time.hpp"

namespace tocsin::dispatch {

class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(500);
  static constexpr Duration kLongest = std::chrono::seconds(60);
  static constexpr double kMultiplier = 1.5;
  static constexpr double kJitter = 0.5;

  // The next wait, measured from the start of the attempt that just failed: an attempt that took longer than
  // the wait is followed by the next one at once. Between half and one and a half of the current interval.
  [[nodiscard]] Duration next(Random& random, Duration longest = kLongest);

 private:
  Duration interval_ = kFirst;
};

}  // namespace tocsin::dispatch
