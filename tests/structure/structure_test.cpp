// The shape of the repository, checked: see rules.hpp for the rules, and link_test.sh for what the pure
// libraries are linked with.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/structure/rules.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::structure {
namespace {

namespace fs = std::filesystem;

std::vector<Source> all_sources() {
  const fs::path root = TOCSIN_SOURCE_DIR;
  std::vector<Source> sources;
  for (const char* const top : {"promql", "rules", "notifiers", "engine", "tests", "examples"}) {
    if (!fs::exists(root / top)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension().string();
      if (!entry.is_regular_file() || (extension != ".cpp" && extension != ".hpp")) continue;
      std::ifstream in(entry.path());
      std::ostringstream text;
      text << in.rdbuf();
      sources.push_back({fs::relative(entry.path(), root).generic_string(), text.str()});
    }
  }
  std::sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) { return a.path < b.path; });
  return sources;
}

// All findings at once, one a line.
std::string apply(Findings (*check)(const Source&)) {
  const std::vector<Source> sources = all_sources();
  REQUIRE(sources.size() > 100);
  std::string all;
  for (const Source& source : sources) {
    for (const std::string& finding : check(source)) all += finding + '\n';
  }
  return all;
}

TEST_CASE("IncludesPointOneWay", "[structure]") {
  const std::string findings = apply(check_include_direction);
  if (!findings.empty()) FAIL(findings);
}

TEST_CASE("LibrariesStayInTheirPlaces", "[structure]") {
  const std::string findings = apply(check_libraries);
  if (!findings.empty()) FAIL(findings);
}

TEST_CASE("ClocksSleepsThreadsAndFilesAreTheShells", "[structure]") {
  const std::string findings = apply(check_words);
  if (!findings.empty()) FAIL(findings);
}

TEST_CASE("AFileIsOneThought", "[structure]") {
  const std::string findings = apply(check_length);
  if (!findings.empty()) FAIL(findings);
}

TEST_CASE("EveryFolderSaysWhatLivesThere", "[structure]") {
  const fs::path root = TOCSIN_SOURCE_DIR;
  for (const char* const folder :
       {".", "promql", "rules", "rules/template", "rules/yaml", "notifiers", "engine/config", "engine/store",
        "engine/scrape", "engine/dispatch", "engine/lint", "engine/api", "engine/core", "engine/testing",
        "engine/web", "engine/shell", "engine/cli", "tests", "examples/cim"}) {
    INFO(folder << "/README.md");
    CHECK(fs::exists(root / folder / "README.md"));
  }
}

TEST_CASE("TheTopLevelHoldsOnlyFoldersAndSmallFiles", "[structure]") {
  const std::vector<std::string> allowed = {"CMakeLists.txt",
                                            "CMakePresets.json",
                                            "README.md",
                                            "CHANGELOG.md",
                                            "LICENSE",
                                            "engine",
                                            "promql",
                                            "notifiers",
                                            "rules",
                                            "tests",
                                            "examples",
                                            "build",
                                            "data"};
  for (const fs::directory_entry& entry : fs::directory_iterator(TOCSIN_SOURCE_DIR)) {
    const std::string name = entry.path().filename().string();
    INFO(name << " has no place at the top");
    CHECK((name.starts_with('.') || std::find(allowed.begin(), allowed.end(), name) != allowed.end()));
  }
}

// ---- the rules themselves

TEST_CASE("AFileCountsToItsNearestFolder", "[structure]") {
  CHECK(folder_of("rules/yaml/node.cpp") == "rules/yaml");
  CHECK(folder_of("rules/group.cpp") == "rules");
  CHECK(folder_of("engine/core/engine.cpp") == "engine/core");
  CHECK(folder_of("tests/unit/core/x.cpp") == "tests");
  CHECK(folder_of("other/x.cpp").empty());
}

TEST_CASE("IncludesUpwardAndSidewaysAreFound", "[structure]") {
  struct Case {
    std::string path;
    std::string header;
    bool found;
  };
  const Case cases[] = {
      {"promql/lexer.cpp", "promql/labels.hpp", false},
      {"promql/lexer.cpp", "rules/group.hpp", true},
      {"rules/template/lexer.cpp", "rules/group.hpp", true},
      {"notifiers/slack.cpp", "rules/template/value.hpp", false},
      {"notifiers/slack.cpp", "engine/config/http_client.hpp", true},
      {"engine/scrape/page.cpp", "engine/config/http_client.hpp", false},
      {"engine/scrape/page.cpp", "engine/api/http.hpp", true},
      {"engine/scrape/page.cpp", "engine/core/input.hpp", true},
      {"engine/core/engine.cpp", "engine/api/http.hpp", false},
      {"engine/core/engine.cpp", "engine/shell/log.hpp", true},
      {"engine/testing/runner.cpp", "engine/shell/log.hpp", true},
      {"engine/cli/main.cpp", "engine/testing/runner.hpp", false},
      {"engine/cli/main.cpp", "tests/support/catch.hpp", true},
      {"engine/cli/main.cpp", "main.hpp", true},
  };
  for (const Case& c : cases) {
    INFO(c.path << " " << c.header);
    CHECK(check_include_direction({c.path, "#include \"" + c.header + "\"\n"}).empty() != c.found);
  }
}

TEST_CASE("WordsAreFoundInCodeAndNowhereElse", "[structure]") {
  struct Case {
    std::string path;
    std::string line;
    std::string finding;
  };
  const Case cases[] = {
      {"engine/core/a.cpp", "auto t = std::chrono::system_clock::now();",
       "engine/core/a.cpp:1: system_clock is not used here, use the Now that came with the step"},
      {"engine/shell/a.cpp", "auto t = std::chrono::system_clock::now();", ""},
      {"engine/core/a.cpp", "// system_clock is the shell's", ""},
      {"engine/core/a.cpp", "/* system_clock */ int x = 1'000;", ""},
      {"engine/core/a.cpp", "auto s = \"system_clock\";", ""},
      {"engine/core/a.cpp", "auto s = R\"(system_clock)\";", ""},
      {"engine/core/a.cpp", "my_system_clock();", ""},
      {"engine/core/a.cpp", "char c = '\"'; std::mutex m;",
       "engine/core/a.cpp:1: std::mutex is not used here, use the shell's threads: this folder belongs to "
       "one"},
      {"engine/shell/a.cpp", "std::mutex m;", ""},
      {"tests/io/a.cpp", "std::this_thread::sleep_for(d);",
       "tests/io/a.cpp:1: sleep_for is not used here, use a virtual clock, or wait for the event itself"},
      {"promql/a.cpp",
       "int x;  // TO"
       "DO later",
       "promql/a.cpp:1: TO"
       "DO is not used here, use an issue"},
  };
  for (const Case& c : cases) {
    INFO(c.path << " " << c.line);
    const Findings findings = check_words({c.path, c.line + "\n"});
    CHECK((findings.empty() ? "" : findings[0]) == c.finding);
  }
}

TEST_CASE("LibrariesOutOfPlaceAreFound", "[structure]") {
  CHECK(
      check_libraries({"engine/core/a.cpp", "#include <curl/curl.h>\n"}) ==
      Findings{
          "engine/core/a.cpp:1: <curl/curl.h> is not used here, use an HttpCall, which the shell performs"});
  CHECK(check_libraries({"engine/shell/a.cpp", "#include <curl/curl.h>\n"}).empty());
  CHECK(check_libraries({"promql/result.hpp", "#include <boost/system/result.hpp>\n"}).empty());
  CHECK(check_libraries({"rules/a.hpp", "#include <boost/system/result.hpp>\n"}).size() == 1);
  CHECK(check_libraries({"rules/a.hpp", "#include <boost/variant.hpp>\n"}).size() == 1);
  CHECK(check_libraries({"rules/a.hpp", "#include <vector>\n"}).empty());
}

TEST_CASE("LongFilesAreFound", "[structure]") {
  CHECK(check_length({"a.cpp", std::string(800, '\n')}).empty());
  CHECK(check_length({"a.cpp", std::string(801, '\n')}).size() == 1);
}

}  // namespace
}  // namespace tocsin::structure
