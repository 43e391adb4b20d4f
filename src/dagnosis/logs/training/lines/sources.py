"""The corpus in other languages: logging calls of openly licensed Debian source packages.

    python -m dagnosis.logs.training.lines.sources --archives debian --out sources.tsv.gz
    python -m dagnosis.logs.training.lines.sources --archives debian --out sources.tsv.gz --download

Python packages tell little of kernels, drivers, daemons and of what runs on a JVM. Reads the archives
that `apt-get source --download-only` leaves in a folder where they lie; nothing is built, run or
unpacked. With `--download`, apt first fetches the packages of sources.txt that are not there yet; it
needs a `deb-src` line.

A file is read only if the licence that debian/copyright gives it is open without a demand on the whole
(`OPEN`); a package whose copyright cannot be read by a machine is refused, and so are the systems that
measure us: those of `statements`, and those whose logs are in loghub (`LOGHUB`). Tests, examples and
what a package bundles of others are passed over. The rows are those of `statements`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import translate
from hashlib import sha256
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.logs.training.lines.languages import calls, language_of
from dagnosis.logs.training.lines.statements import (
    FOREIGN,
    LABELS,
    Call,
    Statement,
    is_measuring,
    listed,
    write,
)

LOGHUB = (
    *("android", "apache2", "hadoop", "hdfs", "linux", "openssh", "spark", "zookeeper"),
    *("openstack", "nova", "proxifier", "healthapp"),
)
"""Systems whose logs are in loghub, which measures the classifier on foreign logs; never read here."""
OPEN = re.compile(
    r"(?i)^(?:apache-?\d|expat|mit\b|x11|bsd|isc\b|postgresql|mpl-2|zlib|ncsa|python|psf|public-domain"
    r"|boost|bsl-1|edl|cddl-like-bsd|curl|openldap|cmu|unlicense|cc0)"
)
"""Short names of licences as debian/copyright has them."""

# ---------------------------------------------------------------- licences


class Licences(NamedTuple):
    """What debian/copyright says: expressions over names of files and their licences; the last wins."""

    stanzas: tuple[tuple[re.Pattern[str], str], ...]

    def of(self, name: str) -> str:
        """The licence of a file; "" where none is stated."""
        for pattern, licence in reversed(self.stanzas):
            if pattern.fullmatch(name):
                return licence
        return ""


def licences(copyright_file: str) -> Licences:
    """Read the machine-readable form (DEP-5). Raises `WrongUse` for another.

    >>> licences("Format: https://www.debian.org/copyright-format/1.0/\\n\\n"
    ...          "Files: *\\nLicense: Apache-2.0\\n").of("src/a.c")
    'Apache-2.0'
    """
    if "copyright-format" not in copyright_file.partition("\n\n")[0].lower():
        raise WrongUse("its copyright is not in the machine-readable form")
    found = []
    for stanza in re.split(r"\n[ \t]*\n", copyright_file.replace("\r", "")):
        fields = dict(re.findall(r"(?m)^([A-Za-z-]+):((?:.*(?:\n[ \t].*)*))", stanza))
        if "Files" in fields and "License" in fields:
            names = "|".join(translate(name) for name in fields["Files"].split())
            licence = fields["License"].strip().partition("\n")[0].strip()
            found.append((re.compile(names), licence))
    return Licences(tuple(found))


def is_open(licence: str) -> bool:
    """Whether one of the licences to choose from, or all that hold at once, are open.

    >>> is_open("GPL-2 or BSD-3-clause"), is_open("GPL-2 and BSD-3-clause"), is_open("")
    (True, False, False)
    """
    choices = re.split(r"(?i)\s+or\s+|\s*\|\s*", licence.replace("and/or", "or"))
    return any(
        all(OPEN.match(part.strip(" ,")) for part in re.split(r"(?i)\s+and\s+|,\s+", choice))
        for choice in choices
    )


# ---------------------------------------------------------------- one package

_PASSED_OVER = re.compile(
    r"(?i)^(?:_?vendor(?:ed)?|third[_-]?party|3rdparty|extern(?:al)?s?|contrib-bundled|node_modules|deps"
    r"|.*tests?|testing|t|testsuite|.*unit.?tests?|mocks?|fuzz.*|examples?|samples?|demos?|docs?|bench.*"
    r"|(?:test_.*|.*_test|.*[a-z]Tests?|.*IT)\.\w+)$"
)
_MOST = 2 << 20
"""Bytes of a file; larger ones are generated or hold data."""


def statements(description: Path) -> list[Statement]:
    """The logging statements of a source package, distinct, in alphabetical order.

    `description` is its .dsc; the archives lie beside it. Raises `WrongUse` where the package measures
    us or its licences cannot be read, and `UnreadableInput` for archives that cannot be read.
    """
    text = description.read_text("utf-8", "replace")
    system = _field(text, "Source")
    if is_measuring(system) or system.startswith(LOGHUB):
        raise WrongUse(f"{system}: measures the classifier and must not train it")
    names = sorted({line.split()[-1] for line in text.splitlines() if ".tar." in line})
    archives = [description.parent / name for name in names if not name.endswith(".asc")]
    try:
        # debian/ comes last by its name, or stands in the one archive that there is
        known = licences(next(_copyrights(archives[::-1])))
        counted: Counter[Call] = Counter()
        loggers: dict[Call, str] = {}
        for archive in archives:
            for name, code in _files(archive, known):
                for call in calls(code, language_of(name)):
                    counted[call] += 1
                    loggers.setdefault(call, _module(name))
    except (OSError, tarfile.TarError, EOFError) as error:
        raise UnreadableInput(f"{system}: not a readable source package ({error})") from None
    except StopIteration:
        raise UnreadableInput(f"{system}: has no debian/copyright") from None
    except WrongUse as error:
        raise WrongUse(f"{system}: {error}") from None
    return sorted(
        Statement(f"{FOREIGN}{system}", c.level, LABELS[c.level], n, c.text, loggers[c], c.place)
        for c, n in counted.items()
    )


def _field(text: str, name: str) -> str:
    found = re.search(rf"(?m)^{name}:\s*(\S+)", text)
    if not found:
        raise UnreadableInput(f"{text[:40]!r}…: no description of a source package")
    return found[1]


def _copyrights(archives: Iterable[Path]) -> Iterator[str]:
    for archive in archives:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.name.endswith("debian/copyright") and member.isfile():
                    held = tar.extractfile(member)
                    if held:
                        yield held.read().decode("utf-8", "replace")


def _files(archive: Path, known: Licences) -> Iterator[tuple[str, str]]:
    """Name, without the folder that holds all, and text of each file that may be read."""
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix("./").partition("/")[2]
            parts = PurePosixPath(name).parts
            if (
                member.isfile()
                and member.size <= _MOST
                and language_of(name)
                and not any(map(_PASSED_OVER.match, parts))
                and is_open(known.of(name))
            ):
                held = tar.extractfile(member)
                if held:
                    yield name, held.read().decode("utf-8", "replace")


def capped(rows: Iterable[Statement], most: int) -> list[Statement]:
    """At most so many rows of each system, chosen by their hash; in the order that they had.

    One driver of radios has more calls than ten daemons together, and would drown their voices.
    """
    ranks: dict[str, list[tuple[bytes, Statement]]] = {}
    for row in rows:
        rank = sha256(f"{row.level}\t{row.text}".encode()).digest()
        ranks.setdefault(row.system, []).append((rank, row))
    return [
        row
        for held in ranks.values()
        for _, row in sorted(sorted(held)[:most], key=lambda ranked: ranked[1])
    ]


def _module(name: str) -> str:
    return ".".join(PurePosixPath(name).with_suffix("").parts[-2:])


# ---------------------------------------------------------------- the corpus


def packages() -> list[str]:
    """The names in sources.txt, in its order."""
    return listed(resources.files(__package__).joinpath("sources.txt").read_text("utf-8"))


def download(names: Iterable[str], folder: Path) -> list[str]:
    """Fetch what is not in the folder yet, one package at a time; gives the names that apt did not find."""
    missing = []
    for name in names:
        if any(folder.glob(f"{name}_*.dsc")):
            continue
        command = ["apt-get", "--quiet", "source", "--download-only", "--only-source", name]
        if subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode:  # noqa: S603
            missing.append(name)
    return missing


def main() -> None:
    """Build the corpus, and say which packages were refused and why."""
    from rich.console import Console
    from rich.progress import track

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--archives", type=Path, required=True, help="folder of source packages")
    parser.add_argument("--out", type=Path, required=True, help="corpus to write (.tsv.gz)")
    parser.add_argument("--download", action="store_true", help="fetch sources.txt first")
    parser.add_argument("--most", type=int, default=400, help="statements of one system (400)")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    if arguments.download:
        arguments.archives.mkdir(parents=True, exist_ok=True)
        for name in download(packages(), arguments.archives):
            console.print(f"{name}: not found; is there a deb-src line?")
    rows: list[Statement] = []
    found = sorted(arguments.archives.glob("*.dsc"))
    for path in track(found, "Reading packages", console=console):
        try:
            rows += capped(statements(path), arguments.most)
        except (WrongUse, UnreadableInput) as error:
            console.print(str(error), markup=False)
    write(rows, arguments.out)
    print(f"{len(rows)} statements of {len({row.system for row in rows})} systems")


if __name__ == "__main__":
    main()
