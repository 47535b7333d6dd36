// The state machine and the resend rule against lives that Prometheus lived: tests/golden/rules.
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "promql/format.hpp"
#include "rules/alert_state.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::rules {
namespace {

using std::chrono::seconds;

constexpr WallTime kBase{seconds(1'000'000)};

std::string offset(WallTime time) {
  return time == kNoTime ? "-" : format("{}", (time - kBase) / seconds(1));
}

std::map<std::string, std::string> fields_of(const std::string& line) {
  std::map<std::string, std::string> fields;
  std::istringstream in(line);
  for (std::string field; in >> field;) {
    const std::size_t equals = field.find('=');
    fields[field.substr(0, equals)] = field.substr(equals + 1);
  }
  return fields;
}

// One alert with what sending needs to know, stepped as a rule does.
class Life {
 public:
  std::string step(bool seen, WallTime now, Duration interval, const AlertTiming& timing) {
    if (seen && clock_.state == AlertState::inactive) last_sent_ = kNoTime;
    const AlertStep step = next(clock_, seen ? Presence::seen : Presence::unseen, now, timing);
    clock_ = step.clock;
    if (step.reason == AlertReason::for_raised) last_sent_ = kNoTime;
    if (clock_.vacant()) return "-";
    constexpr Duration kResendDelay = std::chrono::minutes(1);
    std::string token =
        format("{}/{}/{}/{}/{}", "IPF"[static_cast<int>(clock_.state)], offset(clock_.active_at),
               offset(clock_.fired_at), offset(clock_.resolved_at), offset(clock_.keep_firing_since));
    if (!needs_sending(clock_, last_sent_, now, kResendDelay)) return token;
    last_sent_ = now;
    const bool resolved = clock_.resolved_at != kNoTime;
    return token + "!" + offset(resolved ? clock_.resolved_at : now + 4 * std::max(interval, kResendDelay));
  }

 private:
  AlertClock clock_;
  WallTime last_sent_ = kNoTime;
};

TEST_CASE("alerts live as Prometheus' do") {
  std::ifstream in(std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/rules/alert_states.txt");
  int cases = 0;
  for (std::string rule, expected; std::getline(in, rule) && std::getline(in, expected); ++cases) {
    INFO(rule);
    const auto fields = fields_of(rule);
    const auto number = [&fields](const char* name) { return seconds(std::stoi(fields.at(name))); };
    const Duration interval = number("step");
    AlertTiming timing{number("for"), number("keep_firing_for")};
    Life life;
    std::string found = " ";
    WallTime now = kBase;
    for (std::size_t i = 0; i < fields.at("seen").size(); ++i, now += interval) {
      if (static_cast<int>(i) == std::stoi(fields.at("for_changes_at"))) timing.hold = number("to");
      found += " " + life.step(fields.at("seen")[i] == '1', now, interval, timing);
    }
    CHECK(found == expected);
  }
  CHECK(cases == 150);
}

}  // namespace
}  // namespace tocsin::rules
