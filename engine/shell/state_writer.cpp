#include "engine/shell/state_writer.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "engine/shell/history_reader.hpp"
#include "engine/shell/limits.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

// A quiet server looks at its file now and then: well within the time in which it would notice that the clock
// was set.
constexpr Duration kIdleWait = Duration(kPruneInterval) / 6;

// Everything that waits for the disk, as one transaction.
struct Waiting {
  bool any = false;  // there is something to answer
  std::uint64_t sequence = 0;
  bool durable = false;
  bool replace_all = false;
  std::map<core::RowKey, std::optional<std::string>> rows;
  std::deque<api::HistoryEntry> history;
  std::uint64_t dropped = 0;  // history entries, since the start
  std::optional<WallTime> lost_until;

  void merge(core::Persist batch) {
    any = true;
    sequence = batch.sequence;
    durable = durable || batch.durable;
    if (batch.replace_all) {
      replace_all = true;
      rows.clear();
    }
    for (core::RowWrite& row : batch.rows) rows.insert_or_assign(row.key, std::move(row.body));
    for (api::HistoryEntry& entry : batch.history) history.push_back(std::move(entry));
    drop_beyond_limit();
  }

  [[nodiscard]] core::Persist take() {
    core::Persist batch{sequence, durable, replace_all, {}, {}};
    batch.rows.reserve(rows.size());
    for (auto& [key, body] : rows) batch.rows.push_back({key, std::move(body)});
    batch.history.assign(std::make_move_iterator(history.begin()), std::make_move_iterator(history.end()));
    rows.clear();
    history.clear();
    any = durable = replace_all = false;
    return batch;
  }

  // What a failed transaction had, before what came since.
  void put_back(std::vector<api::HistoryEntry> entries) {
    history.insert(history.begin(), std::make_move_iterator(entries.begin()),
                   std::make_move_iterator(entries.end()));
    drop_beyond_limit();
  }

 private:
  void drop_beyond_limit() {
    while (history.size() > kMaxWaitingHistory) {
      lost_until = std::max(lost_until.value_or(history.front().at), history.front().at);
      history.pop_front();
      ++dropped;
    }
  }
};

api::HistoryPage read_page(const std::string& path, const std::string& vfs, const api::HistoryQuery& query) {
  Result<api::HistoryPage> read = HistoryReader::page_beside_writer(path, vfs, query);
  if (read) return std::move(*read);
  api::HistoryPage page;
  page.error = read.error().text;
  return page;
}

}  // namespace

struct StateWriter::State {
  State(std::unique_ptr<StateFile> state_file, StateWriterOptions writer_options)
      : options(std::move(writer_options)),
        path(state_file->path()),
        vfs(state_file->vfs()),
        file(std::move(state_file)) {
    counters.file = file->counters();
    counters.trouble = file->trouble();
  }

  void run();
  void write(core::Persist batch);
  void answer(const std::function<void()>& callback);

  const StateWriterOptions options;
  const std::string path;
  const std::string vfs;
  std::unique_ptr<StateFile> file;  // of the db thread
  std::thread thread;

  std::mutex mutex;
  std::condition_variable ready;  // something waits, or it is time to stop
  std::condition_variable ended;
  // Guarded by mutex:
  Waiting waiting;
  Counters counters;
  std::size_t readings = 0;
  bool stopping = false;
  bool has_ended = false;

  std::mutex answering;
  bool silent = false;  // guarded by answering
};

// After finish() nobody may be there to take an answer.
void StateWriter::State::answer(const std::function<void()>& callback) {
  const std::lock_guard<std::mutex> guard(answering);
  if (!silent) callback();
}

void StateWriter::State::run() {
  pthread_setname_np(pthread_self(), "db");
  bool more = true;
  while (true) {
    std::optional<core::Persist> batch;
    {
      std::unique_lock<std::mutex> guard(mutex);
      const auto wanted = [this] { return waiting.any || stopping; };
      if (!more) ready.wait_for(guard, kIdleWait, wanted);
      if (stopping && !waiting.any) break;
      if (waiting.any) {
        batch = waiting.take();
        if (const auto lost = std::exchange(waiting.lost_until, std::nullopt)) file->history_was_lost(*lost);
      }
    }
    if (batch) {
      write(std::move(*batch));
      more = true;
    } else {
      more = file->maintain(options.clock());
      const std::lock_guard<std::mutex> guard(mutex);
      counters.file = file->counters();
    }
  }
  file.reset();
  const std::lock_guard<std::mutex> guard(mutex);
  has_ended = true;
  ended.notify_all();
}

void StateWriter::State::write(core::Persist batch) {
  const Result<void> done = file->commit(batch, options.clock());
  core::Persisted persisted{batch.sequence, done ? std::string() : done.error().text};
  {
    const std::lock_guard<std::mutex> guard(mutex);
    counters.trouble = persisted.error;
    counters.file = file->counters();
    if (done) {
      ++counters.transactions;
      counters.rows += batch.rows.size();
      counters.history += batch.history.size();
    } else {
      ++counters.failures;
      waiting.put_back(std::move(batch.history));
    }
  }
  answer([&] { options.persisted(std::move(persisted)); });
}

StateWriter::StateWriter(std::unique_ptr<StateFile> file, StateWriterOptions options)
    : state_(std::make_shared<State>(std::move(file), std::move(options))) {
  state_->thread = std::thread([state = state_] { state->run(); });
}

StateWriter::~StateWriter() {
  {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    state_->waiting.any = false;
  }
  (void)finish(kLastWrites);
}

void StateWriter::persist(core::Persist batch) {
  {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    state_->waiting.merge(std::move(batch));
  }
  state_->ready.notify_one();
}

void StateWriter::read_history(api::HistoryQuery query, TakePage take) {
  const auto refuse = [&take](std::string why) {
    api::HistoryPage page;
    page.error = std::move(why);
    take(std::move(page));
  };
  {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    if (state_->readings >= kMaxHistoryReadings) {
      return refuse(format("{} readings of the event log are under way", kMaxHistoryReadings));
    }
    ++state_->readings;
  }
  const bool taken = state_->options.run_job([state = state_, query = std::move(query), take] {
    api::HistoryPage page = read_page(state->path, state->vfs, query);
    {
      const std::lock_guard<std::mutex> guard(state->mutex);
      --state->readings;
    }
    state->answer([&] { take(std::move(page)); });
  });
  if (taken) return;
  {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    --state_->readings;
  }
  refuse("too many jobs are waiting");
}

bool StateWriter::finish(Duration bound) {
  if (!state_->thread.joinable()) return true;
  bool in_time = false;
  {
    std::unique_lock<std::mutex> guard(state_->mutex);
    state_->stopping = true;
    state_->ready.notify_one();
    in_time = state_->ended.wait_for(guard, bound, [this] { return state_->has_ended; });
  }
  {
    const std::lock_guard<std::mutex> guard(state_->answering);
    state_->silent = true;
  }
  if (in_time) {
    state_->thread.join();
  } else {
    state_->thread.detach();
  }
  return in_time;
}

StateWriter::Counters StateWriter::counters() const {
  const std::lock_guard<std::mutex> guard(state_->mutex);
  Counters counters = state_->counters;
  counters.history_dropped_waiting = state_->waiting.dropped;
  counters.waiting_rows = state_->waiting.rows.size();
  counters.waiting_history = state_->waiting.history.size();
  return counters;
}

}  // namespace tocsin::shell
