// Every limit of the shell, with its reason and what happens beyond it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tocsin::shell {

// ---- outgoing calls

// A reply's body when the call names no limit of its own; beyond it the call fails. Larger than any page that
// a machine of this size could keep.
inline constexpr std::size_t kMaxReplyBody = std::size_t{256} << 20;
// All header lines of a reply; Go's default is 1 MiB too.
inline constexpr std::size_t kMaxReplyHead = std::size_t{1} << 20;
// Of a call that names no timeout.
inline constexpr std::chrono::minutes kLongestCall{5};
// Go's http.Client stops there too.
inline constexpr int kMaxRedirects = 10;
// Kept-alive connections; the oldest idle one is closed beyond it. One a target, with room to spare.
inline constexpr long kMaxIdleConnections = 512;

// ---- served requests

// Request line and headers, or the extensions of one chunk, or the trailers; beyond it 431.
inline constexpr std::size_t kMaxRequestHead = std::size_t{64} << 10;
// Of a request; beyond it 413. A post of 50,000 alerts has about 15 MB.
inline constexpr std::size_t kMaxRequestBody = std::size_t{64} << 20;
// Bodies of all requests that are being read or answered, and bytes that wait to be parsed; beyond it 503.
inline constexpr std::size_t kMaxRequestBytesTotal = std::size_t{256} << 20;
// A response shorter than this is not worth compressing.
inline constexpr std::size_t kCompressFrom = 1400;
// A response longer than this is compressed on a worker: it would hold the loop for more than a millisecond.
inline constexpr std::size_t kCompressOnWorkerFrom = std::size_t{64} << 10;

// ---- queues

// Jobs waiting for a worker; the core holds its own limits, so this one is only met by a bug.
inline constexpr std::size_t kMaxWaitingJobs = 100'000;
// Served requests waiting for the owner; beyond it 503, replies and jobs are never refused.
inline constexpr std::size_t kMaxWaitingRequests = 4096;

// History entries that wait for the disk; beyond it the oldest are dropped and counted. Some 5 MB: what an
// alert storm brings while a disk is away for a minute. Rows that wait need no bound, a later write of one
// replaces the earlier.
inline constexpr std::size_t kMaxWaitingHistory = 10'000;
// Readings of the event log that wait or run; beyond it the answer is an error.
inline constexpr std::size_t kMaxHistoryReadings = 16;

// ---- the state file

// Entries in one answer; there are more, it then says. About 5 MB.
inline constexpr std::size_t kMaxHistoryAnswer = 10'000;
// Rows that a reader takes between two looks at the file.
inline constexpr std::size_t kHistoryPortion = 1000;
// What is kept of the event log if nobody says otherwise; beyond either the oldest entries go, counted.
inline constexpr std::uint64_t kHistoryBytes = std::uint64_t{256} << 20;
inline constexpr std::chrono::hours kHistoryAge{400 * 24};
// Entries that go at once; a write never waits for more than that.
inline constexpr std::size_t kPrunePortion = 500;
// How often entries are looked at for their age. Each look that drops some writes a few pages.
inline constexpr std::chrono::hours kPruneInterval{1};
// Damaged files that are kept beside the new one; older ones are removed.
inline constexpr std::size_t kMaxDamagedFiles = 3;
// SQLite's page cache of each connection: the rows are in the core's memory already.
inline constexpr int kStateCacheKiB = 256;
// How long a write waits for somebody else's lock, such as a person with the sqlite3 shell.
inline constexpr int kStateBusyTimeoutMs = 2000;
// The write-ahead log, in pages of 4 KiB. A page that is written again and again costs one write in the log
// each time and one in the file for each checkpoint, so rare checkpoints spare a flash card; what bounds the
// log is the time a start needs to read it after a crash (4 MB in some 5 ms). It is written back when nothing
// else is to be done from kCheckpointPages on, and at once at kMostLogPages. Only one transaction, or a
// reader that does not end, can make it larger; then it is cut back to kLogKept afterwards.
inline constexpr int kCheckpointPages = 1000;
inline constexpr int kMostLogPages = 4000;
inline constexpr std::size_t kLogKept = std::size_t{8} << 20;
// How long a stopping server waits for the disk to take what is left.
inline constexpr std::chrono::seconds kLastWrites{5};

// ---- files

// A configuration, rule, template or credential file; beyond it an error.
inline constexpr std::size_t kMaxFileSize = std::size_t{64} << 20;
// Paths that one pattern may match; beyond it an error.
inline constexpr std::size_t kMaxGlobMatches = 100'000;

}  // namespace tocsin::shell
