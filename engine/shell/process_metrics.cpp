#include "engine/shell/process_metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string_view>

#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

void append(std::string& out, std::string_view name, std::string_view kind, std::string_view help,
            double value) {
  out += format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3:.17g}\n", name, help, kind, value);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

void append_memory(std::string& out) {
  std::ifstream file("/proc/self/statm");
  double pages_virtual = 0, pages_resident = 0;
  if (!(file >> pages_virtual >> pages_resident)) return;
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  append(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
         pages_resident * page);
  append(out, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", pages_virtual * page);
}

void append_files(std::string& out) {
  if (DIR* open = opendir("/proc/self/fd")) {
    // Not counted: ".", ".." and the descriptor of this reading.
    double count = -3;
    while (readdir(open) != nullptr) ++count;
    closedir(open);
    append(out, "process_open_fds", "gauge", "Number of open file descriptors.", count);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    append(out, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
           static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace

std::string process_metrics() {
  std::string out;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    append(out, "process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.",
           seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
  }
  append_memory(out);
  append_files(out);
  return out;
}

}  // namespace tocsin::shell
