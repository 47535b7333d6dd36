// The route tree: which nodes an alert goes to, and under which keys.
//
// A route has two names. Its key is upstream's, the matchers of the path to it: it is part of the group key
// that receivers see, and twins (siblings with equal matchers) share it. Its identity tells twins apart by
// their ordinal among twins, so that moving or adding other siblings changes nothing; groups and what was
// told are kept under it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/config/alertmanager_config.hpp"
#include "promql/labels.hpp"

namespace tocsin::dispatch {

struct RouteNode {
  const config::Route* route = nullptr;  // of the tree's configuration
  std::string key;                       // {}/{severity="critical"}
  std::string identity;                  // the key, with "#2" after the second of two twins
  std::vector<std::size_t> children;     // indices of nodes

  [[nodiscard]] const config::RouteOptions& options() const { return route->options; }
};

class RouteTree {
 public:
  RouteTree() = default;
  // Shares the configuration it points into.
  explicit RouteTree(std::shared_ptr<const config::AlertmanagerConfig> config);

  // The nodes that an alert goes to, as indices: depth first, left to right. A node matches itself only if
  // none of its children did; after a child that matched, later siblings are looked at only if it says
  // "continue" (trap 43).
  [[nodiscard]] std::vector<std::size_t> match(const Labels& labels) const;
  [[nodiscard]] const RouteNode& node(std::size_t index) const { return nodes_[index]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  // The node with this identity; size() if there is none.
  [[nodiscard]] std::size_t find(std::string_view identity) const;

 private:
  void add(const config::Route& route, const RouteNode* parent, std::size_t twin);
  bool match_node(std::size_t index, const Labels& labels, std::vector<std::size_t>& found) const;

  std::shared_ptr<const config::AlertmanagerConfig> config_;
  std::vector<RouteNode> nodes_;  // parents before children
};

[[nodiscard]] bool matches_all(const std::vector<Matcher>& matchers, const Labels& labels);

// {severity="critical",team=~"a|b"}, as upstream prints matchers in a group key.
[[nodiscard]] std::string print_matchers(const std::vector<Matcher>& matchers);

// The alert's labels that group_by names; one that the alert lacks is left out (trap 45).
[[nodiscard]] Labels group_labels_of(const Labels& alert, const config::RouteOptions& options);

// {alertname="A", job="b"}, as upstream prints the labels of a group in a group key: names are never quoted.
[[nodiscard]] std::string print_group_labels(const Labels& labels);

}  // namespace tocsin::dispatch
