#include "engine/core/kept_rows.hpp"

#include <optional>
#include <string_view>

#include "engine/core/wire.hpp"
#include "promql/format.hpp"

// What is described is found by argument-dependent look-up, so each description lies in its record's
// namespace.

namespace tocsin::dispatch {

using core::wire::Is;
using core::wire::UpTo;

template <class Codec, Is<Alert> R>
void fields(Codec& codec, R& alert) {
  codec(1, alert.labels);
  codec(2, alert.annotations);
  codec(3, alert.starts_at);
  codec(4, alert.ends_at);
  codec(5, alert.updated_at);
  codec(6, alert.timeout);
  codec(7, UpTo{alert.origin, Origin::posted});
  codec(8, UpTo{alert.cause, ResolveCause::route_removed});
  codec(9, alert.cause_detail);
  codec(10, alert.unknown);
  codec(11, alert.generator_url);
}

template <class Codec, Is<KeptEnd> R>
void fields(Codec& codec, R& end) {
  codec(1, end.alert);
  codec(2, end.ends_at);
  codec(3, end.updated_at);
}

template <class Codec, Is<KeptEnds> R>
void fields(Codec& codec, R& record) {
  codec(1, record.ends);
}

template <class Codec, Is<KeptWithheld> R>
void fields(Codec& codec, R& record) {
  codec(1, record.alert);
  codec(2, UpTo{record.withheld, Withheld::unknown});
}

template <class Codec, Is<KeptUnmuted> R>
void fields(Codec& codec, R& record) {
  codec(1, record.integration);
  codec(2, record.alerts);
}

template <class Codec, Is<KeptGroup> R>
void fields(Codec& codec, R& record) {
  codec(1, record.identity);
  codec(2, record.route);
  codec(3, record.key);
  codec(4, record.labels);
  codec(5, record.looked_at);
  codec(6, record.next_flush);
  codec(7, record.departed);
  codec(8, record.withheld);
  codec(9, record.unmuted);
  codec(10, record.farewell);
  codec(11, record.birth);
}

template <class Codec, Is<KeptTold> R>
void fields(Codec& codec, R& record) {
  codec(1, record.key.group);
  codec(2, record.key.integration);
  codec(3, record.firing);
  codec(4, record.resolved);
  codec(5, record.doubtful);
  codec(6, record.at);
  codec(7, record.forgotten_at);
  codec(8, record.remembered);
  codec(9, record.times);
}

template <class Codec, Is<KeptSend> R>
void fields(Codec& codec, R& record) {
  codec(1, record.group);
  codec(2, record.integration);
  codec(3, record.key);
  codec(4, UpTo{record.reason, NotifyReason::unmuted});
  codec(5, record.decided_at);
  codec(6, record.sent);
  codec(7, record.picture.firing);
  codec(8, record.picture.resolved);
  codec(9, record.kept);
  codec(10, record.alerts);
}

}  // namespace tocsin::dispatch

namespace tocsin::rules {

using core::wire::Is;
using core::wire::UpTo;

template <class Codec, Is<AlertClock> R>
void fields(Codec& codec, R& clock) {
  codec(1, UpTo{clock.state, AlertState::firing});
  codec(2, clock.active_at);
  codec(3, clock.fired_at);
  codec(4, clock.resolved_at);
  codec(5, clock.keep_firing_since);
}

}  // namespace tocsin::rules

namespace tocsin::core {

using wire::Is;
using wire::UpTo;

namespace {

// Matchers are made, not set: they go through their texts.
struct MatcherRecord {
  MatchType type = MatchType::equal;
  std::string name;
  std::string value;
};
struct MatcherSetRecord {
  std::vector<MatcherRecord> matchers;
};
struct SilenceRecord {
  std::string id;
  std::vector<MatcherSetRecord> sets;
  WallTime starts_at = kNoTime;
  WallTime ends_at = kNoTime;
  WallTime updated_at = kNoTime;
  std::string created_by;
  std::string comment;
  std::map<std::string, std::string> annotations;
  std::int64_t moved = 0;  // nanoseconds
};

// A told alert whose labels are missing was dropped by relabelling, which is not the same as having none.
struct ToldRecord {
  bool has_labels = false;
  Labels labels;
  WallTime starts_at = kNoTime;
  WallTime valid_until = kNoTime;
  bool unknown = false;
};
struct RuleAlertRecord {
  std::string file;
  std::string group;
  std::string rule;
  std::uint64_t ordinal = 0;
  Labels labels;
  rules::AlertClock clock;
  double value = 0;
  rules::TextMap annotations;
  WallTime last_sent_at = kNoTime;
  WallTime valid_until = kNoTime;
  std::optional<ToldRecord> told;
};

template <class Codec, Is<MatcherRecord> R>
void fields(Codec& codec, R& matcher) {
  codec(1, UpTo{matcher.type, MatchType::not_regex});
  codec(2, matcher.name);
  codec(3, matcher.value);
}

template <class Codec, Is<MatcherSetRecord> R>
void fields(Codec& codec, R& set) {
  codec(1, set.matchers);
}

template <class Codec, Is<SilenceRecord> R>
void fields(Codec& codec, R& silence) {
  codec(1, silence.id);
  codec(2, silence.sets);
  codec(3, silence.starts_at);
  codec(4, silence.ends_at);
  codec(5, silence.updated_at);
  codec(6, silence.created_by);
  codec(7, silence.comment);
  codec(8, silence.annotations);
  codec(9, silence.moved);
}

template <class Codec, Is<ToldRecord> R>
void fields(Codec& codec, R& told) {
  codec(1, told.has_labels);
  codec(2, told.labels);
  codec(3, told.starts_at);
  codec(4, told.valid_until);
  codec(5, told.unknown);
}

template <class Codec, Is<RuleAlertRecord> R>
void fields(Codec& codec, R& record) {
  codec(1, record.file);
  codec(2, record.group);
  codec(3, record.rule);
  codec(4, record.ordinal);
  codec(5, record.labels);
  codec.nested(6, record.clock);
  codec(7, record.value);
  codec(8, record.annotations);
  codec(9, record.last_sent_at);
  codec(10, record.valid_until);
  codec(11, record.told);
}

}  // namespace

template <class Codec, Is<Life> R>
void fields(Codec& codec, R& life) {
  codec(1, life.started);
  codec(2, life.last_alive);
  codec(3, life.stopped);
  codec(4, life.version);
}

template <class Codec, Is<KeptConfig::File> R>
void fields(Codec& codec, R& file) {
  codec(1, file.path);
  codec(2, file.text);
}

template <class Codec, Is<KeptConfig::Pattern> R>
void fields(Codec& codec, R& pattern) {
  codec(1, pattern.pattern);
  codec(2, pattern.paths);
}

template <class Codec, Is<KeptConfig::SecretMark> R>
void fields(Codec& codec, R& mark) {
  codec(1, mark.length);
  codec(2, mark.hash);
  codec(3, mark.shown);
}

template <class Codec, Is<KeptConfig> R>
void fields(Codec& codec, R& config) {
  codec(1, config.accepted);
  codec(2, config.files);
  codec(3, config.patterns);
  codec(4, config.salt);
  codec(5, config.secrets);
}

// ---- records whose form on disk is another than in memory

namespace {

SilenceRecord record_of(const dispatch::Silence& silence) {
  SilenceRecord record{silence.id,           {},
                       silence.starts_at,    silence.ends_at,
                       silence.updated_at,   silence.created_by,
                       silence.comment,      silence.annotations,
                       silence.moved.count()};
  for (const std::vector<Matcher>& set : silence.matcher_sets) {
    MatcherSetRecord& texts = record.sets.emplace_back();
    for (const Matcher& matcher : set) {
      texts.matchers.push_back({matcher.type(), matcher.name(), matcher.value()});
    }
  }
  return record;
}

// Nothing if a pattern does not compile: without it the silence would match more than was meant.
std::optional<dispatch::Silence> silence_of(SilenceRecord record) {
  dispatch::Silence silence;
  for (const MatcherSetRecord& texts : record.sets) {
    std::vector<Matcher>& set = silence.matcher_sets.emplace_back();
    for (const MatcherRecord& text : texts.matchers) {
      Result<Matcher> matcher = Matcher::make(text.type, text.name, text.value);
      if (!matcher) return std::nullopt;
      set.push_back(std::move(*matcher));
    }
    if (set.empty()) return std::nullopt;
  }
  if (record.id.empty() || silence.matcher_sets.empty()) return std::nullopt;
  silence.id = std::move(record.id);
  silence.starts_at = record.starts_at;
  silence.ends_at = record.ends_at;
  silence.updated_at = record.updated_at;
  silence.created_by = std::move(record.created_by);
  silence.comment = std::move(record.comment);
  silence.annotations = std::move(record.annotations);
  silence.moved = Duration(record.moved);
  return silence;
}

RuleAlertRecord record_of(const KeptRuleAlert& kept) {
  const rules::Alert& alert = kept.alert;
  RuleAlertRecord record{kept.file,          kept.group,        kept.rule,   kept.ordinal,
                         kept.labels,        alert.clock,       alert.value, alert.annotations,
                         alert.last_sent_at, alert.valid_until, std::nullopt};
  if (alert.told) {
    record.told = ToldRecord{alert.told->labels.has_value(), alert.told->labels.value_or(Labels()),
                             alert.told->starts_at, alert.told->valid_until, alert.told->unknown};
  }
  return record;
}

KeptRuleAlert rule_alert_of(std::int64_t row, RuleAlertRecord record) {
  KeptRuleAlert kept;
  kept.row = row;
  kept.file = std::move(record.file);
  kept.group = std::move(record.group);
  kept.rule = std::move(record.rule);
  kept.ordinal = record.ordinal;
  kept.labels = std::move(record.labels);
  kept.alert.record = row;
  kept.alert.clock = record.clock;
  kept.alert.value = record.value;
  kept.alert.annotations = std::move(record.annotations);
  kept.alert.last_sent_at = record.last_sent_at;
  kept.alert.valid_until = record.valid_until;
  if (record.told) {
    rules::ToldAlert& told = kept.alert.told.emplace();
    if (record.told->has_labels) told.labels = std::move(record.told->labels);
    told.starts_at = record.told->starts_at;
    told.valid_until = record.told->valid_until;
    told.unknown = record.told->unknown;
  }
  return kept;
}

template <class Record>
Record read_row(const Row& row) {
  Record record{};
  if constexpr (requires { record.row; }) record.row = row.key.id;
  wire::read(protozero::pbf_reader(row.body), record);
  return record;
}

// Throws what protozero throws where a body is no message. False: it is one, and makes no sense.
bool decode_row(const Row& row, Decoded& out) {
  switch (row.key.table) {
    case Table::meta:
      if (row.key.id == static_cast<std::int64_t>(MetaRow::life)) out.life = read_row<Life>(row);
      if (row.key.id == static_cast<std::int64_t>(MetaRow::config)) out.config = read_row<KeptConfig>(row);
      return true;
    case Table::rule_alerts: {
      KeptRuleAlert record = rule_alert_of(row.key.id, read_row<RuleAlertRecord>(row));
      if (record.rule.empty() || (record.alert.clock.vacant() && !record.alert.told)) return false;
      out.rule_alerts.push_back(std::move(record));
      return true;
    }
    case Table::alerts: {
      dispatch::KeptAlert record{row.key.id, read_row<dispatch::Alert>(row)};
      if (record.alert.labels.empty()) return false;
      out.dispatch.alerts.push_back(std::move(record));
      return true;
    }
    case Table::alert_ends:
      out.dispatch.ends.push_back(read_row<dispatch::KeptEnds>(row));
      return true;
    case Table::groups:
      out.dispatch.groups.push_back(read_row<dispatch::KeptGroup>(row));
      return !out.dispatch.groups.back().identity.empty();
    case Table::told:
      out.dispatch.told.push_back(read_row<dispatch::KeptTold>(row));
      return !out.dispatch.told.back().key.group.empty();
    case Table::outbox:
      out.dispatch.outbox.push_back(read_row<dispatch::KeptSend>(row));
      return !out.dispatch.outbox.back().alerts.empty();
    case Table::silences: {
      std::optional<dispatch::Silence> silence = silence_of(read_row<SilenceRecord>(row));
      if (!silence) return false;
      out.dispatch.silences.push_back({row.key.id, std::move(*silence)});
      return true;
    }
  }
  return false;
}

}  // namespace

std::string encode(const dispatch::KeptAlert& record) {
  return wire::write(record.alert);
}
std::string encode(const dispatch::KeptEnds& record) {
  return wire::write(record);
}
std::string encode(const dispatch::KeptGroup& record) {
  return wire::write(record);
}
std::string encode(const dispatch::KeptTold& record) {
  return wire::write(record);
}
std::string encode(const dispatch::KeptSend& record) {
  return wire::write(record);
}
std::string encode(const dispatch::KeptSilence& record) {
  return wire::write(record_of(record.silence));
}
std::string encode(const KeptRuleAlert& record) {
  return wire::write(record_of(record));
}
std::string encode(const Life& record) {
  return wire::write(record);
}
std::string encode(const KeptConfig& record) {
  return wire::write(record);
}

KeptConfig kept_config(const std::vector<Row>& rows, std::uint64_t seed) {
  std::vector<Row> row;
  for (const Row& each : rows) {
    if (each.key == RowKey{Table::meta, static_cast<std::int64_t>(MetaRow::config)}) row.push_back(each);
  }
  KeptConfig config = decode(row).config;
  if (config.salt.empty()) config.salt = format("{:016x}", seed);
  return config;
}

Decoded decode(const std::vector<Row>& rows) {
  Decoded out;
  for (const Row& row : rows) {
    bool sound = false;
    try {
      sound = decode_row(row, out);
    } catch (const protozero::exception&) {
      // Counted below: the file was damaged, or somebody wrote into it.
    }
    if (!sound) ++out.damaged;
  }
  std::erase_if(out.dispatch.groups, [](const auto& record) { return record.identity.empty(); });
  std::erase_if(out.dispatch.told, [](const auto& record) { return record.key.group.empty(); });
  std::erase_if(out.dispatch.outbox, [](const auto& record) { return record.alerts.empty(); });
  out.dispatch.last_alive = out.life.last_alive;
  return out;
}

}  // namespace tocsin::core
