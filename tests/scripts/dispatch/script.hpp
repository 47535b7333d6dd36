// A timeline script as data. README.md beside this describes the language.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/dispatch/limits.hpp"
#include "engine/dispatch/policy.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::timeline {

struct Step {
  int line = 0;
  Duration at{};
  std::string verb;  // fires, ends, posts, silence, unsilence, answers, reload, hold, unknown, wall, restart
  std::string rest;
};

struct Expectation {
  int line = 0;
  Duration from{};
  Duration to{};
  std::string text;    // team/slack[0] firing A; resolved B
  std::string answer;  // "503", "none" or "" for an attempt that arrived
  std::string reason;  // "" accepts any
  std::string
      key;  // attempts with one name have one key, with different names different ones; "" accepts any
};

// Attempts that may be there or not, at any time.
struct Anything {
  std::string receiver;
  std::string answer;
};

struct Case {
  int line = 0;
  std::string name;
  std::string config;  // name of the configuration it starts with
  dispatch::Policy policy;
  dispatch::Limits limits;
  WallTime start{};
  bool any_order = false;   // expectations may be met in any order
  std::vector<Step> steps;  // by time, then line
  std::vector<Expectation> expectations;
  std::vector<Anything> anything;
  Duration until{};
};

struct Script {
  std::map<std::string, std::string> configs;  // YAML by name
  std::vector<Case> cases;
};

// The error starts with the line.
[[nodiscard]] Result<Script> parse_script(const std::string& text);
// "1m30s", "10s", "500ms", "0", and the same after a sign.
[[nodiscard]] Result<Duration> parse_offset(std::string_view text);

}  // namespace tocsin::timeline
