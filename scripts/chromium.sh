#!/usr/bin/env bash
# Prints the path of a Chromium that starts, installing one if there is none.
# Prints nothing and ends with 1, after saying why, if none can be had.
set -uo pipefail
cd "$(dirname "$0")/.."

starts() { [ -n "$1" ] && [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }
say() { echo "$@" >&2; }

on_path() {
    local name
    for name in "${ATTUNE_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$name" ] && name=$(command -v "$name") && starts "$name" && echo "$name" && return
    done
    return 1
}

of_playwright() {
    local path
    path=$(.venv/bin/python - <<'PY' 2>/dev/null
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
PY
    ) && starts "$path" && echo "$path"
}

on_path && exit
of_playwright && exit

say "No Chromium found: fetching the one that playwright offers ..."
if [ "$(id -u)" = 0 ]; then with_deps=(--with-deps); else with_deps=(); fi
timeout 300 .venv/bin/playwright install "${with_deps[@]}" chromium >&2 </dev/null && of_playwright && exit

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "That failed: installing the distribution's chromium ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&2
    on_path && exit
fi

say "No Chromium could be installed. Install chromium or google-chrome, or name one:"
say "    ATTUNE_CHROMIUM=/path/to/chromium make test"
exit 1
