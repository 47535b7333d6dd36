// JSON as Go's encoding/json writes it: keys of maps sorted, <, > and & escaped, floats in Go's form.
// Payloads are compared byte for byte with upstream's, so no other writer will do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "promql/result.hpp"
#include "rules/template/value.hpp"

namespace tocsin::templates {

// json.Marshal of a value. The error is Go's: json: unsupported value: NaN.
[[nodiscard]] Result<std::string> to_json(const Value& value);

// A quoted JSON string; bytes that are not UTF-8 become \ufffd.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string json_string(std::string_view text);

// Writes an object field by field, in the order of the calls.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  // Left out if empty (Go's omitempty).
  JsonObject& text_if(std::string_view name, std::string_view value);
  JsonObject& flag(std::string_view name, bool value);
  JsonObject& flag_if(std::string_view name, bool value);
  JsonObject& number(std::string_view name, std::int64_t value);
  // A value that is JSON already.
  JsonObject& raw(std::string_view name, std::string_view json);
  [[nodiscard]] std::string finish() const { return out_ + "}"; }

 private:
  void key(std::string_view name);
  std::string out_ = "{";
};

// "[a,b]" of values that are JSON already.
[[nodiscard]] std::string json_array(const std::vector<std::string>& elements);

}  // namespace tocsin::templates
