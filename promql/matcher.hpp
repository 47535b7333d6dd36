// A label matcher: name, operator, value, and for the regular ones a compiled, fully anchored RE2 in which
// `.` matches a newline (Prometheus 3). A missing label matches as "".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "promql/result.hpp"

namespace re2 {
class RE2;
}

namespace tocsin {

// A fully anchored regular expression. Owns its program; matching is safe from any thread.
class AnchoredRegex {
 public:
  AnchoredRegex();
  AnchoredRegex(AnchoredRegex&&) noexcept;
  AnchoredRegex& operator=(AnchoredRegex&&) noexcept;
  ~AnchoredRegex();

  // The error has Go's wording: error parsing regexp: missing closing ]: `[a`.
  [[nodiscard]] static Result<AnchoredRegex> compile(std::string_view pattern);
  [[nodiscard]] bool matches(std::string_view text) const;
  // The compiled ^(?s:pattern)$, for callers that need its groups (relabelling, label_replace).
  [[nodiscard]] const re2::RE2& program() const { return *program_; }

 private:
  std::unique_ptr<re2::RE2> program_;
};

// Go's regexp.Compile: the pattern as it stands, neither anchored nor with a dot that matches a newline. The
// error has Go's wording. For .cpp files that search or replace; they include re2 themselves.
[[nodiscard]] Result<std::unique_ptr<re2::RE2>> compile_go_regex(std::string_view pattern);

enum class MatchType { equal, not_equal, regex, not_regex };

class Matcher {
 public:
  [[nodiscard]] static Result<Matcher> make(MatchType type, std::string_view name, std::string_view value);

  [[nodiscard]] MatchType type() const { return type_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& value() const { return value_; }
  [[nodiscard]] bool matches(std::string_view label_value) const;
  [[nodiscard]] bool matches_empty() const { return matches({}); }
  // The same matcher again; the pattern is compiled a second time.
  [[nodiscard]] Matcher clone() const;
  // name="value", as Prometheus and Alertmanager print it.
  [[nodiscard]] std::string to_string() const;

 private:
  Matcher() = default;
  MatchType type_ = MatchType::equal;
  std::string name_;
  std::string value_;
  AnchoredRegex regex_;
};

[[nodiscard]] std::string_view to_string(MatchType type);  // = != =~ !~

}  // namespace tocsin
