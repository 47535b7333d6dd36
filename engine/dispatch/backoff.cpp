#include "engine/dispatch/backoff.hpp"

namespace tocsin::dispatch {

Duration Backoff::next(Random& random, Duration most) {
  const double interval = static_cast<double>(interval_.count());
  const double low = interval * (1 - kJitter);
  const double high = interval * (1 + kJitter);
  const Duration wait(static_cast<Duration::rep>(low + random.fraction() * (high - low + 1)));
  const double longest = static_cast<double>(most.count());
  interval_ =
      interval >= longest / kMultiplier ? most : Duration(static_cast<Duration::rep>(interval * kMultiplier));
  return wait;
}

}  // namespace tocsin::dispatch
