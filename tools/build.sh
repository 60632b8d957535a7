#!/bin/sh
# Makes .venv: a Python that is new enough, the locked packages (with their hashes), and this project in place.
# What pip is told by the environment (certificates, indexes, folders of wheels) counts for uv as well.
set -eu
cd "$(dirname "$0")/.."
log=build/build.log
mkdir -p build
: > "$log"

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s\n' "$*" >&2
  if [ -s "$log" ]; then
    printf 'The end of %s:\n' "$log" >&2
    tail -n 20 "$log" | sed 's/^/  /' >&2
  fi
  exit 1
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  for name in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3 python; do
    if is_new_enough "$name"; then
      printf '%s' "$name"
      return
    fi
  done
}

if [ -x .venv/bin/python ] && is_new_enough .venv/bin/python; then
  say "Bringing the environment in .venv up to date."
else
  python=$(find_python)
  if [ -z "$python" ]; then
    found=$(python3 --version 2>/dev/null || echo "no Python")
    fail "Jitney needs Python 3.11 or newer; found: $found. Install one, or name it: make PYTHON=/path/to/python3.12"
  fi
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$("$python" --version) has no venv module. On Debian and Ubuntu the package python3-venv brings it."
  say "Making the environment in .venv with $("$python" --version) (once, about a minute)."
  rm -rf .venv
  "$python" -m venv .venv >> "$log" 2>&1 || fail "The environment cannot be made."
fi

uv_version=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements.lock)
if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$uv_version" ]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version" >> "$log" 2>&1 ||
    fail "uv cannot be installed. Is the package index reachable from here?"
fi

if [ -n "${PIP_CERT:-}" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"; fi
if [ -n "${PIP_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"; fi
if [ -n "${PIP_EXTRA_INDEX_URL:-}" ]; then export UV_INDEX="${UV_INDEX:-$PIP_EXTRA_INDEX_URL}"; fi
if [ -n "${PIP_FIND_LINKS:-}" ]; then export UV_FIND_LINKS="${UV_FIND_LINKS:-$PIP_FIND_LINKS}"; fi
if [ -n "${PIP_NO_CACHE_DIR:-}" ]; then export UV_NO_CACHE=1; fi
export VIRTUAL_ENV="$PWD/.venv"

say "Installing $(grep -c '^[a-z].*==' requirements.lock) locked packages."
.venv/bin/uv pip sync --require-hashes --compile-bytecode requirements.lock >> "$log" 2>&1 ||
  fail "The locked packages cannot be installed."
.venv/bin/uv pip install --no-deps --no-build-isolation --editable . >> "$log" 2>&1 ||
  fail "The project cannot be installed."
# Modules that are compiled already make the first start as quick as the second.
.venv/bin/python -m compileall -q shared_kernel chassis ./*_service rider_api jitney clients/python protos >> "$log" 2>&1 ||
  fail "The project does not compile."
