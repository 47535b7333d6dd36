// What `tocsin query` prints, as promtool does: each text ends with a newline.
#pragma once

#include <string>
#include <vector>

#include "engine/api/query_answer.hpp"

namespace tocsin::cli {

enum class QueryFormat { promql, json };

[[nodiscard]] std::string value_text(const api::AnsweredValue& value, QueryFormat format);
[[nodiscard]] std::string series_text(const std::vector<Labels>& series, QueryFormat format);
[[nodiscard]] std::string names_text(const std::vector<std::string>& names, QueryFormat format);

}  // namespace tocsin::cli
