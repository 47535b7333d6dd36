// Every limit of the shell, with its reason and what happens beyond it.
#pragma once

#include <chrono>
#include <cstddef>

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

// Request line and headers; beyond it 431.
inline constexpr std::size_t kMaxRequestHead = std::size_t{64} << 10;
// Of a request; beyond it 413. A post of 50,000 alerts has about 15 MB.
inline constexpr std::size_t kMaxRequestBody = std::size_t{64} << 20;
// Bodies of all requests that are being read or answered; beyond it 503.
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

// ---- files

// A configuration, rule, template or credential file; beyond it an error.
inline constexpr std::size_t kMaxFileSize = std::size_t{64} << 20;
// Paths that one pattern may match; beyond it an error.
inline constexpr std::size_t kMaxGlobMatches = 100'000;

}  // namespace tocsin::shell
