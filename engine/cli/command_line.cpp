#include "engine/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

#include "engine/cli/output.hpp"
#include "engine/config/byte_size.hpp"
#include "promql/format.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::cli {

struct CommandLine::Parts {
  Parts(std::string name, const std::string& summary) : command(std::move(name)), app(summary, command) {}

  std::string command;
  CLI::App app;
  std::vector<std::pair<std::string, std::function<std::string()>>> shown;
  std::vector<std::string> names;

  [[nodiscard]] std::vector<std::string> reversed(const std::vector<std::string>& arguments) const;
};

namespace {

std::string long_name(const std::string& name) {
  return name.substr(0, name.find(','));
}

// "output,o" as CLI11 writes it: "--output,-o".
std::string dashed(const std::string& name) {
  const std::size_t comma = name.find(',');
  std::string result = "--" + long_name(name);
  if (comma != std::string::npos) result += ",-" + name.substr(comma + 1);
  return result;
}

}  // namespace

CommandLine::CommandLine(std::string command, const std::string& summary)
    : parts_(std::make_unique<Parts>(std::move(command), summary)) {
  parts_->app.set_help_flag("-h,--help", "Show this.");
  parts_->app.get_formatter()->column_width(44);
}

CommandLine::~CommandLine() = default;

void CommandLine::flag(const std::string& name, bool& target, const std::string& help) {
  const std::string both = dashed(name) + ",!--no-" + long_name(name);
  parts_->app.add_flag(both, target, help);
  parts_->shown.emplace_back(long_name(name), [&target] { return std::string(target ? "true" : "false"); });
  parts_->names.push_back(long_name(name));
}

void CommandLine::text(const std::string& name, std::string& target, const std::string& help) {
  parts_->app.add_option(dashed(name), target, help)->allow_extra_args(false)->capture_default_str();
  parts_->shown.emplace_back(long_name(name), [&target] { return target; });
  parts_->names.push_back(long_name(name));
}

void CommandLine::texts(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  parts_->app.add_option(dashed(name), target, help)->allow_extra_args(false);
  parts_->shown.emplace_back(long_name(name), [&target] {
    std::string joined;
    for (const std::string& value : target) joined += (joined.empty() ? "" : ",") + value;
    return joined;
  });
  parts_->names.push_back(long_name(name));
}

void CommandLine::number(const std::string& name, std::uint64_t& target, const std::string& help) {
  parts_->app.add_option(dashed(name), target, help)->allow_extra_args(false)->capture_default_str();
  parts_->shown.emplace_back(long_name(name), [&target] { return format("{}", target); });
  parts_->names.push_back(long_name(name));
}

void CommandLine::duration(const std::string& name, Duration& target, const std::string& help) {
  const auto read = [&target](const std::string& text) {
    const Result<Duration> value = parse_duration(text);
    if (!value) throw CLI::ValidationError(value.error().text);
    target = *value;
  };
  parts_->app.add_option_function<std::string>(dashed(name), read, help)
      ->allow_extra_args(false)
      ->type_name("DURATION")
      ->default_str(format_duration(target));
  parts_->shown.emplace_back(long_name(name), [&target] { return format_duration(target); });
  parts_->names.push_back(long_name(name));
}

void CommandLine::bytes(const std::string& name, std::uint64_t& target, const std::string& help) {
  const auto shown = [&target] { return target == 0 ? std::string("0B") : config::format_bytes(target); };
  const auto read = [&target](const std::string& text) {
    const Result<std::uint64_t> value = config::parse_bytes(text);
    if (!value) throw CLI::ValidationError(value.error().text);
    target = *value;
  };
  parts_->app.add_option_function<std::string>(dashed(name), read, help)
      ->allow_extra_args(false)
      ->type_name("BYTES")
      ->default_str(shown());
  parts_->shown.emplace_back(long_name(name), shown);
  parts_->names.push_back(long_name(name));
}

void CommandLine::ignored(const std::string& name, bool takes_value, std::vector<std::string>& seen) {
  const auto note = [&seen, name] {
    if (std::find(seen.begin(), seen.end(), name) == seen.end()) seen.push_back(name);
  };
  if (takes_value) {
    parts_->app.add_option_function<std::vector<std::string>>("--" + name, [note](const auto&) { note(); })
        ->allow_extra_args(false)
        ->group("");
  } else {
    parts_->app.add_flag_function("--" + name + ",!--no-" + name, [note](std::int64_t) { note(); })
        ->group("");
  }
  parts_->names.push_back(name);
}

void CommandLine::arguments(const std::string& name, std::vector<std::string>& target,
                            const std::string& help, std::size_t at_least, std::size_t at_most) {
  CLI::Option* option = parts_->app.add_option(name, target, help);
  option->required(at_least > 0);
  option->expected(static_cast<int>(at_least),
                   at_most == 0 ? CLI::detail::expected_max_vector_size : static_cast<int>(at_most));
}

// CLI11 takes them last first, and reads "--name=" as a flag without a value where upstream's programs read
// an empty one: "--cluster.listen-address=".
std::vector<std::string> CommandLine::Parts::reversed(const std::vector<std::string>& arguments) const {
  std::vector<std::string> result;
  for (auto argument = arguments.rbegin(); argument != arguments.rend(); ++argument) {
    const std::size_t equals = argument->find('=');
    const CLI::Option* option = nullptr;
    if (argument->starts_with("--") && equals + 1 == argument->size()) {
      option = app.get_option_no_throw(argument->substr(0, equals));
    }
    const bool takes_value = option != nullptr && option->get_items_expected_min() > 0;
    if (takes_value) result.emplace_back();
    result.push_back(takes_value ? argument->substr(0, equals) : *argument);
  }
  return result;
}

std::optional<int> CommandLine::parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed = parts_->reversed(arguments);
  std::string problem;
  try {
    parts_->app.parse(std::move(reversed));
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    put(parts_->app.help());
    return 0;
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> rest = parts_->app.remaining();
    const std::string first = rest.empty() ? "" : rest.front();
    if (first.substr(0, 1) == "-") {
      const std::string flag = first.substr(0, first.find('='));
      std::vector<std::string> flags;
      for (const std::string& name : parts_->names) flags.push_back("--" + name);
      problem = format("unknown flag \"{}\"", flag) + did_you_mean(flag, {flags.begin(), flags.end()});
    } else {
      problem = format("unexpected argument \"{}\"", first);
    }
  } catch (const CLI::ParseError& error) {
    problem = error.what();
  }
  put_error(format("{}: {}\n    {} --help lists what it takes\n", parts_->command, problem, parts_->command));
  return 1;
}

bool CommandLine::given(const std::string& name) const {
  const CLI::Option* option = parts_->app.get_option_no_throw("--" + name);
  return option != nullptr && option->count() > 0;
}

std::vector<std::pair<std::string, std::string>> CommandLine::values() const {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, value] : parts_->shown) result.emplace_back(name, value());
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace tocsin::cli
