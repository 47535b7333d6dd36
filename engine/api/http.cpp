#include "engine/api/http.hpp"

#include <algorithm>

#include "promql/ascii.hpp"

namespace tocsin::api {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

const std::string* first_of(const Pairs& pairs, std::string_view name) {
  const auto found =
      std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == name; });
  return found == pairs.end() ? nullptr : &found->second;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equal_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

std::string_view HttpRequest::parameter(std::string_view name) const {
  if (const std::string* value = first_of(form, name)) return *value;
  if (const std::string* value = first_of(query, name)) return *value;
  return {};
}

std::vector<std::string_view> HttpRequest::parameters(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Pairs* pairs : {&form, &query}) {
    for (const auto& [key, value] : *pairs) {
      if (key == name) values.emplace_back(value);
    }
  }
  return values;
}

}  // namespace tocsin::api
