#include "engine/dispatch/inhibition.hpp"

#include "engine/dispatch/routes.hpp"

namespace tocsin::dispatch {

Inhibitor::Inhibitor(const std::vector<config::InhibitRule>* rules, const AlertStore* store)
    : rules_(rules), store_(store), sources_(rules->size()) {}

std::string Inhibitor::equal_key(const config::InhibitRule& rule, const Labels& labels) const {
  std::string key;
  for (const std::string& name : rule.equal) {
    const std::string_view value = labels.get(name);
    key += std::to_string(value.size());
    key += ':';
    key += value;
  }
  return key;
}

void Inhibitor::add(Fingerprint fingerprint, const Labels& labels) {
  for (std::size_t i = 0; i < rules_->size(); ++i) {
    const config::InhibitRule& rule = (*rules_)[i];
    if (matches_all(rule.source_matchers, labels)) sources_[i][equal_key(rule, labels)].insert(fingerprint);
  }
}

void Inhibitor::remove(Fingerprint fingerprint, const Labels& labels) {
  for (std::size_t i = 0; i < rules_->size(); ++i) {
    const auto sources = sources_[i].find(equal_key((*rules_)[i], labels));
    if (sources == sources_[i].end()) continue;
    sources->second.erase(fingerprint);
    if (sources->second.empty()) sources_[i].erase(sources);
  }
}

std::optional<Inhibition> Inhibitor::inhibits(const Labels& target, WallTime now) const {
  for (std::size_t i = 0; i < rules_->size(); ++i) {
    const config::InhibitRule& rule = (*rules_)[i];
    if (!matches_all(rule.target_matchers, target)) continue;
    const auto sources = sources_[i].find(equal_key(rule, target));
    if (sources == sources_[i].end()) continue;
    const bool target_is_source = matches_all(rule.source_matchers, target);
    for (const Fingerprint fingerprint : sources->second) {
      const AlertStore::Entry* source = store_->find(fingerprint);
      if (source == nullptr || source->alert.resolved_at(now)) continue;
      if (target_is_source && matches_all(rule.target_matchers, source->alert.labels)) continue;
      return Inhibition{i, fingerprint};
    }
  }
  return std::nullopt;
}

}  // namespace tocsin::dispatch
