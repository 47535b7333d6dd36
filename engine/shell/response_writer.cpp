#include "engine/shell/response_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "engine/shell/limits.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

constexpr std::array<std::pair<unsigned, std::string_view>, 30> kReasons{{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Request Entity Too Large"},
    {414, "Request URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

// RFC 9110's date, "Sun, 06 Nov 1994 08:49:37 GMT", without regard to the locale.
std::string http_date(WallTime time) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(parts.tm_wday)],
                parts.tm_mday, kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// A line break in a header would let a value write headers, or a whole response, of its own.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(),
      [](char letter) { return letter == '\r' || letter == '\n' || letter == '\0'; }, ' ');
  return line;
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  const auto found = std::find_if(kReasons.begin(), kReasons.end(),
                                  [&](const auto& entry) { return entry.first == status; });
  return found == kReasons.end() ? std::string_view() : found->second;
}

api::HttpResponse plain_response(unsigned status, std::string_view text) {
  api::HttpResponse response;
  response.status = status;
  response.body = std::string(text) + "\n";
  return response;
}

std::string response_head(const api::HttpResponse& response, const ResponseManner& manner) {
  std::string head = format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) {
    if (!response.content_type.empty())
      head += format("Content-Type: {}\r\n", one_line(response.content_type));
    head += format("Content-Length: {}\r\n", response.body.size());
  }
  for (const api::Header& header : response.headers) {
    head += format("{}: {}\r\n", one_line(header.name), one_line(header.value));
  }
  head += format("Date: {}\r\n", http_date(manner.date));
  if (manner.close) {
    head += "Connection: close\r\n";
  } else if (manner.version_1_0) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  return head;
}

bool worth_compressing(const api::HttpResponse& response) {
  if (response.body.size() < kCompressFrom) return false;
  const std::string_view type = response.content_type;
  if (type.substr(0, 5) != "text/" && type.find("json") == std::string_view::npos &&
      type.find("javascript") == std::string_view::npos &&
      type.find("openmetrics") == std::string_view::npos && type.find("svg") == std::string_view::npos) {
    return false;
  }
  return std::none_of(response.headers.begin(), response.headers.end(),
                      [](const api::Header& header) { return header.name == "Content-Encoding"; });
}

std::optional<std::string> gzip(std::string_view text) {
  z_stream stream{};
  // Level 1: the answers are read once, over a network that is seldom slower than the compression.
  if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
  std::string result(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  // zlib's interface is not const-correct; it does not write there.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int code = deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) return std::nullopt;
  return result;
}

void compress(api::HttpResponse& response) {
  // avail_in has 32 bits; a longer answer goes out as it is.
  if (response.body.size() >= (std::size_t{1} << 31)) return;
  std::optional<std::string> packed = gzip(response.body);
  if (!packed) return;
  response.body = std::move(*packed);
  response.headers.push_back({"Content-Encoding", "gzip"});
}

}  // namespace tocsin::shell
