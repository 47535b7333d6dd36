// tocsin query, to the letter: what promtool prints of the same answers.
#include "engine/cli/query_text.hpp"

#include <csignal>
#include <map>
#include <memory>

#include "engine/shell/files.hpp"
#include "engine/shell/http_client.hpp"
#include "promql/format.hpp"
#include "rules/template/escape.hpp"
#include "tests/cli/process.hpp"
#include "tests/io/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/folder.hpp"

using namespace tocsin;
using cli::QueryFormat;
using test::run_command;

namespace {

std::string printed(const std::string& result, QueryFormat format) {
  const auto answer = api::read_value_answer(200, R"({"status":"success","data":)" + result + "}");
  REQUIRE(answer);
  return cli::value_text(answer->data, format);
}

// A server with a Prometheus configuration and nothing to scrape.
struct RuleEngine {
  explicit RuleEngine(const std::vector<std::string>& more = {"--query.max-samples=3"}) {
    REQUIRE(shell::write_file_atomically(folder.path("p.yml"), "global: {}\n"));
    std::vector<std::string> command{TOCSIN_BINARY, "serve", "--config.file=" + folder.path("p.yml"),
                                     "--web.listen-address=127.0.0.1:0", "--storage.path="};
    command.insert(command.end(), more.begin(), more.end());
    process = std::make_unique<test::Process>(command);
    REQUIRE(process->read_until([this] { return process->err().find("msg=ready") != std::string::npos; }));
    const std::size_t at = process->err().find("listen=") + 7;
    url = "http://" + process->err().substr(at, process->err().find_first_of(" \n", at) - at);
  }
  // The arguments behind "query"; SERVER stands for the server.
  [[nodiscard]] test::Ended query(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{TOCSIN_BINARY, "query"};
    for (const std::string& argument : arguments) command.push_back(argument == "SERVER" ? url : argument);
    return run_command(command);
  }

  test::Folder folder;
  std::unique_ptr<test::Process> process;
  std::string url;
};

}  // namespace

TEST_CASE("A vector is printed in the order of the answer") {
  const std::string answer =
      R"({"resultType":"vector","result":[{"metric":{"__name__":"temp","room":"a<b","label.dots":"v"},)"
      R"("value":[1795909225.05,"1e+21"]},{"metric":{"__name__":"a"},"value":[1,"NaN"]},)"
      R"({"metric":{},"value":[1,"+Inf"]}]})";
  CHECK(printed(answer, QueryFormat::promql) ==
        "temp{label.dots=\"v\", room=\"a<b\"} => 1000000000000000000000 @[1795909225.05]\n"
        "a => NaN @[1]\n"
        "{} => +Inf @[1]\n");
  CHECK(printed(answer, QueryFormat::json) ==
        R"([{"metric":{"__name__":"temp","label.dots":"v","room":"a\u003cb"},"value":[1795909225.05,)"
        R"("1000000000000000000000"]},{"metric":{"__name__":"a"},"value":[1,"NaN"]},)"
        R"({"metric":{},"value":[1,"+Inf"]}])"
        "\n");
}

TEST_CASE("A matrix is printed with fewer labels first, then by label") {
  const std::string answer =
      R"({"resultType":"matrix","result":[{"metric":{"a":"1","b":"1"},"values":[[1,"1"],[2.5,"2"]]},)"
      R"({"metric":{"b":"1"},"values":[[1,"4"]]},{"metric":{"a":"2"},"values":[[1,"3"]]}]})";
  CHECK(printed(answer, QueryFormat::promql) ==
        "{b=\"1\"} =>\n4 @[1]\n{a=\"2\"} =>\n3 @[1]\n{a=\"1\", b=\"1\"} =>\n1 @[1]\n2 @[2.5]\n");
  CHECK(
      printed(answer, QueryFormat::json) ==
      R"([{"metric":{"a":"1","b":"1"},"values":[[1,"1"],[2.5,"2"]]},{"metric":{"b":"1"},"values":[[1,"4"]]},)"
      R"({"metric":{"a":"2"},"values":[[1,"3"]]}])"
      "\n");
}

TEST_CASE("Histograms are printed with their buckets") {
  const std::string histogram =
      R"({"count":"4","sum":"5.5","buckets":[[3,"-1","1","1"],[0,"1","1000000","3"]]})";
  const std::string text = "Count: 4.000000, Sum: 5.500000, Buckets: [[-1,1]:1 (1,1e+06]:3] @[1]\n";
  const std::string vector =
      R"({"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[1,)" + histogram + "]}]}";
  CHECK(printed(vector, QueryFormat::promql) == "h => " + text);
  CHECK(printed(vector, QueryFormat::json) ==
        R"([{"metric":{"__name__":"h"},"histogram":[1,)" + histogram + "]}]\n");
  const std::string matrix =
      R"({"resultType":"matrix","result":[{"metric":{"__name__":"h"},"histograms":[[1,)" + histogram +
      R"(],[2,{"count":"0","sum":"0"}]]}]})";
  CHECK(printed(matrix, QueryFormat::promql) ==
        "h =>\n" + text + "Count: 0.000000, Sum: 0.000000, Buckets: [] @[2]\n");
  CHECK(printed(matrix, QueryFormat::json) == R"([{"metric":{"__name__":"h"},"histograms":[[1,)" + histogram +
                                                  R"(],[2,{"count":"0","sum":"0","buckets":null}]]}])" +
                                                  "\n");
}

TEST_CASE("Series and names are printed one a line") {
  const std::vector<Labels> series{Labels{{"__name__", "my.metric"}, {"a", "<"}}, Labels{{"b", "1"}}};
  CHECK(cli::series_text(series, QueryFormat::promql) == "{__name__=\"my.metric\", a=\"<\"}\n{b=\"1\"}\n");
  CHECK(cli::series_text(series, QueryFormat::json) == R"([{"__name__":"my.metric","a":"\u003c"},{"b":"1"}])"
                                                       "\n");
  CHECK(cli::names_text({"a<b", "c"}, QueryFormat::promql) == "a<b\nc\n");
  CHECK(cli::names_text({"a<b"}, QueryFormat::json) == "[\"a\\u003cb\"]\n");
}

TEST_CASE("A running server is asked") {
  const RuleEngine server;
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"instant", "SERVER", "vector(1)", "--time=1.5"}, "{} => 1 @[1.5]\n"},
      {{"instant", "--time=1970-01-01T00:00:05Z", "SERVER", "1e21"}, "scalar: 1000000000000000000000 @[5]\n"},
      {{"-o", "json", "instant", "SERVER", "time()", "--time=7"}, "[7,\"7\"]\n"},
      {{"--format=json", "instant", "SERVER", "up"}, "[]\n"},
      {{"instant", "SERVER", "up"}, "\n"},
      {{"range", "SERVER", "vector(1)", "--start=1", "--end=2", "--step=500ms"},
       "{} =>\n1 @[1]\n1 @[1.5]\n1 @[2]\n"},
      {{"series", "SERVER", "--match=up"}, ""},
      {{"series", "SERVER", "--match=up", "-o", "json"}, "[]\n"},
      {{"labels", "SERVER", "job"}, ""},
      {{"labels", "SERVER", "a b", "--match=up", "-o", "json"}, "[]\n"},
  };
  for (const auto& [arguments, expected] : cases) {
    const auto ended = server.query(arguments);
    CAPTURE(arguments, ended.err);
    CHECK(ended.code == 0);
    CHECK(ended.out == expected);
  }
}

TEST_CASE("What is wrong with a query is said in promtool's words") {
  const RuleEngine server;
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"instant", "SERVER", "sum("},
       "query error: bad_data: invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis\n"},
      // More than the server may hold at once.
      {{"range", "SERVER", "time()", "--start=0", "--end=700"},
       "query error: execution: query processing would load too many samples into memory in query "
       "execution\n"},
      {{"instant", "SERVER", "up", "--time=x"},
       "error parsing evaluation time: cannot parse \"x\" to a valid timestamp\n"},
      {{"range", "SERVER", "up", "--start=x"},
       "error parsing start time: cannot parse \"x\" to a valid timestamp\n"},
      {{"range", "SERVER", "up", "--end=x"},
       "error parsing end time: cannot parse \"x\" to a valid timestamp\n"},
      {{"range", "SERVER", "up", "--start=5", "--end=5"}, "start time is not before end time\n"},
      {{"range", "SERVER", "up", "--step=5x"},
       "tocsin query range: --step: unknown unit \"x\" in duration \"5x\"\n"},
      {{"series", "SERVER"},
       "tocsin query series: no --match, expected a selector such as --match='up{job=\"node\"}'\n"},
      {{"series", "SERVER", "--match={"},
       "query error: bad_data: invalid parameter \"match[]\": 1:2: parse error: unexpected end of input "
       "inside "
       "braces\n"},
      {{"instant", "SERVER", "up", "--header=a"},
       "tocsin query instant: --header: expected KEY=VALUE, found \"a\"\n"},
      {{"instant", "SERVER", "up", "-o", "xml"},
       "tocsin query instant: --format: expected promql or json, found \"xml\"\n"},
      {{"instant", "SERVER", "up", "-o", "xml", "--header=a", "--header=b",
        "--http.config.file=/no/such.yml"},
       "tocsin query instant: --format: expected promql or json, found \"xml\"\n"
       "tocsin query instant: --header: expected KEY=VALUE, found \"a\"\n"
       "tocsin query instant: --header: expected KEY=VALUE, found \"b\"\n"
       "tocsin query instant: /no/such.yml: no such file or directory\n"},
      {{"instant", "SERVER", "up", "--http.config.file=/no/such.yml"},
       "tocsin query instant: /no/such.yml: no such file or directory\n"},
      {{"instant", "http://127.0.0.1:1", "up"},
       "query error: Post \"http://127.0.0.1:1/api/v1/query\": dial tcp 127.0.0.1:1: connect: connection "
       "refused\n"},
  };
  for (const auto& [arguments, expected] : cases) {
    const auto ended = server.query(arguments);
    CAPTURE(arguments);
    CHECK(ended.code == 1);
    CHECK(ended.out.empty());
    CHECK(ended.err == expected);
  }
  CHECK(server.query({"instant", server.url + "/nosuch", "up"}).err ==
        "query error: client_error: client error: 404 (detail: 404 page not found)\n");
}

TEST_CASE("A file says how to connect") {
  const RuleEngine server;
  const std::string file = server.folder.path("http.yml");
  REQUIRE(shell::write_file_atomically(file, "proxy_url: http://127.0.0.1:1\n"));
  CHECK(server.query({"--http.config.file", file, "instant", "SERVER", "up"}).code == 1);
  REQUIRE(shell::write_file_atomically(file, "basic_auth: {username: a, password: b}\n"));
  CHECK(server.query({"--http.config.file", file, "instant", "SERVER", "up"}).code == 0);
  REQUIRE(shell::write_file_atomically(file, "basic_aut: {}\n"));
  const auto ended = server.query({"instant", "SERVER", "up", "--http.config.file=" + file});
  CHECK(ended.code == 1);
  CHECK(ended.err.find("unknown key \"basic_aut\", did you mean \"basic_auth\"?") != std::string::npos);
}

namespace {

// Asks a server several things at once.
struct Asking {
  explicit Asking(const RuleEngine& asked) : server(asked) {}

  void ask(const std::string& name, const std::string& path) {
    core::HttpCall call;
    call.id = {++calls};
    call.url = server.url + path;
    call.timeout = std::chrono::seconds(60);
    client.start(std::move(call), [this, name](core::HttpReply reply) { replies[name] = std::move(reply); });
  }
  [[nodiscard]] bool has(const std::string& name) const { return replies.count(name) != 0; }
  bool wait_for(const std::string& name) {
    return test::run_until(
        loop, [&] { return has(name); }, std::chrono::seconds(60));
  }
  // Asks something that takes for ever, and waits until it runs.
  void ask_endless(const std::string& name) {
    // A thousand million evaluations.
    const std::string query = "sum_over_time((sum_over_time(vector(1)[1000s:1s]))[1000000s:1s])";
    ask(name, "/api/v1/query?query=" + templates::query_escape(query));
    do {
      REQUIRE_FALSE(has(name));
      replies.erase("metrics");
      ask("metrics", "/metrics");
      REQUIRE(wait_for("metrics"));
    } while (replies["metrics"].body.find("prometheus_engine_queries 1\n") == std::string::npos);
  }

  const RuleEngine& server;
  asio::io_context loop;
  shell::Files files;
  shell::HttpClient client{loop, files, {}};
  std::map<std::string, core::HttpReply> replies;
  std::uint64_t calls = 0;
};

}  // namespace

TEST_CASE("A query that takes long ends at the limit, and holds up nobody but those who wait in line") {
  const RuleEngine server({"--query.max-concurrency=1", "--query.timeout=1s", "--workers=1"});
  Asking asking(server);
  asking.ask_endless("long");
  asking.ask("hasty", "/api/v1/query?query=1&timeout=100ms");
  asking.ask("next", "/api/v1/query?query=2&time=5");
  for (const std::string name : {"hasty", "long", "next"}) REQUIRE(asking.wait_for(name));
  CHECK(
      asking.replies["hasty"].body ==
      R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": context deadline exceeded"})");
  CHECK(asking.replies["long"].status == 503);
  CHECK(asking.replies["long"].body ==
        R"({"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"})");
}

TEST_CASE("A query that runs does not hold up the end of the server") {
  const RuleEngine server({"--query.timeout=1h"});
  Asking asking(server);
  asking.ask_endless("long");
  server.process->signal(SIGTERM);
  CHECK(server.process->wait() == 0);
}
