// The services that are notified: what they take, and how they answer while something is wrong with them.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/dispatch/random.hpp"
#include "engine/testing/virtual_world.hpp"

namespace tocsin::sim {

enum class Ailment : std::uint8_t {
  none,
  unreachable,  // connection refused
  unresolved,   // no such host: the uplink is down
  hangs,        // never answers, takes nothing
  swallows,     // takes it, and the answer is lost
  busy,         // 503
  proxy_lies,   // 502, but the service behind it took it
  limited,      // 429 with Retry-After
  forbidden,    // 401, 403 or 404
  bad_request,  // 400
  slow          // takes it, and answers after many seconds
};
inline constexpr int kAilments = 11;

// A message that a service took, or that hangs.
struct Message {
  Duration at{};
  std::size_t receiver = 0;
  bool heard = true;         // false: the service did not take it, and the sender cannot know
  bool acknowledged = true;  // the sender heard that it was taken
  std::string key;           // Idempotency-Key
  std::string group;
  std::string reason;
  std::vector<Labels> firing;
  std::vector<Labels> resolved;
};

class Receivers {
 public:
  Receivers(std::size_t count, std::uint64_t seed) : ailments_(count, Ailment::none), random_(seed) {}

  void set(std::size_t receiver, Ailment ailment) { ailments_[receiver] = ailment; }
  [[nodiscard]] Ailment of(std::size_t receiver) const { return ailments_[receiver]; }
  [[nodiscard]] std::size_t count() const { return ailments_.size(); }

  [[nodiscard]] testing::CallAnswer answer(const core::HttpCall& call, Duration at);
  // What was taken, or hangs, since the last call.
  [[nodiscard]] std::vector<Message> take() { return std::exchange(taken_, {}); }
  [[nodiscard]] std::uint64_t attempts() const { return attempts_; }

 private:
  void receive(const core::HttpCall& call, std::size_t receiver, Duration at, bool acknowledged = true,
               bool heard = true);

  std::vector<Ailment> ailments_;
  dispatch::Random random_;
  std::vector<Message> taken_;
  std::uint64_t attempts_ = 0;
};

}  // namespace tocsin::sim
