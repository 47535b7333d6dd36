#include "engine/dispatch/silences.hpp"

#include <algorithm>

#include "engine/dispatch/routes.hpp"
#include "promql/format.hpp"

namespace tocsin::dispatch {
namespace {

// Upstream counts only = and =~ here: != and !~ are taken to match something.
bool counts_as_matching_empty(const Matcher& matcher) {
  return (matcher.type() == MatchType::equal || matcher.type() == MatchType::regex) &&
         matcher.matches_empty();
}

Result<void> check_set(const std::vector<Matcher>& set, std::size_t number) {
  if (set.empty()) return Error(format("invalid silence: matcher set {} is empty", number));
  for (std::size_t i = 0; i < set.size(); ++i) {
    const Matcher& matcher = set[i];
    const std::string place = format("invalid silence: invalid label matcher {} in set {}: ", i, number);
    if (matcher.name().empty() || !is_valid_utf8(matcher.name())) {
      return Error(place + "invalid label name " + go_quote(matcher.name()));
    }
    if (!is_valid_utf8(matcher.value())) {
      return Error(place + "invalid label value " + go_quote(matcher.value()));
    }
  }
  if (std::all_of(set.begin(), set.end(), counts_as_matching_empty)) {
    return Error(format(
        "invalid silence: matcher set {}: at least one matcher must not match the empty string", number));
  }
  return {};
}

Result<void> check(const Silence& silence) {
  if (silence.matcher_sets.empty()) {
    return Error("invalid silence: at least one matcher set required");
  }
  for (std::size_t i = 0; i < silence.matcher_sets.size(); ++i) {
    Result<void> checked = check_set(silence.matcher_sets[i], i);
    if (!checked) return checked;
  }
  if (silence.ends_at == kNoTime) return Error("invalid silence: invalid zero end timestamp");
  if (silence.ends_at < silence.starts_at) {
    return Error("invalid silence: end time must not be before start time");
  }
  return {};
}

bool same_matchers(const Silence& a, const Silence& b) {
  if (a.matcher_sets.size() != b.matcher_sets.size()) return false;
  for (std::size_t i = 0; i < a.matcher_sets.size(); ++i) {
    if (print_matchers(a.matcher_sets[i]) != print_matchers(b.matcher_sets[i])) return false;
  }
  return true;
}

// What of a silence may change depends on whether it has begun.
bool can_update(const Silence& known, const Silence& wanted, WallTime now) {
  if (!same_matchers(known, wanted)) return false;
  switch (known.state(now)) {
    case SilenceState::active:
      return std::chrono::floor<std::chrono::seconds>(known.starts_at) ==
                 std::chrono::floor<std::chrono::seconds>(wanted.starts_at) &&
             wanted.ends_at >= now;
    case SilenceState::pending:
      return wanted.starts_at >= now;
    case SilenceState::expired:
      return false;
  }
  return false;
}

// A random UUID (RFC 4122, version 4).
std::string make_id(Random& random) {
  const std::uint64_t high = (random.next() & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (random.next() & ~(0xc0ULL << 56)) | (0x80ULL << 56);
  return format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff,
                low >> 48, low & 0xffffffffffffULL);
}

std::size_t byte_size(const Silence& silence) {
  std::size_t bytes = 64 + silence.created_by.size() + silence.comment.size();
  for (const auto& [name, value] : silence.annotations) bytes += name.size() + value.size();
  for (const std::vector<Matcher>& set : silence.matcher_sets) {
    for (const Matcher& matcher : set) bytes += matcher.name().size() + matcher.value().size() + 8;
  }
  return bytes;
}

}  // namespace

std::string_view to_string(SilenceState state) {
  switch (state) {
    case SilenceState::pending:
      return "pending";
    case SilenceState::active:
      return "active";
    case SilenceState::expired:
      return "expired";
  }
  return "";
}

SilenceState Silence::state(WallTime now) const {
  if (now < starts_at) return SilenceState::pending;
  return now < ends_at ? SilenceState::active : SilenceState::expired;
}

bool Silence::matches(const Labels& labels) const {
  return std::any_of(matcher_sets.begin(), matcher_sets.end(),
                     [&](const std::vector<Matcher>& set) { return matches_all(set, labels); });
}

void Silence::move(Duration by) {
  moved += by;
  starts_at += by;
  ends_at += by;
  updated_at += by;
}

void Silence::put_back(Duration step) {
  move(moved == Duration::zero() ? step : -moved);
  moved = Duration::zero();
}

Silence Silence::clone() const {
  Silence copy;
  copy.id = id;
  for (const std::vector<Matcher>& set : matcher_sets) {
    std::vector<Matcher>& target = copy.matcher_sets.emplace_back();
    for (const Matcher& matcher : set) target.push_back(matcher.clone());
  }
  copy.starts_at = starts_at;
  copy.ends_at = ends_at;
  copy.updated_at = updated_at;
  copy.created_by = created_by;
  copy.comment = comment;
  copy.annotations = annotations;
  copy.row = row;
  copy.moved = moved;
  return copy;
}

Result<void> Silences::check_room(const Silence& silence) const {
  const std::size_t bytes = byte_size(silence);
  if (limits_.silence_bytes > 0 && bytes > limits_.silence_bytes) {
    return Error(
        format("silence exceeded maximum size: {} bytes (limit: {} bytes)", bytes, limits_.silence_bytes));
  }
  return {};
}

Error Silences::refuse(Error error) {
  ++refused_;
  return error;
}

Result<std::string> Silences::set(Silence silence, WallTime now, Random& random) {
  if (silence.starts_at == kNoTime) silence.starts_at = now;
  if (const Result<void> checked = check(silence); !checked) return checked.error();
  const auto known = silences_.find(silence.id);
  if (!silence.id.empty() && known == silences_.end()) return Error(std::string(kSilenceNotFound));
  silence.updated_at = now;

  if (known != silences_.end() && can_update(known->second, silence, now)) {
    if (const Result<void> room = check_room(silence); !room) return refuse(room.error());
    silence.row = known->second.row;
    known->second = std::move(silence);
    ++version_;
    changes_.touch(known->first);
    return known->first;
  }
  if (limits_.silences > 0 && silences_.size() + 1 > limits_.silences) {
    return refuse(Error(
        format("exceeded maximum number of silences: {} (limit: {})", silences_.size(), limits_.silences)));
  }
  if (silence.starts_at < now) silence.starts_at = now;
  if (const Result<void> room = check_room(silence); !room) return refuse(room.error());
  if (known != silences_.end()) {
    const Result<void> expired = expire(known->first, now);
    if (!expired) return expired.error();
  }
  silence.id = make_id(random);
  silence.row = ++last_row_;
  std::string id = silence.id;
  silences_.insert_or_assign(id, std::move(silence));
  ++version_;
  changes_.touch(id);
  return id;
}

Result<void> Silences::expire(std::string_view id, WallTime now) {
  const auto entry = silences_.find(id);
  if (entry == silences_.end()) return Error(std::string(kSilenceNotFound));
  Silence& silence = entry->second;
  const SilenceState state = silence.state(now);
  if (state == SilenceState::expired) return {};
  if (state == SilenceState::pending) silence.starts_at = now;
  silence.ends_at = now;
  silence.updated_at = now;
  ++version_;
  changes_.touch(entry->first);
  return {};
}

void Silences::clock_was_set(Duration step) {
  for (auto& [id, silence] : silences_) {
    silence.put_back(step);
    changes_.touch(id);
  }
  ++version_;
}

void Silences::restore(Silence silence) {
  last_row_ = std::max(last_row_, silence.row);
  std::string id = silence.id;
  silences_.insert_or_assign(std::move(id), std::move(silence));
  ++version_;
}

const Silence* Silences::find(std::string_view id) const {
  const auto entry = silences_.find(id);
  return entry == silences_.end() ? nullptr : &entry->second;
}

std::vector<std::string> Silences::silencing(const Labels& labels, WallTime now) const {
  std::vector<std::string> ids;
  for (const auto& [id, silence] : silences_) {
    if (silence.state(now) == SilenceState::active && silence.matches(labels)) ids.push_back(id);
  }
  return ids;
}

std::optional<WallTime> Silences::next_end(const std::vector<std::string>& ids) const {
  std::optional<WallTime> first;
  for (const std::string& id : ids) {
    const Silence* silence = find(id);
    if (silence != nullptr && (!first || silence->ends_at < *first)) first = silence->ends_at;
  }
  return first;
}

bool Silences::any_alive(WallTime now) const {
  return std::any_of(silences_.begin(), silences_.end(),
                     [&](const auto& entry) { return entry.second.state(now) != SilenceState::expired; });
}

void Silences::collect(WallTime now) {
  const std::size_t removed = std::erase_if(silences_, [&](const auto& entry) {
    if (entry.second.ends_at + limits_.silence_retention > now) return false;
    changes_.gone(entry.first, entry.second.row);
    return true;
  });
  if (removed > 0) ++version_;
}

}  // namespace tocsin::dispatch
