#include "engine/config/secrets.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "notifiers/registry.hpp"

namespace tocsin::config {
namespace {

constexpr std::array<std::string_view, 14> kSecretKeys = {"password",
                                                          "credentials",
                                                          "bearer_token",
                                                          "client_secret",
                                                          "secret_key",
                                                          "auth_token",
                                                          "token",
                                                          "client_certificate_key",
                                                          "application_credential_secret",
                                                          "api_key",
                                                          "service_account_key",
                                                          "private_key",
                                                          "key_passphrase",
                                                          "application_secret"};

bool is_header_key(std::string_view key) {
  return key == "headers" || key == "http_headers" || key == "proxy_connect_header";
}

// What a service's table calls a secret, in its own entries or in `global`.
bool is_service_secret(std::string_view key) {
  const auto names_it = [key](const notifiers::FieldSpec& field) {
    return field.is_secret() && field.name == key;
  };
  const std::vector<notifiers::Service>& services = notifiers::services();
  return std::any_of(services.begin(), services.end(), [&](const notifiers::Service& service) {
    return std::ranges::any_of(service.table.fields, names_it) ||
           std::ranges::any_of(service.table.global_fields, names_it);
  });
}

bool is_reference(std::string_view text) {
  return (text.starts_with("${env:") || text.starts_with("${file:")) && text.find('}') == text.size() - 1;
}

// http://user:password@host
bool has_password(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view authority = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const std::size_t at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

void collect(const yaml::Node& node, bool secret, std::vector<const yaml::Node*>& found) {
  switch (node.kind) {
    case yaml::NodeKind::scalar:
      if (node.value.empty() || is_reference(node.value)) return;
      if (secret || has_password(node.value)) found.push_back(&node);
      return;
    case yaml::NodeKind::sequence:
      for (const yaml::Node* item : node.items) collect(*item, secret, found);
      return;
    case yaml::NodeKind::mapping:
      for (const yaml::Entry& entry : node.entries) {
        const std::string& key = entry.key->value;
        // A merged entry stands where its anchor is, and is found there.
        if (entry.merged) continue;
        const bool is_one = is_secret_key(key) || is_service_secret(key) || is_header_key(key);
        collect(*entry.value, secret || is_one, found);
      }
  }
}

}  // namespace

bool is_secret_key(std::string_view key) {
  return std::ranges::find(kSecretKeys, key) != kSecretKeys.end() || key.ends_with("_password") ||
         key.ends_with("_secret") || key.ends_with("_token") || key.ends_with("webhook_url");
}

std::vector<const yaml::Node*> secrets_in(const yaml::Node& node) {
  std::vector<const yaml::Node*> found;
  collect(node, false, found);
  // An alias leads to its anchor's node again.
  std::stable_sort(found.begin(), found.end(),
                   [](const yaml::Node* a, const yaml::Node* b) { return a->offset < b->offset; });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace tocsin::config
