// Which scalars of a configuration's text are secrets: by their keys, whatever this version makes of them.
// What is shown of a configuration, what is kept of it and what a finding cites all follow this one table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/yaml/node.hpp"

namespace tocsin::config {

struct SecretScalar {
  const yaml::Node* node = nullptr;
  bool only_password = false;  // a URL of which only the password is secret

  // What may be shown in its place.
  [[nodiscard]] std::string shown() const;
};

// The scalars below a node that hold secrets, in the order of the text. One that is a reference
// (${env:NAME}, ${file:PATH}) as a whole is none. `section` is the key under which the node stands, "" for a
// document's root: `key` is a secret in tls_config, and the name of a label elsewhere.
[[nodiscard]] std::vector<SecretScalar> secrets_in(const yaml::Node& node, std::string_view section = {});

// A text in which the password of a URL, if there is one, is xxxxx: Go's URL.Redacted. What looks as if it
// had a password but is no URL is "<secret>".
[[nodiscard]] std::string redacted(std::string_view text);

// yaml::parse for a file with secrets: a finding shows its line only when no secret can stand in it.
[[nodiscard]] yaml::Document parse_with_secrets(std::string text, const std::string& file,
                                                Diagnostics& diagnostics);

}  // namespace tocsin::config
