// Short ways to write down alerts, matchers and times in the tests of dispatch.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/file_source.hpp"
#include "engine/dispatch/alert.hpp"
#include "engine/dispatch/told.hpp"
#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/time.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::dispatch {

// Seconds after the start of the test, on the wall: 2026-01-05T00:00:00Z, a Monday.
inline WallTime at(double seconds) {
  return wall_from_ns(1'767'571'200'000'000'000) +
         std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}
inline MonoTime mono(double seconds) {
  return MonoTime(std::chrono::hours(1)) +
         std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}
inline Now now_at(double seconds) {
  return {at(seconds), mono(seconds)};
}
inline Duration seconds(double count) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

inline Fingerprints ids(std::initializer_list<std::uint64_t> values) {
  Fingerprints set;
  for (const std::uint64_t value : values) set.push_back(Fingerprint{value});
  return set;
}

struct MatcherText {
  std::string_view name;
  MatchType type;
  std::string_view value;
};
inline std::vector<Matcher> matchers(std::initializer_list<MatcherText> texts) {
  std::vector<Matcher> made;
  for (const MatcherText& text : texts)
    made.push_back(std::move(*Matcher::make(text.type, text.name, text.value)));
  return made;
}

// REQUIRES: the text is a valid alertmanager.yml.
inline std::shared_ptr<const config::AlertmanagerConfig> load_config(const std::string& yaml) {
  config::MemoryFiles files;
  Diagnostics diagnostics;
  config::LoadOptions options;
  options.file = "alertmanager.yml";
  auto loaded = config::load_alertmanager_config(yaml, options, files, diagnostics);
  INFO(format_diagnostics(diagnostics.all()));
  REQUIRE(loaded.has_value());
  return std::make_shared<const config::AlertmanagerConfig>(std::move(*loaded));
}

inline Alert own_alert(Labels labels, double starts, double ends = -1) {
  Alert alert;
  alert.labels = std::move(labels);
  alert.starts_at = at(starts);
  alert.ends_at = ends < 0 ? kNoTime : at(ends);
  alert.updated_at = at(starts);
  return alert;
}

}  // namespace tocsin::dispatch
