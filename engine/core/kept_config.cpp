#include "engine/core/kept_config.hpp"

#include <algorithm>
#include <iterator>

#include "engine/config/secrets.hpp"
#include "engine/config/url.hpp"
#include "notifiers/notification.hpp"
#include "promql/format.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::core {
namespace {

// hashed_group_key is SHA-256 in hex.
std::string hash_of(const std::string& salt, std::string_view secret) {
  return notifiers::hashed_group_key(salt + std::string(secret));
}

// What stands for a secret that is gone: a URL keeps its host, so that a person sees where it led.
std::string stand_in(const std::string& shown) {
  return shown.empty() ? "secret-no-longer-known" : shown + "secret-no-longer-known";
}

// Scheme and host of a web address, and nothing that could be the secret in it. One whose host cannot be told
// from the rest shows none, but what stands for it must be a web address again.
std::string host_of(std::string_view secret) {
  if (!secret.starts_with("http://") && !secret.starts_with("https://")) return {};
  const Result<config::Url> url = config::parse_http_url(secret);
  return url ? url->scheme + "://" + url->host + '/' : "http://";
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string reference(std::size_t number) {
  return format("'${{kept:{}}}'", number);
}

// Where a secret's text ends. The end of a block ("key: |") is behind the line breaks after it and the
// indentation of the next key, which stay.
std::size_t end_of(const yaml::Document& document, const yaml::Node& node) {
  std::size_t end = document.end_of(node);
  if (node.style != yaml::ScalarStyle::literal && node.style != yaml::ScalarStyle::folded) return end;
  while (end > node.offset && std::string_view(" \n").find(document.text()[end - 1]) != std::string::npos) {
    --end;
  }
  return end;
}

// The text with a reference in each secret's place.
std::string without_secrets(const std::string& path, const std::string& text, KeptConfig& config) {
  Diagnostics ignored;
  const yaml::Document document = yaml::parse(text, {path, yaml::Dialect::v2}, ignored);
  if (document.root() == nullptr) return text;
  std::string out;
  std::size_t from = 0;
  for (const config::SecretScalar& secret : config::secrets_in(*document.root())) {
    const yaml::Node& node = *secret.node;
    const std::size_t end = end_of(document, node);
    if (node.offset < from || end <= node.offset) continue;
    out.append(document.text(), from, node.offset - from);
    out += reference(config.secrets.size());
    config.secrets.push_back({node.value.size(), hash_of(config.salt, node.value), host_of(node.value)});
    from = end;
  }
  return out.append(document.text(), from);
}

// What the blocks of a text ("key: |") hold, without their indentation: a private key is written so. Found by
// their lines alone, for the text may be no YAML.
std::vector<std::string> blocks_in(std::string_view text) {
  std::vector<std::string> blocks;
  std::string* block = nullptr;
  std::size_t indentation = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find_first_not_of(' ');
    if (block != nullptr) {
      if (indentation == 0 && first != std::string_view::npos) indentation = first;
      if (first == std::string_view::npos || (first > 0 && first >= indentation)) {
        block->append(line.substr(std::min(indentation, line.size()))).append(1, '\n');
        continue;
      }
      block = nullptr;
    }
    const std::size_t last = line.find_last_not_of("+-123456789 ");
    if (last != std::string_view::npos && line[last] == '|') {
      block = &blocks.emplace_back();
      indentation = 0;
    }
  }
  return blocks;
}

// Where a secret that was taken out may still stand.
struct Places {
  std::vector<std::string> texts;
  std::vector<std::string> blocks;
};

// Looks for a text of the mark's length and hash. A secret as it was written in a file is the secret itself
// unless YAML escapes stand in it.
std::optional<std::string> find_secret(const KeptConfig::SecretMark& mark, const std::string& salt,
                                       const Places& places) {
  if (mark.length == 0) return std::nullopt;
  for (const std::string& block : places.blocks) {
    if (block.size() < mark.length) continue;
    const std::string_view candidate = std::string_view(block).substr(0, mark.length);
    if (hash_of(salt, candidate) == mark.hash) return std::string(candidate);
  }
  for (const std::string& text : places.texts) {
    for (std::size_t i = 0; i + mark.length <= text.size(); ++i) {
      const std::string_view candidate = std::string_view(text).substr(i, mark.length);
      // Nothing that is written on one line has a line break, and this passes over most places cheaply.
      const std::size_t line_end = candidate.find('\n');
      if (line_end != std::string_view::npos) {
        i += line_end;
        continue;
      }
      const bool at_start =
          i == 0 || std::string_view(" \t\n\"':-[{,").find(text[i - 1]) != std::string::npos;
      if (at_start && hash_of(salt, candidate) == mark.hash) return std::string(candidate);
    }
  }
  return std::nullopt;
}

}  // namespace

// ---- taking notes

Result<std::string> RecordingFiles::read(const std::string& path) {
  Result<std::string> text = files_.read(path);
  if (text) texts_.insert_or_assign(path, *text);
  return text;
}

Result<std::string> RecordingFiles::read_value(const std::string& path) {
  return files_.read_value(path);
}

Result<std::vector<std::string>> RecordingFiles::glob(const std::string& pattern) {
  Result<std::vector<std::string>> paths = files_.glob(pattern);
  if (paths) patterns_.insert_or_assign(pattern, *paths);
  return paths;
}

std::optional<std::string> RecordingFiles::env(const std::string& name) {
  return files_.env(name);
}

KeptConfig keep_config(const RecordingFiles& files, std::string salt) {
  KeptConfig config;
  config.salt = std::move(salt);
  for (const auto& [path, text] : files.texts()) {
    config.files.push_back({path, without_secrets(path, text, config)});
  }
  for (const auto& [pattern, paths] : files.patterns()) config.patterns.push_back({pattern, paths});
  return config;
}

bool same_text(const KeptConfig& a, const KeptConfig& b) {
  const auto equal_files = [](const KeptConfig::File& x, const KeptConfig::File& y) {
    return x.path == y.path && x.text == y.text;
  };
  const auto equal_patterns = [](const KeptConfig::Pattern& x, const KeptConfig::Pattern& y) {
    return x.pattern == y.pattern && x.paths == y.paths;
  };
  const auto equal_secrets = [](const KeptConfig::SecretMark& x, const KeptConfig::SecretMark& y) {
    return x.length == y.length && x.hash == y.hash;
  };
  return a.salt == b.salt && std::ranges::equal(a.files, b.files, equal_files) &&
         std::ranges::equal(a.patterns, b.patterns, equal_patterns) &&
         std::ranges::equal(a.secrets, b.secrets, equal_secrets);
}

// ---- reading them again

KeptFiles::KeptFiles(const KeptConfig& config, config::FileSource& disk) : disk_(disk) {
  Places on_disk;
  for (const KeptConfig::File& file : config.files) {
    Result<std::string> text = disk.read(file.path);
    if (!text) continue;
    std::ranges::move(blocks_in(*text), std::back_inserter(on_disk.blocks));
    on_disk.texts.push_back(std::move(*text));
  }
  std::vector<std::string> secrets;
  for (const KeptConfig::SecretMark& mark : config.secrets) {
    std::optional<std::string> secret = find_secret(mark, config.salt, on_disk);
    if (!secret) ++missing_;
    secrets.push_back(double_quoted(secret ? *secret : stand_in(mark.shown)));
  }
  for (const KeptConfig::File& file : config.files) {
    std::string text = file.text;
    for (std::size_t number = 0; number < secrets.size(); ++number) {
      const std::size_t at = text.find(reference(number));
      if (at != std::string::npos) text.replace(at, reference(number).size(), secrets[number]);
    }
    texts_.emplace(file.path, std::move(text));
  }
  for (const KeptConfig::Pattern& pattern : config.patterns) {
    patterns_.emplace(pattern.pattern, pattern.paths);
  }
}

Result<std::string> KeptFiles::read(const std::string& path) {
  const auto text = texts_.find(path);
  if (text == texts_.end()) return Error("no such file or directory");
  return text->second;
}

Result<std::string> KeptFiles::read_value(const std::string& path) {
  return disk_.read_value(path);
}

Result<std::vector<std::string>> KeptFiles::glob(const std::string& pattern) {
  const auto paths = patterns_.find(pattern);
  return paths == patterns_.end() ? std::vector<std::string>() : paths->second;
}

std::optional<std::string> KeptFiles::env(const std::string& name) {
  return disk_.env(name);
}

}  // namespace tocsin::core
