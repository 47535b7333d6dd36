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
  http::request_parser<http::string_body> parser;
  RequestManner manner;
  State state = State::head;
  bool started = false;
  unsigned status = 0;
  std::string text;
  std::string path;
  std::string query;
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

RequestParser::RequestParser(RequestLimits limits) : parts_(std::make_unique<Parts>()) {
  parts_->parser.eager(true);
  parts_->parser.header_limit(static_cast<std::uint32_t>(limits.head));
  parts_->parser.body_limit(limits.body);
}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes) {
  Parts& parts = *parts_;
  if (bytes.empty() || parts.state == State::complete || parts.state == State::failed) return 0;
  parts.started = true;
  boost::system::error_code error;
  std::size_t used = 0;
  try {
    used = parts.parser.put(asio::buffer(bytes.data(), bytes.size()), error);
  } catch (const std::exception& problem) {  // the body's string could not grow
    parts.state = State::failed;
    parts.status = 413;
    parts.text = problem.what();
    return 0;
  }
  if (error && error != http::error::need_more) {
    parts.state = State::failed;
    parts.status = status_of(error);
    parts.text = error.message();
    return used;
  }
  if (parts.state == State::head && parts.parser.is_header_done()) {
    const auto& message = parts.parser.get();
    parts.state = State::body;
    parts.manner.keep_alive = parts.parser.keep_alive();
    parts.manner.head_only = message.method() == http::verb::head;
    parts.manner.version_1_0 = message.version() == 10;
    parts.manner.accepts_gzip = accepts_gzip(view(message[http::field::accept_encoding]));
    parts.manner.expects_continue = to_lower(view(message[http::field::expect])) == "100-continue";
    std::string_view target = view(message.target());
    // A proxy's form, "GET http://host/path", means the path.
    if (!target.empty() && target.front() != '/') {
      const Result<Url> url = parse_url(target);
      target = url && !url->rest.empty() ? target.substr(target.size() - url->rest.size()) : "/";
    }
    target = target.substr(0, target.find('#'));
    const std::size_t question = target.find('?');
    if (question != std::string_view::npos) parts.query = target.substr(question + 1);
    Result<std::string> path = percent_decode(target.substr(0, question), false);
    if (!path) {
      parts.state = State::failed;
      parts.status = 400;
      parts.text = path.error().text;
      return used;
    }
    parts.path = std::move(*path);
  }
  if (parts.parser.is_done()) parts.state = State::complete;
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
  for (const auto& field : message) {
    request.headers.push_back({std::string(view(field.name_string())), std::string(view(field.value()))});
  }
  request.body = std::move(message.body());
  if (is_form(request.method, view(message[http::field::content_type])))
    request.form = parse_query(request.body);
  return request;
}

}  // namespace tocsin::shell
