"""The picture of the README: `python docs/picture.py` writes docs/explain.svg.

A real diagnosis of a bundled log, as a terminal shows it. Not part of `make docs`: the time that it
took is in it.
"""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from dagnosis import explain, rendering

SAMPLE = "dag_id=orders_load/run_id=nightly_2026-11-25/task_id=load_orders/attempt=1.log"
HERE = Path(__file__).parent


def main() -> None:
    """Draw it."""
    answer = explain(HERE.parent / "src" / "dagnosis" / "samples" / SAMPLE)
    console = Console(record=True, width=118, file=io.StringIO(), highlight=False, markup=False)
    rendering.one(answer, out=console)
    path = HERE / "explain.svg"
    console.save_svg(str(path), title="dagnosis explain attempt=1.log", unique_id="explain")
    # no fonts from elsewhere: nothing is fetched to show a page
    lines = path.read_text("utf-8").splitlines()
    kept, skip = [], False
    for line in lines:
        skip = skip or "@font-face" in line
        if not skip:
            kept.append(line)
        if skip and line.strip() == "}":
            skip = False
    path.write_text("\n".join(kept) + "\n", "utf-8")


if __name__ == "__main__":
    main()
