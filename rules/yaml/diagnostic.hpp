// What a check has to say about a file: one finding, and the list of them that a file collects.
//
// A finding reads "file:line:column: subject: found, expected" (docs: wording). A reader never stops at the
// first error: it adds a Diagnostic and goes on, so that a person sees everything at once.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

// A place in a file. Lines and columns count from 1, columns in characters as editors do; 0 means unknown.
struct SourcePosition {
  int line = 0;
  int column = 0;
  friend auto operator<=>(const SourcePosition&, const SourcePosition&) = default;
};

enum class Severity { error, warning };

struct Diagnostic {
  std::string file;  // as the user named it; empty when the finding belongs to no file
  SourcePosition position;
  Severity severity = Severity::error;
  std::string code;         // a lint finding's number and name: "R112 summary-as-histogram"; else empty
  std::string text;         // "subject: found, expected"; never holds a secret
  std::string hint;         // further lines, printed indented as they are; may be empty
  std::string fix;          // what to write instead, printed after "fix: "; may be empty
  std::string source_line;  // the line of the file, shown with a caret under the column; may be empty
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

// The findings of one check, in the order they were made. Not thread-safe; owned by who runs the check.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic);
  void add(std::vector<Diagnostic> diagnostics);

  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  [[nodiscard]] std::vector<Diagnostic> take();
  [[nodiscard]] bool has_errors() const;
  [[nodiscard]] std::size_t errors() const;
  [[nodiscard]] std::size_t warnings() const;

  // By file in order of first mention, then by position; findings at one place keep their order. The first
  // `from` findings stay where they are.
  void sort(std::size_t from = 0);

 private:
  std::vector<Diagnostic> all_;
};

enum class SeverityWord { never_for_errors, always };

// One finding as text, without a final newline: the head line, the source line and caret, hint and fix.
[[nodiscard]] std::string format_diagnostic(const Diagnostic& diagnostic, SeverityWord word);
// All findings, each ended by a newline. Errors carry the word "error:" only when warnings stand beside them.
[[nodiscard]] std::string format_diagnostics(const std::vector<Diagnostic>& diagnostics);
// "FAILED: 1 error, 2 warnings in 1 file"; files is the number that was checked.
[[nodiscard]] std::string failed_line(const std::vector<Diagnostic>& diagnostics, std::size_t files);
[[nodiscard]] std::size_t count_severity(const std::vector<Diagnostic>& diagnostics, Severity severity);
// "1 error", "2 errors", "no errors".
[[nodiscard]] std::string count_of(std::size_t count, std::string_view noun);

// The candidate nearest to the word by edit distance, or "" when none is near enough to be meant.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string_view>& candidates);
// `, did you mean "labels"?`, or "" when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

}  // namespace tocsin
