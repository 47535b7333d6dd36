// The table of YAML oddities: our loaders accept and refuse what promtool and amtool accept and refuse.
#include <fstream>
#include <sstream>

#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/prometheus_loader.hpp"
#include "rules/rule_file.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;

namespace {

struct Oddity {
  std::string name, kind, verdict, said, text;
};

// The escapes of make_verdicts.py.
std::string unescape(const std::string& line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (c == '\\') {
      c = line[++i];
      if (c == 'n') {
        c = '\n';
      } else if (c == 'x') {
        c = static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
        i += 2;
      }
    }
    out += c;
  }
  return out;
}

std::vector<Oddity> read_table() {
  std::ifstream in(std::string(TOCSIN_SOURCE_DIR) + "/tests/compat/yaml/verdicts.txt");
  std::vector<Oddity> table;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("= ")) {
      std::istringstream words(line.substr(2));
      Oddity& oddity = table.emplace_back();
      words >> oddity.name >> oddity.kind >> oddity.verdict;
    } else if (!table.empty() && line.starts_with("# ")) {
      table.back().said = line.substr(2);
    } else if (!table.empty() && line.starts_with("|")) {
      table.back().text += unescape(line.substr(1));
    }
  }
  return table;
}

Diagnostics load(const Oddity& oddity) {
  Diagnostics diagnostics;
  config::MemoryFiles files;
  files.files = {{"a.yml", "groups: []\n"}, {"b.yml", "groups: []\n"}};
  config::LoadOptions options;
  options.missing_rule_file = Severity::error;
  options.file = oddity.kind + ".yml";
  if (oddity.kind == "rules") {
    rules::RuleFileOptions loading;
    loading.file = options.file;
    (void)rules::load_rule_file(oddity.text, loading, diagnostics);
  } else if (oddity.kind == "prometheus") {
    (void)config::load_prometheus_config(oddity.text, options, files, diagnostics);
  } else {
    (void)config::load_alertmanager_config(oddity.text, options, files, diagnostics);
  }
  return diagnostics;
}

}  // namespace

TEST_CASE("YamlOdditiesGetUpstreamsVerdict") {
  const std::vector<Oddity> table = read_table();
  CHECK(table.size() > 500);
  for (const Oddity& oddity : table) {
    const Diagnostics diagnostics = load(oddity);
    INFO(oddity.name << " " << oddity.kind << ": upstream said: " << oddity.said << "\n"
                     << format_diagnostics(diagnostics.all()));
    CHECK((diagnostics.has_errors() ? "reject" : "accept") == oddity.verdict);
  }
}
