// A connection goes through phases, each with its own deadline:
//
//   handshake -> idle -> head -> body -> answering -> writing -> idle ...
//                                   \-> refused: writing -> lingering -> closed
//
// One request is at work at a time; what a pipelining client sends ahead stays in unread_ until its turn, and
// nothing more is read meanwhile, so that TCP holds such a client back. A refused request is answered before
// its body was read; the connection then lingers, reading and dropping for a moment, because closing with
// unread bytes would make the kernel send a reset that takes the answer away from the client.
#include "engine/shell/http_session.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/shell/clock.hpp"
#include "engine/shell/response_writer.hpp"

namespace tocsin::shell {

namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kLingerBytes = std::size_t{1} << 20;

// What an answering thread holds. If the last copy goes without an answer, the client is told so.
struct PendingAnswer {
  asio::io_context& loop;
  std::weak_ptr<HttpSession> session;
  std::uint64_t request;
  std::atomic<bool> answered{false};

  PendingAnswer(asio::io_context& io, std::weak_ptr<HttpSession> owner, std::uint64_t number)
      : loop(io), session(std::move(owner)), request(number) {}
  ~PendingAnswer() { give(plain_response(503, "the request was dropped")); }

  void give(api::HttpResponse response) {
    // A session that is gone may have taken the loop with it. It is not locked here: the last reference must
    // be let go on the loop's thread.
    if (answered.exchange(true) || session.expired()) return;
    asio::post(loop, [weak = session, number = request, answer = std::move(response)]() mutable {
      if (const auto target = weak.lock()) target->answer(number, std::move(answer));
    });
  }
};

}  // namespace

HttpSession::HttpSession(std::shared_ptr<HttpServer::State> server, std::unique_ptr<Stream> stream)
    : server_(std::move(server)), stream_(std::move(stream)), deadline_(server_->loop) {
  parser_ = std::make_unique<RequestParser>(
      RequestLimits{server_->options.max_request_head, server_->options.max_request_body});
}

HttpSession::~HttpSession() {
  charge(0);
}

void HttpSession::start() {
  enter(Phase::handshake, server_->options.head_timeout);
  stream_->handshake([self = shared_from_this()](const boost::system::error_code& error) {
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();
    self->enter(Phase::idle, self->server_->options.idle_timeout);
    self->read();
  });
}

void HttpSession::enter(Phase phase, Duration limit) {
  if (phase_ == Phase::closed) return;
  const bool was_waiting = waits_for_client();
  phase_ = phase;
  if (waits_for_client() && !(was_waiting && phase == Phase::body)) waiting_since_ = read_mono_clock();
  const std::uint64_t generation = ++deadline_generation_;
  if (limit == Duration::zero()) {
    deadline_.cancel();
    return;
  }
  deadline_.expires_after(limit);
  deadline_.async_wait([weak = weak_from_this(), generation](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || self == nullptr || generation != self->deadline_generation_) return;
    self->close();
  });
}

void HttpSession::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  ++deadline_generation_;
  deadline_.cancel();
  stream_->close();
  server_->gone(*this);
}

void HttpSession::drain() {
  close_after_ = true;
  if (phase_ == Phase::idle || phase_ == Phase::handshake) close();
}

void HttpSession::charge(std::size_t bytes) {
  server_->request_bytes += bytes;
  server_->request_bytes -= charged_;
  charged_ = bytes;
}

void HttpSession::read() {
  // An idle connection holds no buffer beyond what one small read needs.
  chunk_.resize(phase_ == Phase::body ? kChunk : std::size_t{8} << 10);
  stream_->read_some(chunk_.data(), chunk_.size(),
                     [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
                       if (self->phase_ == Phase::closed) return;
                       if (error) return self->close();
                       self->unread_.append(self->chunk_.data(), count);
                       self->process();
                     });
}

void HttpSession::process() {
  // A client may send an empty line between requests (RFC 9112, 2.2).
  while (!parser_->started() && !unread_.empty() && (unread_.front() == '\r' || unread_.front() == '\n')) {
    unread_.erase(0, 1);
  }
  const std::size_t used = parser_->feed(unread_);
  unread_.erase(0, used);
  advance_phase();
  switch (parser_->state()) {
    case RequestParser::State::failed:
      return refuse(parser_->failure_status(), parser_->failure_text());
    case RequestParser::State::complete:
      return dispatch();
    case RequestParser::State::head:
      return read();
    case RequestParser::State::body:
      break;
  }
  charge(parser_->body_bytes() + unread_.size());
  if (server_->request_bytes > server_->options.max_request_bytes_total) {
    return refuse(503, "too many bytes of requests at once");
  }
  if (parser_->manner().expects_continue && !continued_) {
    continued_ = true;
    return stream_->write("HTTP/1.1 100 Continue\r\n\r\n", "",
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                            if (self->phase_ == Phase::closed) return;
                            if (error) return self->close();
                            self->read();
                          });
  }
  read();
}

void HttpSession::advance_phase() {
  if (phase_ == Phase::idle && parser_->started()) enter(Phase::head, server_->options.head_timeout);
  if (phase_ == Phase::head && parser_->state() == RequestParser::State::body) {
    enter(Phase::body, server_->options.body_timeout);
  }
}

void HttpSession::dispatch() {
  manner_ = parser_->manner();
  api::HttpRequest request = parser_->take();
  request.remote = stream_->remote();
  charge(request.body.capacity() + unread_.size());
  enter(Phase::answering, Duration::zero());
  const std::uint64_t number = ++request_number_;

  const std::string& prefix = server_->options.route_prefix;
  if (!prefix.empty()) {
    const bool below = request.path.compare(0, prefix.size() + 1, prefix + "/") == 0;
    // Pages name their parts relative to the folder, so the prefix itself needs its final slash.
    if (request.path == "/" || request.path == prefix) {
      api::HttpResponse away = plain_response(302, "moved to " + prefix + "/");
      away.headers.push_back({"Location", prefix + "/"});
      return send(std::move(away), false);
    }
    if (!below) return send(plain_response(404, "404 page not found"), false);
    request.path.erase(0, prefix.size());
  }
  const auto pending = std::make_shared<PendingAnswer>(server_->loop, weak_from_this(), number);
  server_->handler(std::move(request),
                   [pending](api::HttpResponse response) { pending->give(std::move(response)); });
}

void HttpSession::refuse(unsigned status, const std::string& text) {
  manner_ = RequestManner{};
  enter(Phase::answering, Duration::zero());
  ++request_number_;
  lingered_ = 0;
  close_after_ = true;
  send(plain_response(status, text), false);
}

void HttpSession::answer(std::uint64_t request, api::HttpResponse response) {
  if (phase_ != Phase::answering || request != request_number_) return;
  send(std::move(response), true);
}

void HttpSession::send(api::HttpResponse response, bool compressible) {
  response_ = std::move(response);
  compressible = compressible && worth_compressing(response_);
  if (compressible) response_.headers.push_back({"Vary", "Accept-Encoding"});
  if (!compressible || !manner_.accepts_gzip) return write_out();
  if (response_.body.size() >= kCompressOnWorkerFrom && server_->options.run_job) {
    // The worker has the response to itself; this thread touches it again when the job has posted back. The
    // session stays alive with the job, so it is let go on the loop, where its timer and socket live.
    const bool taken = server_->options.run_job([self = shared_from_this(), &loop = server_->loop]() mutable {
      compress(self->response_);
      asio::post(loop, [session = std::move(self)] {
        if (session->phase_ != Phase::closed) session->write_out();
      });
    });
    if (taken) return;
    return write_out();
  }
  compress(response_);
  write_out();
}

void HttpSession::write_out() {
  close_after_ = close_after_ || !manner_.keep_alive || server_->stopping;
  head_ = response_head(response_, {close_after_, manner_.version_1_0, read_wall_clock()});
  if (manner_.head_only || response_.status == 204 || response_.status == 304) response_.body.clear();
  body_sent_ = 0;
  write_next_piece();
}

void HttpSession::write_next_piece() {
  // Piece by piece, so that the deadline asks for progress and not for the whole: a slow line may fetch a
  // long answer, a client that reads nothing may not hold it.
  enter(Phase::writing, server_->options.write_timeout);
  const std::string_view piece = std::string_view(response_.body).substr(body_sent_, kChunk);
  body_sent_ += piece.size();
  stream_->write(head_, piece,
                 [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                   if (self->phase_ == Phase::closed) return;
                   if (error) return self->close();
                   self->head_.clear();
                   if (self->body_sent_ < self->response_.body.size()) return self->write_next_piece();
                   self->written();
                 });
}

void HttpSession::written() {
  const bool refused =
      parser_->state() == RequestParser::State::failed || parser_->state() == RequestParser::State::body;
  response_ = api::HttpResponse{};
  charge(0);
  if (refused) {
    stream_->finish_writing();
    enter(Phase::lingering, kLingerTime);
    return linger();
  }
  if (close_after_ || server_->stopping) return close();
  parser_ = std::make_unique<RequestParser>(
      RequestLimits{server_->options.max_request_head, server_->options.max_request_body});
  continued_ = false;
  enter(Phase::idle, server_->options.idle_timeout);
  if (unread_.empty()) return read();
  // Through the loop, so that a client that pipelines does not keep it to itself.
  asio::post(server_->loop, [self = shared_from_this()] {
    if (self->phase_ != Phase::closed) self->process();
  });
}

void HttpSession::linger() {
  chunk_.resize(kChunk);
  stream_->read_some(chunk_.data(), chunk_.size(),
                     [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
                       if (self->phase_ == Phase::closed) return;
                       self->lingered_ += count;
                       if (error || self->lingered_ > kLingerBytes) return self->close();
                       self->linger();
                     });
}

}  // namespace tocsin::shell
