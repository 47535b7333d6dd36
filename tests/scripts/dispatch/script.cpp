#include "tests/scripts/dispatch/script.hpp"

#include <algorithm>
#include <sstream>

#include "promql/ascii.hpp"
#include "promql/format.hpp"

namespace tocsin::timeline {
namespace {

// The first word and what follows it.
std::pair<std::string, std::string> split_word(const std::string& text) {
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return {text, ""};
  return {text.substr(0, space), std::string(trimmed(std::string_view(text).substr(space)))};
}

// Takes "(503)" or "[reason]" off the end of the text.
std::string take_suffix(std::string& text, char open, char close) {
  if (text.empty() || text.back() != close) return "";
  const std::size_t at = text.rfind(std::string(" ") + open);
  if (at == std::string::npos) return "";
  std::string suffix = text.substr(at + 2, text.size() - at - 3);
  text = std::string(trimmed(std::string_view(text).substr(0, at)));
  return suffix;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : lines_(text) {}

  Result<Script> parse() {
    std::string line;
    while (next(line)) {
      const std::string words(trimmed(line));
      if (words.empty() || words.starts_with('#')) continue;
      const auto [verb, rest] = split_word(words);
      const Result<void> taken = verb == "config" ? take_config(rest) : take(verb, rest);
      if (!taken) return Error(format("{}: {}", number_, taken.error().text));
    }
    for (Case& each : script_.cases) {
      if (!script_.configs.contains(each.config)) return Error(format("{}: no such config", each.line));
      std::stable_sort(each.steps.begin(), each.steps.end(),
                       [](const Step& a, const Step& b) { return a.at < b.at; });
    }
    return std::move(script_);
  }

 private:
  bool next(std::string& line) {
    ++number_;
    return static_cast<bool>(std::getline(lines_, line));
  }

  Result<void> take_config(const std::string& name) {
    std::string yaml;
    std::string line;
    while (next(line)) {
      if (line == "end") {
        script_.configs[name] = yaml;
        config_ = name;
        return {};
      }
      yaml += line + '\n';
    }
    return Error("config without end");
  }

  Result<void> take(const std::string& verb, const std::string& rest) {
    if (verb == "case") {
      Case& added = script_.cases.emplace_back();
      added.line = number_;
      added.name = rest;
      added.config = config_;
      added.start = *parse_rfc3339("2026-01-05T00:00:00Z");
      return {};
    }
    if (script_.cases.empty()) return Error("expected \"config\" or \"case\"");
    Case& current = script_.cases.back();
    if (verb == "policy") return assign(current.policy, dispatch::parse_policy(rest));
    if (verb == "start") return assign(current.start, parse_rfc3339(rest));
    if (verb == "until") return assign(current.until, parse_offset(rest));
    if (verb == "limit") return take_limit(current.limits, rest);
    if (verb == "anyorder") {
      current.any_order = true;
      return {};
    }
    if (verb == "with") {
      current.config = rest;
      return {};
    }
    if (verb == "at") return take_step(current, rest);
    if (verb == "expect") return take_expectation(current, rest);
    if (verb == "anything") {
      std::string receiver = rest;
      std::string answer = take_suffix(receiver, '(', ')');
      current.anything.push_back({std::move(receiver), std::move(answer)});
      return {};
    }
    return Error(format("unknown word \"{}\"", verb));
  }

  template <class T>
  static Result<void> assign(T& target, Result<T> value) {
    if (!value) return value.error();
    target = std::move(*value);
    return {};
  }

  static Result<void> take_limit(dispatch::Limits& limits, const std::string& rest) {
    const auto [name, value] = split_word(rest);
    const std::map<std::string, std::size_t dispatch::Limits::*> known = {
        {"alerts", &dispatch::Limits::alerts},
        {"groups", &dispatch::Limits::groups},
        {"attempts_in_flight", &dispatch::Limits::attempts_in_flight},
        {"attempts_per_step", &dispatch::Limits::attempts_per_step},
        {"groups_per_step", &dispatch::Limits::groups_per_step}};
    const auto found = known.find(name);
    if (found == known.end()) return Error("unknown limit " + name);
    limits.*found->second = std::stoul(value);
    return {};
  }

  Result<void> take_step(Case& current, const std::string& rest) {
    const auto [time, action] = split_word(rest);
    const auto [verb, what] = split_word(action);
    Step step{number_, {}, verb, what};
    const Result<void> at = assign(step.at, parse_offset(time));
    if (at) current.steps.push_back(std::move(step));
    return at;
  }

  Result<void> take_expectation(Case& current, const std::string& rest) {
    const auto [time, text] = split_word(rest);
    Expectation expectation;
    expectation.line = number_;
    expectation.text = text;
    const std::size_t dots = time.find("..");
    Result<void> from = assign(expectation.from, parse_offset(time.substr(0, dots)));
    if (!from) return from;
    expectation.to = expectation.from;
    if (dots != std::string::npos) {
      Result<void> to = assign(expectation.to, parse_offset(time.substr(dots + 2)));
      if (!to) return to;
    }
    if (const std::size_t key = expectation.text.rfind(" key "); key != std::string::npos) {
      expectation.key = expectation.text.substr(key + 5);
      expectation.text.resize(key);
    }
    expectation.reason = take_suffix(expectation.text, '[', ']');
    expectation.answer = take_suffix(expectation.text, '(', ')');
    current.expectations.push_back(std::move(expectation));
    return {};
  }

  std::istringstream lines_;
  int number_ = 0;
  std::string config_;
  Script script_;
};

}  // namespace

Result<Duration> parse_offset(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  Result<Duration> duration = parse_duration(text);
  if (duration && negative) return -*duration;
  return duration;
}

Result<Script> parse_script(const std::string& text) {
  return Parser(text).parse();
}

}  // namespace tocsin::timeline
