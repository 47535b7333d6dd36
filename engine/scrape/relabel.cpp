#include "engine/scrape/relabel.hpp"

#include <openssl/md5.h>

#include <array>

#include "promql/regex_groups.hpp"
#include "rules/template/unicode.hpp"

namespace tocsin::scrape {
namespace {

using config::RelabelAction;
using config::RelabelConfig;

std::string joined_sources(const RelabelConfig& rule, const LabelsBuilder& labels) {
  std::string value;
  for (std::size_t i = 0; i < rule.source_labels.size(); ++i) {
    if (i > 0) value += rule.separator;
    value += labels.get(rule.source_labels[i]);
  }
  return value;
}

bool has_variable(std::string_view text) {
  return text.find('$') != std::string_view::npos;
}

bool is_valid_label_name(config::NameScheme scheme, std::string_view name) {
  return scheme == config::NameScheme::legacy ? is_classic_label_name(name)
                                              : !name.empty() && is_valid_utf8(name);
}

void replace(const RelabelConfig& rule, const std::string& value, LabelsBuilder& labels) {
  // The default expression matches the empty value, and nothing is to be expanded.
  if (value.empty() && rule.regex == "(.*)" && !has_variable(rule.target_label) &&
      !has_variable(rule.replacement)) {
    labels.set(rule.target_label, rule.replacement);
    return;
  }
  const std::optional<RegexGroups> groups = RegexGroups::match(*rule.program, value);
  if (!groups) return;
  const std::string target = groups->expand(rule.target_label);
  if (!is_valid_label_name(rule.names, target)) return;
  labels.set(target, groups->expand(rule.replacement));
}

// The last eight bytes of the MD5 sum, as upstream does for the sake of its own earlier versions.
std::uint64_t hash_of(const std::string& value) {
  std::array<unsigned char, MD5_DIGEST_LENGTH> digest{};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  MD5(reinterpret_cast<const unsigned char*>(value.data()), value.size(), digest.data());
#pragma GCC diagnostic pop
  std::uint64_t hash = 0;
  for (std::size_t i = 8; i < digest.size(); ++i) hash = hash << 8 | digest[i];
  return hash;
}

void map_names(const RelabelConfig& rule, LabelsBuilder& labels) {
  const auto before = labels.pairs();  // what is set does not take part
  for (const auto& [name, value] : before) {
    const std::optional<RegexGroups> groups = RegexGroups::match(*rule.program, name);
    if (groups) labels.set(groups->expand(rule.replacement), value);
  }
}

void drop_names(const RelabelConfig& rule, bool matching, LabelsBuilder& labels) {
  const auto before = labels.pairs();
  for (const auto& [name, value] : before) {
    if (rule.program->matches(name) == matching) labels.remove(name);
  }
}

// False when the rule drops.
bool apply(const RelabelConfig& rule, LabelsBuilder& labels) {
  const std::string value = joined_sources(rule, labels);
  switch (rule.action) {
    case RelabelAction::drop:
      return !rule.program->matches(value);
    case RelabelAction::keep:
      return rule.program->matches(value);
    case RelabelAction::drop_equal:
      return labels.get(rule.target_label) != value;
    case RelabelAction::keep_equal:
      return labels.get(rule.target_label) == value;
    case RelabelAction::replace:
      replace(rule, value, labels);
      break;
    case RelabelAction::lowercase:
      labels.set(rule.target_label, templates::to_lower(value));
      break;
    case RelabelAction::uppercase:
      labels.set(rule.target_label, templates::to_upper(value));
      break;
    case RelabelAction::hash_mod:
      labels.set(rule.target_label, std::to_string(hash_of(value) % rule.modulus));
      break;
    case RelabelAction::label_map:
      map_names(rule, labels);
      break;
    case RelabelAction::label_drop:
      drop_names(rule, true, labels);
      break;
    case RelabelAction::label_keep:
      drop_names(rule, false, labels);
      break;
  }
  return true;
}

}  // namespace

bool relabel(std::span<const RelabelConfig> rules, LabelsBuilder& labels) {
  for (const RelabelConfig& rule : rules) {
    if (!apply(rule, labels)) return false;
  }
  return true;
}

std::optional<Labels> relabel(std::span<const RelabelConfig> rules, const Labels& labels) {
  LabelsBuilder builder(labels);
  if (!relabel(rules, builder)) return std::nullopt;
  return builder.build();
}

}  // namespace tocsin::scrape
