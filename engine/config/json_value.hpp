// JSON as Go's encoding/json takes it, with the place of every value. Boost.JSON keeps no places, and refuses
// what Go mends: a byte that is no UTF-8, or half of a surrogate pair, becomes U+FFFD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::config {

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };
// "a number", "a list", "an object" ...: how errors name what was found.
[[nodiscard]] std::string_view describe(JsonKind kind);

struct JsonMember;

// Of numbers and booleans only the kind is kept: no reader asks for more.
struct JsonValue {
  JsonKind kind = JsonKind::null;
  std::size_t offset = 0;           // of its first byte in the text
  std::string text;                 // of a string, in UTF-8
  std::vector<JsonValue> items;     // of an array
  std::vector<JsonMember> members;  // of an object, in the order of the text; a key may come again
};

struct JsonMember {
  JsonValue key;  // a string
  JsonValue value;
};

struct JsonError {
  std::size_t offset = 0;
  std::string text;  // expected "," or "]", found "}"
};

struct ParsedJson {
  JsonValue value;  // whole only if there is no error
  std::optional<JsonError> error;
};

// Reads a whole text. The first error ends it.
[[nodiscard]] ParsedJson parse_json(std::string_view text);

}  // namespace tocsin::config
