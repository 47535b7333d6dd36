#include "engine/testing/virtual_disk.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::testing {
namespace {

// Enough for a test to look at; older entries go.
constexpr std::size_t kHistory = 100'000;

}  // namespace

void VirtualDisk::apply(const core::Persist& persist, Content& content) {
  if (persist.replace_all) content.rows.clear();
  for (const core::RowWrite& row : persist.rows) {
    if (row.body) {
      content.rows.insert_or_assign(row.key, *row.body);
    } else {
      content.rows.erase(row.key);
    }
  }
  for (const api::HistoryEntry& entry : persist.history) content.history.push_back(entry);
  while (content.history.size() > kHistory) content.history.pop_front();
}

// What is durable and done is safe, with all that came before it.
void VirtualDisk::settle(MonoTime now) {
  std::size_t safe = 0;
  for (std::size_t i = 0; i < pending_.size() && pending_[i].done <= now; ++i) {
    if (pending_[i].persist.durable) safe = i + 1;
  }
  for (std::size_t i = 0; i < safe; ++i) {
    apply(pending_.front().persist, safe_);
    pending_.pop_front();
  }
}

VirtualDisk::Content VirtualDisk::everything() const {
  Content content = safe_;
  for (const Write& write : pending_) apply(write.persist, content);
  return content;
}

core::StateLoaded VirtualDisk::load() {
  core::StateLoaded loaded;
  loaded.found = std::exchange(found_, true);
  loaded.notes = std::exchange(notes_, {});
  for (auto& [key, body] : everything().rows) loaded.rows.push_back({key, body});
  return loaded;
}

DiskAnswer VirtualDisk::write(core::Persist persist, const Now& now) {
  settle(now.mono);
  const Duration takes = persist.durable ? durable_takes_ : write_takes_;
  // One writer: nothing overtakes.
  last_done_ = std::max(last_done_, now.mono) + takes;
  const Duration after = last_done_ - now.mono;
  // After a failure nothing but the whole is taken: what is missing between would never be noticed.
  if (error_.empty() && persist.replace_all) failed_ = false;
  if (!error_.empty()) failed_ = true;
  if (failed_) return {after, error_.empty() ? "an earlier write failed" : error_};
  ++writes_;
  for (const core::RowWrite& row : persist.rows) bytes_ += row.body ? row.body->size() : 0;
  pending_.push_back({last_done_, std::move(persist)});
  return {after, ""};
}

api::HistoryPage VirtualDisk::history(const api::HistoryQuery& query) {
  api::HistoryPage page;
  const Content content = everything();
  for (const api::HistoryEntry& entry : content.history) {
    if (query.from && entry.at < *query.from) continue;
    if (query.to && entry.at >= *query.to) continue;
    if (concerns(query, entry.alerts, entry.receiver)) page.entries.push_back(entry);
  }
  if (query.limit > 0 && page.entries.size() > query.limit) {
    page.truncated = true;
    page.entries.erase(page.entries.begin(), page.entries.end() - static_cast<std::ptrdiff_t>(query.limit));
  }
  return page;
}

void VirtualDisk::damage() {
  safe_ = {};
  pending_.clear();
  found_ = false;
  notes_.emplace_back("state.db was damaged and set aside as state.db.damaged");
}

void VirtualDisk::crash(Crash crash, MonoTime now) {
  settle(now);
  std::size_t kept = 0;
  if (crash == Crash::killed) {
    while (kept < pending_.size() && pending_[kept].done <= now) ++kept;
  }
  kept = crash == Crash::stopped ? pending_.size() : kept + random_.below(pending_.size() - kept + 1);
  for (std::size_t i = 0; i < kept; ++i) apply(pending_[i].persist, safe_);
  pending_.clear();
  failed_ = false;
  last_done_ = MonoTime::min();
}

}  // namespace tocsin::testing
