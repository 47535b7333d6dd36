// The commands, one file each, and how a call finds its command.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "promql/engine.hpp"
#include "promql/parser.hpp"

namespace tocsin::cli {

inline constexpr std::string_view kVersion = TOCSIN_VERSION;
// What this version's behaviour and formats are those of.
inline constexpr std::string_view kPrometheusVersion = "3.14.0";
inline constexpr std::string_view kAlertmanagerVersion = "0.34.0";

// Under which name the program was called; it decides defaults and output layout.
enum class Program { tocsin, prometheus, alertmanager, promtool, amtool };

struct Invocation {
  Program program = Program::tocsin;
  std::string command;                 // as the user called it, for messages: "promtool check config"
  std::vector<std::string> arguments;  // what follows the command
};

// Each gives the exit code: 0, 1 for any failure, 3 for lint findings.
int serve(const Invocation& invocation);
int link(const Invocation& invocation);
int check_config(const Invocation& invocation);
int check_rules(const Invocation& invocation);
int check_metrics(const Invocation& invocation);
int check_alertmanager_config(const Invocation& invocation);
int test_rules(const Invocation& invocation);
int test_promql(const Invocation& invocation);
int promql_format(const Invocation& invocation);
int promql_set_matcher(const Invocation& invocation);
int promql_delete_matcher(const Invocation& invocation);
int history(const Invocation& invocation);
int query_instant(const Invocation& invocation);
int query_range(const Invocation& invocation);
int query_series(const Invocation& invocation);
int query_labels(const Invocation& invocation);

// Sets what the names of --enable-feature stand for. Gives those that mean nothing here.
[[nodiscard]] std::vector<std::string> enable_features(const std::vector<std::string>& given,
                                                       promql::ParserOptions& parser,
                                                       promql::PlanOptions& plan);

struct Command {
  std::string_view path;  // "check config"
  int (*run)(const Invocation&);
  std::string_view summary;
};
[[nodiscard]] std::span<const Command> commands();

// The first screen: what a person without arguments sees.
[[nodiscard]] std::string first_screen();
// What --version prints, in the layout of the program it was called as.
[[nodiscard]] std::string version_text(Program program);

// Finds and runs the command; prints help and version. The whole of main.
int run(const std::vector<std::string>& arguments);

}  // namespace tocsin::cli
