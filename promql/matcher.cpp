#include "promql/matcher.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "promql/format.hpp"
#include "promql/labels.hpp"

namespace tocsin {
namespace {

// Go's name of what RE2 found wrong (regexp/syntax, ErrorCode).
std::string_view go_error_code(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case re2::RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "regexp/syntax: internal error";
  }
}

Error go_error(const re2::RE2& regex, std::string_view pattern) {
  // What Go has no offending part for, it shows the whole pattern of; its trailing backslash has none.
  const bool names_none = regex.error_code() == re2::RE2::ErrorTrailingBackslash;
  const std::string_view part = regex.error_arg().empty() ? pattern : regex.error_arg();
  return Error(
      format("error parsing regexp: {}: `{}`", go_error_code(regex.error_code()), names_none ? "" : part));
}

// Three things in which Go's syntax differs from RE2's: (?<name>x) is a named group as (?P<name>x) is, \Q may
// be left open, and \C, a single byte, does not exist.
Result<std::string> to_re2_syntax(std::string_view pattern) {
  std::string out;
  bool is_quoted = false;
  while (!pattern.empty()) {
    std::size_t length = 1;
    if (is_quoted) {
      is_quoted = !pattern.starts_with("\\E");
      length = is_quoted ? 1 : 2;
    } else if (pattern.starts_with("\\C")) {
      return Error("error parsing regexp: invalid escape sequence: `\\C`");
    } else if (pattern.front() == '\\') {
      is_quoted = pattern.starts_with("\\Q");
      length = std::min<std::size_t>(2, pattern.size());
    } else if (pattern.starts_with("(?<")) {
      out += "(?P<";
      pattern.remove_prefix(3);
      continue;
    }
    out += pattern.substr(0, length);
    pattern.remove_prefix(length);
  }
  if (is_quoted) out += "\\E";
  return out;
}

}  // namespace

AnchoredRegex::AnchoredRegex() = default;
AnchoredRegex::AnchoredRegex(AnchoredRegex&&) noexcept = default;
AnchoredRegex& AnchoredRegex::operator=(AnchoredRegex&&) noexcept = default;
AnchoredRegex::~AnchoredRegex() = default;

Result<AnchoredRegex> AnchoredRegex::compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  // The pattern is compiled on its own first, so that an error speaks of what the user wrote.
  const Result<std::string> translated = to_re2_syntax(pattern);
  if (!translated) return translated.error();
  if (const re2::RE2 alone(*translated, options); !alone.ok()) {
    return go_error(alone, pattern);
  }
  AnchoredRegex regex;
  const std::string anchored = format("^(?s:{})$", *translated);
  regex.program_ = std::make_unique<re2::RE2>(anchored, options);
  if (!regex.program_->ok()) return go_error(*regex.program_, pattern);
  return regex;
}

Result<std::unique_ptr<re2::RE2>> compile_go_regex(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const Result<std::string> translated = to_re2_syntax(pattern);
  if (!translated) return translated.error();
  auto regex = std::make_unique<re2::RE2>(*translated, options);
  if (!regex->ok()) return go_error(*regex, pattern);
  return regex;
}

bool AnchoredRegex::matches(std::string_view text) const {
  return re2::RE2::FullMatch({text.data(), text.size()}, *program_);
}

Result<Matcher> Matcher::make(MatchType type, std::string_view name, std::string_view value) {
  Matcher matcher;
  matcher.type_ = type;
  matcher.name_ = name;
  matcher.value_ = value;
  if (type == MatchType::regex || type == MatchType::not_regex) {
    auto regex = AnchoredRegex::compile(value);
    if (!regex) return regex.error();
    matcher.regex_ = std::move(*regex);
  }
  return matcher;
}

bool Matcher::matches(std::string_view label_value) const {
  switch (type_) {
    case MatchType::equal:
      return label_value == value_;
    case MatchType::not_equal:
      return label_value != value_;
    case MatchType::regex:
      return regex_.matches(label_value);
    case MatchType::not_regex:
      return !regex_.matches(label_value);
  }
  return false;
}

Matcher Matcher::clone() const {
  return make(type_, name_, value_).value();
}

std::string Matcher::to_string() const {
  const std::string name = is_classic_label_name(name_) ? name_ : go_quote(name_);
  return format("{}{}{}", name, tocsin::to_string(type_), go_quote(value_));
}

std::string_view to_string(MatchType type) {
  switch (type) {
    case MatchType::equal:
      return "=";
    case MatchType::not_equal:
      return "!=";
    case MatchType::regex:
      return "=~";
    case MatchType::not_regex:
      return "!~";
  }
  return "=";
}

}  // namespace tocsin
