// Runs timeline scripts: every attempt that a receiver sees must be expected, in order, and none missing.
#include <fstream>
#include <iostream>
#include <sstream>

#include "promql/format.hpp"
#include "tests/scripts/dispatch/script.hpp"
#include "tests/support/dispatch_world.hpp"

namespace tocsin::timeline {
namespace {

using testworld::Answer;
using testworld::Said;
using testworld::World;

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The value after a keyword: "posts A until 5m".
std::string value_of(const std::vector<std::string>& words, std::string_view keyword) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == keyword) return words[i + 1];
  }
  return "";
}

class Player {
 public:
  Player(const Script& script, const Case& the_case)
      : script_(script), case_(the_case), world_(the_case.policy, the_case.limits, 1, the_case.start) {
    world_.answer = [this](const dispatch::Attempt& attempt, Duration) {
      const std::string integration = attempt.receiver + '/' + attempt.integration;
      const std::string alert(attempt.notification.alerts.front().labels.get("alertname"));
      for (const std::string& key : {integration + ' ' + alert, integration}) {
        if (const auto found = answers_.find(key); found != answers_.end()) return found->second;
      }
      return Answer{};
    };
  }

  Result<const std::vector<Said>*> play() {
    if (const Result<void> loaded = world_.load(script_.configs.at(case_.config)); !loaded) {
      return loaded.error();
    }
    for (const Step& step : case_.steps) {
      // Steps come before what falls due at the same moment.
      if (step.at > world_.time()) world_.run_until(step.at - Duration(1));
      world_.skip_to(step.at);
      const Result<void> done = perform(step);
      if (!done) return Error(format("{}: {}", step.line, done.error().text));
    }
    world_.run_until(case_.until);
    return &world_.said();
  }

 private:
  Result<void> perform(const Step& step) {
    const std::vector<std::string> words = words_of(step.rest);
    if (step.verb == "fires" || step.verb == "ends") return own_alerts(step, words);
    if (step.verb == "posts") return post(words);
    if (step.verb == "silence") return silence(words);
    if (step.verb == "unsilence")
      return world_.dispatcher().expire_silence(silences_[words[0]], world_.now());
    if (step.verb == "answers") return answers(words);
    if (step.verb == "reload") return world_.load(script_.configs.at(words[0]));
    if (step.verb == "hold") return hold(words[0]);
    if (step.verb == "unknown") return unknown(words);
    if (step.verb == "wall") return wall(words[0]);
    if (step.verb == "restart") return restart(words[0]);
    return Error("unknown step " + step.verb);
  }

  Result<void> own_alerts(const Step& step, const std::vector<std::string>& words) {
    std::vector<dispatch::Alert> alerts;
    for (const std::string& word : words) {
      const Result<Labels> labels = testworld::parse_alert(word);
      if (!labels) return labels.error();
      dispatch::Alert alert;
      alert.labels = *labels;
      if (step.verb == "fires") started_[word] = world_.now().wall;
      alert.starts_at = started_[word];
      if (step.verb == "ends") alert.ends_at = world_.now().wall;
      alerts.push_back(std::move(alert));
    }
    world_.dispatcher().insert(std::move(alerts), world_.now());
    return {};
  }

  Result<WallTime> wall_at(const std::string& offset) {
    if (offset.empty()) return WallTime(kNoTime);
    const Result<Duration> parsed = parse_offset(offset);
    if (!parsed) return parsed.error();
    return case_.start + *parsed;
  }

  Result<void> post(const std::vector<std::string>& words) {
    dispatch::PostedAlert alert;
    const Result<Labels> labels = testworld::parse_alert(words[0]);
    const Result<WallTime> starts = wall_at(value_of(words, "from"));
    const Result<WallTime> ends = wall_at(value_of(words, "until"));
    if (!labels) return labels.error();
    if (!starts) return starts.error();
    if (!ends) return ends.error();
    alert.labels = *labels;
    alert.starts_at = *starts;
    alert.ends_at = *ends;
    std::vector<dispatch::PostedAlert> alerts;
    alerts.push_back(std::move(alert));
    world_.dispatcher().post(std::move(alerts), world_.now());
    return {};
  }

  // silence NAME label=value from 0s until 60s
  Result<void> silence(const std::vector<std::string>& words) {
    const std::size_t equal = words[1].find('=');
    Result<Matcher> matcher =
        Matcher::make(MatchType::regex, words[1].substr(0, equal), words[1].substr(equal + 1));
    const Result<WallTime> starts = wall_at(value_of(words, "from"));
    const Result<WallTime> ends = wall_at(value_of(words, "until"));
    if (!matcher) return matcher.error();
    if (!starts) return starts.error();
    if (!ends) return ends.error();
    dispatch::Silence silence;
    silence.id = silences_[words[0]];
    silence.matcher_sets.emplace_back().push_back(std::move(*matcher));
    silence.starts_at = *starts;
    silence.ends_at = *ends;
    Result<std::string> id = world_.dispatcher().set_silence(std::move(silence), world_.now());
    if (!id) return id.error();
    silences_[words[0]] = *id;
    return {};
  }

  // answers team/slack[0] 503 after 30 takes 2s to A
  Result<void> answers(const std::vector<std::string>& words) {
    Answer answer;
    answer.status = words[1] == "none" ? 0 : static_cast<unsigned>(std::stoul(words[1]));
    answer.retry_after = value_of(words, "after");
    if (const std::string takes = value_of(words, "takes"); !takes.empty()) {
      const Result<Duration> parsed = parse_offset(takes);
      if (!parsed) return parsed.error();
      answer.takes = *parsed;
    }
    if (answer.status == 0) answer.takes = std::chrono::hours(1000);
    const std::string alert = value_of(words, "to");
    answers_[alert.empty() ? words[0] : words[0] + ' ' + alert] = answer;
    return {};
  }

  Result<void> hold(const std::string& word) {
    const Result<Duration> until = parse_offset(word);
    if (!until) return until.error();
    world_.dispatcher().hold_until(MonoTime(*until));
    return {};
  }

  Result<void> unknown(const std::vector<std::string>& words) {
    const Result<Labels> labels = testworld::parse_alert(words[0]);
    if (!labels) return labels.error();
    world_.dispatcher().set_unknown({*labels}, true, world_.now());
    return {};
  }

  Result<void> wall(const std::string& word) {
    const Result<Duration> by = parse_offset(word);
    if (!by) return by.error();
    world_.step_wall(*by);
    return {};
  }

  // restart 30m: down for so long
  Result<void> restart(const std::string& word) {
    const Result<Duration> down = parse_offset(word);
    if (!down) return down.error();
    world_.restart(*down);
    return {};
  }

  const Script& script_;
  const Case& case_;
  World world_;
  std::map<std::string, Answer> answers_;  // of an integration, or of it to an alert: "team/slack[0] A"
  std::map<std::string, WallTime> started_;
  std::map<std::string, std::string> silences_;
};

std::string answer_of(const Said& said) {
  if (said.arrived) return "";
  return said.answer.status == 0 ? "none" : std::to_string(said.answer.status);
}

bool is_expected(const Expectation& expected, const Said& said) {
  return said.at >= expected.from && said.at <= expected.to &&
         testworld::print_attempt(said.attempt) == expected.text && answer_of(said) == expected.answer &&
         (expected.reason.empty() ||
          expected.reason == notifiers::to_string(said.attempt.notification.reason));
}

std::string print_said(const Said& said) {
  const std::string answer = answer_of(said);
  return format("expect {} {}{} [{}]", format_go_duration(said.at), testworld::print_attempt(said.attempt),
                answer.empty() ? "" : " (" + answer + ")",
                notifiers::to_string(said.attempt.notification.reason));
}

// What was sent, as the lines that would have expected it.
void print_from(std::ostream& out, const std::vector<Said>& said, std::size_t first) {
  for (std::size_t i = first; i < said.size(); ++i) out << "    " << print_said(said[i]) << '\n';
}

bool in_order(const Case& each, const std::vector<Said>& said, std::ostream& out) {
  const std::size_t count = std::max(said.size(), each.expectations.size());
  for (std::size_t i = 0; i < count; ++i) {
    const bool both = i < said.size() && i < each.expectations.size();
    if (both && is_expected(each.expectations[i], said[i])) continue;
    if (i < each.expectations.size()) {
      out << "  line " << each.expectations[i].line << ": expected " << each.expectations[i].text << '\n';
    }
    out << (i < said.size() ? "  what was sent, from there on:\n" : "  nothing more was sent\n");
    print_from(out, said, i);
    return false;
  }
  return true;
}

bool in_any_order(const Case& each, const std::vector<Said>& said, std::ostream& out) {
  std::vector<bool> met(each.expectations.size());
  bool all = true;
  for (const Said& one : said) {
    std::size_t i = 0;
    while (i < met.size() && (met[i] || !is_expected(each.expectations[i], one))) ++i;
    if (i < met.size()) {
      met[i] = true;
      continue;
    }
    out << "  not expected: " << print_said(one) << '\n';
    all = false;
  }
  for (std::size_t i = 0; i < met.size(); ++i) {
    if (met[i]) continue;
    const Expectation& missing = each.expectations[i];
    out << format("  line {}: not sent: {} {}\n", missing.line, format_go_duration(missing.from),
                  missing.text);
    all = false;
  }
  return all;
}

// Without those that may be there or not.
std::vector<Said> that_count(const Case& each, const std::vector<Said>& said) {
  std::vector<Said> counted;
  for (const Said& one : said) {
    const std::string receiver = one.attempt.receiver + '/' + one.attempt.integration;
    const bool passed_over = std::any_of(each.anything.begin(), each.anything.end(), [&](const auto& any) {
      return any.receiver == receiver && any.answer == answer_of(one);
    });
    if (!passed_over) counted.push_back(one);
  }
  return counted;
}

// In the order of the expectations. REQUIRES: they are met.
bool keys_agree(const Case& each, const std::vector<Said>& said, std::ostream& out) {
  std::map<std::string, std::string> names;
  for (std::size_t i = 0; i < each.expectations.size(); ++i) {
    const Expectation& expected = each.expectations[i];
    if (expected.key.empty()) continue;
    const auto [entry, added] = names.emplace(said[i].attempt.key, expected.key);
    const bool taken = added && std::count_if(names.begin(), names.end(), [&](const auto& other) {
                                  return other.second == expected.key;
                                }) > 1;
    if (entry->second == expected.key && !taken) continue;
    out << "  line " << expected.line << ": the key is not that of \"key " << expected.key << "\"\n";
    return false;
  }
  return true;
}

bool run_case(const std::string& file, const Script& script, const Case& each) {
  const std::string place = format("{}:{}: {}", file, each.line, each.name);
  Player player(script, each);
  const Result<const std::vector<Said>*> played = player.play();
  if (!played) {
    std::cout << place << ": " << played.error().text << '\n';
    return false;
  }
  std::ostringstream findings;
  const std::vector<Said> said = that_count(each, **played);
  const bool passed = each.any_order ? in_any_order(each, said, findings)
                                     : in_order(each, said, findings) && keys_agree(each, said, findings);
  if (!passed) std::cout << place << '\n' << findings.str();
  return passed;
}

// What would have to be expected, for scripts that are recorded.
int print_file(const std::string& file) {
  std::ifstream input(file);
  const std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  const Result<Script> script = parse_script(text);
  if (!script) return 1;
  for (const Case& each : script->cases) {
    Player player(*script, each);
    const Result<const std::vector<Said>*> played = player.play();
    if (!played) {
      std::cerr << played.error().text << '\n';
      return 1;
    }
    for (const Said& said : **played) std::cout << print_said(said) << '\n';
  }
  return 0;
}

int run_file(const std::string& file) {
  std::ifstream input(file);
  const std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  const Result<Script> script = parse_script(text);
  if (!script) {
    std::cout << file << ':' << script.error().text << '\n';
    return 1;
  }
  int failed = script->cases.empty() ? 1 : 0;
  for (const Case& each : script->cases) {
    if (!run_case(file, *script, each)) ++failed;
  }
  std::cout << file << ": " << script->cases.size() << " cases, " << failed << " failed\n";
  return failed;
}

}  // namespace
}  // namespace tocsin::timeline

int main(int argument_count, char** arguments) {
  if (argument_count == 3 && std::string_view(arguments[1]) == "--print") {
    return tocsin::timeline::print_file(arguments[2]);
  }
  int failed = argument_count < 2 ? 1 : 0;
  for (int i = 1; i < argument_count; ++i) failed += tocsin::timeline::run_file(arguments[i]);
  return failed == 0 ? 0 : 1;
}
