#include "promql/go_math.hpp"

namespace tocsin::promql {
namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kLn2 = 0.693147180559945309417232121458176568;
constexpr double kLn10 = 2.30258509299404568401799145468436421;

// The value of c0 + x * (c1 + x * (c2 + ...)).
template <class... Rest>
double polynomial(double x, double c0, Rest... rest) {
  if constexpr (sizeof...(rest) == 0) {
    return c0;
  } else {
    return c0 + x * polynomial(x, rest...);
  }
}

}  // namespace

// log(x) = log(1 + f) + k ln 2, with x = 2^k (1 + f) and 1 + f between sqrt(2) / 2 and sqrt(2); log(1 + f) by
// a polynomial in s = f / (2 + f).
double go_log(double value) {
  if (std::isnan(value) || value == kInfinity) return value;
  if (value < 0) return kNaN;
  if (value == 0) return -kInfinity;
  int exponent = 0;
  double fraction = std::frexp(value, &exponent);
  if (fraction < 1.41421356237309504880168872420969808 / 2) {
    fraction *= 2;
    --exponent;
  }
  const double f = fraction - 1;
  const double k = exponent;
  const double s = f / (2 + f);
  const double s2 = s * s;
  const double s4 = s2 * s2;
  const double odd = s2 * polynomial(s4, 6.666666666666735130e-01, 2.857142874366239149e-01,
                                     1.818357216161805012e-01, 1.479819860511658591e-01);
  const double even =
      s4 * polynomial(s4, 3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01);
  const double remainder = odd + even;
  const double half_square = 0.5 * f * f;
  return k * kLn2High - ((half_square - (s * (half_square + remainder) + k * kLn2Low)) - f);
}

double go_log2(double value) {
  if (!std::isfinite(value) || value == 0) return go_log(value);
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  if (fraction == 0.5) return exponent - 1;
  return go_log(fraction) * (1 / kLn2) + exponent;
}

double go_log10(double value) {
  return go_log2(value) * (kLn2 / kLn10);
}

// 2^x = 2^k e^r, with r = (x - k) ln 2 in two parts.
double go_exp2(double value) {
  if (std::isnan(value) || value == kInfinity) return value;
  if (value == -kInfinity || value < -1.0740e+03) return 0;
  if (value > 1.0239999999999999e+03) return kInfinity;
  int k = 0;
  if (value > 0) k = static_cast<int>(value + 0.5);
  if (value < 0) k = static_cast<int>(value - 0.5);
  const double t = value - k;
  const double high = t * kLn2High;
  const double low = -t * kLn2Low;
  const double r = high - low;
  const double r2 = r * r;
  const double c = r - r2 * polynomial(r2, 1.66666666666666657415e-01, -2.77777777770155933842e-03,
                                       6.61375632143793436117e-05, -1.65339022054652515390e-06,
                                       4.13813679705723846039e-08);
  const double y = 1 - ((low - (r * c) / (2 - c)) - high);
  return std::ldexp(y, k);
}

}  // namespace tocsin::promql
