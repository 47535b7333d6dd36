// Reads what a service's field table describes. Internal to engine/config.
#pragma once

#include <vector>

#include "notifiers/fields.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// Takes the fields out of a mapping; those not given get their defaults. A value that is wrong is reported,
// and still set where it is a text, so that nobody goes on to complain that it is missing. Lint findings
// (what is allowed but hardly meant) are kept apart.
[[nodiscard]] notifiers::Settings read_settings(yaml::MapReader& map,
                                                const std::vector<notifiers::FieldSpec>& fields,
                                                std::vector<Diagnostic>& lint);

// Reports a table's findings at the fields they are about.
void report_problems(yaml::MapReader& map, const std::vector<notifiers::Problem>& problems);

}  // namespace tocsin::config
