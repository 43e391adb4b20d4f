#!/usr/bin/env bash
# run_ledger.sh MODE [ARGUMENT] [JAVA OPTION …]: compiles and runs the ledger job.
set -u
mode=$1 argument=${2:-} ; shift $(( $# < 2 ? $# : 2 ))
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
echo "+ javac -d build LedgerJob.java"
javac -d "$build" "$JOBS_DIR/LedgerJob.java" || exit 1
echo "+ java $* com.acme.ledger.LedgerJob"
java "$@" -cp "$build" com.acme.ledger.LedgerJob "$mode" "$argument"
code=$?
echo "ledger job ended, cleaning build folder"
echo "see the job's output above for details"
exit $(( code == 0 ? 0 : 1 ))
