#!/usr/bin/env bash
# link_test.sh ARCHIVE...: the pure libraries need no symbol of the libraries that are the shell's, and of no
# clock, thread, socket or file either. The text rules of rules.cpp see names in sources; this sees what the
# compiler made of them, whatever header it came through.
set -u

forbidden=(
  '^boost::asio::' '^boost::beast::' '^curl_' '^sqlite3_' '^spdlog::' '^SSL_'
  '^std::chrono::_V2::(system|steady)_clock::now' '^clock_gettime$' '^gettimeofday$' '^time$' '^nanosleep$' '^usleep$'
  '^socket$' '^connect$' '^bind$' '^poll$' '^epoll_' '^open(64)?$' '^fopen(64)?$' '^getenv$'
  '^pthread_create$' '^std::thread::' '^std::condition_variable::'
)
pattern=$(IFS='|'; echo "${forbidden[*]}")

failed=0
for archive in "$@"; do
  if [ ! -f "$archive" ]; then
    echo "$archive is not built"
    failed=1
    continue
  fi
  # Sanitizers see to it that every object needs theirs; those begin with two underscores.
  found=$(nm --undefined-only --demangle --format=posix "$archive" | awk 'NF && !/:$/ { sub(/ U.*$/, ""); print }' |
    sort -u | grep -E "$pattern")
  if [ -n "$found" ]; then
    echo "$(basename "$archive") is pure, but needs:"
    head -n 20 <<<"$found" | cut -c1-160 | sed 's/^/  /'
    failed=1
  fi
done
[ "$failed" -eq 0 ] && echo "$# libraries need nothing that is the shell's"
exit "$failed"
