// Info and warning annotations of an evaluation, with Prometheus' texts. The same annotation is kept once;
// some merge (the forced-monotonicity notes keep the earliest and latest time and the largest change).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "promql/ast.hpp"

namespace tocsin::promql {

enum class AnnotationLevel : std::uint8_t { info, warning };

struct Annotation {
  AnnotationLevel level = AnnotationLevel::warning;
  std::string text;        // starts with "PromQL warning: " or "PromQL info: ", without the position
  PositionRange position;  // in the expression; what it points at is added when it is printed

  // The text that the API shows: `text` and, in brackets, line and column in `query`.
  [[nodiscard]] std::string to_string(std::string_view query) const;
  friend bool operator==(const Annotation&, const Annotation&) = default;
};

class Annotations {
 public:
  void add(Annotation annotation);
  void merge(const Annotations& other);
  void clear() { all_.clear(); }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] const std::vector<Annotation>& all() const { return all_; }
  // Texts of one level with their positions, in the order in which they were raised.
  [[nodiscard]] std::vector<std::string> texts(AnnotationLevel level, std::string_view query) const;

 private:
  std::vector<Annotation> all_;
};

}  // namespace tocsin::promql
