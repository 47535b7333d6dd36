#include "engine/cli/commands.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/cli/output.hpp"
#include "promql/format.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::cli {

namespace {

constexpr std::array<Command, 16> kCommands{{
    {"serve", serve, "run the engine"},
    {"link", link, "make symbolic links under the names of upstream's programs"},
    {"check config", check_config, "check prometheus.yml and the rule files it names"},
    {"check rules", check_rules, "check rule files"},
    {"check metrics", check_metrics, "lint a page of metrics from standard input"},
    {"check-config", check_alertmanager_config, "check alertmanager.yml and its templates"},
    {"test rules", test_rules, "run unit tests of rules"},
    {"test promql", test_promql, "run test scripts of the query language"},
    {"promql format", promql_format, "print an expression in the usual layout"},
    {"promql label-matchers set", promql_set_matcher, "set a matcher in every selector of an expression"},
    {"promql label-matchers delete", promql_delete_matcher, "remove one from every selector"},
    {"query instant", query_instant, "ask a server for a value"},
    {"query range", query_range, "ask a server for values over time"},
    {"query series", query_series, "ask a server for series"},
    {"query labels", query_labels, "ask a server for the values of a label"},
    {"history", history, "print what happened and who was told"},
}};

// Commands of promtool and amtool that this program knows of and does not have.
// clang-format off
constexpr std::string_view kNotServed[] = {
    "check service-discovery", "check web-config", "check healthy", "check ready", "query analyze",
    "debug pprof", "debug metrics",
    "debug all", "push metrics", "tsdb bench", "tsdb analyze", "tsdb list", "tsdb dump",
    "tsdb dump-openmetrics", "tsdb create-blocks-from",
    "alert query", "alert add", "silence query", "silence add", "silence expire", "silence import",
    "silence update", "cluster show", "config show", "config routes", "template render", "globals", "alert",
};
// clang-format on

Program program_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name == "prometheus") return Program::prometheus;
  // Debian's package calls it prometheus-alertmanager.
  if (name == "alertmanager" || name == "prometheus-alertmanager") return Program::alertmanager;
  if (name == "promtool") return Program::promtool;
  if (name == "amtool") return Program::amtool;
  return Program::tocsin;
}

std::string_view name_of(Program program) {
  switch (program) {
    case Program::prometheus:
      return "prometheus";
    case Program::alertmanager:
      return "alertmanager";
    case Program::promtool:
      return "promtool";
    case Program::amtool:
      return "amtool";
    case Program::tocsin:
      break;
  }
  return "tocsin";
}

std::vector<std::string_view> words_of(std::string_view path) {
  std::vector<std::string_view> words;
  while (!path.empty()) {
    const std::size_t space = path.find(' ');
    words.push_back(path.substr(0, space));
    path.remove_prefix(space == std::string_view::npos ? path.size() : space + 1);
  }
  return words;
}

// Flags that take a value and may stand before a command or between its words.
bool takes_value(std::string_view flag) {
  constexpr std::string_view kFlags[] = {"--enable-feature", "--junit", "--format", "-o",
                                         "--http.config.file"};
  return std::find(std::begin(kFlags), std::end(kFlags), flag) != std::end(kFlags);
}

// Flags that may stand before a command or between its words, as kingpin takes them: they go behind it.
std::vector<std::string> with_command_first(std::vector<std::string> arguments) {
  std::vector<std::string> flags;
  const auto move_flags = [&](std::size_t at) {
    while (at < arguments.size() && arguments[at].size() > 1 && arguments[at][0] == '-' &&
           arguments[at] != "--") {
      const std::size_t count = takes_value(arguments[at]) && at + 1 < arguments.size() ? 2 : 1;
      const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(at);
      const auto last = first + static_cast<std::ptrdiff_t>(count);
      flags.insert(flags.end(), first, last);
      arguments.erase(first, last);
    }
  };
  move_flags(0);
  // promtool test --junit=FILE rules, promtool query -o json instant
  if (!arguments.empty() && (arguments[0] == "test" || arguments[0] == "query")) move_flags(1);
  // "--" and what follows it are arguments, whatever they look like.
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  arguments.insert(end, flags.begin(), flags.end());
  return arguments;
}

bool begins_with(const std::vector<std::string>& arguments, std::string_view path) {
  const std::vector<std::string_view> words = words_of(path);
  return words.size() <= arguments.size() && std::equal(words.begin(), words.end(), arguments.begin());
}

int wrong_command(Program program, const std::vector<std::string>& arguments) {
  const std::string called = arguments.size() > 1 ? arguments[0] + " " + arguments[1] : arguments[0];
  for (const std::string_view path : kNotServed) {
    if (!begins_with(arguments, path)) continue;
    put_error(format("{}: not in tocsin {}: {}\n", name_of(program), kVersion, path));
    return 1;
  }
  std::vector<std::string_view> known;
  known.reserve(std::size(kCommands));
  for (const Command& command : kCommands) known.push_back(command.path);
  // A command of one word is followed by its arguments, which are no part of the name.
  std::string hint = did_you_mean(called, known);
  if (hint.empty()) hint = did_you_mean(arguments[0], known);
  put_error(format("{}: unknown command \"{}\"{}\n", name_of(program), called, hint));
  return 1;
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

std::string first_screen() {
  return format(R"(tocsin {}: rules, alerts, routing and notifications in one binary

Run it
  tocsin serve --config.file=prometheus.yml --alertmanager.config.file=alertmanager.yml
     both files: scrape, evaluate, notify.  Only the first: rule engine.  Only the second: gateway.
Before you ship a file
  check config|rules|metrics   check-config   test rules|promql   promql format
When something happened
  history        what was sent to whom, and the answer
  query instant|range|series|labels

Works as promtool, amtool, prometheus, alertmanager when linked under that name (tocsin link DIR).
Exit codes: 0 fine, 1 failed, 3 lint findings with --lint-fatal.  More: tocsin COMMAND --help
)",
                kVersion);
}

std::string version_text(Program program) {
  switch (program) {
    case Program::prometheus:
    case Program::promtool:
      return format("{}, version {} (branch: tocsin, revision: {})\n", name_of(program), kPrometheusVersion,
                    kVersion);
    case Program::alertmanager:
    case Program::amtool:
      return format("{}, version {} (branch: tocsin, revision: {})\n", name_of(program), kAlertmanagerVersion,
                    kVersion);
    case Program::tocsin:
      break;
  }
  return format("tocsin {} (as Prometheus {} and Alertmanager {})\n", kVersion, kPrometheusVersion,
                kAlertmanagerVersion);
}

namespace {

int run_as(Program program, std::vector<std::string> rest) {
  if (!rest.empty() && (rest[0] == "--version" || rest[0] == "version")) {
    put(version_text(program));
    return 0;
  }
  if (program == Program::prometheus || program == Program::alertmanager) {
    return serve({program, std::string(name_of(program)), std::move(rest)});
  }
  if (rest.empty() || rest[0] == "--help" || rest[0] == "-h" || rest[0] == "help") {
    put(first_screen());
    return 0;
  }
  rest = with_command_first(std::move(rest));
  if (rest.empty()) {
    put(first_screen());
    return 1;
  }
  for (const Command& command : kCommands) {
    if (!begins_with(rest, command.path)) continue;
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(words_of(command.path).size()));
    return command.run({program, format("{} {}", name_of(program), command.path), std::move(rest)});
  }
  return wrong_command(program, rest);
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  const Program program = arguments.empty() ? Program::tocsin : program_of(arguments[0]);
  std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  return finish(name_of(program), run_as(program, std::move(rest)));
}

}  // namespace tocsin::cli
