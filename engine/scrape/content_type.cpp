#include "engine/scrape/content_type.hpp"
#include "promql/ascii.hpp"

#include <algorithm>

namespace tocsin::scrape {
namespace {

// Media types as Go's mime.ParseMediaType reads them; only what decides between right and wrong is kept.

bool is_token_byte(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

std::string_view take_token(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_token_byte);
  const std::string_view token = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(token.size());
  return token;
}

bool take_prefix(std::string_view& text, char c) {
  text = trimmed(text);
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

// A token or a quoted string. False if there is neither.
bool take_value(std::string_view& text, std::string& value) {
  text = trimmed(text);
  if (text.empty() || text[0] != '"') {
    value = take_token(text);
    return !value.empty();
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] == '\r' || text[i] == '\n') return false;
    // A backslash before a letter or digit is taken as itself: old browsers send paths like that.
    if (text[i] == '\\' && i + 1 < text.size() && !is_token_byte(text[i + 1])) ++i;
    value += text[i];
  }
  return false;
}

Result<void> check_media_type(std::string_view text) {
  if (take_token(text).empty()) return Error("mime: no media type");
  if (text.empty()) return {};
  if (text[0] != '/') return Error("mime: expected slash after first token");
  text.remove_prefix(1);
  if (take_token(text).empty()) return Error("mime: expected token after slash");
  if (!text.empty()) return Error("mime: unexpected content after media subtype");
  return {};
}

Result<void> check_parameters(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> seen;
  while (!trimmed(text).empty()) {
    const bool last_semicolon = trimmed(text) == ";";
    if (last_semicolon) return {};
    std::string name;
    std::string value;
    if (take_prefix(text, ';')) {
      text = trimmed(text);
      name = ascii_lower(take_token(text));
    }
    if (name.empty() || !take_prefix(text, '=') || !take_value(text, value))
      return Error("mime: invalid media parameter");
    for (const auto& [other, other_value] : seen) {
      if (other == name && other_value != value) return Error("mime: duplicate parameter name");
    }
    seen.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

Result<std::string> media_type_of(std::string_view content_type) {
  const std::string_view base = content_type.substr(0, content_type.find(';'));
  std::string media_type = ascii_lower(trimmed(base));
  if (Result<void> good = check_media_type(media_type); !good) return good.error();
  if (Result<void> good = check_parameters(content_type.substr(base.size())); !good) return good.error();
  return media_type;
}

std::string_view media_type_of(config::ScrapeProtocol protocol) {
  const std::string_view header = config::accept_header(protocol);
  return header.substr(0, header.find(';'));
}

constexpr std::string_view kOpenMetrics = "application/openmetrics-text";
constexpr std::string_view kText = "text/plain";

std::string_view to_string(config::EscapingScheme scheme) {
  switch (scheme) {
    case config::EscapingScheme::allow_utf8:
      return "allow-utf-8";
    case config::EscapingScheme::underscores:
      return "underscores";
    case config::EscapingScheme::dots:
      return "dots";
    case config::EscapingScheme::values:
      return "values";
  }
  return "allow-utf-8";
}

}  // namespace

std::string accept_header(const std::vector<config::ScrapeProtocol>& protocols,
                          config::EscapingScheme escaping) {
  using config::ScrapeProtocol;
  std::string header;
  int weight = 6;  // one more than there are protocols
  for (const ScrapeProtocol protocol : protocols) {
    if (protocol == ScrapeProtocol::prometheus_proto) continue;
    header += config::accept_header(protocol);
    // Only the newer versions know how names are escaped.
    if (protocol == ScrapeProtocol::prometheus_text_1_0_0 || protocol == ScrapeProtocol::open_metrics_1_0_0)
      header += ";escaping=" + std::string(to_string(escaping));
    header += ";q=0." + std::to_string(weight--) + ",";
  }
  return header + "*/*;q=0." + std::to_string(weight);
}

Result<FormatChoice> choose_format(std::string_view content_type,
                                   std::optional<config::ScrapeProtocol> fallback) {
  std::string found;  // what is wrong with it, with and without a fallback
  std::string detail;
  if (content_type.empty()) {
    found = "non-compliant scrape target sending blank Content-Type";
    if (!fallback) return Error(found + " and no fallback_scrape_protocol specified for target");
  } else if (Result<std::string> media_type = media_type_of(content_type); !media_type) {
    detail = "\n" + media_type.error().text;
    if (!fallback) {
      return Error("cannot parse Content-Type " + go_quote(content_type) +
                   " and no fallback_scrape_protocol for target" + detail);
    }
    found = "could not parse received Content-Type " + go_quote(content_type);
  } else if (*media_type == kOpenMetrics || *media_type == kText) {
    return FormatChoice{*media_type == kText ? Format::text : Format::open_metrics, ""};
  } else {
    found = "received unsupported Content-Type " + go_quote(content_type);
    if (!fallback) return Error(found + " and no fallback_scrape_protocol specified for target");
  }
  const std::string_view wanted = media_type_of(*fallback);
  const std::string warning = found + ", using fallback_scrape_protocol " + go_quote(wanted) + detail;
  if (wanted != kOpenMetrics && wanted != kText)
    return Error(warning + ": this format is not in this version");
  return FormatChoice{wanted == kText ? Format::text : Format::open_metrics, warning};
}

}  // namespace tocsin::scrape
