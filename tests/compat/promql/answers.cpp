// promql_answers SCRIPT BASE FEATURES: an engine that holds the series of a script's load commands, the first
// column at BASE seconds since 1970, and answers the query API's requests line by line:
// "query?query=up&time=1" gives "200 {...}".
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "engine/core/engine.hpp"
#include "engine/core/state.hpp"
#include "engine/shell/url.hpp"
#include "engine/testing/script_commands.hpp"
#include "promql/value.hpp"

using namespace tocsin;

namespace {

std::chrono::milliseconds to_milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

void load(engine::Store& store, const testing::LoadCommand& command, Timestamp base) {
  for (const testing::LoadedSeries& series : command.series) {
    const engine::SeriesRef ref = store.find_or_create(series.labels);
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      const promql::SequenceValue& value = series.values[i];
      if (value.is_omitted) continue;
      const Timestamp time = base + to_milliseconds(command.step) * static_cast<std::int64_t>(i);
      Timestamp start{};
      if (i < series.start_offsets.size() && series.start_offsets[i]) {
        start = time + to_milliseconds(*series.start_offsets[i]);
      }
      if (value.histogram != nullptr) {
        store.append(ref, time, value.histogram, start);
      } else if (promql::is_stale_nan(value.value)) {
        store.append_stale(ref, time);
      } else {
        store.append(ref, time, value.value, start);
      }
    }
  }
}

// "query?a=b&c=d", with everything escaped as in a URL.
core::RequestReceived request_of(std::string_view line) {
  core::RequestReceived received;
  received.request.method = "GET";
  const std::size_t question = std::min(line.find('?'), line.size());
  received.request.path = "/api/v1/" + std::string(line.substr(0, question));
  received.request.query = shell::parse_query(line.substr(std::min(question + 1, line.size())));
  return received;
}

// The engine's answer to a request, its job run at once.
api::HttpResponse answer(core::Engine& engine, const Now& now, core::Input input) {
  core::Actions actions = engine.step(now, std::move(input));
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (auto* respond = std::get_if<core::Respond>(&actions[i])) return std::move(respond->response);
    if (auto* ticket = std::get_if<core::JobTicket>(&actions[i])) {
      ticket->job->run({[] { return false; }, [] { return Duration::zero(); }});
      return answer(engine, now, std::move(*ticket));
    }
  }
  return {500, "text/plain", "no answer", {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "promql_answers SCRIPT BASE FEATURES\n";
    return 1;
  }
  const std::string_view features = argv[3];
  const auto has = [features](std::string_view name) { return features.find(name) != features.npos; };
  core::Options options;
  options.parser = testing::script_parser_options();
  options.plan.delayed_name_removal = has("promql-delayed-name-removal");
  options.plan.use_start_timestamps = has("use-start-timestamps");
  core::Engine engine(options);

  std::ifstream file(argv[1]);
  std::stringstream text;
  text << file.rdbuf();
  const testing::ParsedScript script = testing::parse_script(text.str());
  if (script.error) {
    std::cerr << argv[1] << ":" << script.error->line << ": " << script.error->text << "\n";
    return 1;
  }
  const Timestamp base{std::chrono::seconds(std::atoll(argv[2]))};
  for (const testing::ScriptCommand& command : script.commands) {
    if (const auto* loaded = std::get_if<testing::LoadCommand>(&command.action)) {
      load(engine.state().store, *loaded, base);
    }
  }
  const Now now{WallTime{base.time_since_epoch()}, MonoTime{}};
  std::string line;
  while (std::getline(std::cin, line)) {
    const api::HttpResponse response = answer(engine, now, request_of(line));
    std::cout << response.status << " " << response.body << std::endl;
  }
  return 0;
}
