"""The corpus of the line classifier: logging calls of openly licensed packages, read with `ast`.

    python -m dagnosis.logs.training.lines.statements --wheels wheels --out corpus.tsv.gz
    python -m dagnosis.logs.training.lines.statements --wheels wheels --out corpus.tsv.gz --download

Reads each wheel or sdist in a folder where it lies; nothing of a package is run or unpacked. With
`--download`, pip first fetches the packages of packages.txt that are not there yet, one at a time.

A package is refused unless its own metadata say Apache, MIT or BSD, and so are the systems that
measure us (`MEASURING`). Code that a package bundles of others, tests and examples are passed over.

A row of the corpus: system, level as it was called, label, count, text, logger (the module), place.
`<*>` in the text stands for a variable. `place` is `trace` where the call prints the exception, too,
`except` where it stands in a handler, else empty.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gzip
import io
import re
import subprocess
import sys
import tarfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple, TypeAlias

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.model import Level

VARIABLE = "<*>"
LABELS: dict[str, Level] = {
    "debug": "INFO",
    "info": "INFO",
    "warning": "WARNING",
    "error": "ERROR",
    "exception": "ERROR",
    "critical": "ERROR",
}
_SYNONYMS = {
    "warn": "warning",
    "fatal": "critical",
    "trace": "debug",
    "notice": "info",
    "success": "info",
    "debug_once": "debug",
    "info_once": "info",
    "warning_once": "warning",
    "warn_once": "warning",
    "warning_advice": "warning",
    "error_once": "error",
}
MEASURING = (
    "apache-airflow",
    "prefect",
    "dagster",
    "luigi",
    "dbt-",
    "cinder",
    "celery",
    "kombu",
    "mlflow",
    "distributed",
    "snowflake",
    "metaflow",
    "patroni",
)
"""Systems by which the classifier is judged begin so: never read, never trained on."""

FOREIGN = "debian-"
"""Systems in other languages than Python, those that `sources` reads, begin so."""

Place: TypeAlias = Literal["", "except", "trace"]


class Call(NamedTuple):
    """One logging call: the level as it was called, the text with `<*>`, and where it stands."""

    level: str
    text: str
    place: Place


class Statement(NamedTuple):
    """A row of the corpus."""

    system: str
    level: str
    label: Level
    times: int
    text: str
    logger: str
    place: Place


# ---------------------------------------------------------------- one module


def calls(source: str) -> list[Call]:
    """The logging calls of a Python module whose message says something, in file order.

    Empty for a module that does not parse.

    >>> calls('log.warning("no %s in " "%s", a, b)')
    [Call(level='warning', text='no <*> in <*>', place='')]
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its escapes; they are not ours
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    reader = _Reader()
    with contextlib.suppress(RecursionError):
        reader.visit(tree)
    return reader.found


class _Reader(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[Call] = []
        self._handlers = 0

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._handlers += 1
        self.generic_visit(node)
        self._handlers -= 1

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        level, arguments = _called(node)
        if not level or not arguments:
            return
        text = tidied(_rendered(arguments[0], formatted=len(arguments) > 1))
        if says_something(text):
            self.found.append(Call(level, text, self._place(node, level)))

    def _place(self, node: ast.Call, level: str) -> Place:
        asked = [word.value for word in node.keywords if word.arg == "exc_info"]
        if level == "exception" or any(not _is_false(value) for value in asked):
            return "trace"
        return "except" if self._handlers else ""


_LOGGER = re.compile(r"(?i)(?:^|_)(?:log|logs|logger|logging|lgr)$|logger$")


def _called(node: ast.Call) -> tuple[str, list[ast.expr]]:
    """The level of a logging call and its arguments from the message on; "" for another call."""
    if not isinstance(node.func, ast.Attribute) or not _LOGGER.search(_name(node.func.value)):
        return "", []
    name, arguments = node.func.attr, node.args
    if name == "log" and len(arguments) > 1:
        name, arguments = _name(arguments[0]).lower(), arguments[1:]
    level = _SYNONYMS.get(name, name)
    return (level, arguments) if level in LABELS else ("", [])


def _name(node: ast.expr) -> str:
    """The last name of an expression: `self.log` -> log, `logging.getLogger(x)` -> getLogger."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        made = _name(node.func)
        if made in ("bind", "opt", "new") and isinstance(node.func, ast.Attribute):
            return _name(node.func.value)  # log.bind(a=1).info(…)
        return made
    return ""


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


# ---------------------------------------------------------------- one message

_PRINTF = re.compile(
    r"%(?:\([^)]*\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?([diouxXeEfFgGcrsa%])"
)
_BRACES = re.compile(r"\{\{|\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_MARKS = frozenset({"_", "_LI", "_LW", "_LE", "_LC", "gettext", "ngettext", "dedent", "cleandoc"})
"""Functions whose first argument is the message."""


def _rendered(node: ast.expr, formatted: bool = False) -> str:
    """The text of a message; a part that is not written there is `<*>`."""
    if isinstance(node, ast.Constant):
        text = node.value if isinstance(node.value, str) else VARIABLE
        return _braces(_printf(text)) if formatted else text
    if isinstance(node, ast.JoinedStr):
        text = "".join(
            str(part.value) if isinstance(part, ast.Constant) else VARIABLE for part in node.values
        )
        return _printf(text) if formatted else text
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _rendered(node.left, formatted) + _rendered(node.right, formatted)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _printf(_rendered(node.left))
    if isinstance(node, ast.IfExp):
        return _rendered(node.body, formatted)
    if isinstance(node, ast.Call):
        return _rendered_call(node, formatted)
    return VARIABLE


def _rendered_call(node: ast.Call, formatted: bool) -> str:
    if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _braces(_rendered(node.func.value))
    if node.args and _name(node.func) in _MARKS:
        return _rendered(node.args[0], formatted)
    return VARIABLE


def _printf(text: str) -> str:
    return _PRINTF.sub(lambda found: "%" if found[1] == "%" else VARIABLE, text)


def _braces(text: str) -> str:
    return _BRACES.sub(lambda found: found[0][0] if found[0] in ("{{", "}}") else VARIABLE, text)


_RUN = re.compile(r"(?:<\*>){2,}")
_SPACE = re.compile(r"\s+")
_LONGEST = 1000


def tidied(text: str) -> str:
    """On one line, adjacent variables as one."""
    text = text.encode("utf-8", "replace").decode()  # lone surrogates of odd escapes
    return _SPACE.sub(" ", _RUN.sub(VARIABLE, text)).strip()[:_LONGEST]


def says_something(text: str) -> bool:
    """At least three letters are written there."""
    return sum(map(str.isalpha, text.replace(VARIABLE, ""))) >= 3


# ---------------------------------------------------------------- one package

_PASSED_OVER = re.compile(
    r"(?i)^(?:_?vendor(?:ed|ized)?|_?third_?party|extern(?:al)?s?|site-packages|node_modules"
    r"|tests?|testing|unittests?|functional|examples?|samples?|docs?|conftest\.py|(?:test_.*|.*_test)\.py)$"
)
_OPEN = re.compile(r"(?i)\bapache\b|\bMIT\b|\bBSD[23]?\b")
_NOT_OPEN = re.compile(
    r"(?i)\b[AL]?GPL|general public|\bSSPL|server side public|\bBUSL|business source|elastic license"
    r"|commons clause|proprietary|commercial|non-?commercial|all rights reserved"
)
_MOST = 2 << 20
"""Bytes of a module; larger ones hold data."""


def system_of(name: str) -> str:
    """The name of a package as the registry compares it.

    >>> system_of("Apache_Airflow.Core")
    'apache-airflow-core'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def is_measuring(system: str) -> bool:
    """Whether a system is one of those that judge the classifier."""
    return system_of(system).startswith(MEASURING)


def statements(package: Path) -> list[Statement]:
    """The logging statements of a wheel or sdist, distinct, in alphabetical order.

    `package` is an archive, or the `.dist-info` folder of an installed one. Raises `WrongUse` where
    its licence is not Apache, MIT or BSD, or where it measures us, and `UnreadableInput` for what
    cannot be read.
    """
    try:
        files = dict(_installed(package) if package.suffix == ".dist-info" else _files(package))
    except (OSError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise UnreadableInput(f"{package}: not a readable wheel or sdist ({error})") from None
    described = [name for name in files if _is_metadata(name)]
    if not described:
        raise UnreadableInput(f"{package}: holds no metadata; a wheel or sdist does")
    head = HeaderParser().parsestr(files[min(described, key=len)].decode("utf-8", "replace"))
    system = system_of(head.get("Name", ""))
    if is_measuring(system):
        raise WrongUse(f"{package}: {system} measures the classifier and must not train it")
    licence = _licence(head)
    if not _OPEN.search(licence) or _NOT_OPEN.search(licence):
        raise WrongUse(f"{package}: its licence is not Apache, MIT or BSD ({licence[:60]!r})")
    counted: Counter[Call] = Counter()
    loggers: dict[Call, str] = {}
    for name in sorted(files):
        if name.endswith(".py"):
            for call in calls(files[name].decode("utf-8", "replace")):
                counted[call] += 1
                loggers.setdefault(call, _module(name, package.suffix))
    return sorted(
        Statement(system, c.level, LABELS[c.level], n, c.text, loggers[c], c.place)
        for c, n in counted.items()
    )


def _licence(head: object) -> str:
    """What the metadata say of the licence: the expression, else the classifiers, else the text."""
    get = getattr(head, "get_all")  # noqa: B009 - email's Message has no useful type here
    classified = [
        c.rpartition("::")[2] for c in get("Classifier", []) if c.startswith("License ::")
    ]
    for said in (get("License-Expression", []), classified, get("License", [])):
        text = " / ".join(part.strip() for part in said if part.strip() not in ("", "OSI Approved"))
        if text and text != "UNKNOWN":
            return text.split("\n")[0][:200]
    return ""


def _is_metadata(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) == 2 and parts[1] in ("METADATA", "PKG-INFO")


def _files(package: Path) -> Iterator[tuple[str, bytes]]:
    if package.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(package) as archive:
            for info in archive.infolist():
                if _wanted(info.filename, info.file_size):
                    yield info.filename, archive.read(info)
    else:
        with tarfile.open(package) as tar:
            for member in tar:
                if member.isfile() and _wanted(member.name, member.size):
                    held = tar.extractfile(member)
                    yield member.name, held.read() if held else b""


def _installed(info: Path) -> Iterator[tuple[str, bytes]]:
    yield f"{info.name}/METADATA", (info / "METADATA").read_bytes()
    for line in (info / "RECORD").read_text("utf-8").splitlines():
        name = line.split(",")[0]
        path = info.parent / name
        if _wanted(name, 0) and path.is_file() and path.stat().st_size <= _MOST:
            yield name, path.read_bytes()


def _wanted(name: str, size: int) -> bool:
    if _is_metadata(name):
        return True
    parts = PurePosixPath(name).parts
    return (
        name.endswith(".py") and size <= _MOST and not any(_PASSED_OVER.match(p) for p in parts)
    ) and not any(is_measuring(part) for part in parts)


def _module(name: str, kind: str) -> str:
    parts = PurePosixPath(name).with_suffix("").parts
    parts = parts[1:] if kind in (".gz", ".zip") else parts
    return ".".join(part for part in parts if part not in ("src", "__init__"))


# ---------------------------------------------------------------- the corpus


def read(path: Path) -> list[Statement]:
    """A corpus that `write` wrote; the last two columns may be missing.

    Rows of systems that measure us are refused: `WrongUse`. `UnreadableInput` names a bad row.
    """
    rows: list[Statement] = []
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                rows.append(_row(line.rstrip("\n").split("\t"), path, number))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableInput(f"{path}: {reason.lower()}") from None
    return rows


def _row(cells: list[str], path: Path, number: int) -> Statement:
    if len(cells) not in (5, 7) or LABELS.get(cells[1]) != cells[2]:
        raise UnreadableInput(
            f"{path}: row {number}: needs system, level, label, count and text with tabs between"
        )
    system, level, _, count, text = cells[:5]
    if is_measuring(system):
        raise WrongUse(f"{path}: row {number}: {system} measures the classifier")
    logger, place = cells[5:] if len(cells) == 7 else ("", "trace" if level == "exception" else "")
    return Statement(
        system_of(system),
        level,
        LABELS[level],
        int(count or 1),
        text,
        logger,
        place,  # type: ignore[arg-type]
    )


def write(rows: Iterable[Statement], path: Path) -> None:
    """Tab-separated, packed by gzip without a time of day: equal rows give equal bytes."""
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    with path.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        io.TextIOWrapper(packed, "utf-8", newline="\n").write(text)


def packages() -> list[str]:
    """The names in packages.txt, in its order."""
    return listed(resources.files(__package__).joinpath("packages.txt").read_text("utf-8"))


def listed(text: str) -> list[str]:
    """The names of a list, one a line; `#` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def download(names: Iterable[str], folder: Path) -> list[str]:
    """Fetch what is not in the folder yet, wheels only; gives the names that pip did not find."""
    there = {system_of(path.name.split("-")[0]) for path in folder.iterdir()}
    missing = []
    for name in names:
        if system_of(name) in there:
            continue
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", str(folder), name]
        if subprocess.run(command, check=False).returncode:  # noqa: S603
            missing.append(name)
    return missing


def main() -> None:
    """Build the corpus, and say which packages were refused and why."""
    from rich.console import Console
    from rich.progress import track

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheels", type=Path, required=True, help="folder of wheels and sdists")
    parser.add_argument(
        "--installed", type=Path, nargs="*", default=[], help="site-packages folders, read as well"
    )
    parser.add_argument("--out", type=Path, required=True, help="corpus to write (.tsv.gz)")
    parser.add_argument("--download", action="store_true", help="fetch packages.txt first")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    if arguments.download:
        arguments.wheels.mkdir(parents=True, exist_ok=True)
        for name in download(packages(), arguments.wheels):
            console.print(f"{name}: not found as a wheel")
    rows: list[Statement] = []
    sources = sorted(p for p in arguments.wheels.iterdir() if p.suffix in (".whl", ".zip", ".gz"))
    for folder in arguments.installed:
        sources += sorted(folder.glob("*.dist-info"))
    read_already: set[str] = set()
    for path in track(sources, "Reading packages", console=console):
        name = system_of(path.name.split("-")[0])
        if name in read_already:
            continue
        read_already.add(name)
        try:
            rows += statements(path)
        except (WrongUse, UnreadableInput) as error:
            console.print(str(error), markup=False)
    write(rows, arguments.out)
    print(f"{len(rows)} statements of {len({row.system for row in rows})} systems")


if __name__ == "__main__":
    main()
