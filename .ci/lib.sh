# Shared by .ci/run and .ci/nightly; not a program by itself.

# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The nested modules; the root is the first.
modules=(. examples internal/integration)

tools="${XDG_CACHE_HOME:-$HOME/.cache}/sekisho-ci"
scratch="$(mktemp -d)"
started=()

# Tests must fail, not skip, where a server is missing. OpenSMTPD needs root, so on a developer's machine its test is left out.
if [ "$(id -u)" -eq 0 ]; then
  export CI=true
fi
# Building must not depend on who owns the checkout.
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"

finish() {
  local code=$? pid
  for pid in "${started[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  rm -rf "$scratch"
  if [ "$code" -ne 0 ]; then
    printf '\nFAILED in part: %s\n' "${part:-start}" >&2
  fi
}
trap finish EXIT

say() { printf '%s\n' "$*"; }

begin() {
  part="$1"
  printf '\n=== %s (%s s)\n' "$part" "$SECONDS"
}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# need COMMAND PACKAGE… makes sure that a command is there: as root it installs the Debian packages, otherwise it says so.
updated=
need() {
  local command="$1"
  shift
  if command -v "$command" >/dev/null 2>&1 || [ -x "/usr/sbin/$command" ]; then
    return
  fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    fail "$command is missing: install $* (as root on Debian this script does it)"
  fi
  if [ -z "$updated" ]; then
    apt-get -o DPkg::Lock::Timeout=300 update -qq
    updated=yes
  fi
  # --no-remove: never replace a mail server that somebody uses.
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-remove --no-install-recommends "$@" >/dev/null
}

# need_module MODULE PACKAGE does the same for a module of the system's Python.
need_module() {
  if ! /usr/bin/python3 -c "import $1" 2>/dev/null; then
    need "python module $1" python3 "$2"
  fi
}

# servers makes sure of the mail servers that tests talk to.
servers() {
  if [ -z "${CI:-}" ]; then
    printf 'not root, and CI is not set: tests of mail servers that are missing here are left out\n'
    return
  fi
  need smtpd opensmtpd
  need_module aiosmtpd python3-aiosmtpd
}

# tool NAME PACKAGE VERSION builds a pinned tool once and prints where it is.
tool() {
  local dir="$tools/$1-$3"
  if [ ! -x "$dir/$1" ]; then
    (cd "$scratch" && GOWORK=off GOBIN="$dir" go install "$2@$3" >&2)
  fi
  printf '%s\n' "$dir/$1"
}

# fuzz_targets prints “folder name” for every fuzz target of the repository.
fuzz_targets() {
  grep -rnoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . |
    sed -E 's#^(.*)/[^/:]+:[0-9]+:func (Fuzz.*)$#\1 \2#' | sort -u
}

# fuzz FOLDER NAME SECONDS runs one target. A deadline that strikes while the engine winds up is no finding.
fuzz() {
  local log="$scratch/fuzz.log"
  if go test -run '^$' -fuzz "^$2\$" -fuzztime "$3s" "$1" >"$log" 2>&1; then
    say "ok    $1 $2: $(grep -oE 'execs: [0-9]+' "$log" | tail -1)"
    return
  fi
  if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
    say "ok    $1 $2 (ended by its deadline)"
    return
  fi
  cat "$log"
  fail "$1 $2"
}

# snapshot prints a sum of every file, to see whether a command changed one.
snapshot() {
  find . -type f -not -path './.git/*' -print0 | sort -z | xargs -0 sha256sum
}
