// The upper half of Go's fmt: verbs, arguments and nested values. Bad verbs and missing or extra arguments do
// not fail, they are written into the text: %!d(string=x), %!d(MISSING), %!(EXTRA int=2).
#include "rules/template/printing.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/utf8.hpp"
#include "rules/template/padding.hpp"

namespace tocsin::templates {
namespace {

constexpr int kLargestWidth = 1'000'000;
// Where a pointer would be printed as an address, which has no meaning here and would differ at each run.
constexpr std::uint64_t kPointerText = 0xc000000000;

enum class Position { top, nested };

// What a time is made of in Go, for verbs that look inside.
Value time_parts(const GoTime& time) {
  static const Type kLocation{"*time.Location", Kind::pointer, &int_type(), {}, {}};
  static const Type kParts{
      "time.Time",
      Kind::structure,
      nullptr,
      {{"wall", &uint64_type(), ""}, {"ext", &int64_type(), ""}, {"loc", &kLocation, ""}},
      {}};
  return Value::of(kParts, List{Value::of(uint64_type(), static_cast<std::uint64_t>(time.nanoseconds)),
                                Value::of(int64_type(), time.unix_seconds - GoTime::zero().unix_seconds),
                                Value::zero(kLocation)});
}

// %#v of a time: the call that makes it.
std::string go_syntax(const GoTime& time) {
  const std::string place =
      time.zone.is_utc() ? "time.UTC" : "time.Location(" + go_quote(time.zone.name()) + ")";
  return time.format("time.Date(2006, time.January, 2, ") + format("{}, {}, {}, {}, {})", time.civil().hour,
                                                                   time.civil().minute, time.civil().second,
                                                                   time.nanoseconds, place);
}

class Printer {
 public:
  explicit Printer(PrintLimit limit) : limit_(limit), writer_(out_) {}

  void print_argument(const Value& argument, char32_t verb);
  void print_format(std::string_view format, std::span<const Value> arguments);
  void append(std::string_view text) { out_ += text; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  struct Scan {
    std::string_view format;
    std::span<const Value> arguments;
    std::size_t at = 0;
    std::size_t argument = 0;
    bool after_index = false;  // the item before was an index like [3]
    bool reordered = false;
    bool good_index = true;
  };

  void bad_verb(char32_t verb, const Value& value);
  void print(const Value& value, char32_t verb, Position position);
  bool print_by_method(const Value& value, char32_t verb);
  void print_boolean(const Value& value, char32_t verb);
  void print_integer(const Value& value, std::uint64_t bits, bool is_signed, char32_t verb);
  void print_float(const Value& value, char32_t verb);
  void print_string(const Value& value, std::string_view text, char32_t verb);
  void print_pointer(const Value& value, char32_t verb, Position position);
  void print_list(const Value& value, char32_t verb);
  void print_map(const Value& value, char32_t verb);
  void print_structure(const Value& value, char32_t verb);
  void separate(bool first);

  void print_verb(Scan& scan);
  void read_flags(Scan& scan);
  void read_index(Scan& scan);
  void read_width(Scan& scan);
  void read_precision(Scan& scan);
  void print_extra(const Scan& scan);
  static std::optional<int> read_number(Scan& scan);
  static std::optional<int> integer_argument(Scan& scan);

  PrintLimit limit_;
  std::string out_;
  PaddedWriter writer_;
  bool erroring_ = false;
};

void Printer::bad_verb(char32_t verb, const Value& value) {
  out_ += "%!";
  append_code_point(out_, verb);
  out_ += '(';
  if (value.valid()) {
    erroring_ = true;
    out_ += value.type().name;
    out_ += '=';
    print(value, 'v', Position::top);
    erroring_ = false;
  } else {
    out_ += "<nil>";
  }
  out_ += ')';
}

void Printer::print_argument(const Value& argument, char32_t verb) {
  const Value value = argument.outside_interface();
  if (!value.valid()) {
    if (verb == 'T' || verb == 'v') {
      writer_.pad("<nil>");
    } else {
      bad_verb(verb, value);
    }
    return;
  }
  if (verb == 'T') {
    writer_.write_string(value.type().name);
  } else if (verb == 'p') {
    print_pointer(value, 'p', Position::nested);
  } else {
    print(value, verb, Position::top);
  }
}

// A value with a String method prints by it under the verbs that take strings.
bool Printer::print_by_method(const Value& value, char32_t verb) {
  if (erroring_) return false;
  if (verb == 'w') {
    bad_verb(verb, value);
    return true;
  }
  if (writer_.flags.sharp_v || !value.type().stringer()) return false;
  if (verb != 'v' && verb != 's' && verb != 'x' && verb != 'X' && verb != 'q') return false;
  const Function* method = value.type().method("String");
  if (method == nullptr) method = value.type().method("Error");
  const auto text = method->call(std::span(&value, 1));
  if (!text) {
    out_ += "<nil>";
    return true;
  }
  print_string(*text, text->string(), verb);
  return true;
}

void Printer::print(const Value& outer, char32_t verb, Position position) {
  if (out_.size() > limit_.bytes) return;
  const Value value = outer.outside_interface();
  if (!value.valid()) {
    if (writer_.flags.sharp_v) {
      out_ += "interface {}(nil)";
    } else if (verb == 'v' || outer.valid()) {
      out_ += "<nil>";
    } else {
      bad_verb(verb, value);
    }
    return;
  }
  if (print_by_method(value, verb)) return;
  switch (value.kind()) {
    case Kind::boolean:
      return print_boolean(value, verb);
    case Kind::integer:
      return print_integer(value, static_cast<std::uint64_t>(value.integer()), true, verb);
    case Kind::unsigned_integer:
      return print_integer(value, value.unsigned_integer(), false, verb);
    case Kind::floating:
      return print_float(value, verb);
    case Kind::string:
      return print_string(value, value.string(), verb);
    case Kind::list:
      return print_list(value, verb);
    case Kind::map:
      return print_map(value, verb);
    case Kind::structure:
      return print_structure(value, verb);
    case Kind::pointer:
      return print_pointer(value, verb, position);
    case Kind::interface:
    case Kind::invalid:
      break;
  }
}

void Printer::print_boolean(const Value& value, char32_t verb) {
  if (verb == 't' || verb == 'v') {
    writer_.write_boolean(value.boolean());
  } else {
    bad_verb(verb, value);
  }
}

void Printer::print_integer(const Value& value, std::uint64_t bits, bool is_signed, char32_t verb) {
  switch (verb) {
    case 'v':
      if (writer_.flags.sharp_v && !is_signed) {
        const bool sharp = std::exchange(writer_.flags.sharp, true);
        writer_.write_integer(bits, 16, is_signed, verb, Digits::lower);
        writer_.flags.sharp = sharp;
        return;
      }
      [[fallthrough]];
    case 'd':
      return writer_.write_integer(bits, 10, is_signed, verb, Digits::lower);
    case 'b':
      return writer_.write_integer(bits, 2, is_signed, verb, Digits::lower);
    case 'o':
    case 'O':
      return writer_.write_integer(bits, 8, is_signed, verb, Digits::lower);
    case 'x':
      return writer_.write_integer(bits, 16, is_signed, verb, Digits::lower);
    case 'X':
      return writer_.write_integer(bits, 16, is_signed, verb, Digits::upper);
    case 'c':
      return writer_.write_character(bits);
    case 'q':
      return writer_.write_quoted_character(bits);
    case 'U':
      return writer_.write_unicode(bits);
    default:
      bad_verb(verb, value);
  }
}

void Printer::print_float(const Value& value, char32_t verb) {
  constexpr int kShortest = -1;
  constexpr int kSixDigits = 6;
  switch (verb) {
    case 'v':
      return writer_.write_float(value.floating(), 'g', kShortest);
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      return writer_.write_float(value.floating(), static_cast<char>(verb), kShortest);
    case 'f':
    case 'F':
      return writer_.write_float(value.floating(), 'f', kSixDigits);
    case 'e':
    case 'E':
      return writer_.write_float(value.floating(), static_cast<char>(verb), kSixDigits);
    default:
      bad_verb(verb, value);
  }
}

void Printer::print_string(const Value& value, std::string_view text, char32_t verb) {
  switch (verb) {
    case 'v':
      return writer_.flags.sharp_v ? writer_.write_quoted(text) : writer_.write_string(text);
    case 's':
      return writer_.write_string(text);
    case 'x':
      return writer_.write_hex(text, Digits::lower);
    case 'X':
      return writer_.write_hex(text, Digits::upper);
    case 'q':
      return writer_.write_quoted(text);
    default:
      bad_verb(verb, value);
  }
}

// At the top, a pointer to something with parts prints as & and the parts; elsewhere as an address.
void Printer::print_pointer(const Value& value, char32_t verb, Position position) {
  const bool has_address =
      value.kind() == Kind::pointer || value.kind() == Kind::list || value.kind() == Kind::map;
  if (!has_address) return bad_verb(verb, value);
  if (position == Position::top && value.kind() == Kind::pointer && !value.is_nil()) {
    const Kind target = value.target().kind();
    if (target == Kind::list || target == Kind::structure || target == Kind::map) {
      out_ += '&';
      return print(value.target(), verb, Position::nested);
    }
  }
  const std::uint64_t address = value.is_nil() ? 0 : kPointerText;
  FormatFlags& flags = writer_.flags;
  if (verb == 'v' && flags.sharp_v) {
    out_ += "(" + value.type().name + ")(";
    if (address == 0) {
      out_ += "nil";
    } else {
      const bool sharp = std::exchange(flags.sharp, true);
      writer_.write_integer(address, 16, false, 'v', Digits::lower);
      flags.sharp = sharp;
    }
    out_ += ')';
  } else if (verb == 'v' && address == 0) {
    writer_.pad("<nil>");
  } else if (verb == 'v' || verb == 'p') {
    const bool sharp = std::exchange(flags.sharp, !flags.sharp);
    writer_.write_integer(address, 16, false, 'v', Digits::lower);
    flags.sharp = sharp;
  } else if (verb == 'b' || verb == 'o' || verb == 'd' || verb == 'x' || verb == 'X') {
    print_integer(value, address, false, verb);
  } else {
    bad_verb(verb, value);
  }
}

void Printer::separate(bool first) {
  if (!first) out_ += writer_.flags.sharp_v ? ", " : " ";
}

void Printer::print_list(const Value& value, char32_t verb) {
  if (writer_.flags.sharp_v) {
    out_ += value.type().name;
    if (value.is_nil()) {
      out_ += "(nil)";
      return;
    }
  }
  out_ += writer_.flags.sharp_v ? '{' : '[';
  for (std::size_t i = 0; i < value.list().size(); ++i) {
    separate(i == 0);
    print(value.element(i), verb, Position::nested);
  }
  out_ += writer_.flags.sharp_v ? '}' : ']';
}

void Printer::print_map(const Value& value, char32_t verb) {
  if (writer_.flags.sharp_v) {
    out_ += value.type().name;
    if (value.is_nil()) {
      out_ += "(nil)";
      return;
    }
  }
  out_ += writer_.flags.sharp_v ? "{" : "map[";
  bool first = true;
  for (const auto& [key, element] : value.map()) {
    separate(first);
    first = false;
    print(Value(key), verb, Position::nested);
    out_ += ':';
    print(value.type().element->kind == Kind::interface ? element.in_interface_value() : element, verb,
          Position::nested);
  }
  out_ += writer_.flags.sharp_v ? '}' : ']';
}

void Printer::print_structure(const Value& value, char32_t verb) {
  const FormatFlags& flags = writer_.flags;
  if (&value.type() == &time_type()) {
    if (flags.sharp_v) return writer_.write_string(go_syntax(value.time()));
    return print_structure(time_parts(value.time()), verb);
  }
  if (flags.sharp_v) out_ += value.type().name;
  out_ += '{';
  for (std::size_t i = 0; i < value.type().fields.size(); ++i) {
    if (value.type().fields[i].hidden) continue;
    separate(i == 0);
    if (flags.plus_v || flags.sharp_v) out_ += value.type().fields[i].name + ":";
    print(value.field(i), verb, Position::nested);
  }
  out_ += '}';
}

std::optional<int> Printer::read_number(Scan& scan) {
  std::optional<int> number;
  while (scan.at < scan.format.size() && scan.format[scan.at] >= '0' && scan.format[scan.at] <= '9') {
    if (number.value_or(0) > kLargestWidth) {
      scan.at = scan.format.size();
      return std::nullopt;
    }
    number = number.value_or(0) * 10 + (scan.format[scan.at] - '0');
    ++scan.at;
  }
  return number;
}

std::optional<int> Printer::integer_argument(Scan& scan) {
  if (scan.argument >= scan.arguments.size()) return std::nullopt;
  const Value value = scan.arguments[scan.argument++].outside_interface();
  std::int64_t number = 0;
  if (value.kind() == Kind::integer) {
    number = value.integer();
  } else if (value.kind() == Kind::unsigned_integer && value.unsigned_integer() <= kLargestWidth) {
    number = static_cast<std::int64_t>(value.unsigned_integer());
  } else {
    return std::nullopt;
  }
  if (number > kLargestWidth || number < -kLargestWidth) return std::nullopt;
  return static_cast<int>(number);
}

void Printer::read_flags(Scan& scan) {
  writer_.flags = {};
  for (; scan.at < scan.format.size(); ++scan.at) {
    switch (scan.format[scan.at]) {
      case '#':
        writer_.flags.sharp = true;
        break;
      case '0':
        writer_.flags.zero = true;
        break;
      case '+':
        writer_.flags.plus = true;
        break;
      case '-':
        writer_.flags.minus = true;
        break;
      case ' ':
        writer_.flags.space = true;
        break;
      default:
        return;
    }
  }
}

// An explicit argument index such as [2], counted from 1.
void Printer::read_index(Scan& scan) {
  scan.after_index = false;
  const std::string_view rest = scan.format.substr(std::min(scan.at, scan.format.size()));
  if (!rest.starts_with('[')) return;
  scan.reordered = true;
  const std::size_t close = rest.size() < 3 ? rest.npos : rest.find(']');
  if (close == rest.npos) {
    ++scan.at;
    scan.good_index = false;
    return;
  }
  Scan inner{rest.substr(0, close), {}, 1};
  const std::optional<int> number = read_number(inner);
  scan.at += close + 1;
  const bool is_number = number.has_value() && inner.at == close;
  scan.after_index = is_number;
  if (is_number && *number >= 1 && static_cast<std::size_t>(*number) <= scan.arguments.size()) {
    scan.argument = static_cast<std::size_t>(*number) - 1;
  } else {
    scan.good_index = false;
  }
}

void Printer::read_width(Scan& scan) {
  FormatFlags& flags = writer_.flags;
  if (scan.at < scan.format.size() && scan.format[scan.at] == '*') {
    ++scan.at;
    const std::optional<int> width = integer_argument(scan);
    flags.has_width = width.has_value();
    flags.width = width.value_or(0);
    if (!flags.has_width) out_ += "%!(BADWIDTH)";
    if (flags.width < 0) {
      flags.width = -flags.width;
      flags.minus = true;
      flags.zero = false;
    }
    scan.after_index = false;
    return;
  }
  const std::optional<int> width = read_number(scan);
  flags.has_width = width.has_value();
  flags.width = width.value_or(0);
  if (scan.after_index && flags.has_width) scan.good_index = false;
}

void Printer::read_precision(Scan& scan) {
  FormatFlags& flags = writer_.flags;
  if (scan.at + 1 >= scan.format.size() || scan.format[scan.at] != '.') return;
  ++scan.at;
  if (scan.after_index) scan.good_index = false;
  read_index(scan);
  if (scan.at < scan.format.size() && scan.format[scan.at] == '*') {
    ++scan.at;
    const std::optional<int> precision = integer_argument(scan);
    flags.has_precision = precision.has_value() && *precision >= 0;
    flags.precision = flags.has_precision ? *precision : 0;
    if (!flags.has_precision) out_ += "%!(BADPREC)";
    scan.after_index = false;
    return;
  }
  flags.precision = read_number(scan).value_or(0);
  flags.has_precision = true;
}

// One verb; scan.at is behind the percent sign.
void Printer::print_verb(Scan& scan) {
  scan.good_index = true;
  read_flags(scan);
  read_index(scan);
  read_width(scan);
  read_precision(scan);
  if (!scan.after_index) read_index(scan);
  if (scan.at >= scan.format.size()) {
    out_ += "%!(NOVERB)";
    return;
  }
  const CodePoint verb = decode_code_point(scan.format.substr(scan.at));
  scan.at += verb.width;
  if (verb.value == '%') {
    out_ += '%';
    return;
  }
  if (!scan.good_index || scan.argument >= scan.arguments.size()) {
    out_ += "%!";
    append_code_point(out_, verb.value);
    out_ += scan.good_index ? "(MISSING)" : "(BADINDEX)";
    return;
  }
  if (verb.value == 'v') {
    writer_.flags.sharp_v = std::exchange(writer_.flags.sharp, false);
    writer_.flags.plus_v = std::exchange(writer_.flags.plus, false);
  }
  print_argument(scan.arguments[scan.argument++], verb.value);
}

void Printer::print_extra(const Scan& scan) {
  writer_.flags = {};
  out_ += "%!(EXTRA ";
  for (std::size_t i = scan.argument; i < scan.arguments.size(); ++i) {
    if (i > scan.argument) out_ += ", ";
    const Value value = scan.arguments[i].outside_interface();
    if (!value.valid()) {
      out_ += "<nil>";
      continue;
    }
    out_ += value.type().name + "=";
    print_argument(value, 'v');
  }
  out_ += ')';
}

void Printer::print_format(std::string_view format, std::span<const Value> arguments) {
  Scan scan{format, arguments};
  while (scan.at < format.size() && out_.size() <= limit_.bytes) {
    const std::size_t percent = std::min(format.find('%', scan.at), format.size());
    out_ += format.substr(scan.at, percent - scan.at);
    scan.at = percent + 1;
    if (percent < format.size()) print_verb(scan);
  }
  // With explicit indexes Go does not look for arguments that were left over.
  if (!scan.reordered && scan.argument < arguments.size()) print_extra(scan);
}

}  // namespace

std::string sprint(std::span<const Value> arguments, PrintLimit limit) {
  Printer printer(limit);
  bool string_before = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_string = arguments[i].kind() == Kind::string;
    if (i > 0 && !is_string && !string_before) printer.append(" ");
    printer.print_argument(arguments[i], 'v');
    string_before = is_string;
  }
  return printer.take();
}

std::string sprintln(std::span<const Value> arguments, PrintLimit limit) {
  Printer printer(limit);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) printer.append(" ");
    printer.print_argument(arguments[i], 'v');
  }
  printer.append("\n");
  return printer.take();
}

std::string sprintf(std::string_view format, std::span<const Value> arguments, PrintLimit limit) {
  Printer printer(limit);
  printer.print_format(format, arguments);
  return printer.take();
}

Value printable(const Value& value) {
  Value outside = value.outside_interface();
  if (outside.kind() != Kind::pointer) return outside;
  return outside.is_nil() ? outside : outside.indirect();
}

std::string print_value(const Value& value, PrintLimit limit) {
  if (!value.valid()) return "<no value>";
  const Value shown = printable(value);
  // The commonest case by far.
  if (shown.valid() && &shown.type() == &string_type()) return shown.string();
  return sprint(std::span(&shown, 1), limit);
}

}  // namespace tocsin::templates
