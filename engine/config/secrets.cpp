#include "engine/config/secrets.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "engine/config/url.hpp"
#include "notifiers/registry.hpp"
#include "promql/ascii.hpp"
#include "rules/yaml/secret.hpp"

namespace tocsin::config {
namespace {

// Secrets wherever they stand: what upstream's structs declare as Secret or SecretURL, but for those of the
// services here, which their tables name, and what the endings below say already.
constexpr std::array<std::string_view, 14> kSecretKeys = {"password",
                                                          "credentials",
                                                          "secrets",
                                                          "secret_key",
                                                          "token",
                                                          "token_id",
                                                          "api_key",
                                                          "user_key",
                                                          "consumer_key",
                                                          "client_certificate_key",
                                                          "service_account_key",
                                                          "private_key",
                                                          "key_passphrase",
                                                          "webhook_url"};

// client_secret, rocketchat_token_id, mattermost_webhook_url ...: a key that a later upstream adds will most
// likely be called so too.
constexpr std::array<std::string_view, 6> kSecretEndings = {"_password", "_secret",  "_token",
                                                            "_token_id", "_api_key", "_webhook_url"};

bool is_header_key(std::string_view key) {
  return key == "headers" || key == "http_headers" || key == "proxy_connect_header";
}

// Whether `key` is a secret in whatever section it stands.
bool is_secret_everywhere(std::string_view key) {
  const auto ends_so = [key](std::string_view ending) { return key.ends_with(ending); };
  return std::ranges::find(kSecretKeys, key) != kSecretKeys.end() ||
         std::ranges::any_of(kSecretEndings, ends_so) || is_header_key(key);
}

bool names_secret(const std::vector<notifiers::FieldSpec>& fields, std::string_view key) {
  return std::ranges::any_of(
      fields, [key](const notifiers::FieldSpec& field) { return field.is_secret() && field.name == key; });
}

// Keys that are harmless in most places. An empty section asks whether there is any in which it is a secret.
bool is_secret_in(std::string_view section, std::string_view key) {
  const auto within = [section](std::string_view one) { return section.empty() || section == one; };
  // tls_config, smtp_tls_config, tls_server_config
  if (key == "key" && (section.empty() || section.find("tls_") != std::string_view::npos)) return true;
  if (key == "url" && within("webhook_outputs")) return true;
  return std::ranges::any_of(notifiers::services(), [&](const notifiers::Service& service) {
    const notifiers::FieldTable& table = service.table;
    return (within(table.config_key) && names_secret(table.fields, key)) ||
           (within("global") && names_secret(table.global_fields, key));
  });
}

bool is_reference(std::string_view text) {
  return (text.starts_with("${env:") || text.starts_with("${file:")) && text.find('}') == text.size() - 1;
}

// http://user:password@host. A password may hold any character, as long as the text is nothing but the
// address; one inside a sentence ends with its host.
bool may_hold_password(std::string_view text) {
  const std::size_t authority = text.find("//");
  if (authority == std::string_view::npos) return false;
  std::string_view rest = text.substr(authority + 2);
  const bool alone = text.find_first_of(" \t\n\"'{}<>") == std::string_view::npos;
  if (!alone) rest = rest.substr(0, rest.find_first_of("/?# \t\n\"'"));
  const std::size_t at = rest.rfind('@');
  return at != std::string_view::npos && rest.find(':') < at;
}

void collect(const yaml::Node& node, std::string_view section, bool secret,
             std::vector<SecretScalar>& found) {
  switch (node.kind) {
    case yaml::NodeKind::scalar:
      if (node.value.empty() || is_reference(node.value)) return;
      if (secret || may_hold_password(node.value)) found.push_back({&node, !secret});
      return;
    case yaml::NodeKind::sequence:
      for (const yaml::Node* item : node.items) collect(*item, section, secret, found);
      return;
    case yaml::NodeKind::mapping:
      for (const yaml::Entry& entry : node.entries) {
        const std::string& key = entry.key->value;
        // An empty section would ask for any, and nothing that stands at the top is a secret by its place.
        const bool is_one = is_secret_everywhere(key) || (!section.empty() && is_secret_in(section, key));
        collect(*entry.value, key, secret || is_one, found);
        // What a merge replaced still stands in the text.
        if (entry.before != nullptr) collect(*entry.before, key, secret || is_one, found);
      }
  }
}

struct KeysOfLine {
  bool any = false;
  bool secret = false;
};

// The line may be anything but YAML: each word before a colon is taken for a key.
KeysOfLine keys_of(std::string_view line) {
  KeysOfLine keys;
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos;
       colon = line.find(':', colon + 1)) {
    const std::size_t last = line.find_last_not_of(" \t\"'", colon - (colon > 0 ? 1 : 0));
    if (last == std::string_view::npos || last >= colon) continue;
    std::size_t first = last + 1;
    while (first > 0 && (is_word(line[first - 1]) || line[first - 1] == '-')) --first;
    const std::string_view key = line.substr(first, last + 1 - first);
    if (key.empty()) continue;
    keys.any = true;
    keys.secret = keys.secret || is_secret_everywhere(key) || is_secret_in({}, key);
  }
  return keys;
}

// Looks at the line's own keys and at those it stands below. A line without a key goes on with the value that
// began above it, as those of a certificate's key do.
bool may_hold_secret(const yaml::Document& document, int number) {
  if (may_hold_password(document.line(number))) return true;
  std::size_t indentation = std::string_view::npos;
  for (; number >= 1; --number) {
    const std::string_view line = document.line(number);
    const std::size_t first = line.find_first_not_of(" \t-");
    if (first >= indentation) continue;
    const KeysOfLine keys = keys_of(line);
    if (keys.secret) return true;
    if (keys.any) indentation = first;
  }
  return false;
}

}  // namespace

std::string SecretScalar::shown() const {
  return only_password ? redacted(node->value) : std::string(kSecretToken);
}

std::vector<SecretScalar> secrets_in(const yaml::Node& node, std::string_view section) {
  std::vector<SecretScalar> found;
  collect(node, section, false, found);
  // An alias or a merge leads to its anchor's node again; what is wholly secret at one place is so at all.
  const auto place = [](const SecretScalar& one) {
    return std::tuple(one.node->offset, one.node, one.only_password);
  };
  std::ranges::sort(found, {}, place);
  const auto same = [](const SecretScalar& a, const SecretScalar& b) { return a.node == b.node; };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

std::string redacted(std::string_view text) {
  if (!may_hold_password(text)) return std::string(text);
  const Result<Url> url = parse_url(text);
  if (!url) return std::string(kSecretToken);
  const std::size_t colon = url->userinfo.find(':');
  if (colon == std::string::npos) return std::string(text);
  return (url->scheme.empty() ? "" : url->scheme + ':') + "//" + url->userinfo.substr(0, colon) + ":xxxxx@" +
         url->host + url->path + url->rest;
}

yaml::Document parse_with_secrets(std::string text, const std::string& file, Diagnostics& diagnostics) {
  Diagnostics mine;
  yaml::Document document = yaml::parse(std::move(text), {file, yaml::Dialect::v2}, mine);
  std::vector<Diagnostic> findings = mine.take();
  for (Diagnostic& finding : findings) {
    const bool shows = !finding.source_line.empty();
    if (shows && may_hold_secret(document, finding.position.line)) finding.source_line.clear();
  }
  diagnostics.add(std::move(findings));
  return document;
}

}  // namespace tocsin::config
