"""How much an installation takes: `python -m benchmarks.size [--extra learn] [--python python3.11]`.

Makes a virtual environment as a user does (`python -m venv`, `pip install .` with the pins of
constraints.txt), adds up what each package put there, bytecode included, and weighs the wheel. Fails
where the base or the wheel is larger than promised.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BASE_MB, WHEEL_MB = 450, 25
"""What was promised: the environment of the base package (`du -sm`), and the wheel."""
ROOT = Path(__file__).parents[1]
SHOWN = 15

_SIZES = """
import importlib.metadata as m, json, pathlib
sizes = {}
for dist in m.distributions():
    files = {pathlib.Path(dist.locate_file(f)).resolve() for f in dist.files or ()}
    sizes[dist.metadata["Name"]] = sum(f.stat().st_blocks * 512 for f in files if f.is_file())
print(json.dumps(sizes))
"""


def install(python: str, env: Path, extras: list[str]) -> None:
    """A fresh environment with this project in it."""
    subprocess.run([python, "-m", "venv", env], check=True)
    what = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    _pip(env, "install", "-c", str(ROOT / "constraints.txt"), what)


def wheel(env: Path, out: Path) -> Path:
    """The wheel of this project alone."""
    _pip(env, "wheel", "--no-deps", "-w", str(out), str(ROOT))
    return next(out.glob("*.whl"))


def packages(env: Path) -> dict[str, float]:
    """MB on disk of each installed package, the largest first."""
    ran = subprocess.run(
        [env / "bin/python", "-c", _SIZES], check=True, capture_output=True, text=True
    )
    found: dict[str, int] = json.loads(ran.stdout)
    return {name: size / 2**20 for name, size in sorted(found.items(), key=lambda item: -item[1])}


def total(folder: Path) -> int:
    """MB on disk of a folder, as `du -sm` says."""
    ran = subprocess.run(["du", "-sm", folder], check=True, capture_output=True, text=True)
    return int(ran.stdout.split()[0])


def _pip(env: Path, *arguments: str) -> None:
    pip = [env / "bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, *arguments], check=True)


def main() -> None:
    """Install, weigh, print; exit code 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extra", action="append", default=[], help="install this extra, too")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to install for")
    chosen = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="dagnosis-size-"))
    try:
        env = work / "env"
        install(chosen.python, env, chosen.extra)
        size, made = total(env), packages(env)
        weight = wheel(env, work).stat().st_size / 2**20
    finally:
        shutil.rmtree(work)
    for name, each in list(made.items())[:SHOWN]:
        print(f"{each:7.1f} MB  {name}")
    print(f"{sum(list(made.values())[SHOWN:]):7.1f} MB  {max(len(made) - SHOWN, 0)} others")
    limit = "" if chosen.extra else f" (at most {BASE_MB})"
    print(f"{size:5}   MB  the environment{limit}")
    print(f"{weight:7.1f} MB  the wheel (at most {WHEEL_MB})")
    sys.exit(int(weight > WHEEL_MB or (not chosen.extra and size > BASE_MB)))


if __name__ == "__main__":
    main()
