// The tokens behind the metric of a series description. Only series_notation.cpp uses it.
#pragma once

#include <string>
#include <string_view>

#include "promql/lexer.hpp"

namespace tocsin::promql {

class SeriesLexer {
 public:
  // Reads text from `position` on. The text must outlive the lexer.
  SeriesLexer(std::string_view text, int position) : cursor_(text) { cursor_.set_position(position); }

  // After an error there is no more to be had.
  [[nodiscard]] Token next();

 private:
  enum class Place { values, histogram, buckets };

  Token in_values();
  Token in_histogram();
  Token in_buckets();
  Token number();
  Token word();
  Token histogram_word();
  Token bucket_word();
  Token space();
  Token emit(TokenKind kind);
  Token fail(std::string message);

  Cursor cursor_;
  int start_ = 0;
  Place place_ = Place::values;
  std::string error_;
};

}  // namespace tocsin::promql
