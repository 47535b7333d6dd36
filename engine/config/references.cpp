#include "engine/config/references.hpp"

#include <utility>

#include "promql/format.hpp"

namespace tocsin::config {
namespace {

class Expander {
 public:
  Expander(const LoadOptions& options, FileSource& files, const yaml::Document& document,
           Diagnostics& diagnostics)
      : options_(options), files_(files), document_(document), diagnostics_(diagnostics) {}

  std::string operator()(const yaml::Node& node, std::string text) const {
    std::string out;
    std::size_t from = 0;
    while (true) {
      const std::size_t open = text.find("${", from);
      const std::size_t close = open == std::string::npos ? open : text.find('}', open);
      if (close == std::string::npos) break;
      const std::string_view inside = std::string_view(text).substr(open + 2, close - open - 2);
      out.append(text, from, open - from);
      if (inside.starts_with("env:")) {
        out += variable(node, std::string(inside.substr(4)));
      } else if (inside.starts_with("file:")) {
        out += file(node, std::string(inside.substr(5)));
      } else {
        out.append(text, open, close + 1 - open);
      }
      from = close + 1;
    }
    if (from == 0) return text;
    return out.append(text, from);
  }

 private:
  void report(const yaml::Node& node, std::string text) const {
    Diagnostic diagnostic;
    diagnostic.file = document_.file();
    diagnostic.position = node.position;
    diagnostic.severity = options_.unset_reference;
    diagnostic.text = std::move(text);
    diagnostics_.add(std::move(diagnostic));
  }

  [[nodiscard]] std::string variable(const yaml::Node& node, const std::string& name) const {
    const auto value = files_.env(name);
    if (!value) report(node, format("environment variable \"{}\" is not set", name));
    return value.value_or("");
  }

  [[nodiscard]] std::string file(const yaml::Node& node, const std::string& path) const {
    Result<std::string> content = files_.read_value(join_directory(directory_of(options_.file), path));
    if (!content) {
      report(node, format("file \"{}\": {}", path, content.error().text));
      return {};
    }
    while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) content->pop_back();
    return *std::move(content);
  }

  const LoadOptions& options_;
  FileSource& files_;
  const yaml::Document& document_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::function<std::string(const yaml::Node&, std::string)> reference_expander(const LoadOptions& options,
                                                                              FileSource& files,
                                                                              const yaml::Document& document,
                                                                              Diagnostics& diagnostics) {
  return Expander(options, files, document, diagnostics);
}

}  // namespace tocsin::config
