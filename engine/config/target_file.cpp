// An empty .json file, as one that is being written may be for a moment, is an error, and an empty .yml file
// is none. Upstream's discovery/targetgroup and Go's encoding/json say what a JSON file may hold.
#include "engine/config/target_file.hpp"

#include <utility>

#include "engine/config/discovery_reader.hpp"
#include "engine/config/json_value.hpp"
#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "rules/yaml/decode.hpp"
#include "rules/yaml/diagnostic.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::config {
namespace {

constexpr std::string_view kNilGroup = "nil target group item found";

std::string subject_of_group(std::size_t index) {
  return format("target group {}", index);
}

std::vector<TargetGroup> read_yaml(const std::string& path, std::string_view content,
                                   Diagnostics& diagnostics) {
  const yaml::Document document = yaml::parse(std::string(content), {.file = path}, diagnostics);
  const yaml::Scope scope{.document = document, .diagnostics = diagnostics};
  std::vector<TargetGroup> groups;
  const yaml::Node* root = document.root();
  if (root == nullptr || yaml::is_null(*root, yaml::Dialect::v2)) return groups;
  if (root->kind != yaml::NodeKind::sequence)
    scope.error(*root, format("expected a list of target groups, found {}", yaml::describe(*root)));
  for (const yaml::Node* item : root->items) {
    if (yaml::is_null(*item, yaml::Dialect::v2)) {
      scope.error(*item, std::string(kNilGroup));
    } else {
      groups.push_back(read_target_group(scope, *item, subject_of_group(groups.size())));
    }
  }
  return groups;
}

// Reads keys as Go does, whatever their case; a key that comes again replaces what it said before; null says
// nothing.
class JsonReader {
 public:
  JsonReader(const std::string& path, std::string_view content, Diagnostics& diagnostics)
      : path_(path), content_(content), diagnostics_(diagnostics) {}

  std::vector<TargetGroup> read() {
    const ParsedJson parsed = parse_json(content_);
    std::vector<TargetGroup> groups;
    if (parsed.error) {
      error(parsed.error->offset, "not valid JSON: " + parsed.error->text);
    } else if (is_list(parsed.value, "", "a list of target groups")) {
      for (const JsonValue& item : parsed.value.items) {
        if (item.kind == JsonKind::null) {
          error(item.offset, std::string(kNilGroup));
        } else {
          groups.push_back(read_group(item, groups.size()));
        }
      }
    }
    return groups;
  }

 private:
  TargetGroup read_group(const JsonValue& item, std::size_t index) {
    const std::string subject = subject_of_group(index) + ": ";
    TargetGroup group;
    if (item.kind != JsonKind::object) wrong_kind(item, subject, "an object");
    for (const JsonMember& member : item.members) {
      if (equal_ignoring_case(member.key.text, "targets")) {
        group.targets = read_targets(member.value, subject + "targets: ");
      } else if (equal_ignoring_case(member.key.text, "labels")) {
        group.labels = read_labels(member.value, subject + "labels: ");
      } else {
        error(member.key.offset, format("{}unknown key {}{}", subject, go_quote(member.key.text),
                                        did_you_mean(member.key.text, {"targets", "labels"})));
      }
    }
    return group;
  }

  std::vector<std::string> read_targets(const JsonValue& value, const std::string& subject) {
    std::vector<std::string> targets;
    if (!is_list(value, subject, "a list of strings")) return targets;
    for (const JsonValue& item : value.items) targets.push_back(read_text(item, subject));
    return targets;
  }

  Labels read_labels(const JsonValue& value, const std::string& subject) {
    LabelsBuilder labels;
    if (value.kind == JsonKind::object) {
      for (const JsonMember& member : value.members) {
        const std::string& name = member.key.text;
        if (name.empty()) error(member.key.offset, subject + "\"\" is not a valid label name");
        labels.set(name, read_text(member.value, format("{}{}: ", subject, name)));
      }
    } else if (value.kind != JsonKind::null) {
      wrong_kind(value, subject, "an object");
    }
    return labels.build();
  }

  std::string read_text(const JsonValue& value, const std::string& subject) {
    if (value.kind != JsonKind::string && value.kind != JsonKind::null)
      wrong_kind(value, subject, "a string");
    return value.text;
  }

  bool is_list(const JsonValue& value, const std::string& subject, std::string_view expected) {
    if (value.kind != JsonKind::array && value.kind != JsonKind::null) wrong_kind(value, subject, expected);
    return value.kind == JsonKind::array;
  }

  void wrong_kind(const JsonValue& value, const std::string& subject, std::string_view expected) {
    error(value.offset, format("{}expected {}, found {}", subject, expected, describe(value.kind)));
  }

  void error(std::size_t offset, std::string text) {
    Diagnostic diagnostic;
    diagnostic.file = path_;
    diagnostic.position = position_of(offset);
    diagnostic.text = std::move(text);
    diagnostics_.add(std::move(diagnostic));
  }

  // Goes on from the place of the error before: a file may be one line with an error in every group.
  // REQUIRES: offsets come in order.
  SourcePosition position_of(std::size_t offset) {
    for (; at_ < offset; ++at_) {
      if (content_[at_] == '\n') {
        place_ = {place_.line + 1, 1};
      } else if ((static_cast<unsigned char>(content_[at_]) & 0xC0) != 0x80) {
        ++place_.column;
      }
    }
    return place_;
  }

  const std::string& path_;
  std::string_view content_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
  SourcePosition place_{1, 1};
};

}  // namespace

std::vector<TargetGroup> read_target_file(const std::string& path, std::string_view content,
                                          Diagnostics& diagnostics) {
  const bool json = path.ends_with(".json") || path.ends_with(".JSON");
  return json ? JsonReader(path, content, diagnostics).read() : read_yaml(path, content, diagnostics);
}

}  // namespace tocsin::config
