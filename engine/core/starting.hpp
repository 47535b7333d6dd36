// The first minutes of an engine: whose targets were scraped, which rule groups have run, and whether anybody
// may be told anything yet.
//
// Without state nothing is known of the alerts that an inhibition looks for, and groups would be told piece
// by piece as rules come to their turns. So each rule group is evaluated once right after the first scrapes
// of the targets that can feed it, out of turn, and dispatch waits until all have been (field-guide 2.8).
// With state // nothing waits: but what a rule does not see before its samples are there again is not known
// to be gone. After the wall clock was set it is the same again: what samples there are lie in another time.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "promql/matcher.hpp"
#include "promql/time.hpp"

namespace tocsin::core {

// Neither a target that never answers nor a group that always fails delays the first page beyond the smaller
// of this and two evaluation intervals.
inline constexpr Duration kLongestStart = std::chrono::minutes(2);
// For how long at most a rule that looks back further than its samples reach is not believed when it no
// longer sees an alert. A rate over an hour is a fair estimate after ten minutes.
inline constexpr Duration kLongestUnsure = std::chrono::minutes(10);

struct Starting {
  // What one rule group reads.
  struct Needs {
    std::string file;
    std::string group;
    std::vector<std::vector<Matcher>> selectors;
    bool fed = false;  // its targets have been scraped
  };

  bool over = false;
  bool warm = false;
  MonoTime deadline{};
  WallTime since = kNoTime;  // scrapes before that do not count
  std::vector<Needs> groups;
};

}  // namespace tocsin::core
