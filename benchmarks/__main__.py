"""Everything that was promised, in one run: `python -m benchmarks [DATA] [--only NAME…] [--long]`.

Runs the commands of targets.yaml one after the other, takes the figures out of what they print, holds
them against the targets, keeps them in figures.json with their date, and writes docs/benchmarks.md.
A command that several targets share runs once. DATA is the folder of development data (evals of it are
left out without); `--airflow PYTHON` is that of an Airflow in which dagnosis is installed; `--peers PYTHON`
one with the libraries that people would use instead. What takes half an hour or fails a whole Airflow on
purpose waits for `--long`. What was not run this time keeps its figure and its date. What the commands
print is kept in --out. `--page` writes the page only.

Exit code 1 where the figures of a command were not found; a target that was missed is no error
here, it stands on the page.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from benchmarks.targets import FIGURES, PAGE, Figure, Target, kept, page, targets

HERE = Path(__file__).parent


class Runner:
    """Runs commands, each once, and keeps what they print in a folder."""

    def __init__(self, places: dict[str, str]) -> None:
        self.places = places
        self._printed: dict[str, str] = {}

    def missing(self, target: Target) -> str:
        """Which place a command names that was not given; "" for none."""
        needed = (place for place, value in self.places.items() if not value)
        return next((place for place in needed if f"{{{place}}}" in target.command), "")

    def printed(self, target: Target) -> str:
        """What the command of a target printed. A line that ends with an error is the last: some say so
        that they missed their target, and whether the figures are there is seen by who reads them."""
        found = self._printed.get(target.command)
        if found is not None:
            return found
        lines = []
        for line in target.command.strip().splitlines():
            words = [word.format_map(self.places) for word in shlex.split(line)]
            words[:1] = [sys.executable] if words[0] == "python" else words[:1]
            done = subprocess.run(
                words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            lines.append(done.stdout)
            Path(self.places["out"], f"{target.name}.txt").write_text("".join(lines), "utf-8")
            if done.returncode:
                break
        self._printed[target.command] = "".join(lines)
        return self._printed[target.command]


def measure(chosen: list[Target], runner: Runner, figures: dict[str, Figure]) -> bool:
    """Measure each; false where one could not be."""
    well = True
    for number, target in enumerate(chosen, 1):
        head = f"[{number}/{len(chosen)}] {target.name}"
        if missing := runner.missing(target):
            print(f"{head}: left out, no {missing} was given", file=sys.stderr)
            continue
        print(f"{head}: {target.command.strip()}", file=sys.stderr, flush=True)
        started = time.perf_counter()
        try:
            values = target.read(runner.printed(target))
        except ValueError as error:
            print(f"{head}: {error}", file=sys.stderr)
            well = False
            continue
        day = datetime.now(timezone.utc).date().isoformat()
        figures[target.name] = figure = Figure(values, day, round(os.getloadavg()[0], 1))
        (HERE / FIGURES).write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
        said = target.say(target.reached, figure.values)
        print(f"{said}  ({target.target}; {time.perf_counter() - started:.0f} s)", flush=True)
    return well


def main() -> None:
    """Measure, keep, write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="", help="the folder of development data")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="targets or groups")
    parser.add_argument("--long", action="store_true", help="also what takes half an hour")
    parser.add_argument("--airflow", default="", help="a Python that has Airflow and dagnosis")
    parser.add_argument("--peers", default="", help="a Python that has the peers")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"))
    parser.add_argument("--page", action="store_true", help="write the page only")
    arguments = parser.parse_args()
    every, figures = targets(), kept()
    well = True
    if not arguments.page:
        arguments.out.mkdir(parents=True, exist_ok=True)
        unknown = {*arguments.only} - {one.name for one in every} - {one.group for one in every}
        if unknown:
            parser.error(f"no such target or group: {', '.join(sorted(unknown))}")
        groups = [one for one in every if not arguments.only or one.group in arguments.only]
        chosen = [one for one in every if one.name in arguments.only]
        chosen += [one for one in groups if arguments.long or not one.long]
        places = {name: getattr(arguments, name) for name in ("data", "airflow", "peers")}
        runner = Runner({**places, "out": str(arguments.out)})
        well = measure(chosen, runner, figures)
    PAGE.write_text(page(every, figures), "utf-8")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
