# What building and running needs from Debian, and how to get it. Sourced by tests/run and examples/cim/run.
#
#   install_packages NAME...   installs those that are missing, with apt-get; says so, and how to do it by hand
#   build_preset PRESET TARGET...

build_packages=(
  g++ cmake ninja-build ccache mold pkg-config git ca-certificates tzdata
  libboost1.81-dev libboost-json1.81-dev libcurl4-openssl-dev libyaml-cpp-dev libspdlog-dev libfmt-dev libre2-dev
  libabsl-dev libutf8proc-dev libsqlite3-dev libssl-dev libcrypt-dev zlib1g-dev libcli11-dev libfast-float-dev
  libxxhash-dev libprotozero-dev
)
test_packages=(catch2 clang-format curl)
long_test_packages=(clang-tidy python3)

install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "installing: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "these packages are missing, and there is no sudo; as root: apt-get install ${missing[*]}" >&2; return 1; }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get -q update >/dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
}

# Configures once and builds; the output shows only where something is wrong.
build_preset() {
  local preset=$1 log
  shift
  log=$(mktemp)
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" --target "$@"; } >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "the build failed; all of its output is in $log" >&2
    return 1
  fi
  rm -f "$log"
}
