// Writes JSON the way the APIs of Prometheus and Alertmanager do: no white space, Go's string escapes.
// (Reading JSON is Boost.JSON's part.)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::api {

// A streaming writer: calls must nest as the document does. Commas are its own affair.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  // With `<`, `>` and `&` as \u003c and so on, as Go's encoder writes text.
  JsonWriter& string(std::string_view text);
  // Without that, as Prometheus writes the labels of a result.
  JsonWriter& raw_string(std::string_view text);
  JsonWriter& boolean(bool value);
  JsonWriter& integer(std::int64_t value);
  // Go's encoding of a float64; NaN and infinities, which JSON does not know, become null.
  JsonWriter& number(double value);
  JsonWriter& null();
  // Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  JsonWriter& labels(const Labels& labels);      // an object, text escaped as by string()
  JsonWriter& raw_labels(const Labels& labels);  // an object, as by raw_string()
  // The same of a map from names to texts, whose values may be empty.
  JsonWriter& texts(const std::map<std::string, std::string>& texts);
  JsonWriter& raw_texts(const std::map<std::string, std::string>& texts);

  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void separate();
  JsonWriter& member(std::string_view name, std::string_view text, bool html);
  void escaped(std::string_view text, bool html);

  std::string out_;
  bool first_ = true;  // nothing stands yet in the innermost array or object
};

}  // namespace tocsin::api
