#include "promql/series_lexer.hpp"

#include <algorithm>
#include <array>

#include "promql/ascii.hpp"
#include "promql/labels.hpp"
#include "promql/quote.hpp"

namespace tocsin::promql {
namespace {

constexpr auto kHistogramFields =
    std::to_array<std::string_view>({"sum", "count", "schema", "offset", "n_offset", "buckets", "n_buckets",
                                     "z_bucket", "z_bucket_w", "custom_values", "counter_reset_hint"});
constexpr auto kResetHints = std::to_array<std::string_view>({"unknown", "reset", "not_reset", "gauge"});

}  // namespace

Token SeriesLexer::next() {
  if (!error_.empty()) return {TokenKind::error, start_, error_};
  start_ = cursor_.position();
  switch (place_) {
    case Place::values:
      return in_values();
    case Place::histogram:
      return in_histogram();
    case Place::buckets:
      break;
  }
  return in_buckets();
}

Token SeriesLexer::emit(TokenKind kind) {
  return {kind, start_, cursor_.since(start_)};
}

Token SeriesLexer::fail(std::string message) {
  error_ = std::move(message);
  return {TokenKind::error, start_, error_};
}

// However long it is, space is one token.
Token SeriesLexer::space() {
  cursor_.next();
  const Token token = emit(TokenKind::space);
  cursor_.skip_space();
  return token;
}

Token SeriesLexer::in_values() {
  const char32_t c = cursor_.peek();
  if (c == Cursor::kEnd) return emit(TokenKind::end);
  if (is_space(c)) return space();
  if (cursor_.starts_with("{{")) {
    cursor_.set_position(start_ + 2);
    place_ = Place::histogram;
    return emit(TokenKind::open_histogram);
  }
  if (is_digit(c)) return number();
  if (is_alpha(c) && c != 'x' && c != '_') return word();
  cursor_.next();
  switch (c) {
    case '+':
      return emit(TokenKind::add);
    case '-':
      return emit(TokenKind::subtract);
    case 'x':
      return emit(TokenKind::times);
    case '_':
      return emit(TokenKind::blank);
    case '.':
      if (!is_digit(cursor_.peek())) break;
      cursor_.set_position(start_);
      return number();
    default:
      break;
  }
  return fail("unexpected character in series sequence: " + go_quote_rune(c));
}

Token SeriesLexer::number() {
  if (scan_number(cursor_, NumberForm::series)) return emit(TokenKind::number);
  return fail("bad number syntax: " + go_quote(cursor_.since(start_)));
}

Token SeriesLexer::word() {
  while (is_alphanumeric(cursor_.peek()) || cursor_.peek() == ':') cursor_.next();
  const std::string_view text = cursor_.since(start_);
  const bool has_colon = text.find(':') != text.npos;
  return emit(has_colon ? TokenKind::metric_identifier : keyword_kind(text));
}

Token SeriesLexer::in_histogram() {
  const char32_t c = cursor_.peek();
  if (is_space(c)) return space();
  if (is_alpha(c)) return histogram_word();
  if (is_digit(c)) return number();
  if (cursor_.starts_with("}}")) {
    cursor_.set_position(start_ + 2);
    place_ = Place::values;
    return emit(TokenKind::close_histogram);
  }
  cursor_.next();
  switch (c) {
    case ':':
      return emit(TokenKind::colon);
    case '-':
      return emit(TokenKind::subtract);
    case '[':
      place_ = Place::buckets;
      return emit(TokenKind::left_bracket);
    default:
      return fail("histogram description incomplete unexpected: " + go_quote_rune(c));
  }
}

Token SeriesLexer::histogram_word() {
  while (is_alpha(cursor_.peek())) cursor_.next();
  const std::string_view text = cursor_.since(start_);
  const std::string name = ascii_lower(text);
  if (std::ranges::count(kHistogramFields, name) != 0) {
    if (cursor_.peek() == ':') return emit(TokenKind::histogram_field);
    return fail("missing `:` for histogram descriptor");
  }
  if (name == "inf" || name == "nan") return emit(TokenKind::number);
  if (std::ranges::count(kResetHints, name) != 0) return emit(TokenKind::reset_hint);
  return fail("bad histogram descriptor found: " + go_quote(text));
}

Token SeriesLexer::in_buckets() {
  const char32_t c = cursor_.peek();
  if (is_space(c)) return space();
  if (is_digit(c)) return number();
  if (is_alpha(c)) return bucket_word();
  cursor_.next();
  if (c == '-') return emit(TokenKind::subtract);
  if (c == ']') {
    place_ = Place::histogram;
    return emit(TokenKind::right_bracket);
  }
  return fail("invalid character in buckets description: " + go_quote_rune(c));
}

// Inf or NaN. Upstream skips any other letters without a word; a test that holds some has a mistake in it.
Token SeriesLexer::bucket_word() {
  const char32_t first = cursor_.peek();
  while (is_alpha(cursor_.peek())) cursor_.next();
  const std::string name = ascii_lower(cursor_.since(start_));
  if (name == "inf" || name == "nan") return emit(TokenKind::number);
  return fail("invalid character in buckets description: " + go_quote_rune(first));
}

}  // namespace tocsin::promql
