#include "engine/scrape/target.hpp"

#include "engine/scrape/target_url.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden_cases.hpp"
#include "tests/unit/scrape/config_text.hpp"

namespace tocsin::scrape {
namespace {

using golden::field;
using golden::golden_cases;
using golden::GoldenCase;
using golden::labels_of;

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string keys_of(const GoldenCase& golden) {
  std::string keys;
  std::istringstream lines(golden.body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("config ")) keys += line.substr(7) + "\n";
  }
  return keys;
}

TEST_CASE("TargetsAreMadeAsUpstreamMakesThem", "[target]") {
  const std::vector<GoldenCase> cases = golden_cases("scrape/targets.txt");
  REQUIRE(cases.size() > 25);
  for (const GoldenCase& golden : cases) {
    INFO(golden.head << "\n" << golden.body);
    std::string text = "global: {scrape_interval: 15s}\nscrape_configs:\n- job_name: node\n";
    std::istringstream lines(keys_of(golden));
    for (std::string line; std::getline(lines, line);) text += "  " + line + "\n";
    const auto config = load_config(text);
    const DiscoveredGroup group{"0", {labels_of(field(golden, "target"))}, labels_of(field(golden, "group"))};
    const config::ScrapeConfig& scrape_config = config->scrape_configs[0];
    CHECK(discovered_labels(scrape_config, group.targets[0], group.labels) ==
          labels_of(field(golden, "discovered")));
    const TargetList list = make_targets(scrape_config, {group});
    const std::string error = field(golden, "error");
    if (!error.empty()) {
      CHECK(list.errors == std::vector<std::string>{"instance 0 in group 0: " + error});
    } else if (field(golden, "url").empty()) {
      CHECK(list.dropped_count == 1);
      CHECK(list.dropped == std::vector<Labels>{labels_of(field(golden, "discovered"))});
    } else {
      REQUIRE(list.active.size() == 1);
      CHECK(list.active[0].all == labels_of(field(golden, "all")));
      CHECK(list.active[0].labels == labels_of(field(golden, "labels")));
      CHECK(list.active[0].url == field(golden, "url"));
    }
  }
}

TEST_CASE("ATargetThatIsFoundTwiceIsOne", "[target]") {
  const auto config = load_config(
      "scrape_configs:\n"
      "- job_name: a\n"
      "  static_configs: [{targets: ['h:1', 'h:2']}, {targets: ['h:1']}, {targets: ['h:1'], labels: {x: "
      "y}}]\n");
  const TargetList list = make_targets(config->scrape_configs[0], static_groups(config->scrape_configs[0]));
  REQUIRE(list.active.size() == 3);
  CHECK(list.active[2].labels.get("x") == "y");
}

TEST_CASE("KeptDroppedTargetsAreLimitedButCounted", "[target]") {
  const auto config = one_job(
      "keep_dropped_targets: 1\n"
      "relabel_configs: [{action: drop, regex: '.*'}]\n");
  const DiscoveredGroup group{"0", {Labels{{"__address__", "a"}}, Labels{{"__address__", "b"}}}, {}};
  const TargetList list = make_targets(config->scrape_configs[0], {group});
  CHECK(list.dropped.size() == 1);
  CHECK(list.dropped_count == 2);
}

Target target_at(const std::string& address) {
  const auto config = one_job();
  const DiscoveredGroup group{"0", {Labels{{"__address__", address}}}, {}};
  return make_targets(config->scrape_configs[0], {group}).active.at(0);
}

TEST_CASE("SlotsAreOneIntervalApartAndStayWhereTheyAre", "[target]") {
  const Target target = target_at("a:1");
  const WallTime now = wall_from_ns(1'700'000'000'123'456'789);
  const WallTime first = target.next_slot(now, 0);
  CHECK(first > now);
  CHECK(first <= now + seconds(10));
  CHECK(target.next_slot(first, 0) == first + seconds(10));
  CHECK(target.next_slot(first - milliseconds(1), 0) == first);
  CHECK(target.next_slot(first + seconds(1005), 0) == first + seconds(1010));
  CHECK(target_at("a:1").next_slot(now, 0) == first);
}

TEST_CASE("SlotsDifferByTargetAndBySeed", "[target]") {
  const WallTime now = wall_from_ns(1'700'000'000'000'000'000);
  CHECK(target_at("a:1").next_slot(now, 0) != target_at("a:2").next_slot(now, 0));
  CHECK(target_at("a:1").next_slot(now, 0) != target_at("a:1").next_slot(now, 12345));
}

TEST_CASE("SlotsBeforeTheEpochAreInOrderToo", "[target]") {
  const Target target = target_at("a:1");
  const WallTime now = wall_from_ns(-1'000'000'000);
  const WallTime slot = target.next_slot(now, 0);
  CHECK(slot > now);
  CHECK(slot <= now + seconds(10));
}

TEST_CASE("FilesOfTargetsAreJsonOrYaml", "[target]") {
  const std::string yaml =
      "- targets: ['a:1', 'b:2']\n"
      "  labels: {team: x}\n"
      "- targets: [c]\n";
  const std::string json =
      "[\n\t{\"targets\": [\"a:1\", \"b:2\"], \"labels\": {\"team\": \"x\"}},\n\t{\"targets\":[\"c\"]}]\n";
  for (const auto& [path, content] : {std::pair{"f.yml", yaml}, std::pair{"f.json", json}}) {
    INFO(content);
    const auto groups = parse_target_file(path, content);
    REQUIRE(groups);
    REQUIRE(groups->size() == 2);
    CHECK((*groups)[0].targets ==
          std::vector<Labels>{Labels{{"__address__", "a:1"}}, Labels{{"__address__", "b:2"}}});
    CHECK((*groups)[0].labels == Labels{{"__meta_filepath", path}, {"team", "x"}});
    CHECK((*groups)[1].source == std::string(path) + ":1");
  }
  for (const std::string content : {"", "[]", "# nothing\n"}) {
    const auto groups = parse_target_file("f.yml", content);
    REQUIRE(groups);
    CHECK(groups->empty());
  }
}

TEST_CASE("FilesOfTargetsAreRefusedWithPlaces", "[target]") {
  struct Case {
    std::string content;
    std::string error;
  };
  const Case cases[] = {
      {"- targets: [a]\n  lables: {}\n",
       "f.yml:2:3: target group 0: unknown key \"lables\", did you mean \"labels\"?"},
      {"targets: [a]\n", "f.yml:1:1: expected a list of target groups, found a mapping"},
      {"- targets: a\n", "f.yml:1:12: target group 0: targets: "},
      {"- ~\n", "f.yml:1:3: nil target group item found"},
      {"- targets: [\n", "f.yml:"},
  };
  for (const Case& c : cases) {
    INFO(c.content);
    const auto groups = parse_target_file("f.yml", c.content);
    REQUIRE_FALSE(groups);
    CHECK(groups.error().text.substr(0, c.error.size()) == c.error);
  }
}

TEST_CASE("JsonFilesOfTargetsAreReadAsGoReadsThem", "[target]") {
  struct Case {
    std::string content;
    std::vector<std::string> addresses;  // of the first group
    Labels labels;                       // but for __meta_filepath
  };
  const Case cases[] = {
      {R"([{"Targets":["a:1"],"LABELS":{"x":"y"}}])", {"a:1"}, Labels{{"x", "y"}}},
      {R"([{"targets":["a:1"],"labels":{"x":"\ud83d\ude00"}}])", {"a:1"}, Labels{{"x", "😀"}}},
      {R"([{"targets":["a:1"],"targets":["b:1"],"labels":{"x":"1"},"labels":{"y":"2"}}])",
       {"b:1"},
       Labels{{"y", "2"}}},
      {R"([{"targets":["a:1",null],"labels":{"x":null,"y":""}}])", {"a:1", ""}, Labels()},
      {R"([{"targets":null,"labels":null}])", {}, Labels()},
      {"[\n\t{\n\t\t\"targets\": [\"a:1\"]\n\t}\n]\n", {"a:1"}, Labels()},
  };
  for (const Case& c : cases) {
    INFO(c.content);
    const auto groups = parse_target_file("f.json", c.content);
    REQUIRE(groups);
    REQUIRE(groups->size() == 1);
    std::vector<std::string> addresses;
    for (const Labels& target : (*groups)[0].targets) addresses.emplace_back(target.get("__address__"));
    CHECK(addresses == c.addresses);
    CHECK((*groups)[0].labels == LabelsBuilder(c.labels).set("__meta_filepath", "f.json").build());
  }
  for (const std::string content : {"[]", "null"}) {
    const auto groups = parse_target_file("f.json", content);
    REQUIRE(groups);
    CHECK(groups->empty());
  }
}

TEST_CASE("JsonFilesOfTargetsAreRefusedWithPlaces", "[target]") {
  struct Case {
    std::string content;
    std::string error;
  };
  const Case cases[] = {
      {"", "f.json:1:1: not valid JSON: expected a JSON value, found the end of the file"},
      {"# targets\n[]", "f.json:1:1: not valid JSON: expected a JSON value, found \"#\""},
      {"- targets: [a]\n", "f.json:1:2: not valid JSON: expected a digit, found \" \""},
      {"{}", "f.json:1:1: expected a list of target groups, found an object"},
      {"[null, 5]",
       "f.json:1:2: nil target group item found\n"
       "f.json:1:8: target group 0: expected an object, found a number"},
      {"[\n  {\"targets\": \"é\", \"labels\": {\"port\": 9100}}\n]\n",
       "f.json:2:15: target group 0: targets: expected a list of strings, found a string\n"
       "f.json:2:39: target group 0: labels: port: expected a string, found a number"},
      {R"([{"targets":[1],"lables":{}}, {"labels":["x"]}])",
       "f.json:1:14: target group 0: targets: expected a string, found a number\n"
       "f.json:1:17: target group 0: unknown key \"lables\", did you mean \"labels\"?\n"
       "f.json:1:41: target group 1: labels: expected an object, found a list"},
      {R"([{"labels":{"":"x"}}])", "f.json:1:13: target group 0: labels: \"\" is not a valid label name"},
  };
  for (const Case& c : cases) {
    INFO(c.content);
    const auto groups = parse_target_file("f.json", c.content);
    REQUIRE_FALSE(groups);
    CHECK(groups.error().text == c.error);
  }
}

TEST_CASE("LocalTargetsAreLinkedByTheNameFromOutside", "[target]") {
  struct Case {
    std::string url;
    std::string expected;
  };
  const Case cases[] = {
      {"http://localhost:9090/metrics", "https://mon.example.org/metrics"},
      {"http://localhost:9100/metrics?a=b", "http://mon.example.org:9100/metrics?a=b"},
      {"http://127.0.0.1/metrics", "http://mon.example.org/metrics"},
      {"http://[::1]:9100/metrics", "http://mon.example.org:9100/metrics"},
      {"http://other:9090/metrics", "http://other:9090/metrics"},
      {"http://localhost.lan:9090/metrics", "http://localhost.lan:9090/metrics"},
  };
  for (const Case& c : cases) CHECK(global_url(c.url, {"9090", "https", "mon.example.org"}) == c.expected);
}

}  // namespace
}  // namespace tocsin::scrape
