// A site whose engine has a disk, and what its hook was told.
#pragma once

#include <algorithm>
#include <set>

#include "promql/format.hpp"
#include "tests/unit/testing/engine_site.hpp"

namespace tocsin::testing {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct DurableSite : Site {
  VirtualDisk own_disk{7};
  DurableSite() { disk = &own_disk; }

  // Power is lost, and the box comes up in 1970. Returns what the clock showed before.
  WallTime boot_without_clock() {
    const WallTime was = world->now().wall;
    stop(VirtualDisk::Crash::power_lost);
    now = {WallTime(minutes(2)), MonoTime(seconds(5))};
    start(paths);
    return was;
  }
  // It is killed, and started again when the clock, which is right now, shows `wall`.
  void start_at(WallTime wall, Duration down) {
    const MonoTime mono = world->now().mono + down;
    stop(VirtualDisk::Crash::killed);
    now = {wall, mono};
    start(paths);
  }

  // What the hook was told, as "firing High, Low" in the order of telling.
  [[nodiscard]] std::vector<std::string> told() const {
    std::vector<std::string> lines;
    for (const std::string& body : network.notified) {
      std::string line = contains(body, R"("status":"firing")") ? "firing" : "resolved";
      std::set<std::string> names;
      constexpr std::string_view kKey = R"("alertname":")";
      for (std::size_t at = body.find(kKey); at != std::string::npos; at = body.find(kKey, at + 1)) {
        const std::size_t from = at + kKey.size();
        names.insert(body.substr(from, body.find('"', from) - from));
      }
      for (const std::string& name : names) line += " " + name;
      lines.push_back(std::move(line));
    }
    return lines;
  }
  [[nodiscard]] bool logged(std::string_view message) const {
    return std::any_of(network.log.begin(), network.log.end(),
                       [&](const std::string& line) { return contains(line, message); });
  }
  [[nodiscard]] std::string log_field(std::string_view message, std::string_view name) const {
    for (const core::LogRecord& record : network.records) {
      if (!contains(record.message, message)) continue;
      for (const auto& [field, value] : record.fields) {
        if (field == name) return value;
      }
    }
    return "";
  }
  [[nodiscard]] double metric(const std::string& name) {
    const std::string page = request("GET", "/metrics").body;
    const std::size_t at = page.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(page.substr(at + name.size() + 2));
  }
};

using Lines = std::vector<std::string>;

// A body for /api/v2/alerts: P0 and so on.
inline std::string posts(int count, WallTime starts, WallTime ends, int from = 0) {
  std::string body = "[";
  for (int i = from; i < count; ++i) {
    body += format(R"({}{{"labels":{{"alertname":"P{}"}},"startsAt":"{}","endsAt":"{}"}})",
                   i == from ? "" : ",", i, format_rfc3339(starts), format_rfc3339(ends));
  }
  return body + "]";
}

}  // namespace tocsin::testing
