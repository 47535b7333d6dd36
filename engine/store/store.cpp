// One Head a slot holds what a tick reads: where the newest sample is and where the columns are. The rest of
// a series (its labels, the columns' ownership) lies behind a pointer that a tick does not follow.
//
// A slot is used again after its series is gone, under a new generation. What pinned views may still read,
// old columns and gone series, is kept on a list with the sequence number of the newest view; it is freed
// when all views up to that number have been given back.
#include "engine/store/store.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <set>

#include "engine/store/pinned_view.hpp"
#include "engine/store/sample_columns.hpp"
#include "engine/store/series_index.hpp"
#include "promql/histogram.hpp"

namespace tocsin::engine {
namespace {

using promql::HistogramPtr;

constexpr std::uint32_t kFirstRoom = 8;

struct SeriesRecord {
  Labels labels;
  std::uint64_t number = 0;  // in the order in which series came
  std::unique_ptr<SampleColumns> columns;
};

// The newest sample of a slot, if it is a number; then an instant selector needs no more.
struct Newest {
  Timestamp time = Timestamp::max();
  double value = 0;
};

struct Head {
  SampleSpan samples;
  std::uint32_t generation = 0;
  std::unique_ptr<SeriesRecord> record;  // null: the slot is free
};

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// What a counter's histogram says of the one before, as Prometheus' chunks tell it: only that there was no
// reset is ever known for sure.
HistogramPtr with_reset_hint(HistogramPtr histogram, const promql::FloatHistogram* before) {
  using promql::CounterReset;
  CounterReset hint = CounterReset::unknown;
  if (histogram->counter_reset == CounterReset::gauge) {
    hint = CounterReset::gauge;
  } else if (before != nullptr && before->counter_reset != CounterReset::gauge &&
             !before->is_stale_marker() && histogram->counter_reset != CounterReset::reset &&
             histogram->schema == before->schema && histogram->zero_threshold == before->zero_threshold &&
             histogram->custom_values == before->custom_values) {
    promql::FloatHistogram plain = *histogram;
    plain.counter_reset = CounterReset::unknown;
    if (!plain.detect_reset(*before)) hint = CounterReset::not_reset;
  }
  if (histogram->counter_reset == hint) return histogram;
  auto copy = std::make_shared<promql::FloatHistogram>(*histogram);
  copy->counter_reset = hint;
  return copy;
}

}  // namespace

class Store::Impl {
 public:
  SeriesRef find(const Labels& labels) const;
  SeriesRef find_or_create(const Labels& labels);
  std::uint64_t removed() const { return removed_; }
  bool alive(SeriesRef series) const {
    return series.slot < heads_.size() && heads_[series.slot].generation == series.generation &&
           heads_[series.slot].record != nullptr;
  }
  AppendOutcome append(SeriesRef series, NewSample sample);
  void trim(Timestamp older_than);
  std::uint64_t shift(Duration step, Timestamp newest);
  void clear();

  std::vector<std::uint32_t> select(std::span<const Matcher> matchers) const;
  template <class Visit>
  void visit(const Filter& filter, const Visit& visit) const;
  StoreStatistics statistics() const;
  Timestamp min_time() const;
  Timestamp max_time() const { return max_time_; }

  std::unique_ptr<PinnedView> pin(std::span<const promql::SelectionRequest> requests);
  void release_view(const PinnedView& view);

  const promql::Selection& acquire(std::span<const Matcher> matchers);
  void release(const promql::Selection& selection) { selections_.release(selection); }

  const std::vector<Head>& heads() const { return heads_; }
  const std::vector<Newest>& newest() const { return newest_; }
  const PostingIndex& postings() const { return postings_; }

 private:
  struct Retired {
    std::uint64_t newest_view;
    std::unique_ptr<SampleColumns> columns;
    std::unique_ptr<SeriesRecord> record;
  };
  AppendOutcome check(const Head& head, const NewSample& sample) const;
  void make_room(Head& head);
  void move_live(Head& head, std::uint32_t room);
  void refresh(Head& head);
  void note_newest(std::uint32_t slot);
  void drop(const std::vector<std::uint32_t>& gone);
  void retire(std::unique_ptr<SampleColumns> columns, std::unique_ptr<SeriesRecord> record);
  void free_retired();
  SeriesRef ref(std::uint32_t slot) const { return {slot, heads_[slot].generation}; }

  std::vector<Head> heads_;
  std::vector<Newest> newest_;  // of each slot
  std::vector<std::uint32_t> free_slots_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> slots_by_hash_;
  PostingIndex postings_;
  SelectionTable selections_;
  Timestamp trimmed_to_ = Timestamp::min();
  Timestamp max_time_ = Timestamp::min();
  std::uint64_t next_number_ = 0;
  std::uint64_t appended_ = 0;
  std::uint64_t removed_ = 0;
  std::uint64_t next_view_ = 0;
  std::set<std::uint64_t> views_;
  std::deque<Retired> retired_;
};

SeriesRef Store::Impl::find(const Labels& labels) const {
  const auto [begin, end] = slots_by_hash_.equal_range(labels.hash());
  for (auto at = begin; at != end; ++at) {
    if (heads_[at->second].record->labels == labels) return ref(at->second);
  }
  return kNoSeries;
}

SeriesRef Store::Impl::find_or_create(const Labels& labels) {
  if (const SeriesRef found = find(labels); found != kNoSeries) return found;
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(heads_.size());
    heads_.emplace_back();
    newest_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  Head& head = heads_[slot];
  ++head.generation;
  head.record = std::make_unique<SeriesRecord>();
  head.record->labels = labels;
  head.record->number = next_number_++;
  slots_by_hash_.emplace(labels.hash(), slot);
  postings_.add(labels, slot);
  selections_.series_came(labels, ref(slot));
  return ref(slot);
}

AppendOutcome Store::Impl::check(const Head& head, const NewSample& sample) const {
  if (sample.time < trimmed_to_) return AppendOutcome::out_of_bounds;
  const SampleSpan& samples = head.samples;
  if (samples.first == samples.size) return AppendOutcome::appended;
  const std::uint32_t last = samples.size - 1;
  if (sample.time > samples.times[last]) return AppendOutcome::appended;
  if (sample.time < samples.times[last]) return AppendOutcome::out_of_order;
  const HistogramPtr* histograms = samples.histograms;
  const promql::FloatHistogram* newest = histograms != nullptr ? histograms[last].get() : nullptr;
  const bool same = sample.histogram ? newest != nullptr && newest->equals(*sample.histogram)
                                     : newest == nullptr && same_bits(samples.values[last], sample.value);
  return same ? AppendOutcome::duplicate : AppendOutcome::conflicting;
}

AppendOutcome Store::Impl::append(SeriesRef series, NewSample sample) {
  if (!alive(series)) return AppendOutcome::unknown_series;
  Head& head = heads_[series.slot];
  if (const AppendOutcome outcome = check(head, sample); outcome != AppendOutcome::appended) return outcome;
  if (sample.histogram) {
    const SampleSpan& samples = head.samples;
    const bool has_before = samples.histograms != nullptr && samples.first < samples.size;
    const promql::FloatHistogram* before = has_before ? samples.histograms[samples.size - 1].get() : nullptr;
    sample.histogram = with_reset_hint(std::move(sample.histogram), before);
  }
  const bool is_marker =
      sample.histogram ? sample.histogram->is_stale_marker() : promql::is_stale_nan(sample.value);
  if (is_marker) head.samples.last_marker = sample.time;
  if (!head.record->columns || head.record->columns->full()) make_room(head);
  max_time_ = std::max(max_time_, sample.time);
  newest_[series.slot] = sample.histogram ? Newest() : Newest{sample.time, sample.value};
  head.record->columns->append(std::move(sample));
  ++appended_;
  refresh(head);
  return AppendOutcome::appended;
}

// Moves what is in the window to new columns, twice as large if the window fills the old ones by half.
void Store::Impl::make_room(Head& head) {
  SeriesRecord& record = *head.record;
  if (!record.columns) {
    record.columns = std::make_unique<SampleColumns>(kFirstRoom);
    return;
  }
  const std::uint32_t live = head.samples.size - head.samples.first;
  move_live(head, live * 2 < head.samples.size ? head.samples.size : head.samples.size * 2);
}

void Store::Impl::move_live(Head& head, std::uint32_t room) {
  const SampleSpan& old = head.samples;
  auto columns = std::make_unique<SampleColumns>(room);
  for (std::uint32_t i = old.first; i < old.size; ++i) {
    columns->append({old.times[i], old.values[i], old.histograms != nullptr ? old.histograms[i] : nullptr,
                     old.start_times != nullptr ? old.start_times[i] : Timestamp{}});
  }
  std::swap(head.record->columns, columns);
  retire(std::move(columns), nullptr);
  head.samples.first = 0;
}

void Store::Impl::refresh(Head& head) {
  const SampleColumns& columns = *head.record->columns;
  head.samples.times = columns.times.data();
  head.samples.values = columns.values.data();
  head.samples.histograms = columns.histograms.empty() ? nullptr : columns.histograms.data();
  head.samples.start_times = columns.start_times.empty() ? nullptr : columns.start_times.data();
  head.samples.size = columns.size();
}

void Store::Impl::retire(std::unique_ptr<SampleColumns> columns, std::unique_ptr<SeriesRecord> record) {
  if (!views_.empty()) retired_.push_back({*views_.rbegin(), std::move(columns), std::move(record)});
}

void Store::Impl::free_retired() {
  while (!retired_.empty() && (views_.empty() || retired_.front().newest_view < *views_.begin())) {
    retired_.pop_front();
  }
}

void Store::Impl::trim(Timestamp older_than) {
  trimmed_to_ = std::max(trimmed_to_, older_than);
  std::vector<std::uint32_t> gone;
  for (std::uint32_t slot = 0; slot < heads_.size(); ++slot) {
    Head& head = heads_[slot];
    if (!head.record) continue;
    SampleSpan& samples = head.samples;
    while (samples.first < samples.size && samples.times[samples.first] < older_than) ++samples.first;
    if (samples.first == samples.size) gone.push_back(slot);
  }
  drop(gone);
  free_retired();
}

// Views that are pinned keep the columns that they know.
std::uint64_t Store::Impl::shift(Duration step, Timestamp newest) {
  const auto by = std::chrono::floor<Timestamp::duration>(step);
  if (trimmed_to_ != Timestamp::min()) trimmed_to_ += by;
  if (max_time_ != Timestamp::min()) max_time_ = std::min(max_time_ + by, newest);
  std::uint64_t ahead = 0;
  std::vector<std::uint32_t> gone;
  for (std::uint32_t slot = 0; slot < heads_.size(); ++slot) {
    Head& head = heads_[slot];
    SampleSpan& samples = head.samples;
    if (!head.record || samples.first == samples.size) continue;
    const Timestamp* const begin = samples.times + samples.first;
    const Timestamp* const end = samples.times + samples.size;
    ahead += static_cast<std::uint64_t>(end - std::upper_bound(begin, end, newest));
    // What has timestamps of its own did not go by this clock, and may come to lie ahead.
    const Timestamp* const cut = std::upper_bound(begin, end, newest - by);
    const std::uint32_t room = head.record->columns->size();
    samples.size = samples.first + static_cast<std::uint32_t>(cut - begin);
    if (cut == begin) {
      gone.push_back(slot);
      continue;
    }
    move_live(head, room);
    SampleColumns& columns = *head.record->columns;
    for (Timestamp& time : columns.times) time += by;
    for (Timestamp& time : columns.start_times) {
      if (time != Timestamp{}) time += by;
    }
    refresh(head);
    if (samples.last_marker != Timestamp::min()) samples.last_marker += by;
    note_newest(slot);
  }
  drop(gone);
  free_retired();
  return ahead;
}

// After the newest samples of a slot went.
void Store::Impl::note_newest(std::uint32_t slot) {
  SampleSpan& samples = heads_[slot].samples;
  const std::uint32_t last = samples.size - 1;
  const bool is_histogram = samples.histograms != nullptr && samples.histograms[last] != nullptr;
  newest_[slot] = is_histogram ? Newest() : Newest{samples.times[last], samples.values[last]};
  // A marker may lie anywhere up to here; that is looked for only where there may be one.
  samples.last_marker = std::min(samples.last_marker, samples.times[last]);
}

void Store::Impl::drop(const std::vector<std::uint32_t>& gone) {
  std::vector<const Labels*> gone_labels;
  gone_labels.reserve(gone.size());
  for (const std::uint32_t slot : gone) gone_labels.push_back(&heads_[slot].record->labels);
  if (!gone.empty()) {
    const std::set<std::uint32_t> gone_slots(gone.begin(), gone.end());
    postings_.remove(gone_labels, [&](std::uint32_t slot) { return gone_slots.contains(slot); });
    selections_.series_went([&](SeriesRef series) { return gone_slots.contains(series.slot); });
  }
  for (const std::uint32_t slot : gone) {
    Head& head = heads_[slot];
    const auto [begin, end] = slots_by_hash_.equal_range(head.record->labels.hash());
    slots_by_hash_.erase(
        std::find_if(begin, end, [slot](const auto& entry) { return entry.second == slot; }));
    retire(nullptr, std::move(head.record));
    head.record.reset();
    head.samples = SampleSpan();
    newest_[slot] = Newest();
    free_slots_.push_back(slot);
  }
  removed_ += gone.size();
}

void Store::Impl::clear() {
  trim(Timestamp::max());
  trimmed_to_ = Timestamp::min();
  max_time_ = Timestamp::min();
}

std::vector<std::uint32_t> Store::Impl::select(std::span<const Matcher> matchers) const {
  std::vector<std::uint32_t> slots;
  const Matcher* decided = nullptr;
  if (auto candidates = postings_.candidates(matchers)) {
    slots = std::move(candidates->slots);
    decided = candidates->decided;
  } else {
    for (std::uint32_t slot = 0; slot < heads_.size(); ++slot) {
      if (heads_[slot].record) slots.push_back(slot);
    }
  }
  if (decided == nullptr || matchers.size() > 1) {
    std::erase_if(slots,
                  [&](std::uint32_t slot) { return !matches_all(matchers, heads_[slot].record->labels); });
  }
  if (decided != nullptr) return slots;
  std::sort(slots.begin(), slots.end(), [this](std::uint32_t a, std::uint32_t b) {
    return heads_[a].record->number < heads_[b].record->number;
  });
  return slots;
}

const promql::Selection& Store::Impl::acquire(std::span<const Matcher> matchers) {
  std::string key = selection_key(matchers);
  SelectionTable::Entry* entry = selections_.find(key);
  if (entry == nullptr) {
    std::vector<SeriesRef> series;
    for (const std::uint32_t slot : select(matchers)) series.push_back(ref(slot));
    entry = &selections_.add(std::move(key), matchers, std::move(series));
  }
  ++entry->users;
  return entry->selection;
}

std::unique_ptr<PinnedView> Store::Impl::pin(std::span<const promql::SelectionRequest> requests) {
  std::vector<std::string> absent;
  for (const char* name : {"__type__", "__unit__"}) {
    if (!postings_.names().contains(name)) absent.emplace_back(name);
  }
  auto view = std::make_unique<PinnedViewImpl>(++next_view_, std::move(absent));
  for (const promql::SelectionRequest& request : requests) {
    std::string key = selection_key(request.matchers);
    if (view->holds(key)) continue;
    std::vector<PinnedViewImpl::Series> series;
    for (const std::uint32_t slot : select(request.matchers)) {
      series.push_back({&heads_[slot].record->labels, heads_[slot].samples});
    }
    view->add(std::move(key), series);
  }
  views_.insert(view->sequence());
  return view;
}

void Store::Impl::release_view(const PinnedView& view) {
  views_.erase(static_cast<const PinnedViewImpl&>(view).sequence());
  free_retired();
}

template <class Visit>
void Store::Impl::visit(const Filter& filter, const Visit& visit) const {
  std::set<std::uint32_t> slots;
  if (filter.selectors.empty()) {
    for (const std::uint32_t slot : select({})) slots.insert(slot);
  }
  for (const std::vector<Matcher>& selector : filter.selectors) {
    for (const std::uint32_t slot : select(selector)) slots.insert(slot);
  }
  for (const std::uint32_t slot : slots) {
    const SampleSpan& samples = heads_[slot].samples;
    const Timestamp* begin = samples.times + samples.first;
    const Timestamp* end = samples.times + samples.size;
    const Timestamp* first = std::lower_bound(begin, end, filter.from);
    if (first != end && *first <= filter.to) visit(heads_[slot].record->labels);
  }
}

StoreStatistics Store::Impl::statistics() const {
  StoreStatistics result;
  for (const Head& head : heads_) {
    if (!head.record) continue;
    ++result.series;
    result.samples += head.samples.size - head.samples.first;
  }
  result.appended = appended_;
  result.series_created = next_number_;
  result.series_removed = removed_;
  result.label_pairs = postings_.pairs();
  for (const Retired& retired : retired_) {
    const SampleColumns* columns = retired.columns  ? retired.columns.get()
                                   : retired.record ? retired.record->columns.get()
                                                    : nullptr;
    if (columns != nullptr) result.retired_bytes += columns->bytes();
  }
  return result;
}

Timestamp Store::Impl::min_time() const {
  Timestamp oldest = Timestamp::max();
  for (const Head& head : heads_) {
    const SampleSpan& samples = head.samples;
    if (samples.first < samples.size) oldest = std::min(oldest, samples.times[samples.first]);
  }
  return oldest;
}

Store::Store() : impl_(std::make_unique<Impl>()) {}
Store::~Store() = default;

SeriesRef Store::find(const Labels& labels) const {
  return impl_->find(labels);
}
SeriesRef Store::find_or_create(const Labels& labels) {
  return impl_->find_or_create(labels);
}
bool Store::alive(SeriesRef series) const {
  return impl_->alive(series);
}

std::uint64_t Store::series_dropped() const {
  return impl_->removed();
}

AppendOutcome Store::append(SeriesRef series, Timestamp time, double value, Timestamp start_time) {
  return impl_->append(series, {time, value, nullptr, start_time});
}
AppendOutcome Store::append(SeriesRef series, Timestamp time, HistogramPtr histogram, Timestamp start_time) {
  return impl_->append(series, {time, 0, std::move(histogram), start_time});
}
AppendOutcome Store::append_stale(SeriesRef series, Timestamp time) {
  if (!impl_->alive(series)) return AppendOutcome::unknown_series;
  const SampleSpan& samples = impl_->heads()[series.slot].samples;
  const bool ended = samples.first < samples.size && samples.times[samples.size - 1] == samples.last_marker;
  if (ended) return AppendOutcome::duplicate;
  return impl_->append(series, {time, promql::stale_nan(), nullptr, Timestamp{}});
}

std::uint64_t Store::shift(Duration step, Timestamp newest) {
  return impl_->shift(step, newest);
}
void Store::trim(Timestamp older_than) {
  impl_->trim(older_than);
}
void Store::clear() {
  impl_->clear();
}

std::vector<Labels> Store::series(const Filter& filter) const {
  std::vector<Labels> result;
  impl_->visit(filter, [&](const Labels& labels) { result.push_back(labels); });
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::string> Store::label_names(const Filter& filter) const {
  std::set<std::string, std::less<>> names;
  impl_->visit(filter, [&](const Labels& labels) {
    for (const LabelView label : labels) {
      if (!names.contains(label.name)) names.emplace(label.name);
    }
  });
  return {names.begin(), names.end()};
}

std::vector<std::string> Store::label_values(std::string_view name, const Filter& filter) const {
  std::set<std::string, std::less<>> values;
  impl_->visit(filter, [&](const Labels& labels) {
    const std::string_view value = labels.get(name);
    if (!value.empty() && !values.contains(value)) values.emplace(value);
  });
  return {values.begin(), values.end()};
}

StoreStatistics Store::statistics() const {
  return impl_->statistics();
}
Timestamp Store::min_time() const {
  return impl_->min_time();
}
Timestamp Store::max_time() const {
  return impl_->max_time();
}

std::unique_ptr<PinnedView> Store::pin(std::span<const promql::SelectionRequest> requests) {
  return impl_->pin(requests);
}
void Store::release_view(std::unique_ptr<PinnedView> view) {
  impl_->release_view(*view);
}

const promql::Selection& Store::acquire(std::span<const Matcher> matchers) {
  return impl_->acquire(matchers);
}
void Store::release(const promql::Selection& selection) {
  impl_->release(selection);
}
const Labels& Store::labels(SeriesRef series) const {
  return impl_->heads()[series.slot].record->labels;
}

bool Store::may_have_label(std::string_view name) const {
  return impl_->postings().names().contains(name);
}

void Store::latest(std::span<const SeriesRef> series, Timestamp after, Timestamp at,
                   const promql::LatestColumns& out) const {
  const std::vector<Head>& heads = impl_->heads();
  const std::vector<Newest>& newest = impl_->newest();
  const bool whole = !out.start_times.empty();
  for (std::size_t row = 0; row < series.size(); ++row) {
    if (series[row] == kNoSeries) continue;
    const Newest& sample = newest[series[row].slot];
    if (sample.time > at || whole) {
      find_latest(heads[series[row].slot].samples, after, at, row, out);
    } else if (sample.time > after && !promql::is_stale_nan(sample.value)) {
      out.values[row] = sample.value;
      out.present[row] = 1;
      if (!out.times.empty()) out.times[row] = sample.time;
    }
  }
}

void Store::windows(std::span<const SeriesRef> series, Timestamp after, Timestamp through,
                    std::span<std::uint32_t> hints, std::span<promql::Window> out) const {
  const std::vector<Head>& heads = impl_->heads();
  for (std::size_t row = 0; row < series.size(); ++row) {
    if (series[row] == kNoSeries) {
      out[row] = promql::Window();
      continue;
    }
    std::uint32_t* hint = hints.empty() ? nullptr : &hints[row];
    out[row] = find_window(heads[series[row].slot].samples, after, through, hint);
  }
}

}  // namespace tocsin::engine
