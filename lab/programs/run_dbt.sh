#!/usr/bin/env bash
# run_dbt.sh DBT ARGUMENTS …: runs dbt on a copy of the project with a fresh database.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$JOBS_DIR/shop" "$work/"
cd "$work/shop" || exit 1
export SHOP_DB="$work/shop.duckdb" DBT_SEND_ANONYMOUS_USAGE_STATS=false
[ -n "${EXTRA_MODEL:-}" ] && printf '%s\n' "$EXTRA_MODEL" > models/extra.sql
"$DBT_BIN" seed --profiles-dir . --quiet
"$DBT_BIN" "$@" --profiles-dir .
