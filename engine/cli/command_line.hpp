// The flags and arguments of one command: CLI11 behind a header that does not include it, with upstream's
// habits (--name=value, --name value, --no-name for booleans, names with dots).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "promql/time.hpp"

namespace tocsin::cli {

// Targets are borrowed until parse() returned and hold their defaults before.
class CommandLine {
 public:
  // `command` is how the user called it: "tocsin serve", "promtool check config".
  CommandLine(std::string command, const std::string& summary);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Names are without dashes: "config.file"; a short form stands behind a comma: "output,o".
  void flag(const std::string& name, bool& target, const std::string& help);
  void text(const std::string& name, std::string& target, const std::string& help);
  void texts(const std::string& name, std::vector<std::string>& target,
             const std::string& help);  // repeatable
  void number(const std::string& name, std::uint64_t& target, const std::string& help);
  void duration(const std::string& name, Duration& target, const std::string& help);    // "5m", "1h30m"
  void bytes(const std::string& name, std::uint64_t& target, const std::string& help);  // "256MiB"
  // Accepted, not used, not shown in the help; what was given is added to `seen`.
  void ignored(const std::string& name, bool takes_value, std::vector<std::string>& seen);
  // What is not a flag. `at_least` and `at_most` count the arguments; at_most 0 means any number.
  void arguments(const std::string& name, std::vector<std::string>& target, const std::string& help,
                 std::size_t at_least, std::size_t at_most);

  // Nothing: the command is to run. Else its exit code: 0 after the help, which was printed to standard
  // output; 1 after what is wrong, which was printed to standard error.
  [[nodiscard]] std::optional<int> parse(const std::vector<std::string>& arguments);

  [[nodiscard]] bool given(const std::string& name) const;
  // Every flag but the ignored ones with its value now, as /api/v1/status/flags lists them.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> values() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tocsin::cli
