// What rows hold, and how it is written: protobuf's wire format, a message a row. Numbers of fields are part
// of the file's format and never used again; a field that a reader does not know is passed over, one that is
// missing has its zero.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/persistence.hpp"
#include "engine/dispatch/kept.hpp"
#include "rules/alerting_rule.hpp"

namespace tocsin::core {

// An alert of a rule: pending, firing, or resolved and remembered.
struct KeptRuleAlert {
  std::int64_t row = 0;
  std::string file;
  std::string group;
  std::string rule;           // RunningRule::name_and_labels()
  std::uint64_t ordinal = 0;  // among the rules of the group that are called the same
  Labels labels;
  rules::Alert alert;
};

// The meta table has one row of each.
enum class MetaRow : std::int64_t { life = 1, config = 2 };

// Who wrote the file, and when it was last alive.
struct Life {
  WallTime started = kNoTime;
  WallTime last_alive = kNoTime;
  WallTime stopped = kNoTime;  // kNoTime: it did not say good-bye
  std::string version;
};

// The configuration that was last accepted, as text. A secret that stood in a file is not here: in its place
// is a reference, and a way to know the secret when it is seen (engine/core/kept_config.hpp).
struct KeptConfig {
  struct File {
    std::string path;
    std::string text;
  };
  struct Pattern {
    std::string pattern;
    std::vector<std::string> paths;
  };
  struct SecretMark {
    std::uint64_t length = 0;
    std::string hash;   // of salt and secret
    std::string shown;  // of a URL, its host
  };
  WallTime accepted = kNoTime;
  std::vector<File> files;
  std::vector<Pattern> patterns;
  std::string salt;
  std::vector<SecretMark> secrets;  // by the number in the reference
};

[[nodiscard]] std::string encode(const dispatch::KeptAlert& record);
[[nodiscard]] std::string encode(const dispatch::KeptEnds& record);
[[nodiscard]] std::string encode(const dispatch::KeptGroup& record);
[[nodiscard]] std::string encode(const dispatch::KeptTold& record);
[[nodiscard]] std::string encode(const dispatch::KeptSend& record);
[[nodiscard]] std::string encode(const dispatch::KeptSilence& record);
[[nodiscard]] std::string encode(const KeptRuleAlert& record);
[[nodiscard]] std::string encode(const Life& record);
[[nodiscard]] std::string encode(const KeptConfig& record);

// Everything that rows say. Rows that make no sense are left out and counted.
struct Decoded {
  dispatch::Kept dispatch;
  std::vector<KeptRuleAlert> rule_alerts;
  Life life;
  KeptConfig config;
  std::size_t damaged = 0;
};
[[nodiscard]] Decoded decode(const std::vector<Row>& rows);
// The configuration alone, for whoever needs it before there is an engine; without one, empty but for a salt
// made from the seed.
[[nodiscard]] KeptConfig kept_config(const std::vector<Row>& rows, std::uint64_t seed);

}  // namespace tocsin::core
