// Texts and exit codes of the command line.
#include <filesystem>
#include <fstream>

#include "promql/format.hpp"
#include "tests/cli/process.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using test::run_command;
namespace fs = std::filesystem;

namespace {

const std::string kTocsin = TOCSIN_BINARY;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Without a command a person sees how to run it") {
  for (const std::string argument : {"", "--help", "help"}) {
    const auto ended = argument.empty() ? run_command({kTocsin}) : run_command({kTocsin, argument});
    CHECK(ended.code == 0);
    CHECK(has(ended.out,
              "tocsin serve --config.file=prometheus.yml --alertmanager.config.file=alertmanager.yml\n"));
    CHECK(ended.err.empty());
  }
}

TEST_CASE("A command fails when what it prints can't be written") {
  for (const std::string arguments : {"--help", "check-config --deviations", "promql format up"}) {
    const auto ended = run_command({"/bin/sh", "-c", kTocsin + " " + arguments + " >/dev/full"});
    CHECK(ended.code == 1);
    CHECK(ended.err == "tocsin: standard output: No space left on device\n");
  }
}

TEST_CASE("What is wrong with a command line is said, and the exit code is 1") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"serv"}, "tocsin: unknown command \"serv\", did you mean \"serve\"?\n"},
      {{"check", "confg", "x.yml"},
       "tocsin: unknown command \"check confg\", did you mean \"check config\"?\n"},
      {{"tsdb", "analyze"}, "tocsin: not in tocsin 0.1.0: tsdb analyze\n"},
      {{"serve"},
       "tocsin serve: no configuration, expected --config.file=prometheus.yml, "
       "--alertmanager.config.file=alertmanager.yml or both\n"},
      {{"serve", "--web.listen-adress=:0"},
       "tocsin serve: unknown flag \"--web.listen-adress\", did you mean \"--web.listen-address\"?\n"
       "    tocsin serve --help lists what it takes\n"},
      {{"serve", "--config.file=x", "--log.level=loud"},
       "tocsin serve: --log.level: unknown log level \"loud\", expected one of debug, info, warn, error\n"},
      {{"serve", "--config.file=x", "--storage.history-size=big"},
       "tocsin serve: not a valid size: \"big\", expected a form such as \"10MB\"\n"
       "    tocsin serve --help lists what it takes\n"},
      {{"serve", "--config.file=x", "--notify.sink=localhost:9999"},
       "tocsin serve: --notify.sink: unsupported scheme \"localhost\" for URL, expected http:// or "
       "https://\n"},
      {{"check", "config", "--lint=some", "x.yml"},
       "tocsin check config: --lint: unknown lint option \"some\", expected all, duplicate-rules, "
       "too-long-scrape-interval or none\n"},
      {{"serve", "--cluster.listen-address=", "--config.file=/no/such.yml", "--storage.path="},
       "/no/such.yml: no such file or directory\nFAILED: 1 error in 1 file\n"},
  };
  for (const auto& [arguments, expected] : cases) {
    std::vector<std::string> command{kTocsin};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto ended = run_command(command);
    CHECK(ended.code == 1);
    CHECK(ended.err == expected);
    CHECK(ended.out.empty());
  }
}

TEST_CASE("An expression is printed in the usual layout, and flags may stand before the command") {
  const auto formatted = run_command({kTocsin, "promql", "format", "sum  by(a)(rate(x [5m]))"});
  CHECK(formatted.code == 0);
  CHECK(formatted.out == "sum by (a) (rate(x[5m]))\n");
  const auto refused = run_command({kTocsin, "promql", "format", "sort_by_label(x, \"a\")"});
  CHECK(refused.code == 1);
  CHECK(refused.err == "tocsin promql format: 1:1: parse error: function \"sort_by_label\" is not enabled\n");
  for (const std::string flag : {"--enable-feature=promql-experimental-functions", "--enable-feature"}) {
    std::vector<std::string> command{kTocsin, flag};
    if (flag == "--enable-feature") command.emplace_back("promql-experimental-functions");
    command.insert(command.end(), {"promql", "format", "sort_by_label(x, \"a\")"});
    CHECK(run_command(command).out == "sort_by_label(x, \"a\")\n");
  }
  const auto broken = run_command({kTocsin, "promql", "format", "sum("});
  CHECK(broken.code == 1);
  CHECK(has(broken.err, "tocsin promql format: 1:5: parse error: "));
}

TEST_CASE("Scripts of the language are run from files") {
  std::string folder = (fs::temp_directory_path() / "tocsin-cli-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const auto script = [&](const std::string& name, const std::string& expected) {
    std::ofstream(folder + "/" + name)
        << "load 1m\n  x 1 2 3\n\neval instant at 2m x + 1\n  {} " << expected << "\n";
    return folder + "/" + name;
  };
  CHECK(run_command({kTocsin, "test", "promql", script("right.test", "4")}).code == 0);
  const auto wrong = run_command({kTocsin, "test", "promql", script("wrong.test", "5")});
  CHECK(wrong.code == 1);
  CHECK(has(wrong.err, folder + "/wrong.test:4: "));
  CHECK(run_command({kTocsin, "test", "promql", folder + "/none.test"}).err ==
        folder + "/none.test: no such file or directory\n");
  fs::remove_all(folder);
}

TEST_CASE("Unit tests of rules are run, with promtool's exit codes and its layout under its name") {
  std::string folder = (fs::temp_directory_path() / "tocsin-cli-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  std::ofstream(folder + "/rules.yml")
      << "groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 1m}]}]\n";
  const auto test = [&](const std::string& name, const std::string& expected) {
    std::ofstream(folder + "/" + name)
        << "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n"
           "  - {series: 'up{a=\"b\"}', values: '0 0 0 0'}\n  alert_rule_test:\n"
           "  - {eval_time: 2m, alertname: Down, exp_alerts: ["
        << expected << "]}\n";
    return folder + "/" + name;
  };
  const std::string right = test("right.yml", "{exp_labels: {a: b}}");
  const std::string wrong = test("wrong.yml", "");
  CHECK(run_command({kTocsin, "test", "rules", right}).code == 0);
  const auto failed = run_command({kTocsin, "test", "rules", "--junit=" + folder + "/out.xml", wrong});
  CHECK(failed.code == 1);
  CHECK(has(failed.out + failed.err, "FAIL " + folder + "/wrong.yml:8"));
  CHECK(fs::file_size(folder + "/out.xml") > 0);
  REQUIRE(run_command({kTocsin, "link", folder}).code == 0);
  const auto as_promtool = run_command({folder + "/promtool", "test", "rules", right});
  CHECK(as_promtool.code == 0);
  CHECK(as_promtool.out == "  SUCCESS\n\n");
  fs::remove_all(folder);
}

TEST_CASE("Linked under upstream's names it answers as those programs") {
  std::string folder = (fs::temp_directory_path() / "tocsin-cli-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const auto linked = run_command({kTocsin, "link", folder});
  CHECK(linked.code == 0);
  CHECK(has(linked.out, folder + "/promtool -> "));
  const std::vector<std::pair<std::string, std::string>> versions = {
      {"prometheus", "prometheus, version 3.14.0 (branch: tocsin, revision: 0.1.0)\n"},
      {"promtool", "promtool, version 3.14.0 (branch: tocsin, revision: 0.1.0)\n"},
      {"alertmanager", "alertmanager, version 0.34.0 (branch: tocsin, revision: 0.1.0)\n"},
      {"amtool", "amtool, version 0.34.0 (branch: tocsin, revision: 0.1.0)\n"},
  };
  for (const auto& [name, expected] : versions) {
    CHECK(run_command({folder + "/" + name, "--version"}).out == expected);
  }
  // Their default files are those of upstream.
  const std::string data = folder + "/data";
  CHECK(
      has(run_command({folder + "/prometheus", "--config.file=/no/p.yml", "--storage.tsdb.path=" + data}).err,
          "/no/p.yml: no such file"));
  CHECK(fs::exists(data + "/state.db"));
  CHECK(has(run_command({folder + "/alertmanager", "--config.file=/no/a.yml", "--storage.path=" + data}).err,
            "/no/a.yml: no such file"));
  // Links that are there are not overwritten unasked.
  CHECK(run_command({kTocsin, "link", folder}).code == 1);
  CHECK(run_command({kTocsin, "link", "--force", folder}).code == 0);
  CHECK(run_command({folder + "/amtool", "--version"}).code == 0);
  // Nor is the program itself, where it was copied to one of the names.
  fs::remove(folder + "/promtool");
  fs::copy_file(kTocsin, folder + "/promtool");
  const auto itself = run_command({folder + "/promtool", "link", "--force", folder});
  CHECK(itself.code == 1);
  CHECK(itself.err ==
        "promtool link: " + folder + "/promtool: is this program's own file, and cannot be a link to it\n");
  CHECK(run_command({folder + "/amtool", "--version"}).out == versions.back().second);
  fs::remove_all(folder);
}
