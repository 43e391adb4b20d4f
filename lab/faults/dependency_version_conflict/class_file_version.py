"""A class was compiled for a newer Java."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """UnsupportedClassVersionError: the class file's version is patched to that of Java 25."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="run_new_ledger",
        bash_command="d=$(mktemp -d); cd $d; javac -d . $JOBS_DIR/LedgerJob.java; "
        "printf '\\105' | dd of=com/acme/ledger/LedgerJob.class bs=1 seek=7 conv=notrunc 2>/dev/null; "
        "echo 'ledger 5.0.0 (build 2026-11-20)'; "
        "java -cp . com.acme.ledger.LedgerJob lookup; code=$?; rm -rf $d; "
        'for n in 1 2 3 4 5; do echo "ledger: cleanup $n"; done; exit $code',
    )


FAULT = Fault(
    name="class_file_version",
    family="dependency_version_conflict",
    dag_id="ledger_next",
    cause="the class needs a newer Java",
    states="UnsupportedClassVersionError",
    build=build,
    needs=("javac",),
    twin=True,
)
