// tocsin check config, check rules and check-config: the files' own checks are engine/lint's; here are the
// flags, and the layout of promtool or amtool when called under their names.
#include <optional>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/output.hpp"
#include "engine/dispatch/policy.hpp"
#include "engine/lint/check.hpp"
#include "engine/shell/files.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

namespace {

// Standard input under the name that messages show.
constexpr const char* kStandardInput = "/dev/stdin";

struct Flags {
  lint::CheckOptions options;
  std::string lint = "duplicate-rules";
  std::vector<std::string> features;
  std::vector<std::string> paths;
  std::vector<std::string> ignored;
};

int print(const lint::CheckReport& report, const Invocation& invocation) {
  const lint::Printed printed =
      invocation.program == Program::tocsin ? lint::print_report(report) : lint::print_as_upstream(report);
  put(printed.out);
  put_error(printed.err);
  return report.exit_code();
}

void declare(CommandLine& line, Flags& flags) {
  line.text("lint", flags.lint,
            "all, duplicate-rules, too-long-scrape-interval or none, separated by commas.");
  line.flag("lint-fatal", flags.options.lint_fatal, "End with status 3 when lint finds something.");
  line.flag("ignore-unknown-fields", flags.options.ignore_unknown_keys, "Accept unknown keys in rule files.");
  line.duration("query.lookback-delta", flags.options.lookback,
                "What too-long-scrape-interval compares with.");
  line.texts("enable-feature", flags.features, "Feature names of upstream, separated by commas.");
  line.ignored("agent", false, flags.ignored);
}

// True when the flags make sense; else it was said what does not.
bool complete(const Invocation& invocation, Flags& flags) {
  const Result<lint::LintSettings> settings = lint::parse_lint_settings(flags.lint);
  if (!settings) {
    complain(invocation, format("--lint: {}", settings.error().text));
    return false;
  }
  flags.options.lint = *settings;
  promql::PlanOptions unused;
  for (const std::string& name : enable_features(flags.features, flags.options.parser, unused)) {
    complain(invocation, format("--enable-feature={} is not used by tocsin and was ignored", name));
  }
  return true;
}

}  // namespace

int check_config(const Invocation& invocation) {
  Flags flags;
  CommandLine line(invocation.command, "Checks Prometheus configurations and the rule files they name.");
  declare(line, flags);
  line.flag("syntax-only", flags.options.syntax_only,
            "Do not look into the files that the configuration names.");
  line.arguments("FILE", flags.paths, "The configurations.", 1, 0);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  if (!complete(invocation, flags)) return 1;
  shell::Files files;
  return print(lint::check_config(flags.paths, flags.options, files), invocation);
}

int check_rules(const Invocation& invocation) {
  Flags flags;
  CommandLine line(invocation.command, "Checks rule files; without arguments, standard input.");
  declare(line, flags);
  line.arguments("FILE", flags.paths, "The rule files.", 0, 0);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  if (!complete(invocation, flags)) return 1;
  shell::Files files;
  if (!flags.paths.empty()) return print(lint::check_rules(flags.paths, flags.options, files), invocation);
  Result<std::string> text = files.read(kStandardInput);
  if (!text) return fail(invocation, format("standard input: {}", text.error().text));
  return print(lint::check_rules_text("standard input", std::move(*text), flags.options), invocation);
}

int check_alertmanager_config(const Invocation& invocation) {
  std::vector<std::string> paths;
  bool deviations = false;
  CommandLine line(
      invocation.command,
      "Checks Alertmanager configurations and their templates; without arguments, standard input.");
  line.flag("deviations", deviations, "Print where tocsin differs from upstream on purpose, for --compat.");
  line.arguments("FILE", paths, "The configurations.", 0, 0);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  if (deviations) {
    for (const dispatch::PolicyField& field : dispatch::policy_fields()) {
      put(format("{:<28}{:<16}{}\n", field.name, field.reference, field.summary));
    }
    return 0;
  }
  if (paths.empty()) paths.emplace_back(kStandardInput);
  shell::Files files;
  return print(lint::check_alertmanager(paths, {}, files), invocation);
}

}  // namespace tocsin::cli
