// libcurl tells which sockets it waits for and when it wants to be woken; this file does the waiting with
// Asio. The pieces:
//
//   call        a core::HttpCall with its deadline and the transfer that is under way for it
//   watch       one socket of libcurl's, with at most one pending wait for each direction
//   timer       libcurl's single timer: time-outs of all transfers
//
// libcurl's callbacks only note what they are told; transfers are finished in drain(), after libcurl has
// returned, so that a finished call may start the next one from its handler. Handlers hold the state weakly:
// after the client's end they do nothing.
#include "engine/shell/http_client.hpp"

#include <cstdint>
#include <map>
#include <utility>

#include "engine/config/http_client.hpp"
#include "engine/shell/asio.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/http_transfer.hpp"
#include "engine/shell/limits.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

struct Watch {
  explicit Watch(asio::io_context& loop) : descriptor(loop) {}
  asio::posix::stream_descriptor descriptor;
  bool want_read = false;
  bool want_write = false;
  bool reading = false;  // a wait is pending
  bool writing = false;
};

}  // namespace

struct HttpClient::State : std::enable_shared_from_this<HttpClient::State> {
  struct Call {
    core::HttpCall call;
    Done done;
    WallTime started;
    MonoTime began;
    MonoTime deadline;
    std::unique_ptr<HttpTransfer> transfer;
  };

  State(asio::io_context& io, config::FileSource& source, HttpClientOptions given)
      : loop(io), files(source), options(std::move(given)), timer(io) {}
  ~State();

  Result<void> bind_library();
  void begin(core::HttpCall call, Done done);
  void exchange(Call& call, Exchange what);
  void finish(core::CallId id, core::HttpReply reply);
  void fail(core::CallId id, core::CallError error, std::string text);
  void drain();
  void completed(CURL* easy, CURLcode code);
  void act(curl_socket_t socket, int events);
  void arm(curl_socket_t socket, const std::shared_ptr<Watch>& watch, bool read);
  void socket_changed(curl_socket_t socket, int what);
  void timer_changed(long milliseconds);

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long milliseconds, void* self);

  asio::io_context& loop;
  config::FileSource& files;
  HttpClientOptions options;
  asio::steady_timer timer;
  CurlLibrary curl;
  CURLM* multi = nullptr;
  std::map<core::CallId, Call> calls;
  std::map<CURL*, core::CallId> by_handle;
  std::map<curl_socket_t, std::shared_ptr<Watch>> watches;
  std::uint64_t timer_generation = 0;
};

HttpClient::State::~State() {
  if (multi == nullptr) return;
  for (auto& [easy, id] : by_handle) curl.multi_remove_handle(multi, easy);
  calls.clear();
  // Closes the kept connections; the socket callback must not be asked any more, its maps go away.
  curl.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, nullptr);
  for (auto& [socket, watch] : watches) watch->descriptor.release();
  curl.multi_cleanup(multi);
}

Result<void> HttpClient::State::bind_library() {
  if (multi != nullptr) return {};
  Result<CurlLibrary> loaded = options.load();
  if (!loaded) return loaded.error();
  curl = *loaded;
  CURLM* made = curl.multi_init();
  if (made == nullptr) return Error("cannot make HTTP calls: out of memory");
  const CURLMcode codes[] = {
      curl.multi_setopt(made, CURLMOPT_SOCKETFUNCTION, &State::on_socket),
      curl.multi_setopt(made, CURLMOPT_SOCKETDATA, static_cast<void*>(this)),
      curl.multi_setopt(made, CURLMOPT_TIMERFUNCTION, &State::on_timer),
      curl.multi_setopt(made, CURLMOPT_TIMERDATA, static_cast<void*>(this)),
      curl.multi_setopt(made, CURLMOPT_MAXCONNECTS, kMaxIdleConnections),
  };
  for (const CURLMcode code : codes) {
    if (code == CURLM_OK) continue;
    curl.multi_cleanup(made);
    return Error(std::string("cannot make HTTP calls: ") + curl.multi_strerror(code));
  }
  multi = made;
  return {};
}

void HttpClient::State::begin(core::HttpCall call, Done done) {
  const core::CallId id = call.id;
  if (call.kind == core::CallKind::notify && !options.notify_sink.empty()) {
    // The sink is told in full where the call would have gone. Proxy, TLS and credentials belong to the
    // service that is not called.
    call.headers.emplace_back("X-Tocsin-Original-Method", call.method);
    call.headers.emplace_back("X-Tocsin-Original-URL", call.url);
    call.method = "POST";
    call.url = options.notify_sink;
    call.client = nullptr;
  }
  const Duration timeout = call.timeout > Duration::zero() ? call.timeout : Duration(kLongestCall);
  const MonoTime began = read_mono_clock();
  Exchange first{call.method, call.url, call.body};
  Call& entry = calls[id];
  entry = Call{std::move(call), std::move(done), read_wall_clock(), began, began + timeout, nullptr};
  if (Result<void> bound = bind_library(); !bound) {
    return fail(id, core::CallError::connect, bound.error().text);
  }
  exchange(entry, std::move(first));
}

void HttpClient::State::exchange(Call& call, Exchange what) {
  const core::CallId id = call.call.id;
  const Duration remaining = call.deadline - read_mono_clock();
  call.transfer = std::make_unique<HttpTransfer>(curl, call.call, std::move(what));
  if (remaining <= Duration::zero()) {
    return fail(id, core::CallError::timeout, call.transfer->wrap("context deadline exceeded"));
  }
  Failure failure = call.transfer->prepare(files, options.user_agent, remaining);
  if (failure.error != core::CallError::none) return fail(id, failure.error, std::move(failure.text));
  CURL* easy = call.transfer->handle();
  by_handle[easy] = id;
  if (const CURLMcode code = curl.multi_add_handle(multi, easy); code != CURLM_OK) {
    by_handle.erase(easy);
    fail(id, core::CallError::protocol, call.transfer->wrap(curl.multi_strerror(code)));
  }
}

void HttpClient::State::fail(core::CallId id, core::CallError error, std::string text) {
  core::HttpReply reply;
  reply.error = error;
  reply.error_text = std::move(text);
  finish(id, std::move(reply));
}

void HttpClient::State::finish(core::CallId id, core::HttpReply reply) {
  auto node = calls.extract(id);
  if (node.empty()) return;
  Call& call = node.mapped();
  if (call.transfer != nullptr && by_handle.erase(call.transfer->handle()) != 0) {
    curl.multi_remove_handle(multi, call.transfer->handle());
  }
  reply.id = id;
  reply.started = call.started;
  reply.took = read_mono_clock() - call.began;
  asio::post(loop,
             [done = std::move(call.done), answer = std::move(reply)]() mutable { done(std::move(answer)); });
}

void HttpClient::State::completed(CURL* easy, CURLcode code) {
  const auto found = by_handle.find(easy);
  if (found == by_handle.end()) return;
  const core::CallId id = found->second;
  Call& call = calls.at(id);
  core::HttpReply reply = call.transfer->finish(code);
  Exchange next;
  if (!call.transfer->follow(reply, next)) return finish(id, std::move(reply));
  if (next.hops > kMaxRedirects) {
    return fail(id, core::CallError::protocol,
                call.transfer->wrap(format("stopped after {} redirects", kMaxRedirects)));
  }
  by_handle.erase(easy);
  curl.multi_remove_handle(multi, easy);
  exchange(call, std::move(next));
}

void HttpClient::State::drain() {
  int left = 0;
  while (CURLMsg* message = curl.multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) completed(message->easy_handle, message->data.result);
  }
}

void HttpClient::State::act(curl_socket_t socket, int events) {
  int running = 0;
  // An error here concerns the multi handle alone; transfers report theirs through drain().
  (void)curl.multi_socket_action(multi, socket, events, &running);
  drain();
}

void HttpClient::State::arm(curl_socket_t socket, const std::shared_ptr<Watch>& watch, bool read) {
  bool& pending = read ? watch->reading : watch->writing;
  if (pending) return;
  pending = true;
  const auto direction =
      read ? asio::posix::stream_descriptor::wait_read : asio::posix::stream_descriptor::wait_write;
  watch->descriptor.async_wait(
      direction, [weak = weak_from_this(), watch, socket, read](const boost::system::error_code& error) {
        (read ? watch->reading : watch->writing) = false;
        const auto self = weak.lock();
        if (self == nullptr || error == asio::error::operation_aborted) return;
        const auto current = self->watches.find(socket);
        if (current == self->watches.end() || current->second != watch) return;
        if (!(read ? watch->want_read : watch->want_write)) return;
        const int events = error ? CURL_CSELECT_ERR : (read ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
        self->act(socket, events);
        // libcurl speaks up only when its wishes change; while it wants more, the wait is armed again.
        const auto after = self->watches.find(socket);
        if (after == self->watches.end() || after->second != watch) return;
        if (watch->want_read) self->arm(socket, watch, true);
        if (watch->want_write) self->arm(socket, watch, false);
      });
}

void HttpClient::State::socket_changed(curl_socket_t socket, int what) {
  if (what == CURL_POLL_REMOVE) {
    const auto found = watches.find(socket);
    if (found == watches.end()) return;
    found->second->want_read = found->second->want_write = false;
    // libcurl closes the socket itself; here it is only let go.
    if (found->second->descriptor.is_open()) found->second->descriptor.release();
    watches.erase(found);
    return;
  }
  std::shared_ptr<Watch>& watch = watches[socket];
  if (watch == nullptr) {
    watch = std::make_shared<Watch>(loop);
    boost::system::error_code error;
    watch->descriptor.assign(socket, error);
    if (error) {
      // The kernel would not watch it. The transfer then ends at its timeout.
      watches.erase(socket);
      return;
    }
  }
  watch->want_read = (what & CURL_POLL_IN) != 0;
  watch->want_write = (what & CURL_POLL_OUT) != 0;
  if (watch->want_read) arm(socket, watch, true);
  if (watch->want_write) arm(socket, watch, false);
}

void HttpClient::State::timer_changed(long milliseconds) {
  const std::uint64_t generation = ++timer_generation;
  if (milliseconds < 0) {
    timer.cancel();
    return;
  }
  timer.expires_after(std::chrono::milliseconds(milliseconds));
  timer.async_wait([weak = weak_from_this(), generation](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self == nullptr || error || generation != self->timer_generation) return;
    self->act(CURL_SOCKET_TIMEOUT, 0);
  });
}

int HttpClient::State::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  static_cast<State*>(self)->socket_changed(socket, what);
  return 0;
}

int HttpClient::State::on_timer(CURLM*, long milliseconds, void* self) {
  static_cast<State*>(self)->timer_changed(milliseconds);
  return 0;
}

HttpClient::HttpClient(boost::asio::io_context& loop, config::FileSource& files, HttpClientOptions options)
    : state_(std::make_shared<State>(loop, files, std::move(options))) {}

HttpClient::~HttpClient() = default;

void HttpClient::start(core::HttpCall call, Done done) {
  state_->begin(std::move(call), std::move(done));
}

void HttpClient::cancel(core::CallId id) {
  const auto found = state_->calls.find(id);
  if (found == state_->calls.end()) return;
  const HttpTransfer* transfer = found->second.transfer.get();
  state_->fail(id, core::CallError::cancelled,
               transfer != nullptr ? transfer->wrap("context canceled") : "context canceled");
}

std::size_t HttpClient::under_way() const {
  return state_->calls.size();
}

}  // namespace tocsin::shell
