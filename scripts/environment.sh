#!/bin/sh
# Makes or refreshes the Python environment in .venv from uv.lock.
#
#   environment.sh site   what the site needs to run (make demo)
#   environment.sh all    that, and what tests and checks need
#   environment.sh uv     only print the path of uv, bootstrapped if it is missing
#
# Needs Python 3.11 or newer with venv and pip, nothing else. Does nothing, quickly,
# when the environment already matches uv.lock and pyproject.toml.
set -eu
cd "$(dirname "$0")/.."

OLDEST_UV="0.8"   # reads the lock file's revision

fail() {
    printf '\n%s\n' "$@" >&2
    exit 1
}

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || echo "none")
    fail "Attune needs Python 3.11 or newer; found: $found." \
        "Install one, or name it: make demo PYTHON=/path/to/python3.12"
}

uv_is_recent() {
    "$1" --version 2>/dev/null | awk -v oldest="$OLDEST_UV" '
        { split($2, have, "."); split(oldest, need, ".")
          exit !(have[1] > need[1] || (have[1] == need[1] && have[2] + 0 >= need[2] + 0)) }'
}

find_uv() {
    if command -v uv >/dev/null 2>&1 && uv_is_recent "$(command -v uv)"; then
        command -v uv
        return
    fi
    if ! { [ -x .uv/bin/uv ] && uv_is_recent .uv/bin/uv; }; then
        python=$(find_python)
        "$python" -c 'import venv, ensurepip' 2>/dev/null || fail \
            "$python cannot make virtual environments: its venv or pip part is missing." \
            "On Debian or Ubuntu: apt install python3-venv"
        echo "Fetching uv, the installer, into .uv/ (once) ..." >&2
        rm -rf .uv
        "$python" -m venv .uv >&2
        .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv>=$OLDEST_UV" >&2 ||
            { rm -rf .uv; fail "uv could not be fetched. Is the network there?"; }
    fi
    echo "$PWD/.uv/bin/uv"
}

# A stamp is good while nothing that it was made from is newer.
is_fresh() {
    [ -x .venv/bin/python ] && [ -f "$1" ] &&
        [ -z "$(find uv.lock pyproject.toml -newer "$1")" ]
}

ALL=.venv/.attune-all
SITE=.venv/.attune-site
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT 2>/dev/null || true
export UV_PYTHON_DOWNLOADS=never
# Half of a process's start would be compiling, where Python may not keep what it compiled.
export UV_COMPILE_BYTECODE=1

case "${1:-}" in
uv)
    find_uv
    exit
    ;;
site)
    if is_fresh "$ALL" || is_fresh "$SITE"; then exit 0; fi
    stamp=$SITE
    # What tests may have put there stays: the demo only needs its own part.
    set -- --no-default-groups --inexact
    ;;
all)
    if is_fresh "$ALL"; then exit 0; fi
    stamp=$ALL
    set -- --all-groups
    ;;
*) fail "usage: environment.sh site|all|uv" ;;
esac

python=$(find_python)
uv=$(find_uv)
[ -x .venv/bin/python ] || set -- "$@" --python "$python"
echo "Making the Python environment from uv.lock ..."
"$uv" sync --quiet --frozen --extra site "$@"
touch "$stamp"
