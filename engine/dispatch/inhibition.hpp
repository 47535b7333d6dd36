// Inhibition: while an alert that matches a rule's source fires, alerts that match its target and agree in
// the labels of `equal` are not told (trap 58).
//
// A missing label equals a missing label. An alert that matches both sides is not inhibited by alerts that
// also match both, itself among them. Silenced and inhibited sources still inhibit.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/config/alertmanager_config.hpp"
#include "engine/dispatch/alert_store.hpp"

namespace tocsin::dispatch {

struct Inhibition {
  std::size_t rule = 0;  // index in the configuration
  Fingerprint source;    // the smallest of those that inhibit
};

class Inhibitor {
 public:
  // Borrows both: the rules must outlive this, the store must be the one that update() speaks of.
  Inhibitor(const std::vector<config::InhibitRule>* rules, const AlertStore* store);

  // An alert is in the store now.
  void add(Fingerprint fingerprint, const Labels& labels);
  // An alert left the store.
  void remove(Fingerprint fingerprint, const Labels& labels);

  [[nodiscard]] std::optional<Inhibition> inhibits(const Labels& target, WallTime now) const;

 private:
  // Sources by the values of the rule's `equal` labels.
  using Sources = std::map<std::string, std::set<Fingerprint>, std::less<>>;

  [[nodiscard]] std::string equal_key(const config::InhibitRule& rule, const Labels& labels) const;

  const std::vector<config::InhibitRule>* rules_;
  const AlertStore* store_;
  std::vector<Sources> sources_;  // one for each rule
};

}  // namespace tocsin::dispatch
