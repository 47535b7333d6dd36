#include "engine/dispatch/routes.hpp"

#include <algorithm>

namespace tocsin::dispatch {
namespace {

bool is_reserved(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') ||
         std::string_view("{}!=~,\\\"'`").find(c) != std::string_view::npos;
}

std::string escape_value(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (c == '"') {
      escaped += "\\\"";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string print_matcher(const Matcher& matcher) {
  const std::string_view type = to_string(matcher.type());
  if (std::any_of(matcher.name().begin(), matcher.name().end(), is_reserved)) {
    return go_quote(matcher.name()) + std::string(type) + go_quote(matcher.value());
  }
  return matcher.name() + std::string(type) + '"' + escape_value(matcher.value()) + '"';
}

}  // namespace

std::string print_matchers(const std::vector<Matcher>& matchers) {
  std::string text = "{";
  for (const Matcher& matcher : matchers) {
    if (text.size() > 1) text += ',';
    text += print_matcher(matcher);
  }
  return text + '}';
}

bool matches_all(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& matcher) { return matcher.matches(labels.get(matcher.name())); });
}

Labels group_labels_of(const Labels& alert, const config::RouteOptions& options) {
  if (options.group_by_all) return alert;
  std::vector<LabelView> pairs;
  for (const std::string& name : options.group_by) {
    if (alert.has(name)) pairs.push_back({name, alert.get(name)});
  }
  return Labels(std::move(pairs));
}

std::string print_group_labels(const Labels& labels) {
  std::string text = "{";
  for (const LabelView label : labels) {
    if (text.size() > 1) text += ", ";
    text += label.name;
    text += '=';
    text += go_quote(label.value);
  }
  return text + '}';
}

RouteTree::RouteTree(std::shared_ptr<const config::AlertmanagerConfig> config) : config_(std::move(config)) {
  add(config_->route, nullptr, 1);
}

void RouteTree::add(const config::Route& route, const RouteNode* parent, std::size_t twin) {
  const std::string matchers = print_matchers(route.matchers);
  RouteNode node;
  node.route = &route;
  node.key = parent == nullptr ? matchers : parent->key + '/' + matchers;
  node.identity = parent == nullptr ? matchers : parent->identity + '/' + matchers;
  if (twin > 1) node.identity += '#' + std::to_string(twin);
  const std::size_t index = nodes_.size();
  nodes_.push_back(std::move(node));

  std::vector<std::string> seen;
  for (const config::Route& child : route.routes) {
    seen.push_back(print_matchers(child.matchers));
    const auto same = std::count(seen.begin(), seen.end(), seen.back());
    nodes_[index].children.push_back(nodes_.size());
    const RouteNode copy = nodes_[index];  // the vector grows below
    add(child, &copy, static_cast<std::size_t>(same));
  }
}

bool RouteTree::match_node(std::size_t index, const Labels& labels, std::vector<std::size_t>& found) const {
  const RouteNode& node = nodes_[index];
  if (!matches_all(node.route->matchers, labels)) return false;
  const std::size_t before = found.size();
  for (const std::size_t child : node.children) {
    if (match_node(child, labels, found) && !nodes_[child].route->continue_matching) break;
  }
  if (found.size() == before) found.push_back(index);
  return true;
}

std::vector<std::size_t> RouteTree::match(const Labels& labels) const {
  std::vector<std::size_t> found;
  if (!nodes_.empty()) match_node(0, labels, found);
  return found;
}

std::size_t RouteTree::find(std::string_view identity) const {
  const auto node = std::find_if(nodes_.begin(), nodes_.end(),
                                 [&](const RouteNode& candidate) { return candidate.identity == identity; });
  return static_cast<std::size_t>(node - nodes_.begin());
}

}  // namespace tocsin::dispatch
