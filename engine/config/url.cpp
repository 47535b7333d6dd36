#include "engine/config/url.hpp"

#include <algorithm>
#include <cctype>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"

namespace tocsin::config {
namespace {

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_hex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

// "scheme:" in front, if there is one; the error is a colon where no scheme can end.
Result<std::string> take_scheme(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c)) continue;
    if (is_digit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) return std::string();
      continue;
    }
    if (c != ':') return std::string();
    if (i == 0) return Error("missing protocol scheme");
    std::string scheme = ascii_lower(text.substr(0, i));
    text.remove_prefix(i + 1);
    return scheme;
  }
  return std::string();
}

bool has_valid_escapes(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])))
      return false;
  }
  return true;
}

Result<void> check_host(std::string_view host) {
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t close = host.rfind(']');
    if (close == std::string_view::npos) return Error("missing ']' in host");
    port = host.substr(close + 1);
  } else if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
  }
  const bool valid = port.empty() || (port[0] == ':' && std::ranges::all_of(port.substr(1), is_digit));
  if (!valid) return Error(format("invalid port {} after host", go_quote(port)));
  static constexpr std::string_view kInvalid = " <>\"\\^`{}|";
  const auto bad =
      std::ranges::find_if(host, [](char c) { return kInvalid.find(c) != std::string_view::npos; });
  if (bad != host.end())
    return Error(format("invalid character {} in host name", go_quote(std::string(1, *bad))));
  return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  const bool control =
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (control) return Error("invalid control character in URL");
  Url url;
  std::string_view rest = text.substr(0, text.find('#'));
  const std::string_view fragment = text.substr(rest.size());
  if (!has_valid_escapes(fragment)) return Error("invalid URL escape in fragment");
  Result<std::string> scheme = take_scheme(rest);
  if (!scheme) return scheme.error();
  url.scheme = *std::move(scheme);
  const std::string_view before_query = rest.substr(0, rest.find('?'));
  url.rest = std::string(rest.substr(before_query.size())) + std::string(fragment);
  rest = before_query;
  if (!rest.starts_with('/')) {
    if (!url.scheme.empty()) return url;  // opaque, as mailto:x
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment.find(':') != std::string_view::npos)
      return Error("first path segment in URL cannot contain colon");
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    std::string_view authority = rest.substr(0, rest.find('/'));
    rest.remove_prefix(authority.size());
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
      url.userinfo = std::string(authority.substr(0, at));
      authority.remove_prefix(at + 1);
      if (!has_valid_escapes(url.userinfo)) return Error("net/url: invalid userinfo");
    }
    const Result<void> host = check_host(authority);
    if (!host) return host.error();
    url.host = std::string(authority);
  }
  if (!has_valid_escapes(rest)) return Error("invalid URL escape");
  url.path = std::string(rest);
  return url;
}

Result<Url> parse_http_url(std::string_view text) {
  Result<Url> url = parse_url(text);
  if (!url) return url;
  if (url->scheme != "http" && url->scheme != "https") {
    return Error(
        format("unsupported scheme {} for URL, expected http:// or https://", go_quote(url->scheme)));
  }
  if (url->host.empty()) return Error("missing host for URL, expected a form such as https://host/path");
  return url;
}

}  // namespace tocsin::config
