"""`python -m lab --out DIR --python AIRFLOW_PYTHON`: run faults, write a labelled corpus."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from lab import catalogue
from lab.corpus import Corpus, Rewriter
from lab.runner import Laboratory, Plan, choose


def main() -> int:
    """Run the lab; 0 when every log shows its fault, 1 when some do not, 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the corpus to create or add to")
    parser.add_argument("--python", type=Path, help="Python that has Airflow")
    parser.add_argument("--airflow", type=int, choices=(2, 3), default=3, help="major version")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="some faults only")
    parser.add_argument("--seed", type=int, default=1, help="order of the runs")
    parser.add_argument("--port", type=int, default=18100, help="first of 50 loopback ports")
    parser.add_argument("--work", type=Path, help="work folder (default: a new one, removed)")
    parser.add_argument("--tools", type=Path, default=Path("lab-tools"), help="venvs: see README")
    parser.add_argument("--run-id", help="id of the DAG runs (default: Airflow's own choice)")
    parser.add_argument("--relabel", action="store_true", help="only label the logs in DIR anew")
    given = parser.parse_args()
    if given.relabel:
        return _report(Corpus(given.out, Rewriter({}), "").relabel(catalogue.load_all()))
    if given.python is None:
        parser.error("--python is needed, unless --relabel is given")
    # So that the clean-up runs, and every process is ended, when somebody ends the lab.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as scratch:
        plan = Plan(
            out=given.out.absolute(), work=(given.work or Path(scratch)).absolute(),
            tools=given.tools.absolute(), python=given.python.absolute(), major=given.airflow,
            seed=given.seed, port=given.port, only=given.only, run_id=given.run_id,
        )  # fmt: skip
        # PostgreSQL's user must be able to enter.
        plan.work.mkdir(parents=True, exist_ok=True)
        plan.work.chmod(0o755)
        try:
            faults = choose(plan)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 2
        problems = Laboratory(plan, faults).run()
    return _report(problems)


def _report(problems: list[str]) -> int:
    for problem in problems:
        print(f"PROBLEM {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
