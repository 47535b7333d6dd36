#include "rules/yaml/diagnostic.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "promql/format.hpp"

namespace tocsin {

void Diagnostics::add(Diagnostic diagnostic) {
  all_.push_back(std::move(diagnostic));
}

void Diagnostics::add(std::vector<Diagnostic> diagnostics) {
  all_.insert(all_.end(), std::make_move_iterator(diagnostics.begin()),
              std::make_move_iterator(diagnostics.end()));
}

std::vector<Diagnostic> Diagnostics::take() {
  return std::exchange(all_, {});
}

bool Diagnostics::has_errors() const {
  return errors() > 0;
}

std::size_t Diagnostics::errors() const {
  return count_severity(all_, Severity::error);
}

std::size_t Diagnostics::warnings() const {
  return count_severity(all_, Severity::warning);
}

void Diagnostics::sort(std::size_t from) {
  std::map<std::string, std::size_t> order;
  for (const Diagnostic& diagnostic : all_) order.emplace(diagnostic.file, order.size());
  const auto first = all_.begin() + static_cast<std::ptrdiff_t>(std::min(from, all_.size()));
  std::stable_sort(first, all_.end(), [&](const Diagnostic& a, const Diagnostic& b) {
    const std::size_t file_a = order.at(a.file);
    const std::size_t file_b = order.at(b.file);
    return file_a != file_b ? file_a < file_b : a.position < b.position;
  });
}

namespace {

std::string place_of(const Diagnostic& diagnostic) {
  std::string place = diagnostic.file;
  if (diagnostic.position.line > 0) {
    if (!place.empty()) place += ':';
    place += std::to_string(diagnostic.position.line);
    if (diagnostic.position.column > 0) place += ':' + std::to_string(diagnostic.position.column);
  }
  if (!place.empty()) place += ": ";
  return place;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// A text that may hold what stood in a file: nothing in it may steer the terminal or end the output.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (is_control(c)) {
      out += format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

// The same for a line under which a caret will stand: one character stays one character.
std::string shown_line(std::string_view line) {
  std::string out(line);
  std::ranges::replace_if(
      out, [](char c) { return is_control(c) && c != '\t'; }, '?');
  return out;
}

// What stands before the caret: tabs stay tabs, so that the caret lines up wherever the text is shown.
std::string caret_padding(std::string_view line, int column) {
  std::string padding;
  int at = 1;
  for (std::size_t i = 0; i < line.size() && at < column; ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0) == 0x80) continue;  // inside a character
    padding += line[i] == '\t' ? '\t' : ' ';
    ++at;
  }
  padding.append(static_cast<std::size_t>(std::max(0, column - at)), ' ');
  return padding;
}

void append_indented(std::string& out, std::string_view text, std::string_view lead) {
  out += "\n    ";
  out += lead;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
}

}  // namespace

std::string format_diagnostic(const Diagnostic& diagnostic, SeverityWord word) {
  std::string out = place_of(diagnostic);
  if (diagnostic.severity == Severity::warning) {
    out += diagnostic.code.empty() ? "warning: " : "warning " + diagnostic.code + ": ";
  } else if (!diagnostic.code.empty()) {
    out += "error " + diagnostic.code + ": ";
  } else if (word == SeverityWord::always) {
    out += "error: ";
  }
  out += shown(diagnostic.text);
  if (!diagnostic.source_line.empty()) {
    out += format("\n{:>6} | {}\n       | {}^", diagnostic.position.line, shown_line(diagnostic.source_line),
                  caret_padding(diagnostic.source_line, diagnostic.position.column));
  }
  if (!diagnostic.hint.empty()) append_indented(out, diagnostic.hint, "");
  if (!diagnostic.fix.empty()) append_indented(out, diagnostic.fix, "fix: ");
  return out;
}

std::string format_diagnostics(const std::vector<Diagnostic>& diagnostics) {
  const bool mixed = std::ranges::any_of(
      diagnostics, [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::warning; });
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    out += format_diagnostic(diagnostic, mixed ? SeverityWord::always : SeverityWord::never_for_errors);
    out += '\n';
  }
  return out;
}

std::size_t count_severity(const std::vector<Diagnostic>& diagnostics, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(diagnostics, severity, &Diagnostic::severity));
}

std::string count_of(std::size_t count, std::string_view noun) {
  const std::string number = count == 0 ? "no" : std::to_string(count);
  return format("{} {}{}", number, noun, count == 1 ? "" : "s");
}

std::string failed_line(const std::vector<Diagnostic>& diagnostics, std::size_t files) {
  const std::size_t errors = count_severity(diagnostics, Severity::error);
  const std::size_t warnings = diagnostics.size() - errors;
  std::string out = "FAILED: " + count_of(errors, "error");
  if (warnings > 0) out += ", " + count_of(warnings, "warning");
  return out + " in " + count_of(files, "file");
}

}  // namespace tocsin
