#include "rules/template/json.hpp"

#include <cmath>

#include "promql/format.hpp"
#include "promql/utf8.hpp"
#include "promql/value.hpp"
#include "rules/template/padding.hpp"

namespace tocsin::templates {
namespace {

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      if (c < ' ' || c == '<' || c == '>' || c == '&') {
        out += format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

// As ES6 writes numbers: an exponent below 1e-6 and from 1e21, without a leading zero.
std::string float_text(double value) {
  const double size = std::abs(value);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) return promql::format_float(value);
  std::string text = format_float(value, 'e', -1);
  const std::size_t exponent = text.find('e');
  if (text[exponent + 1] == '-' && text[exponent + 2] == '0') text.erase(exponent + 2, 1);
  return text;
}

class JsonPrinter {
 public:
  Result<void> print(const Value& boxed);
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  Result<void> print_list(const Value& value);
  Result<void> print_map(const Value& value);
  Result<void> print_structure(const Value& value);
  Result<void> print_time(const GoTime& time);

  std::string out_;
};

Result<void> JsonPrinter::print_list(const Value& value) {
  out_ += '[';
  for (std::size_t i = 0; i < value.list().size(); ++i) {
    if (i > 0) out_ += ',';
    if (auto done = print(value.list()[i]); !done) return done;
  }
  out_ += ']';
  return {};
}

Result<void> JsonPrinter::print_map(const Value& value) {
  out_ += '{';
  bool first = true;
  for (const auto& [key, element] : value.map()) {
    if (!first) out_ += ',';
    first = false;
    append_json_string(out_, key);
    out_ += ':';
    if (auto done = print(element); !done) return done;
  }
  out_ += '}';
  return {};
}

Result<void> JsonPrinter::print_structure(const Value& value) {
  out_ += '{';
  bool first = true;
  for (std::size_t i = 0; i < value.type().fields.size(); ++i) {
    const Field& field = value.type().fields[i];
    if (field.hidden || (field.name[0] >= 'a' && field.name[0] <= 'z')) continue;
    if (!first) out_ += ',';
    first = false;
    append_json_string(out_, field.json.empty() ? field.name : field.json);
    out_ += ':';
    if (auto done = print(value.list()[i]); !done) return done;
  }
  out_ += '}';
  return {};
}

Result<void> JsonPrinter::print_time(const GoTime& time) {
  const std::int64_t year = time.civil().year;
  if (year < 0 || year > 9999) {
    return Error(
        "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range "
        "[0,9999]");
  }
  out_ += '"' + time.to_json() + '"';
  return {};
}

Result<void> JsonPrinter::print(const Value& boxed) {
  const Value value = boxed.outside_interface();
  if (value.is_nil()) {
    out_ += "null";
    return {};
  }
  switch (value.kind()) {
    case Kind::boolean:
      out_ += value.boolean() ? "true" : "false";
      break;
    case Kind::integer:
      out_ += format("{}", value.integer());
      break;
    case Kind::unsigned_integer:
      out_ += format("{}", value.unsigned_integer());
      break;
    case Kind::floating:
      if (!std::isfinite(value.floating())) {
        return Error("json: unsupported value: " + promql::format_float(value.floating()));
      }
      out_ += float_text(value.floating());
      break;
    case Kind::string:
      append_json_string(out_, value.string());
      break;
    case Kind::list:
      return print_list(value);
    case Kind::map:
      return print_map(value);
    case Kind::structure:
      return &value.type() == &time_type() ? print_time(value.time()) : print_structure(value);
    case Kind::pointer:
      return print(value.target());
    case Kind::interface:
    case Kind::invalid:
      break;
  }
  return {};
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    if (next.value < 0x80) {
      append_ascii(out, text[0]);
    } else if (next.is_invalid()) {
      out += "\\ufffd";
    } else if (next.value == 0x2028 || next.value == 0x2029) {
      out += next.value == 0x2028 ? "\\u2028" : "\\u2029";
    } else {
      out += text.substr(0, next.width);
    }
    text.remove_prefix(next.width);
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

Result<std::string> to_json(const Value& value) {
  JsonPrinter printer;
  if (auto done = printer.print(value); !done) return done.error();
  return printer.take();
}

void JsonObject::key(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  append_json_string(out_, name);
  out_ += ':';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  key(name);
  append_json_string(out_, value);
  return *this;
}

JsonObject& JsonObject::text_if(std::string_view name, std::string_view value) {
  return value.empty() ? *this : text(name, value);
}

JsonObject& JsonObject::flag(std::string_view name, bool value) {
  return raw(name, value ? "true" : "false");
}

JsonObject& JsonObject::flag_if(std::string_view name, bool value) {
  return value ? flag(name, value) : *this;
}

JsonObject& JsonObject::number(std::string_view name, std::int64_t value) {
  return raw(name, format("{}", value));
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  key(name);
  out_ += json;
  return *this;
}

std::string json_array(const std::vector<std::string>& elements) {
  std::string out = "[";
  for (const std::string& element : elements) {
    if (out.size() > 1) out += ',';
    out += element;
  }
  return out + "]";
}

}  // namespace tocsin::templates
