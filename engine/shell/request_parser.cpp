#include "engine/shell/request_parser.hpp"

#include "engine/shell/asio.hpp"
#include "engine/shell/url.hpp"
#include "promql/format.hpp"

#define BOOST_BEAST_SEPARATE_COMPILATION
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/src.hpp>

namespace tocsin::shell {

namespace http = boost::beast::http;

struct RequestParser::Parts {
  std::size_t take_element(std::string_view bytes);
  void read_head();
  void fail(unsigned with_status, std::string why);

  http::request_parser<http::string_body> parser;
  RequestLimits limits;
  RequestManner manner;
  State state = State::head;
  bool started = false;
  unsigned status = 0;
  std::string text;
  std::string path;
  std::string query;
  // Copied when the head is complete: Beast adds the trailers of a chunked body to its own, and a trailer
  // must not pass for a header (RFC 9110, 6.5.1).
  std::vector<api::Header> headers;
};

namespace {

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// "gzip, deflate;q=0.5": true unless gzip is missing or refused with q=0.
bool accepts_gzip(std::string_view header) {
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    std::string item = to_lower(header.substr(0, comma));
    header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
    std::erase(item, ' ');
    const std::string_view coding = std::string_view(item).substr(0, item.find(';'));
    if (coding != "gzip" && coding != "*") continue;
    const std::size_t quality = item.find(";q=");
    return quality == std::string::npos || item.find_first_not_of("0.", quality + 3) != std::string::npos;
  }
  return false;
}

bool is_form(std::string_view method, std::string_view content_type) {
  // As Go's ParseForm: only these methods have a form in their body.
  if (method != "POST" && method != "PUT" && method != "PATCH") return false;
  return to_lower(content_type.substr(0, content_type.find(';'))) == "application/x-www-form-urlencoded";
}

unsigned status_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  return 400;
}

}  // namespace

void RequestParser::Parts::fail(unsigned with_status, std::string why) {
  state = State::failed;
  status = with_status;
  text = std::move(why);
}

void RequestParser::Parts::read_head() {
  const auto& message = parser.get();
  state = State::body;
  manner.keep_alive = parser.keep_alive();
  manner.head_only = message.method() == http::verb::head;
  manner.version_1_0 = message.version() == 10;
  manner.accepts_gzip = accepts_gzip(view(message[http::field::accept_encoding]));
  manner.expects_continue = to_lower(view(message[http::field::expect])) == "100-continue";
  for (const auto& field : message) {
    headers.push_back({std::string(view(field.name_string())), std::string(view(field.value()))});
  }
  std::string_view target = view(message.target());
  // A proxy's form, "GET http://host/path", means the path.
  if (!target.empty() && target.front() != '/') {
    const Result<Url> url = parse_url(target);
    target = url && !url->rest.empty() ? target.substr(target.size() - url->rest.size()) : "/";
  }
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  if (question != std::string_view::npos) query = target.substr(question + 1);
  Result<std::string> decoded = percent_decode(target.substr(0, question), false);
  if (!decoded) return fail(400, decoded.error().text);
  path = std::move(*decoded);
}

// Takes the head, a piece of the body, or what frames a chunk: its size and extensions, after the last one
// the trailers. Gives the bytes taken; none when more is needed.
std::size_t RequestParser::Parts::take_element(std::string_view bytes) {
  started = true;
  // Beast asserts that a last chunk of which it has seen the size has as many bytes as the shortest one, "0"
  // and two line ends. Of a chunked body so many are still to come wherever it was cut.
  constexpr std::size_t kShortestLastChunk = 5;
  if (state == State::body && parser.chunked() && bytes.size() < kShortestLastChunk) return 0;
  const std::size_t body_before = parser.get().body().size();
  boost::system::error_code error;
  std::size_t taken = 0;
  try {
    taken = parser.put(asio::buffer(bytes.data(), bytes.size()), error);
  } catch (const std::exception& problem) {  // the body's string could not grow
    fail(413, problem.what());
    return 0;
  }
  const bool needs_more = error == http::error::need_more;
  if (error && !needs_more) {
    fail(status_of(error), error.message());
    return taken;
  }
  if (state == State::body && parser.get().body().size() == body_before) {
    // Beast bounds head and body, but would wait for the end of a chunk's frame for ever. An unfinished one
    // has at least one byte to come.
    const std::size_t frame = needs_more ? bytes.size() + 1 : taken;
    if (frame > limits.head) {
      fail(431, format("chunk extensions or trailers of more than {} bytes", limits.head));
      return taken;
    }
  }
  if (state == State::head && parser.is_header_done()) read_head();
  if (state == State::body && parser.is_done()) state = State::complete;
  return taken;
}

RequestParser::RequestParser(RequestLimits limits) : parts_(std::make_unique<Parts>()) {
  parts_->limits = limits;
  parts_->parser.header_limit(static_cast<std::uint32_t>(limits.head));
  parts_->parser.body_limit(limits.body);
}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && (parts_->state == State::head || parts_->state == State::body)) {
    const std::size_t taken = parts_->take_element(bytes.substr(used));
    if (taken == 0) break;
    used += taken;
  }
  return used;
}

RequestParser::State RequestParser::state() const {
  return parts_->state;
}

bool RequestParser::started() const {
  return parts_->started;
}

std::size_t RequestParser::body_bytes() const {
  return parts_->parser.get().body().capacity();
}

const RequestManner& RequestParser::manner() const {
  return parts_->manner;
}

unsigned RequestParser::failure_status() const {
  return parts_->status;
}

const std::string& RequestParser::failure_text() const {
  return parts_->text;
}

api::HttpRequest RequestParser::take() {
  auto message = parts_->parser.release();
  api::HttpRequest request;
  request.method = view(message.method_string());
  request.path = std::move(parts_->path);
  request.query = parse_query(parts_->query);
  request.headers = std::move(parts_->headers);
  request.body = std::move(message.body());
  if (is_form(request.method, request.header("Content-Type"))) request.form = parse_query(request.body);
  return request;
}

}  // namespace tocsin::shell
