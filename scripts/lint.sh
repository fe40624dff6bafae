#!/usr/bin/env bash
# Every check that runs no test, each with its time; goes on after a failure and
# ends with the list of what failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH" DJANGO_SETTINGS_MODULE=config.settings.test
export ATTUNE_ENV_FILE=/dev/null

failed=()
check() {
    local name=$1 began=$SECONDS output
    shift
    if output=$("$@" 2>&1); then
        printf '  ok    %-28s %3d s\n' "$name" $((SECONDS - began))
    else
        printf '  FAIL  %-28s %3d s\n%s\n' "$name" $((SECONDS - began)) "$output"
        failed+=("$name")
    fi
}

# Made-up values, good enough for the checks and for nothing else.
as_production() {
    env DJANGO_SETTINGS_MODULE=config.settings.production \
        SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
        ALLOWED_HOSTS=attune.example ATTUNE_BASE_URL=https://attune.example \
        ATTUNE_IRI_BASE=https://attune.example DATABASE_URL="sqlite:///$scratch/check.sqlite3" \
        EMAIL_URL=smtp://localhost:25 ATTUNE_DATA_DIR="$scratch" "$@"
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

check "ruff check" ruff check .
check "ruff format" ruff format --check .
check "mypy" mypy
check "import contracts" lint-imports --no-logo
check "django check" python manage.py check --fail-level WARNING
check "django check --deploy" as_production python manage.py check --deploy --fail-level WARNING
check "migrations" python manage.py makemigrations --check --dry-run
check "template lint" djlint attune config --lint --quiet
check "bandit" bandit --quiet --recursive attune config --configfile pyproject.toml -ll
check "shell scripts" bash -c 'for one in scripts/*.sh .ci/run; do bash -n "$one" || exit 1; done'

if [ ${#failed[@]} -gt 0 ]; then
    printf '\nFailed: %s\n' "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
