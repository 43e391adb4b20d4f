"""`python -m lab --out DIR`: runs faults in a real Airflow, writes a labelled corpus.

Airflow 3 comes first, then those faults again under Airflow 2 that its text format concerns.
`python -m lab.environment` makes the environments that this needs.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from lab import catalogue
from lab.corpus import Corpus, Rewriter
from lab.runner import Laboratory, Plan


def main() -> int:
    """Run the lab; 0 when every log shows its fault, 1 when some do not, 2 for wrong use, 4 when
    Airflow does not come up, 130 when ended by hand."""
    given = _arguments()
    if given.relabel:
        faults = [*catalogue.load_all(), *catalogue.load_noisy()]
        return _report(Corpus(given.out, Rewriter({}), "").relabel(faults))
    # So that the clean-up runs, and every process is ended, when somebody ends the lab.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    problems: list[str] = []
    try:
        with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as scratch:
            work = (given.work or Path(scratch)).absolute()
            majors = (3, 2) if given.airflow == "all" else (int(given.airflow),)
            halves = [Laboratory(_plan(given, major, work)) for major in majors]
            for half in halves:
                if half.faults or len(halves) == 1:
                    problems += half.run()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("ended by hand: the corpus holds what was done until now", file=sys.stderr)
        return 130
    return _report(problems)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    add = parser.add_argument
    add("--out", type=Path, required=True, help="the corpus to create or add to")
    add("--environment", type=Path, default=Path("lab-env"), metavar="DIR",
        help="what `python -m lab.environment` made (lab-env)")  # fmt: skip
    add("--airflow", choices=("3", "2", "all"), default="all", help="which halves (all)")
    add("--metadata", choices=("sqlite", "postgresql"), default="sqlite",
        help="metadata database (sqlite)")  # fmt: skip
    add("--only", nargs="+", default=[], metavar="NAME", help="some faults only")
    add("--seed", type=int, default=1, help="order and ids of the runs (1)")
    add("--port", type=int, default=18100, help="first of 50 loopback ports (18100)")
    add("--work", type=Path, help="work folder to keep (default: a new one, removed)")
    add("--python", type=Path, help="another Python that has the Airflow of --airflow")
    add("--tools", type=Path, help="another folder of dbt, moto and spark")
    add("--run-id", help="one id for all DAG runs (default: one for each, from the seed)")
    add("--relabel", action="store_true", help="only label the logs in the corpus anew")
    given = parser.parse_args()
    if given.python and given.airflow == "all":
        parser.error("--python needs --airflow 3 or --airflow 2")
    return given


def _plan(given: argparse.Namespace, major: int, work: Path) -> Plan:
    python = given.python or given.environment / f"airflow{major}" / "bin/python"
    return Plan(
        out=given.out.absolute(), work=work / f"airflow{major}",
        tools=(given.tools or given.environment / "tools").absolute(), python=python.absolute(),
        major=major, seed=given.seed, port=given.port, only=given.only, run_id=given.run_id,
        metadata=given.metadata,
    )  # fmt: skip


def _report(problems: list[str]) -> int:
    for problem in problems:
        print(f"PROBLEM {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
