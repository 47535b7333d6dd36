// tocsin promql format: an expression as Prometheus' formatter writes it.
#include <cstdio>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "promql/format.hpp"
#include "promql/parser.hpp"
#include "promql/printer.hpp"

namespace tocsin::cli {

int promql_format(const Invocation& invocation) {
  std::vector<std::string> query, features, ignored;
  CommandLine line(invocation.command, "Prints an expression in the usual layout.");
  line.texts("enable-feature", features, "Feature names of upstream, separated by commas.");
  line.ignored("experimental", false, ignored);
  line.arguments("QUERY", query, "The expression.", 1, 1);
  if (const auto outcome = line.parse(invocation.arguments); outcome != CommandLine::Outcome::run) {
    return outcome == CommandLine::Outcome::helped ? 0 : 1;
  }
  promql::ParserOptions options;
  promql::PlanOptions unused;
  (void)enable_features(features, options, unused);
  const auto parsed = promql::parse_expr(query[0], options);
  if (!parsed.ok()) {
    for (const promql::ParseError& error : parsed.errors) {
      std::fputs(format("{}: {}\n", invocation.command, promql::to_string(error, query[0])).c_str(), stderr);
    }
    return 1;
  }
  std::fputs((promql::prettify(*parsed.value) + "\n").c_str(), stdout);
  return 0;
}

}  // namespace tocsin::cli
