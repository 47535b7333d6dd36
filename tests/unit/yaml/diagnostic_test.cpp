#include "rules/yaml/diagnostic.hpp"

#include "rules/yaml/secret.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;

namespace {

Diagnostic error_at(int line, int column, std::string text) {
  Diagnostic diagnostic;
  diagnostic.file = "a.yml";
  diagnostic.position = {line, column};
  diagnostic.text = std::move(text);
  return diagnostic;
}

}  // namespace

TEST_CASE("ErrorsAloneCarryNoWord") {
  CHECK(format_diagnostics({error_at(3, 5, "route: wrong"), error_at(7, 1, "worse")}) ==
        "a.yml:3:5: route: wrong\n"
        "a.yml:7:1: worse\n");
}

TEST_CASE("ErrorsBesideWarningsSayWhichTheyAre") {
  Diagnostic warning = error_at(4, 2, "odd");
  warning.severity = Severity::warning;
  Diagnostic lint = error_at(5, 2, "never fires");
  lint.severity = Severity::warning;
  lint.code = "R112 summary-as-histogram";
  lint.fix = "a > 1";
  CHECK(format_diagnostics({error_at(3, 5, "wrong"), warning, lint}) ==
        "a.yml:3:5: error: wrong\n"
        "a.yml:4:2: warning: odd\n"
        "a.yml:5:2: warning R112 summary-as-histogram: never fires\n"
        "    fix: a > 1\n");
}

TEST_CASE("TheCaretStandsUnderTheCharacterOfTheColumn") {
  struct Case {
    std::string name, line;
    int column;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {"ascii", "  expr: sum(", 9, "     6 |   expr: sum(\n       |         ^"},
      {"two-byte characters count once", "é: é(", 5, "     6 | é: é(\n       |     ^"},
      {"a tab stays a tab", "\ta: b", 4, "     6 | \ta: b\n       | \t  ^"},
      {"behind the end of the line", "ab", 5, "     6 | ab\n       |     ^"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    Diagnostic diagnostic = error_at(6, c.column, "bad");
    diagnostic.source_line = c.line;
    CHECK(format_diagnostic(diagnostic, SeverityWord::never_for_errors) ==
          "a.yml:6:" + std::to_string(c.column) + ": bad\n" + c.expected);
  }
}

TEST_CASE("NothingInAFileSteersTheTerminal") {
  Diagnostic diagnostic = error_at(1, 4, std::string("unknown key \"a\x1b[31m\0\nb\"", 23));
  diagnostic.source_line = std::string("a\x1b\tb\0c", 6);
  CHECK(format_diagnostic(diagnostic, SeverityWord::never_for_errors) ==
        "a.yml:1:4: unknown key \"a\\x1b[31m\\x00\\nb\"\n"
        "     1 | a?\tb?c\n"
        "       |   \t^");
}

TEST_CASE("UnknownPlacesAreLeftOut") {
  CHECK(format_diagnostic(error_at(0, 0, "gone"), SeverityWord::always) == "a.yml: error: gone");
  CHECK(format_diagnostic(error_at(2, 0, "gone"), SeverityWord::always) == "a.yml:2: error: gone");
  Diagnostic nowhere = error_at(0, 0, "gone");
  nowhere.file.clear();
  CHECK(format_diagnostic(nowhere, SeverityWord::always) == "error: gone");
}

TEST_CASE("TheLastLineCounts") {
  Diagnostic warning = error_at(4, 2, "odd");
  warning.severity = Severity::warning;
  CHECK(failed_line({error_at(1, 1, "x")}, 1) == "FAILED: 1 error in 1 file");
  CHECK(failed_line({error_at(1, 1, "x"), warning, warning}, 2) == "FAILED: 1 error, 2 warnings in 2 files");
  CHECK(failed_line({warning}, 1) == "FAILED: no errors, 1 warning in 1 file");
}

TEST_CASE("SortKeepsFilesInOrderOfMentionAndLinesInOrder") {
  Diagnostics diagnostics;
  Diagnostic other = error_at(1, 1, "first of b");
  other.file = "b.yml";
  diagnostics.add(error_at(9, 1, "later"));
  diagnostics.add(other);
  diagnostics.add(error_at(2, 1, "sooner"));
  diagnostics.sort();
  CHECK(format_diagnostics(diagnostics.all()) ==
        "a.yml:2:1: sooner\na.yml:9:1: later\nb.yml:1:1: first of b\n");
}

TEST_CASE("SuggestionsAreWordsThatMayBeMeant") {
  struct Case {
    std::string word;
    std::vector<std::string_view> candidates;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {"lables", {"labels", "limit", "name"}, "labels"},
      {"scrape_intervall", {"scrape_interval", "scrape_timeout"}, "scrape_interval"},
      {"pagerdutty", {"team-notifications", "pagerduty-critical"}, "pagerduty-critical"},
      {"$label", {"$labels", "$value"}, "$labels"},
      {"Labels", {"labels", "lapels"}, "labels"},
      {"nonsense", {"labels", "limit", "name"}, ""},
      {"x", {"y", "labels"}, ""},
      {"", {"labels"}, ""},
      {"fro", {"for", "from_here"}, "for"},
  };
  for (const Case& c : cases) {
    INFO(c.word);
    CHECK(nearest(c.word, c.candidates) == c.expected);
  }
  CHECK(did_you_mean("lables", {"labels"}) == ", did you mean \"labels\"?");
  CHECK(did_you_mean("nonsense", {"labels"}).empty());
}

TEST_CASE("PlaceholdersAreKnown") {
  for (const char* text : {"YOUR_SLACK_WEBHOOK_URL", "YOUR_PAGERDUTY_KEY", "<token>", "changeme", "xxxxxxxx",
                           "https://hooks.slack.com/services/YOUR_TOKEN", "REPLACE_ME"}) {
    INFO(text);
    CHECK(looks_like_placeholder(text));
  }
  for (const char* text :
       {"", "<secret>", "https://hooks.slack.com/services/T0/B0/abc", "f3a9c1", "yourself"}) {
    INFO(text);
    CHECK_FALSE(looks_like_placeholder(text));
  }
}
