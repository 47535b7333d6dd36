#include "engine/dispatch/routes.hpp"

#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/unit/dispatch/support.hpp"

using namespace tocsin;
using namespace tocsin::dispatch;

namespace {

std::string read(const std::string& path) {
  std::ifstream input(std::string(TOCSIN_SOURCE_DIR) + path);
  return {std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
}

Labels parse_labels(const std::string& text) {
  LabelsBuilder labels;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    labels.set(word.substr(0, word.find('=')), word.substr(word.find('=') + 1));
  }
  return labels.build();
}

}  // namespace

// routes.txt was made by amtool (make_routes.py beside it).
TEST_CASE("AlertsGoWhereAmtoolSaysThatTheyGo") {
  const RouteTree tree(load_config(read("/tests/compat/dispatch/routes.yml")));
  std::istringstream table(read("/tests/compat/dispatch/routes.txt"));
  int rows = 0;
  for (std::string line; std::getline(table, line); ++rows) {
    const std::size_t arrow = line.find("-> ");
    std::string receivers;
    for (const std::size_t node : tree.match(parse_labels(line.substr(0, arrow)))) {
      receivers += (receivers.empty() ? "" : ",") + tree.node(node).options().receiver;
    }
    INFO(line);
    CHECK(receivers == line.substr(arrow + 3));
  }
  CHECK(rows == 96);
}

TEST_CASE("ARoutesKeyIsUpstreamsAndItsIdentityTellsTwinsApart") {
  const RouteTree tree(load_config(R"(
route:
  receiver: r
  routes:
    - matchers: ['b="x\"y\\"', a=~"1|2"]
      receiver: r
      routes:
        - matchers: ['"with space"="1"']
          receiver: r
    - matchers: [c="1"]
      receiver: r
    - matchers: [c="1"]
      receiver: r
      routes:
        - matchers: [d!="2"]
          receiver: r
receivers:
  - name: r
)"));
  std::vector<std::string> keys;
  std::vector<std::string> identities;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    keys.push_back(tree.node(i).key);
    identities.push_back(tree.node(i).identity);
  }
  CHECK(keys == std::vector<std::string>{"{}", R"({}/{a=~"1|2",b="x\"y\\"})",
                                         R"({}/{a=~"1|2",b="x\"y\\"}/{"with space"="1"})", R"({}/{c="1"})",
                                         R"({}/{c="1"})", R"({}/{c="1"}/{d!="2"})"});
  CHECK(identities[3] == R"({}/{c="1"})");
  CHECK(identities[4] == R"({}/{c="1"}#2)");
  CHECK(identities[5] == R"({}/{c="1"}#2/{d!="2"})");
  CHECK(tree.find(R"({}/{c="1"}#2)") == 4);
  CHECK(tree.find("nowhere") == tree.size());
}

TEST_CASE("GroupLabelsAreThoseOfGroupByThatTheAlertHas") {
  config::RouteOptions options;
  options.group_by = {"alertname", "cluster"};
  const Labels alert{{"alertname", "A"}, {"job", "j"}};
  CHECK(group_labels_of(alert, options) == Labels{{"alertname", "A"}});
  options.group_by_all = true;
  CHECK(group_labels_of(alert, options) == alert);
  options = {};
  CHECK(group_labels_of(alert, options).empty());
}

TEST_CASE("GroupLabelsPrintAsUpstreamPrintsThem") {
  CHECK(print_group_labels({}) == "{}");
  CHECK(print_group_labels({{"b", "2\n"}, {"a.dot", "1"}}) == R"({a.dot="1", b="2\n"})");
}
