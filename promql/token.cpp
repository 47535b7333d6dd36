#include "promql/token.hpp"

#include <algorithm>
#include <array>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/utf8.hpp"

namespace tocsin::promql {
namespace {

struct Keyword {
  std::string_view name;
  TokenKind kind;
};

constexpr auto kKeywords = std::to_array<Keyword>({{"anchored", TokenKind::anchored},
                                                   {"and", TokenKind::and_},
                                                   {"atan2", TokenKind::atan2},
                                                   {"avg", TokenKind::avg},
                                                   {"bool", TokenKind::bool_},
                                                   {"bottomk", TokenKind::bottomk},
                                                   {"by", TokenKind::by},
                                                   {"count", TokenKind::count},
                                                   {"count_values", TokenKind::count_values},
                                                   {"end", TokenKind::end_of_range},
                                                   {"fill", TokenKind::fill},
                                                   {"fill_left", TokenKind::fill_left},
                                                   {"fill_right", TokenKind::fill_right},
                                                   {"group", TokenKind::group},
                                                   {"group_left", TokenKind::group_left},
                                                   {"group_right", TokenKind::group_right},
                                                   {"ignoring", TokenKind::ignoring},
                                                   {"inf", TokenKind::number},
                                                   {"limit_ratio", TokenKind::limit_ratio},
                                                   {"limitk", TokenKind::limitk},
                                                   {"max", TokenKind::max},
                                                   {"max_of", TokenKind::max_of},
                                                   {"min", TokenKind::min},
                                                   {"min_of", TokenKind::min_of},
                                                   {"nan", TokenKind::number},
                                                   {"offset", TokenKind::offset},
                                                   {"on", TokenKind::on},
                                                   {"or", TokenKind::or_},
                                                   {"quantile", TokenKind::quantile},
                                                   {"range", TokenKind::range},
                                                   {"smoothed", TokenKind::smoothed},
                                                   {"start", TokenKind::start},
                                                   {"stddev", TokenKind::stddev},
                                                   {"stdvar", TokenKind::stdvar},
                                                   {"step", TokenKind::step},
                                                   {"sum", TokenKind::sum},
                                                   {"topk", TokenKind::topk},
                                                   {"unless", TokenKind::unless},
                                                   {"without", TokenKind::without}});
static_assert(std::ranges::is_sorted(kKeywords, {}, &Keyword::name));

constexpr std::size_t kLongestKeyword = 12;
constexpr std::size_t kLongestQuotedText = 10;  // a longer text is cut in error messages

// Go's %.10q...: the first ten code points, quoted.
std::string quote_shortened(std::string_view text) {
  if (text.size() <= kLongestQuotedText) return go_quote(text);
  std::size_t end = 0;
  for (std::size_t i = 0; i < kLongestQuotedText && end < text.size(); ++i) {
    end += decode_code_point(text.substr(end)).width;
  }
  return go_quote(text.substr(0, end)) + "...";
}

// Kinds whose text differs from token to token are described by a noun as well.
std::string_view noun_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::identifier:
      return "identifier ";
    case TokenKind::metric_identifier:
      return "metric identifier ";
    case TokenKind::string:
      return "string ";
    case TokenKind::number:
      return "number ";
    case TokenKind::duration:
      return "duration ";
    default:
      return "";
  }
}

}  // namespace

BinaryOp to_binary_op(TokenKind kind) {
  return static_cast<BinaryOp>(static_cast<int>(kind) - static_cast<int>(TokenKind::first_operator));
}

AggregateOp to_aggregate_op(TokenKind kind) {
  return static_cast<AggregateOp>(static_cast<int>(kind) - static_cast<int>(TokenKind::first_aggregator));
}

TokenKind keyword_kind(std::string_view name) {
  if (name.size() > kLongestKeyword) return TokenKind::identifier;
  std::array<char, kLongestKeyword> buffer{};
  std::ranges::transform(name, buffer.begin(), [](char c) { return ascii_lower(c); });
  const std::string_view lower(buffer.data(), name.size());
  const auto* at = std::ranges::lower_bound(kKeywords, lower, {}, &Keyword::name);
  return at != kKeywords.end() && at->name == lower ? at->kind : TokenKind::identifier;
}

std::string describe(const Token& token) {
  const TokenKind kind = token.kind;
  if (kind == TokenKind::end) return "end of input";
  if (kind == TokenKind::identifier || kind == TokenKind::metric_identifier) {
    return std::string(noun_of(kind)) + go_quote(token.text);
  }
  if (is_between(kind, TokenKind::first_keyword, TokenKind::last_keyword)) {
    return format("<{}>", token.text);
  }
  if (is_between(kind, TokenKind::first_operator, TokenKind::last_operator)) {
    return format("<op:{}>", token.text);
  }
  if (is_aggregator(kind)) return format("<aggr:{}>", token.text);
  return std::string(noun_of(kind)) + quote_shortened(token.text);
}

}  // namespace tocsin::promql
