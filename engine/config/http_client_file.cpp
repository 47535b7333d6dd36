#include "engine/config/http_client_file.hpp"

#include "engine/config/file_source.hpp"
#include "engine/config/http_client_reader.hpp"
#include "engine/config/secrets.hpp"

namespace tocsin::config {

HttpClientPtr load_http_client_file(std::string text, const std::string& file, Diagnostics& diagnostics) {
  Diagnostics mine;
  const yaml::Document document = parse_with_secrets(std::move(text), file, mine);
  HttpClientPtr client = std::make_shared<const HttpClientConfig>();
  if (document.root() != nullptr) {
    const yaml::Scope scope{document, mine, {}, false};
    yaml::MapReader map(scope, *document.root(), "");
    client = read_http_client(map, directory_of(file));
    map.finish();
  }
  mine.sort();
  const bool valid = !mine.has_errors();
  diagnostics.add(mine.take());
  return valid ? client : nullptr;
}

}  // namespace tocsin::config
