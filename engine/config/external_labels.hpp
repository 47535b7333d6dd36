// The external_labels of prometheus.yml. Internal to engine/config.
#pragma once

#include "engine/config/file_source.hpp"
#include "promql/labels.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// Replaces $NAME and ${NAME} in the values by environment variables, as Go's os.Expand does; a variable that
// is not set or empty gives "" and a warning, as upstream. ${env:NAME} and ${file:PATH} work here too.
[[nodiscard]] Labels read_external_labels(yaml::MapReader& map, bool legacy_names, FileSource& files);

}  // namespace tocsin::config
