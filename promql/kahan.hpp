// Kahan's summation with Neumaier's improvement: a sum and what rounding took from it. Builds must not
// contract floating-point operations (-ffp-contract=off), or the bits differ from Prometheus'.
#pragma once

#include <cmath>
#include <limits>

namespace tocsin::promql {

struct KahanSum {
  double sum = 0;
  double compensation = 0;

  void add(double value) {
    const double total = sum + value;
    if (is_infinite(total)) {
      compensation = 0;
    } else if (std::fabs(sum) >= std::fabs(value)) {
      compensation += (sum - total) + value;
    } else {
      compensation += (value - total) + sum;
    }
    sum = total;
  }
  [[nodiscard]] double total() const { return sum + compensation; }

  [[nodiscard]] static bool is_infinite(double value) {
    return value > std::numeric_limits<double>::max() || value < -std::numeric_limits<double>::max();
  }
};

// Adds `value` to a sum whose parts live in two places.
inline void kahan_add(double value, double& sum, double& compensation) {
  KahanSum both{sum, compensation};
  both.add(value);
  sum = both.sum;
  compensation = both.compensation;
}

}  // namespace tocsin::promql
