#include "engine/config/relabel_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "promql/ascii.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

using yaml::MapReader;

constexpr std::array<std::pair<std::string_view, RelabelAction>, 11> kActions = {{
    {"replace", RelabelAction::replace},
    {"keep", RelabelAction::keep},
    {"drop", RelabelAction::drop},
    {"keepequal", RelabelAction::keep_equal},
    {"dropequal", RelabelAction::drop_equal},
    {"hashmod", RelabelAction::hash_mod},
    {"labelmap", RelabelAction::label_map},
    {"labeldrop", RelabelAction::label_drop},
    {"labelkeep", RelabelAction::label_keep},
    {"lowercase", RelabelAction::lowercase},
    {"uppercase", RelabelAction::uppercase},
}};

// Length of "$name" or "${name}" at the front, 0 if there is none.
std::size_t variable_length(std::string_view text) {
  if (!text.starts_with('$')) return 0;
  const bool braces = text.size() > 1 && text[1] == '{';
  std::size_t i = braces ? 2 : 1;
  const std::size_t start = i;
  while (i < text.size() && is_word(text[i])) ++i;
  if (i == start) return 0;
  if (!braces) return i;
  return i < text.size() && text[i] == '}' ? i + 1 : 0;
}

bool is_valid_name(std::string_view name, NameScheme names) {
  if (names == NameScheme::legacy) return is_classic_label_name(name);
  return !name.empty() && is_valid_utf8(name);
}

// A name, or a text that variables make a name of: ^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$
bool is_valid_template(std::string_view text, NameScheme names) {
  if (names == NameScheme::utf8) return is_valid_name(text, names);
  bool started = false;
  while (!text.empty()) {
    const std::size_t variable = variable_length(text);
    const bool digit = is_digit(text[0]);
    if (variable == 0 && (!is_word(text[0]) || (digit && !started))) return false;
    text.remove_prefix(std::max<std::size_t>(variable, 1));
    started = true;
  }
  return started;
}

class RelabelReader {
 public:
  RelabelReader(MapReader& map, NameScheme names) : map_(map) { config_.names = names; }

  std::optional<RelabelConfig> read() {
    map_.strings("source_labels", config_.source_labels);
    for (const std::string& label : config_.source_labels) {
      if (!is_valid_name(label, NameScheme::utf8))
        fail("source_labels", format("\"{}\" is not a valid label name", label));
    }
    take(map_.string("separator", config_.separator), "separator");
    take(map_.string("regex", config_.regex), "regex");
    take(map_.unsigned_integer("modulus", config_.modulus), "modulus");
    take(map_.string("target_label", config_.target_label), "target_label");
    take(map_.string("replacement", config_.replacement), "replacement");
    read_action();
    map_.finish();
    compile();
    if (good_) check();
    if (!good_) return std::nullopt;
    return std::move(config_);
  }

 private:
  void take(bool taken, std::string_view key) {
    if (!taken && map_.value(key) != nullptr) good_ = false;
  }

  void fail(std::string_view key, const std::string& text) {
    map_.error(key, text);
    good_ = false;
  }

  void read_action() {
    std::string text;
    if (map_.value("action") == nullptr) {
      if (map_.has("action")) fail("action", "relabel action cannot be empty");
      return;
    }
    if (!map_.string("action", text)) {
      good_ = false;
      return;
    }
    const std::string lower = ascii_lower(text);
    const auto found = std::ranges::find(kActions, lower, &std::pair<std::string_view, RelabelAction>::first);
    if (found != kActions.end()) {
      config_.action = found->second;
      return;
    }
    std::vector<std::string_view> names;
    names.reserve(kActions.size());
    for (const auto& [name, action] : kActions) names.push_back(name);
    fail("action", format("unknown relabel action \"{}\"{}", text, did_you_mean(text, names)));
  }

  void compile() {
    Result<AnchoredRegex> regex = AnchoredRegex::compile(config_.regex);
    if (!regex) return fail("regex", regex.error().text);
    config_.program = std::make_shared<const AnchoredRegex>(*std::move(regex));
  }

  void check() {
    using enum RelabelAction;
    const RelabelAction action = config_.action;
    const std::string& target = config_.target_label;
    const bool cases =
        action == lowercase || action == uppercase || action == keep_equal || action == drop_equal;
    const bool targeted = action == replace || action == hash_mod || cases;
    if (action == hash_mod && config_.modulus == 0)
      fail("modulus", "hashmod requires a modulus that is not 0");
    if (targeted && target.empty()) {
      map_.error_here(format("action {} requires a target_label", to_string(action)));
      good_ = false;
      return;
    }
    const bool valid_target = action == replace && target.find('$') != std::string::npos
                                  ? is_valid_template(target, config_.names)
                                  : is_valid_name(target, config_.names);
    if (targeted && !valid_target) {
      fail("target_label",
           format("\"{}\" is not a valid label name for action {}", target, to_string(action)));
    }
    if (cases && config_.replacement != "$1") {
      fail("replacement", format("cannot be set for action {}", to_string(action)));
    }
    if (action == label_map && !is_valid_template(config_.replacement, config_.names)) {
      fail("replacement",
           format("\"{}\" is not a valid label name for action labelmap", config_.replacement));
    }
    check_unused_fields();
  }

  // Some actions look at a few fields only, and upstream refuses the others.
  void check_unused_fields() {
    using enum RelabelAction;
    const RelabelConfig defaults;
    const bool touched = config_.modulus != defaults.modulus || config_.separator != defaults.separator ||
                         config_.replacement != defaults.replacement;
    const RelabelAction action = config_.action;
    // Upstream compares the compiled regex by address: any regex that is written counts as set.
    if ((action == keep_equal || action == drop_equal) && (touched || map_.has("regex"))) {
      map_.error_here(
          format("action {} takes source_labels and target_label, and no other fields", to_string(action)));
      good_ = false;
    }
    const bool labels = map_.value("source_labels") != nullptr || !config_.target_label.empty();
    if ((action == label_drop || action == label_keep) && (touched || labels)) {
      map_.error_here(format("action {} takes regex, and no other fields", to_string(action)));
      good_ = false;
    }
  }

  MapReader& map_;
  RelabelConfig config_;
  bool good_ = true;
};

}  // namespace

std::string_view to_string(RelabelAction action) {
  return std::ranges::find(kActions, action, &std::pair<std::string_view, RelabelAction>::second)->first;
}

std::vector<RelabelConfig> read_relabel_configs(MapReader& map, std::string_view key, NameScheme names) {
  std::vector<RelabelConfig> configs;
  const std::vector<const yaml::Node*> items = map.list(key);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string subject = map.subject_of(format("{}[{}]", key, i));
    if (yaml::is_null(*items[i], map.scope().document.dialect())) {
      map.scope().error(*items[i], subject + ": expected a relabeling rule, found nothing");
      continue;
    }
    MapReader inner(map.scope(), *items[i], subject);
    if (!inner.valid()) continue;
    if (auto config = RelabelReader(inner, names).read()) configs.push_back(*std::move(config));
  }
  return configs;
}

}  // namespace tocsin::config
