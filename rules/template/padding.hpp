// The lower half of Go's fmt: flags, width and precision, and how strings and numbers are written under them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::templates {

struct FormatFlags {
  bool minus = false;
  bool plus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  bool plus_v = false;   // %+v
  bool sharp_v = false;  // %#v
  bool has_width = false;
  bool has_precision = false;
  int width = 0;
  int precision = 0;
};

enum class Digits { lower, upper };

// Appends to a string it borrows. `flags` is set for each verb.
class PaddedWriter {
 public:
  explicit PaddedWriter(std::string& out) : out_(out) {}

  FormatFlags flags;

  void write_padding(int count);
  // Pads to the width in characters.
  void pad(std::string_view text);
  // The text cut to the precision in characters, padded.
  void write_string(std::string_view text);
  void write_quoted(std::string_view text);
  void write_hex(std::string_view bytes, Digits digits);
  void write_boolean(bool flag);
  void write_character(std::uint64_t code_point);
  void write_quoted_character(std::uint64_t code_point);
  void write_unicode(std::uint64_t code_point);
  // `magnitude_bits` is the number as 64 bits; negative ones are in two's complement.
  void write_integer(std::uint64_t bits, unsigned base, bool is_signed, char32_t verb, Digits digits);
  void write_float(double value, char verb, int default_precision);

 private:
  [[nodiscard]] std::string_view cut(std::string_view text) const;
  [[nodiscard]] std::string with_decimal_point(std::string number, char verb, int precision) const;

  std::string& out_;
};

// strconv.FormatFloat(value, verb, precision, 64); precision -1 is the shortest that reads back the same.
[[nodiscard]] std::string format_float(double value, char verb, int precision);

}  // namespace tocsin::templates
