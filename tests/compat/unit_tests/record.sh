#!/usr/bin/env bash
# Records what promtool (Prometheus 3.14, the first argument or the one in PATH) answers to the test files here:
# NAME.out and NAME.err beside NAME.yml. The unit tests compare tocsin's answers with these.
set -eu
promtool=$(realpath "$(command -v "${1:-promtool}")")
cd "$(dirname "$0")"
for file in *.yml; do
  [ "$file" = rules.yml ] && continue
  "$promtool" test rules "$file" >"${file%.yml}.out" 2>"${file%.yml}.err" || true
done
