#include "promql/matcher.hpp"

#include <re2/re2.h>

#include "promql/format.hpp"
#include "promql/labels.hpp"

namespace tocsin {

AnchoredRegex::AnchoredRegex() = default;
AnchoredRegex::AnchoredRegex(AnchoredRegex&&) noexcept = default;
AnchoredRegex& AnchoredRegex::operator=(AnchoredRegex&&) noexcept = default;
AnchoredRegex::~AnchoredRegex() = default;

Result<AnchoredRegex> AnchoredRegex::compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  // The pattern is compiled on its own first, so that an error speaks of what the user wrote.
  if (const re2::RE2 alone({pattern.data(), pattern.size()}, options); !alone.ok()) {
    return Error(format("error parsing regexp: {}", alone.error()));
  }
  AnchoredRegex regex;
  const std::string anchored = format("^(?s:{})$", pattern);
  regex.program_ = std::make_unique<re2::RE2>(anchored, options);
  if (!regex.program_->ok()) return Error(format("error parsing regexp: {}", regex.program_->error()));
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
