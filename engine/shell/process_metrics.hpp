// What the operating system knows about this process, under the names that every Prometheus client uses.
#pragma once

#include <string>

namespace tocsin::shell {

// process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes, process_open_fds
// and process_max_fds in the text format. What cannot be read is
// left out. Thread: any.
[[nodiscard]] std::string process_metrics();

}  // namespace tocsin::shell
