#!/bin/sh
# Make or update the record store's own environment in .lrs-venv at the repository's root.
# Usage: lrs/install.sh UV_PATH    Does nothing when it is up to date.
set -eu
uv=$1
root=$(cd "$(dirname "$0")/.." && pwd)
venv="$root/.lrs-venv"
mark="$venv/.installed-from"
sum=$(cat "$root/lrs/pyproject.toml" "$root/lrs/uv.lock" | cksum)
if [ -x "$venv/bin/python" ] && [ "$(cat "$mark" 2>/dev/null)" = "$sum" ]; then
    exit 0
fi
# Two that install at once would undo each other: the directory is the lock.
mkdir -p "$root/.uv"
lock="$root/.uv/lrs-install.lock"
tries=0
until mkdir "$lock" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ]; then
        echo "lrs/install.sh: $lock is in the way; remove it if nothing else installs." >&2
        exit 1
    fi
    sleep 1
done
trap 'rmdir "$lock"' EXIT
trap 'exit 1' INT TERM
VIRTUAL_ENV='' UV_PROJECT_ENVIRONMENT="$venv" UV_COMPILE_BYTECODE=1 \
    "$uv" sync --project "$root/lrs" --frozen --quiet
printf '%s\n' "$sum" >"$mark"
