#include "engine/config/external_labels.hpp"

#include <map>
#include <utility>

#include "promql/ascii.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

bool is_special(char c) {
  return std::string_view("*#$@!?-0123456789").find(c) != std::string_view::npos;
}

struct ShellName {
  std::string_view name;
  std::size_t length = 0;  // of what stands behind "$"
};

// Go's os.getShellName: what a "$" that stands in front of the text refers to.
ShellName shell_name(std::string_view text) {
  if (text.starts_with('{')) {
    if (text.size() > 2 && is_special(text[1]) && text[2] == '}') return {text.substr(1, 1), 3};
    const std::size_t close = text.find('}');
    if (close == std::string_view::npos || close == 1) return {{}, close == 1 ? 2U : 1U};
    return {text.substr(1, close - 1), close + 1};
  }
  if (!text.empty() && is_special(text[0])) return {text.substr(0, 1), 1};
  std::size_t end = 0;
  while (end < text.size() && is_word(text[end])) ++end;
  return {text.substr(0, end), end};
}

class LabelExpander {
 public:
  LabelExpander(const yaml::MapReader& map, FileSource& files) : map_(map), files_(files) {}

  std::string expand(const std::string& label, const yaml::Node& node, std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const std::size_t dollar = std::min(text.find('$'), text.size());
      out += text.substr(0, dollar);
      text.remove_prefix(dollar);
      if (text.empty()) break;
      text.remove_prefix(1);
      const ShellName found = shell_name(text);
      if (found.name.empty() && found.length == 0) {
        out += '$';
      } else if (!found.name.empty()) {
        out += value_of(label, node, found.name);
      }
      text.remove_prefix(found.length);
    }
    return out;
  }

 private:
  std::string value_of(const std::string& label, const yaml::Node& node, std::string_view name) {
    if (name == "$") return "$";
    if (name.starts_with("env:") || name.starts_with("file:")) {
      return map_.scope().expand ? map_.scope().expand(node, format("${{{}}}", name)) : std::string();
    }
    std::string value = files_.env(std::string(name)).value_or("");
    if (value.empty()) {
      map_.scope().warning(node, format("{}: {}: environment variable \"{}\" is empty or not set",
                                        map_.subject_of("external_labels"), label, name));
    }
    return value;
  }

  const yaml::MapReader& map_;
  FileSource& files_;
};

}  // namespace

Labels read_external_labels(yaml::MapReader& map, bool legacy_names, FileSource& files) {
  const yaml::Node* node = map.value("external_labels");
  if (node == nullptr) return {};
  // Read without references: what a reference brings in must not be expanded again.
  const yaml::Scope plain{map.scope().document, map.scope().diagnostics, {}, false};
  yaml::MapReader raw(plain, map.node(), map.subject());
  std::map<std::string, std::string> labels;
  raw.string_map("external_labels", labels);
  LabelExpander expander(map, files);
  LabelsBuilder builder;
  for (const auto& [name, value] : labels) {
    const yaml::Node* found = node->find(name);
    const yaml::Node* at = found == nullptr ? node : found;
    const bool valid = legacy_names ? is_classic_label_name(name) : !name.empty() && is_valid_utf8(name);
    if (!valid) {
      map.scope().error(
          *at, format("{}: {} is not a valid label name", map.subject_of("external_labels"), go_quote(name)));
      continue;
    }
    if (!is_valid_utf8(value)) {
      map.scope().error(*at, format("{}: {}: not a valid label value: {}", map.subject_of("external_labels"),
                                    name, go_quote(value)));
      continue;
    }
    builder.set(name, expander.expand(name, *at, value));
  }
  return builder.build();
}

}  // namespace tocsin::config
