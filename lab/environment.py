"""`python -m lab.environment --out DIR`: makes the environments in which the lab runs.

Five virtual environments with pinned versions: DIR/airflow3, DIR/airflow2, DIR/tools/dbt,
DIR/tools/moto, DIR/tools/spark. Then it says which programs of Debian are missing; `--debian`
installs those too. An environment that is there already, with these pins, is left as it is.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"
NAMES = ("airflow3", "airflow2", "dbt", "moto", "spark")
PINNED_FOR = (3, 11)
"""The Python for which requirements/*.txt were resolved."""


def place(folder: Path, name: str) -> Path:
    """Where the environment `name` lies below `folder`."""
    return folder / name if name.startswith("airflow") else folder / "tools" / name


def main() -> int:
    """Make what is missing; 0 when all is there, 1 when pip or apt-get failed, 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m lab.environment", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("lab-env"), help="folder (lab-env)")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="some of them")
    parser.add_argument("--debian", action="store_true", help="apt-get install missing programs")
    parser.add_argument(
        "--renew", action="store_true", help="resolve requirements/*.in anew, and pin the result"
    )
    given = parser.parse_args()
    if sys.version_info[:2] != PINNED_FOR and not given.renew:
        wanted = ".".join(map(str, PINNED_FOR))
        print(f"the pins are for Python {wanted}: run python{wanted} -m lab.environment, "
              "or resolve them anew with --renew", file=sys.stderr)  # fmt: skip
        return 2
    began = time.monotonic()
    try:
        for number, name in enumerate(given.only, 1):
            folder = place(given.out, name)
            print(f"[{number}/{len(given.only)}] {name} in {folder}", end=" ", flush=True)
            done = _make(folder, name, given.renew)
            print(f"{done}, {time.monotonic() - began:.0f} s so far", flush=True)
        missing = missing_packages()
        if missing and given.debian:
            subprocess.run(["apt-get", "update", "-q"], check=True)
            subprocess.run(["apt-get", "install", "-y", "-q", *missing], check=True)
            missing = missing_packages()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"\nfailed: {error}", file=sys.stderr)
        return 1
    if missing:
        print(f"Faults that need these are left out until: apt-get install {' '.join(missing)}")
    return 0


def missing_packages() -> list[str]:
    """Debian's packages whose program is not on the path; [] when all are there."""
    lines = (REQUIREMENTS / "debian.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#"))
    return [package for program, package in pairs if shutil.which(program) is None]


def _make(folder: Path, name: str, renew: bool) -> str:
    """Create one environment; returns what was done with it."""
    pins = REQUIREMENTS / f"{name}.txt"
    stamp = folder / "pins.txt"
    if not renew and stamp.is_file() and stamp.read_bytes() == pins.read_bytes():
        return "is there"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [str(folder / "bin/pip"), "-qq", "--disable-pip-version-check"]
    source = pins.with_suffix(".in") if renew else pins
    subprocess.run([*pip, "install", "-r", source], check=True)
    if renew:
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True)
        pins.write_text(f"# From {source.name}: python -m lab.environment --renew\n{frozen.stdout}")
    shutil.copy(pins, stamp)
    return "made"


if __name__ == "__main__":
    sys.exit(main())
