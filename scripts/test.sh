#!/usr/bin/env bash
# Runs the tests and says what was left out.
#
#   test.sh usual [pytest arguments]   on the embedded defaults, journeys included
#   test.sh all   [pytest arguments]   that, and what takes long or needs more
#   test.sh marked MARKER [arguments]  only the tests with that marker
#
# With DATABASE_URL and CELERY_BROKER_URL in the environment the same tests run there.
set -uo pipefail
cd "$(dirname "$0")/.."

export ATTUNE_ENV_FILE=/dev/null

scope=$1
shift
left_out=()
wanted=()
status=0

[ "$scope" = all ] && export ATTUNE_PROPERTIES=${ATTUNE_PROPERTIES:-thorough}

case "$scope" in
usual)
    wanted+=("not slow" "not validator")
    left_out+=("slow and validator tests: make test-all runs them")
    ;;
marked)
    wanted+=("$1")
    shift
    ;;
esac

# --- A browser for the journeys ---------------------------------------------------
if ATTUNE_CHROMIUM=$(bash scripts/chromium.sh); then
    export ATTUNE_CHROMIUM
else
    wanted+=("not journey")
    left_out+=("JOURNEYS NOT RUN: there is no browser (see above)")
    [ "${CI:-}" = true ] && status=1
fi

# --- What npm brings: axe for the journeys, the validator for statements --------------
install_npm() {   # $1: a folder with package-lock.json
    [ -f "$1/package-lock.json" ] || return 0
    local stamp="$1/node_modules/.attune"
    [ -f "$stamp" ] && [ ! "$1/package-lock.json" -nt "$stamp" ] && return 0
    command -v npm >/dev/null || return 1
    echo "Fetching what $1 needs from npm ..."
    npm ci --prefix "$1" --silent --no-audit --no-fund --ignore-scripts && touch "$stamp"
}

if install_npm tests/axe; then
    export ATTUNE_AXE="$PWD/tests/axe/node_modules/axe-core/axe.min.js"
else
    unset ATTUNE_AXE
    left_out+=("ACCESSIBILITY CHECKS (axe) NOT RUN: they need npm, which is missing or failed")
    [ "${CI:-}" = true ] && status=1
fi
if [ "$scope" != usual ] && ! install_npm tests/validator; then
    wanted+=("not validator")
    left_out+=("VALIDATOR NOT RUN: it needs npm, which is missing or failed")
    [ "${CI:-}" = true ] && status=1
fi

expression=""
for one in ${wanted[@]+"${wanted[@]}"}; do expression+="${expression:+ and }$one"; done

# Several at once, but what must not meet (xdist_group: the browser, the wheel) in one process.
# Each process has a database of its own, and with Redis a number of its own (settings.test).
at_once=(--numprocesses "${TEST_WORKERS:-auto}" --maxprocesses 4 --dist loadgroup)

.venv/bin/python -m pytest "${at_once[@]}" ${expression:+-m "$expression"} "$@"
ran=$?
[ "$ran" -ne 0 ] && status=$ran

if [ ${#left_out[@]} -gt 0 ]; then
    printf '\nLeft out:\n'
    printf '  - %s\n' "${left_out[@]}"
fi
exit "$status"
