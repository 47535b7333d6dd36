// tocsin promql format, label-matchers set and delete: an expression, changed or not, as Prometheus'
// formatter writes it.
#include <algorithm>
#include <functional>
#include <optional>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/output.hpp"
#include "promql/format.hpp"
#include "promql/parser.hpp"
#include "promql/printer.hpp"
#include "promql/walk.hpp"

namespace tocsin::cli {

namespace {

std::optional<MatchType> match_type_of(std::string_view text) {
  for (const MatchType type :
       {MatchType::equal, MatchType::not_equal, MatchType::regex, MatchType::not_regex}) {
    if (to_string(type) == text) return type;
  }
  return std::nullopt;
}

// Parses, changes every selector, prints.
int edit(const Invocation& invocation, const std::string& query, const std::vector<std::string>& features,
         const std::function<void(std::vector<Matcher>&)>& change) {
  promql::ParserOptions options;
  promql::PlanOptions unused;
  (void)enable_features(features, options, unused);
  const auto parsed = promql::parse_expr(query, options);
  if (!parsed.ok()) {
    for (const promql::ParseError& error : parsed.errors)
      complain(invocation, promql::to_string(error, query));
    return 1;
  }
  promql::for_each_selector(*parsed.value,
                            [&](promql::VectorSelector& selector) { change(selector.matchers); });
  put(promql::prettify(*parsed.value) + "\n");
  return 0;
}

}  // namespace

int promql_format(const Invocation& invocation) {
  std::vector<std::string> query, features, ignored;
  CommandLine line(invocation.command, "Prints an expression in the usual layout.");
  line.texts("enable-feature", features, "Feature names of upstream, separated by commas.");
  line.ignored("experimental", false, ignored);
  line.arguments("QUERY", query, "The expression.", 1, 1);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  return edit(invocation, query[0], features, [](std::vector<Matcher>&) {});
}

int promql_set_matcher(const Invocation& invocation) {
  std::vector<std::string> arguments, features, ignored;
  std::string type_text = "=";
  CommandLine line(invocation.command, "Sets the matcher on a label in every selector of an expression.");
  line.text("type,t", type_text, "=, !=, =~ or !~.");
  line.texts("enable-feature", features, "Feature names of upstream, separated by commas.");
  line.ignored("experimental", false, ignored);
  line.arguments("QUERY NAME VALUE", arguments, "'up == 0' job node", 3, 3);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  const auto type = match_type_of(type_text);
  if (!type)
    return fail(invocation, format("--type: expected =, !=, =~ or !~, found {}", go_quote(type_text)));
  const std::string& name = arguments[1];
  const auto make = [&] { return Matcher::make(*type, name, arguments[2]); };
  if (const auto wanted = make(); !wanted) return fail(invocation, wanted.error().text);
  return edit(invocation, arguments[0], features, [&](std::vector<Matcher>& matchers) {
    bool found = false;
    for (Matcher& matcher : matchers) {
      if (matcher.name() != name) continue;
      matcher = *make();
      found = true;
    }
    if (!found) matchers.push_back(*make());
  });
}

int promql_delete_matcher(const Invocation& invocation) {
  std::vector<std::string> arguments, features, ignored;
  CommandLine line(invocation.command,
                   "Removes the matchers on a label from every selector of an expression.");
  line.texts("enable-feature", features, "Feature names of upstream, separated by commas.");
  line.ignored("experimental", false, ignored);
  line.arguments("QUERY NAME", arguments, "'up{job=\"node\"} == 0' job", 2, 2);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  return edit(invocation, arguments[0], features, [&](std::vector<Matcher>& matchers) {
    std::erase_if(matchers, [&](const Matcher& matcher) { return matcher.name() == arguments[1]; });
  });
}

}  // namespace tocsin::cli
