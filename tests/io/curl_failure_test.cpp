// Outgoing calls with the n-th call into libcurl failing, for every n: whatever fails, each call is answered
// exactly once and the client lives on.
#include <cstdarg>

#include "engine/shell/http_client.hpp"
#include "tests/io/loopback.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using test::run_until;

namespace {

class NoFiles final : public config::FileSource {
 public:
  Result<std::string> read(const std::string&) override { return Error("no such file or directory"); }
  Result<std::vector<std::string>> glob(const std::string&) override { return std::vector<std::string>{}; }
  std::optional<std::string> env(const std::string&) override { return std::nullopt; }
};

// The table's functions have no place for a state of their own, so the countdown is the file's.
int countdown = 0;
shell::CurlLibrary real;

bool fails_now() {
  return --countdown == 0;
}

// Variadic functions forward their single argument as a word, which all of curl's options are but for
// curl_off_t, itself a word on the machines that tests run on.
CURLcode easy_setopt(CURL* easy, CURLoption option, ...) {
  va_list arguments;
  va_start(arguments, option);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return fails_now() ? CURLE_OUT_OF_MEMORY : real.easy_setopt(easy, option, argument);
}

CURLMcode multi_setopt(CURLM* multi, CURLMoption option, ...) {
  va_list arguments;
  va_start(arguments, option);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return fails_now() ? CURLM_OUT_OF_MEMORY : real.multi_setopt(multi, option, argument);
}

// The functions whose failure libcurl documents.
shell::CurlLibrary failing_library() {
  real = shell::load_curl().value();
  shell::CurlLibrary table = real;
  table.easy_init = [] { return fails_now() ? nullptr : real.easy_init(); };
  table.slist_append = [](curl_slist* list, const char* text) {
    return fails_now() ? nullptr : real.slist_append(list, text);
  };
  table.multi_init = [] { return fails_now() ? nullptr : real.multi_init(); };
  table.multi_add_handle = [](CURLM* multi, CURL* easy) {
    return fails_now() ? CURLM_OUT_OF_MEMORY : real.multi_add_handle(multi, easy);
  };
  table.easy_setopt = easy_setopt;
  table.multi_setopt = multi_setopt;
  return table;
}

}  // namespace

TEST_CASE("Whichever call into libcurl fails, the call is answered once and the next one succeeds") {
  asio::io_context loop;
  NoFiles files;
  test::ScriptedServer server(loop, test::answer_with("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
  bool reached_the_end = false;
  for (int n = 1; n < 100 && !reached_the_end; ++n) {
    INFO(n);
    countdown = n;
    shell::HttpClientOptions options;
    options.load = [] { return Result<shell::CurlLibrary>(failing_library()); };
    shell::HttpClient client(loop, files, options);
    std::vector<core::HttpReply> replies;
    const auto perform = [&](std::uint64_t id) {
      core::HttpCall call;
      call.id = {id};
      call.url = server.url();
      call.headers = {{"X-One", "1"}};
      call.timeout = std::chrono::seconds(10);
      client.start(std::move(call), [&](core::HttpReply reply) { replies.push_back(std::move(reply)); });
    };
    perform(1);
    REQUIRE(run_until(loop, [&] { return replies.size() == 1; }));
    // Nothing was left to fail: the sweep has seen every call.
    reached_the_end = countdown > 0;
    if (replies[0].error != core::CallError::none) CHECK_FALSE(replies[0].error_text.empty());
    countdown = -1;
    perform(2);
    REQUIRE(run_until(loop, [&] { return replies.size() == 2; }));
    CHECK(replies[1].error == core::CallError::none);
    CHECK(client.under_way() == 0);
  }
  CHECK(reached_the_end);
}

TEST_CASE("Without libcurl a call fails with the reason") {
  asio::io_context loop;
  NoFiles files;
  shell::HttpClientOptions options;
  options.load = [] {
    return Result<shell::CurlLibrary>(Error("cannot make HTTP calls: libcurl.so.4 is missing"));
  };
  shell::HttpClient client(loop, files, options);
  std::vector<core::HttpReply> replies;
  core::HttpCall call;
  call.id = {1};
  call.url = "http://127.0.0.1:1/";
  client.start(std::move(call), [&](core::HttpReply reply) { replies.push_back(std::move(reply)); });
  REQUIRE(run_until(loop, [&] { return replies.size() == 1; }));
  CHECK(replies[0].error == core::CallError::connect);
  CHECK(replies[0].error_text == "cannot make HTTP calls: libcurl.so.4 is missing");
}
