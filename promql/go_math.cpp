#include "promql/go_math.hpp"

#include <array>
#include <bit>
#include <numbers>

namespace tocsin::promql {
namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kLn2 = 0.693147180559945309417232121458176568;
constexpr double kLog10OfE = 0.43429448190325182765112891891660508229;
constexpr double kPi = std::numbers::pi;

// The value of c0 + x * (c1 + x * (c2 + ...)).
template <class... Rest>
double polynomial(double x, double c0, Rest... rest) {
  if constexpr (sizeof...(rest) == 0) {
    return c0;
  } else {
    return c0 + x * polynomial(x, rest...);
  }
}

// An angle as an octant of the circle, even ones only, and what is left of it: between -pi / 4 and pi / 4.
struct Octant {
  unsigned number = 0;  // of eight
  double rest = 0;
};

// For angles that a double cannot hold to the last octant any more: M. Payne and R. Hanek, "Radian reduction
// for trigonometric functions" (1983), with as many bits of 4 / pi as the largest double needs.
Octant reduce_large(double angle) {
  constexpr std::array<std::uint64_t, 20> kFourOverPi = {
      0x0000000000000001, 0x45f306dc9c882a53, 0xf84eafa3ea69bb81, 0xb6c52b3278872083, 0xfca2c757bd778ac3,
      0x6e48dc74849ba5c0, 0x0c925dd413a32439, 0xfc3bd63962534e7d, 0xd1046bea5d768909, 0xd338e04d68befc82,
      0x7323ac7306a673e9, 0x3908bf177bf25076, 0x3ff12fffbc0b301f, 0xde5e2316b414da3e, 0xda6cfd9e4f96136e,
      0x9e8c7ecd3cbfd45a, 0xea4f758fd7cbe2f6, 0x7a0e73ef14a525d4, 0xd7f6bf623f1aba10, 0xac06608df8f6d757};
  constexpr unsigned kMantissaBits = 52;
  constexpr unsigned kBias = 1023;
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;

  const auto bits = std::bit_cast<std::uint64_t>(angle);
  const std::uint64_t integer = (bits & kMantissa) | (std::uint64_t{1} << kMantissaBits);
  // Which bits of 4 / pi matter: those that make the product's integer part end three bits below the top.
  const auto position = static_cast<unsigned>(bits >> kMantissaBits) - kBias - kMantissaBits + 61;
  const unsigned digit = position / 64;
  const unsigned shift = position % 64;
  const auto digits_at = [&](unsigned at) {
    return shift == 0 ? kFourOverPi[at] : (kFourOverPi[at] << shift) | (kFourOverPi[at + 1] >> (64 - shift));
  };
  __extension__ using Wide = unsigned __int128;
  const Wide middle = Wide{digits_at(digit + 1)} * integer + ((Wide{digits_at(digit + 2)} * integer) >> 64);
  const std::uint64_t high = digits_at(digit) * integer + static_cast<std::uint64_t>(middle >> 64);
  const auto low = static_cast<std::uint64_t>(middle);

  Octant octant;
  octant.number = static_cast<unsigned>(high >> 61);
  // The rest is a fraction: what leads it, zeros and its first one, becomes the exponent.
  std::uint64_t fraction = (high << 3) | (low >> 61);
  const auto lead = static_cast<unsigned>(std::countl_zero(fraction)) + 1;
  if (lead < 64) {
    fraction = (fraction << lead) | (low >> (64 - lead));
  } else {
    fraction = lead == 64 ? low : 0;
  }
  const std::uint64_t exponent = (std::uint64_t{kBias} - lead) * (kMantissa + 1);
  octant.rest = std::bit_cast<double>(exponent | (fraction >> (64 - kMantissaBits)));
  if ((octant.number & 1) == 1) {
    octant.number = (octant.number + 1) & 7;
    octant.rest -= 1;
  }
  octant.rest *= kPi / 4;
  return octant;
}

// REQUIRES: a finite angle that is not negative. pi / 4 is subtracted in three parts.
Octant reduce(double angle) {
  constexpr double kLargest = 1 << 29;
  if (angle >= kLargest) return reduce_large(angle);
  constexpr double kPart1 = 7.85398125648498535156e-1;
  constexpr double kPart2 = 3.77489470793079817668e-8;
  constexpr double kPart3 = 2.69515142907905952645e-15;
  constexpr double kFourOverPi = 1.27323954473516268615;
  auto number = static_cast<std::uint64_t>(angle * kFourOverPi);
  number += number & 1;
  const auto whole = static_cast<double>(number);
  return {static_cast<unsigned>(number & 7), ((angle - whole * kPart1) - whole * kPart2) - whole * kPart3};
}

double sine_near_zero(double z) {
  const double zz = z * z;
  return z + z * zz *
                 polynomial(zz, -1.66666666666666307295e-1, 8.33333333332211858878e-3,
                            -1.98412698295895385996e-4, 2.75573136213857245213e-6, -2.50507477628578072866e-8,
                            1.58962301576546568060e-10);
}

double cosine_near_zero(double z) {
  const double zz = z * z;
  return 1.0 - 0.5 * zz +
         zz * zz *
             polynomial(zz, 4.16666666666665929218e-2, -1.38888888888730564116e-3, 2.48015872888517045348e-5,
                        -2.75573141792967388112e-7, 2.08757008419747316778e-9, -1.13585365213876817300e-11);
}

double arctangent_near_zero(double x) {
  const double z = x * x;
  const double quotient =
      z *
      polynomial(z, -6.485021904942025371773e+01, -1.228866684490136173410e+02, -7.500855792314704667340e+01,
                 -1.615753718733365076637e+01, -8.750608600031904122785e-01) /
      polynomial(z, 1.945506571482613964425e+02, 4.853903996359136964868e+02, 4.328810604912902668951e+02,
                 1.650270098316988542046e+02, 2.485846490142306297962e+01, 1.0);
  return x * quotient + x;
}

double arctangent_of_positive(double x) {
  constexpr double kMoreBits = 6.123233995736765886130e-17;  // what pi / 2 has beyond a double
  constexpr double kTangent3Pi8 = 2.41421356237309504880;
  if (x <= 0.66) return arctangent_near_zero(x);
  if (x > kTangent3Pi8) return kPi / 2 - arctangent_near_zero(1 / x) + kMoreBits;
  return kPi / 4 + arctangent_near_zero((x - 1) / (x + 1)) + 0.5 * kMoreBits;
}

bool is_odd_integer(double value) {
  if (std::fabs(value) >= 9007199254740992.0) return false;  // 2^53
  return std::trunc(value) == value && (to_int64(value) & 1) == 1;
}

// What raising to a power gives where no arithmetic is needed.
bool special_power(double base, double exponent, double& result) {
  if (exponent == 0 || base == 1) {
    result = 1;
  } else if (exponent == 1) {
    result = base;
  } else if (std::isnan(base) || std::isnan(exponent)) {
    result = kNaN;
  } else if (base == 0 || base == -kInfinity) {
    // -infinity is the reciprocal of -0.
    const bool zero = (base == 0) == (exponent > 0);
    const double size = zero ? 0 : kInfinity;
    result = std::signbit(base) && is_odd_integer(exponent) ? -size : size;
  } else if (std::isinf(exponent)) {
    result = base == -1 ? 1 : ((std::fabs(base) < 1) == (exponent > 0) ? 0 : kInfinity);
  } else if (base == kInfinity) {
    result = exponent < 0 ? 0 : kInfinity;
  } else if (exponent == 0.5) {
    result = std::sqrt(base);
  } else if (exponent == -0.5) {
    result = 1 / std::sqrt(base);
  } else {
    return false;
  }
  return true;
}

}  // namespace

// log(x) = log(1 + f) + k ln 2, with x = 2^k (1 + f) and 1 + f between sqrt(2) / 2 and sqrt(2); log(1 + f) by
// a polynomial in s = f / (2 + f).
double go_log(double value) {
  if (std::isnan(value) || value == kInfinity) return value;
  if (value < 0) return kNaN;
  if (value == 0) return -kInfinity;
  // Subnormal numbers are taken as if they were normal, which on amd64 Go does too.
  const auto bits = std::bit_cast<std::uint64_t>(value);
  double k = static_cast<double>(bits >> 52) - 1022;
  double fraction = std::bit_cast<double>((bits & 0x000fffffffffffff) | 0x3fe0000000000000);
  if (fraction < std::numbers::sqrt2 / 2) {
    fraction *= 2;
    k -= 1;
  }
  const double f = fraction - 1;
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
  return go_log(value) * kLog10OfE;
}

// 2^x = 2^k e^r, with r = (x - k) ln 2 in two parts.
double go_exp2(double value) {
  if (std::isnan(value) || value == kInfinity) return value;
  if (value == -kInfinity || value < -1.0740e+03) return 0;
  if (value > 1.0239999999999999e+03) return kInfinity;
  int k = 0;
  if (value > 0) k = static_cast<int>(std::trunc(value + 0.5));
  if (value < 0) k = static_cast<int>(std::trunc(value - 0.5));
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

// 2^k (1 + r), with r by a Taylor series of a sixteenth of the rest, doubled four times. Fused where Go's is:
// on processors that have fused multiplication, which all are that matter today.
double go_exp(double value) {
  constexpr double kUpperLn2 = 0.69314718055966295651160180568695068359375;
  constexpr double kLowerLn2 = 0.28235290563031577122588448175013436025525412068e-12;
  constexpr double kLog2E = 1.4426950408889634073599246810018920;
  if (std::isnan(value) || value == kInfinity) return value;
  if (value == -kInfinity) return 0;
  if (value > 7.09782712893384e+02) return kInfinity;
  const double scaled = value * kLog2E;
  if (scaled < -2000) return 0;
  const double k = std::nearbyint(scaled);
  double r = std::fma(-k, kUpperLn2, value);
  r = std::fma(-k, kLowerLn2, r) * 0.0625;
  double series = 2.4801587301587301587e-5;
  for (const double coefficient :
       {1.9841269841269841270e-4, 1.3888888888888888889e-3, 8.3333333333333333333e-3,
        4.1666666666666666667e-2, 1.6666666666666666667e-1, 0.5, 1.0}) {
    series = std::fma(series, r, coefficient);
  }
  r *= series;
  for (int doubling = 0; doubling < 3; ++doubling) r *= r + 2.0;
  r = std::fma(r, r + 2.0, 1.0);
  const int exponent = static_cast<int>(k);
  if (exponent > 1023) return kInfinity;
  if (exponent > -1023) return r * std::ldexp(1.0, exponent);
  if (exponent < -1023 - 52) return 0;
  return r * std::ldexp(1.0, exponent + 1022) * std::numeric_limits<double>::min();
}

double go_log1p(double value) {
  constexpr double kSqrt2Minus1 = 4.142135623730950488017e-01;
  constexpr double kSqrtHalfMinus1 = -2.928932188134524755992e-01;
  constexpr std::uint64_t kSqrt2Mantissa = 0x0006a09e667f3bcd;
  constexpr std::uint64_t kOne = 0x3ff0000000000000;
  constexpr std::uint64_t kHalf = 0x3fe0000000000000;
  if (value < -1 || std::isnan(value)) return kNaN;
  if (value == -1) return -kInfinity;
  if (value == kInfinity) return kInfinity;

  const double size = std::fabs(value);
  constexpr double kTiny = 1.0 / (std::uint64_t{1} << 54);
  constexpr double kSmall = 1.0 / (std::uint64_t{1} << 29);
  if (size < kTiny) return value;
  if (size < kSmall) return value - value * value * 0.5;
  // 1 + value = 2^k (1 + f); c is what the addition lost, and `is_tiny` says that f is below 2^-20.
  double f = value;
  double c = 0;
  int k = 0;
  bool is_tiny = false;
  if (size >= kSqrt2Minus1 || value <= kSqrtHalfMinus1) {
    double u = value;
    if (size < 9007199254740992.0) u = 1.0 + value;
    auto bits = std::bit_cast<std::uint64_t>(u);
    k = static_cast<int>(bits >> 52) - 1023;
    if (size < 9007199254740992.0) c = (k > 0 ? 1.0 - (u - value) : value - (u - 1.0)) / u;
    bits &= 0x000fffffffffffff;
    if (bits < kSqrt2Mantissa) {
      is_tiny = bits == 0;
      u = std::bit_cast<double>(bits | kOne);
    } else {
      ++k;
      u = std::bit_cast<double>(bits | kHalf);
      is_tiny = (0x0010000000000000 - bits) >> 2 == 0;
    }
    f = u - 1.0;
  }
  const double half_square = 0.5 * f * f;
  const double exponent = k;
  if (is_tiny) {
    if (f == 0) return k == 0 ? 0 : exponent * kLn2High + (c + exponent * kLn2Low);
    const double rest = half_square * (1.0 - 0.66666666666666666 * f);
    if (k == 0) return f - rest;
    return exponent * kLn2High - ((rest - (exponent * kLn2Low + c)) - f);
  }
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double rest =
      z * polynomial(z, 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
                     2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
                     1.479819860511658591e-01);
  if (k == 0) return f - (half_square - s * (half_square + rest));
  return exponent * kLn2High - ((half_square - (s * (half_square + rest) + (exponent * kLn2Low + c))) - f);
}

// By squaring, with mantissas and exponents apart; what is left of the exponent's fraction by exp and log.
double go_pow(double base, double exponent) {
  double result = 0;
  if (special_power(base, exponent, result)) return result;
  double whole = std::trunc(std::fabs(exponent));
  double fraction = std::fabs(exponent) - whole;
  if (fraction != 0 && base < 0) return kNaN;
  if (whole >= 9223372036854775808.0) {
    if (base == -1) return 1;
    return (std::fabs(base) < 1) == (exponent > 0) ? 0 : kInfinity;
  }
  double mantissa = 1;
  int power = 0;
  if (fraction != 0) {
    if (fraction > 0.5) {
      fraction -= 1;
      whole += 1;
    }
    mantissa = go_exp(fraction * go_log(base));
  }
  int square_power = 0;
  double square = std::frexp(base, &square_power);
  for (auto left = static_cast<std::int64_t>(whole); left != 0; left >>= 1) {
    if (square_power < -4096 || square_power > 4096) {
      power += square_power;  // beyond what a double holds, in either direction
      break;
    }
    if ((left & 1) == 1) {
      mantissa *= square;
      power += square_power;
    }
    square *= square;
    square_power *= 2;
    if (square < 0.5) {
      square += square;
      --square_power;
    }
  }
  if (exponent < 0) {
    mantissa = 1 / mantissa;
    power = -power;
  }
  return std::ldexp(mantissa, power);
}

double go_sin(double value) {
  if (value == 0 || std::isnan(value)) return value;
  if (std::isinf(value)) return kNaN;
  const Octant octant = reduce(std::fabs(value));
  const bool negative = std::signbit(value) != (octant.number > 3);
  const unsigned quarter = octant.number & 3;
  const double sine =
      quarter == 1 || quarter == 2 ? cosine_near_zero(octant.rest) : sine_near_zero(octant.rest);
  return negative ? -sine : sine;
}

double go_cos(double value) {
  if (!std::isfinite(value)) return kNaN;
  const Octant octant = reduce(std::fabs(value));
  const unsigned quarter = octant.number & 3;
  const bool negative = (octant.number > 3) != (quarter > 1);
  const double cosine =
      quarter == 1 || quarter == 2 ? sine_near_zero(octant.rest) : cosine_near_zero(octant.rest);
  return negative ? -cosine : cosine;
}

double go_tan(double value) {
  if (value == 0 || std::isnan(value)) return value;
  if (std::isinf(value)) return kNaN;
  const Octant octant = reduce(std::fabs(value));
  const double z = octant.rest;
  const double zz = z * z;
  double tangent = z;
  if (zz > 1e-14) {
    tangent = z + z * (zz *
                       polynomial(zz, -1.79565251976484877988e7, 1.15351664838587416140e6,
                                  -1.30936939181383777646e4) /
                       polynomial(zz, -5.38695755929454629881e7, 2.50083801823357915839e7,
                                  -1.32089234440210967447e6, 1.36812963470692954678e4, 1.0));
  }
  if ((octant.number & 2) == 2) tangent = -1 / tangent;
  return std::signbit(value) ? -tangent : tangent;
}

double go_sinh(double value) {
  // Not its absolute value: the sign of zero stays.
  const double size = value < 0 ? -value : value;
  double sine = 0;
  if (size > 21) {
    sine = go_exp(size) * 0.5;
  } else if (size > 0.5) {
    const double power = go_exp(size);
    sine = (power - 1 / power) * 0.5;
  } else {
    const double square = size * size;
    sine = polynomial(square, -0.6307673640497716991184787251e+6, -0.8991272022039509355398013511e+5,
                      -0.2894211355989563807284660366e+4, -0.2630563213397497062819489e+2) *
           size;
    sine = sine / polynomial(square, -0.6307673640497716991212077277e+6, 0.1521517378790019070696485176e+5,
                             -0.173678953558233699533450911e+3, 1.0);
  }
  return value < 0 ? -sine : sine;
}

double go_cosh(double value) {
  const double size = std::fabs(value);
  const double power = go_exp(size);
  return size > 21 ? power * 0.5 : (power + 1 / power) * 0.5;
}

double go_tanh(double value) {
  constexpr double kLargest = 0.5 * 8.8029691931113054295988e+01;
  const double size = std::fabs(value);
  if (size > kLargest) return value < 0 ? -1 : 1;
  if (size >= 0.625) {
    const double tangent = 1 - 2 / (go_exp(2 * size) + 1);
    return value < 0 ? -tangent : tangent;
  }
  if (value == 0) return value;
  const double square = value * value;
  return value + value * square *
                     polynomial(square, -1.61468768441708447952e3, -9.92877231001918586564e1,
                                -9.64399179425052238628e-1) /
                     polynomial(square, 4.84406305325125486048e3, 2.23548839060100448583e3,
                                1.12811678491632931402e2, 1.0);
}

double go_asin(double value) {
  if (value == 0) return value;
  const double size = std::fabs(value);
  if (size > 1 || std::isnan(value)) return kNaN;
  const double side = std::sqrt(1 - size * size);
  const double angle =
      size > 0.7 ? kPi / 2 - arctangent_of_positive(side / size) : arctangent_of_positive(size / side);
  return value < 0 ? -angle : angle;
}

double go_acos(double value) {
  return kPi / 2 - go_asin(value);
}

double go_atan(double value) {
  if (value == 0) return value;
  return value > 0 ? arctangent_of_positive(value) : -arctangent_of_positive(-value);
}

double go_atan2(double y, double x) {
  if (std::isnan(y) || std::isnan(x)) return kNaN;
  if (y == 0) return std::copysign(std::signbit(x) ? kPi : 0, y);
  if (x == 0) return std::copysign(kPi / 2, y);
  if (std::isinf(x)) {
    if (std::isinf(y)) return std::copysign(x > 0 ? kPi / 4 : 3 * kPi / 4, y);
    return std::copysign(x > 0 ? 0 : kPi, y);
  }
  if (std::isinf(y)) return std::copysign(kPi / 2, y);
  const double angle = go_atan(y / x);
  if (x >= 0) return angle;
  return angle <= 0 ? angle + kPi : angle - kPi;
}

double go_asinh(double value) {
  constexpr double kLarge = 1 << 28;
  if (!std::isfinite(value)) return value;
  const double size = value < 0 ? -value : value;
  double result = size;
  if (size > kLarge) {
    result = go_log(size) + kLn2;
  } else if (size > 2) {
    result = go_log(2 * size + 1 / (std::sqrt(size * size + 1) + size));
  } else if (size >= 1 / kLarge) {
    result = go_log1p(size + size * size / (1 + std::sqrt(1 + size * size)));
  }
  return value < 0 ? -result : result;
}

double go_acosh(double value) {
  constexpr double kLarge = 1 << 28;
  if (value < 1 || std::isnan(value)) return kNaN;
  if (value == 1) return 0;
  if (value >= kLarge) return go_log(value) + kLn2;
  if (value > 2) return go_log(2 * value - 1 / (value + std::sqrt(value * value - 1)));
  const double t = value - 1;
  return go_log1p(t + std::sqrt(2 * t + t * t));
}

double go_atanh(double value) {
  constexpr double kNearZero = 1.0 / (1 << 28);
  if (value < -1 || value > 1 || std::isnan(value)) return kNaN;
  const double size = value < 0 ? -value : value;
  if (size == 1) return std::copysign(kInfinity, value);
  double result = size;
  if (size >= 0.5) {
    result = 0.5 * go_log1p((size + size) / (1 - size));
  } else if (size >= kNearZero) {
    const double twice = size + size;
    result = 0.5 * go_log1p(twice + twice * size / (1 - size));
  }
  return value < 0 ? -result : result;
}

}  // namespace tocsin::promql
