// Runs the scripts of tests/scripts/rules: rule files and series under a virtual clock. A script is a list of
// cases; what starts in the first column is a command, what is indented below it is its text.
//
//   case NAME                  starts a new world
//   set KEY VALUE              external_label name=value | external_url URL | query_offset 1m | interval 1m
//   rules                      a rule file; the first one starts the world, a later one is a reload
//   series STEP                from now on, "NAME{...} values": numbers, _ for none, stale, 1x3 = 1 1 1 1
//   at TIME                    evaluates all slots up to TIME; below it, what is expected:
//     alerts                   the alerts that are pending or firing
//     changes                  what the dispatcher was told since the last `at`
//     sent                     what Alertmanagers were sent since the last `at`
//     reasons                  transitions since the last `at`
//     errors                   of rules, since the last `at`
//     query EXPRESSION         the result now
//
// A section that is not there is not looked at; one without lines means nothing.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/parser.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/rules/rule_world.hpp"

namespace tocsin::rules::testing {
namespace {

struct Line {
  int number = 0;
  std::string text;
};
struct Command {
  Line head;
  std::vector<Line> body;
};

std::vector<Command> read_script(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<Command> commands;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    const std::size_t start = text.find_first_not_of(' ');
    if (start == std::string::npos || text[start] == '#') continue;
    if (start == 0) {
      commands.push_back({{number, text}, {}});
    } else {
      commands.back().body.push_back({number, text});
    }
  }
  return commands;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> all;
  for (std::string word; in >> word;) all.push_back(word);
  return all;
}

WallTime time_of(const std::string& text) {
  return WallTime(parse_duration(text).value());
}

struct Pending {
  Labels labels;
  WallTime time;
  std::string value;
};

class ScriptRun {
 public:
  void execute(const Command& command) {
    INFO("line " << command.head.number << ": " << command.head.text);
    const std::vector<std::string> head = words(command.head.text);
    if (head[0] == "case") {
      *this = ScriptRun();
    } else if (head[0] == "set") {
      set(head);
    } else if (head[0] == "rules") {
      load(command);
    } else if (head[0] == "series") {
      for (const Line& line : command.body)
        add_series(time_of(head[1]) - WallTime{}, std::string(trimmed(line.text)));
    } else if (head[0] == "at") {
      run_to(time_of(head[1]));
      check(command);
    } else {
      FAIL("unknown command");
    }
  }

 private:
  void set(const std::vector<std::string>& head) {
    const std::string& value = head.at(2);
    if (head[1] == "external_label") {
      const std::size_t equals = value.find('=');
      LabelsBuilder builder(options_.rules.external_labels);
      builder.set(value.substr(0, equals), value.substr(equals + 1));
      options_.rules.external_labels = builder.build();
      options_.rules.map_labels = [external = builder.build()](const Labels& labels) {
        return std::optional(with_external_labels(labels, external));
      };
    } else if (head[1] == "external_url") {
      options_.rules.external_url = value;
    } else if (head[1] == "query_offset") {
      options_.query_offset = parse_duration(value).value();
    } else if (head[1] == "interval") {
      options_.evaluation_interval = parse_duration(value).value();
    } else {
      FAIL("unknown setting");
    }
  }

  void load(const Command& command) {
    std::string text;
    for (const Line& line : command.body) text += line.text + "\n";
    options_.start = now_;
    if (!world_) world_ = std::make_unique<RuleWorld>(options_);
    world_->options = options_;
    ReloadReport report = world_->load({text}, now_);
    for (const AlertChange& change : report.changes) changes_.push_back(show(change));
  }

  void add_series(Duration step, const std::string& text) {
    const std::size_t end = text.find('}');
    const std::size_t space = text.find(' ', end == std::string::npos ? 0 : end);
    const auto labels = promql::parse_metric(text.substr(0, space));
    REQUIRE(labels.ok());
    WallTime time = now_;
    for (const std::string& word : words(text.substr(space))) {
      const std::size_t times = word.find('x');
      const int more = times == std::string::npos ? 0 : std::stoi(word.substr(times + 1));
      for (int i = 0; i <= more; ++i, time += step) {
        pending_.push_back({labels.value, time, word.substr(0, times)});
      }
    }
    std::stable_sort(pending_.begin(), pending_.end(),
                     [](const Pending& a, const Pending& b) { return a.time < b.time; });
  }

  void run_to(WallTime end) {
    while (world_->rules().next_due().value_or(WallTime::max()) <= end) {
      now_ = *world_->rules().next_due();
      append_until_now();
      for (const Run& run : world_->run(now_)) {
        for (const AlertChange& change : run.outcome.changes) changes_.push_back(show(change));
        for (const OutgoingAlert& alert : run.outcome.to_send) sent_.push_back(show(alert));
        for (const AlertTransition& step : run.outcome.transitions) {
          reasons_.push_back(
              format("{} {} {}", show(run.slot), to_string(step.reason), step.labels.to_string()));
        }
        if (!run.outcome.error.empty()) errors_.push_back(run.rule + ": " + run.outcome.error);
      }
    }
    now_ = end;
  }

  void append_until_now() {
    while (!pending_.empty() && pending_.front().time <= now_) {
      const Pending sample = pending_.front();
      pending_.erase(pending_.begin());
      if (sample.value == "stale") {
        world_->append_stale(sample.labels, sample.time);
      } else if (sample.value != "_") {
        world_->append(sample.labels, sample.time, std::stod(sample.value));
      }
    }
  }

  void check(const Command& command) {
    for (std::size_t i = 0; i < command.body.size();) {
      const std::size_t indent = command.body[i].text.find_first_not_of(' ');
      const std::string section(trimmed(command.body[i].text));
      INFO("line " << command.body[i].number << ": " << section);
      std::string expected;
      for (++i; i < command.body.size() && command.body[i].text.find_first_not_of(' ') > indent; ++i) {
        expected.append(trimmed(command.body[i].text)).append("\n");
      }
      std::string found;
      for (const std::string& line : listing(section)) found += line + "\n";
      CHECK(found == expected);
    }
    changes_.clear();
    sent_.clear();
    reasons_.clear();
    errors_.clear();
  }

  std::vector<std::string> listing(const std::string& section) {
    if (section == "alerts") return world_->alerts();
    if (section == "changes") return changes_;
    if (section == "sent") return sent_;
    if (section == "reasons") return reasons_;
    if (section == "errors") return errors_;
    if (section.starts_with("query ")) return world_->query(section.substr(6), now_);
    FAIL("unknown section " << section);
    return {};
  }

  static RuleSetOptions lockstep() {
    RuleSetOptions options;
    options.schedule = Schedule::own_interval_from_zero;
    return options;
  }

  RuleSetOptions options_ = lockstep();
  std::unique_ptr<RuleWorld> world_;
  WallTime now_{};
  std::vector<Pending> pending_;
  std::vector<std::string> changes_;
  std::vector<std::string> sent_;
  std::vector<std::string> reasons_;
  std::vector<std::string> errors_;
};

TEST_CASE("rule scripts") {
  const std::filesystem::path folder = std::filesystem::path(TOCSIN_SOURCE_DIR) / "tests/scripts/rules";
  std::vector<std::filesystem::path> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".rules") scripts.push_back(entry.path());
  }
  std::sort(scripts.begin(), scripts.end());
  REQUIRE_FALSE(scripts.empty());
  for (const auto& script : scripts) {
    INFO(script.filename().string());
    ScriptRun run;
    std::string name;
    for (const Command& command : read_script(script)) {
      if (command.head.text.starts_with("case ")) name = command.head.text;
      INFO(name);
      run.execute(command);
    }
  }
}

}  // namespace
}  // namespace tocsin::rules::testing
