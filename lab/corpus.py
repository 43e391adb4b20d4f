"""The corpus: logs as Airflow wrote them, and an index that says what each one shows.

Layout of a corpus: `logs/<file>.log`, `index.jsonl` (one row a file, sorted by file), and
`rejected/` for logs that do not show what their fault promises.
"""

from __future__ import annotations

import json
import socket
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from lab.fault import NONE, Fault


@dataclass(frozen=True)
class Row:
    """One row of the index.

    `evidence_line` is the first line that holds `states`, 1-based, None where no line states the
    cause; `evidence_lines` are the first 50 such lines.
    """

    file: str
    fault: str
    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    try_number: int
    state: str
    family: str
    accepted: tuple[str, ...]
    cause: str
    transience: str
    states: str | None
    evidence_line: int | None
    evidence_lines: tuple[int, ...]
    n_lines: int
    airflow_version: str
    note: str


@dataclass(frozen=True)
class Attempt:
    """One try of a task as Airflow left it: its key, its final state, its log file."""

    task_id: str
    run_id: str
    map_index: int
    try_number: int
    state: str
    log: Path


_HOST_SHAPES = (
    "on host {}\n",
    "hostname='{}'",
    '"hostname":"{}"',
    '"host_name": "{}"',
    '\\"host_name\\": \\"{}\\"',
    "hostname, {},",
    "//{}:",
    "//{}/",
)
"""Where Airflow, its executors and Spark write the host's name."""


class Rewriter:
    """Replaces this machine's paths and host name by /opt/airflow, /usr/local, worker-1 ….

    Nothing else of a log is touched.
    """

    def __init__(self, places: Mapping[Path, str]) -> None:
        """`places` maps folders to what stands for them; longer paths are replaced first."""
        names = {str(folder): name for folder, name in places.items()}
        names[sys.base_prefix] = "/usr/local"
        names[str(Path(sysconfig.get_paths()["stdlib"]).parents[1])] = "/usr/local"
        for host in {socket.getfqdn(), socket.gethostname()} - {"localhost"}:
            # A short name such as "vm" may be a part of other words.
            names.update((shape.format(host), shape.format("worker-1")) for shape in _HOST_SHAPES)
        self._names = sorted(names.items(), key=lambda item: -len(item[0]))

    def __call__(self, text: str) -> str:
        """The text with every place replaced; empty text stays empty."""
        for found, name in self._names:
            text = text.replace(found, name)
        return text


class Corpus:
    """A corpus folder that is added to; a row replaces an earlier one of the same file."""

    def __init__(self, folder: Path, rewrite: Rewriter, version: str) -> None:
        """Open or create the corpus in `folder`; `version` is Airflow's."""
        self.folder = folder
        self._rewrite = rewrite
        self._version = version
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        self._index = folder / "index.jsonl"
        self.rows: dict[str, dict[str, Any]] = {}
        if self._index.exists():
            for line in self._index.read_text().splitlines():
                row = json.loads(line)
                self.rows[row["file"]] = row

    def add(self, fault: Fault, attempts: Iterable[Attempt]) -> list[str]:
        """Add the tries of one fault; returns what is wrong with them, [] if all is well."""
        self._forget(fault)
        problems = []
        labelled = 0
        for attempt in attempts:
            if _is_other(fault, attempt):
                continue
            labelled += _shows(fault, attempt.state)
            problem = self._add_one(fault, attempt)
            if problem:
                problems.append(
                    f"{fault.name}: {attempt.task_id} try {attempt.try_number}: {problem}"
                )
        if not labelled:
            problems.append(f"{fault.name}: no try ended as {' or '.join(fault.labelled)}")
        self._write_index()
        return problems

    def relabel(self, faults: Iterable[Fault]) -> list[str]:
        """Label the logs at hand anew, after faults were edited; returns what is wrong.

        Logs of faults that are no more are removed.
        """
        known = {fault.name: fault for fault in faults}
        problems = []
        for file, old in list(self.rows.items()):
            fault = known.get(old["fault"])
            keys = ("task_id", "run_id", "map_index", "try_number", "state")
            attempt = Attempt(**{key: old[key] for key in keys}, log=self.folder / file)
            if fault is None or _is_other(fault, attempt):
                attempt.log.unlink(missing_ok=True)
                del self.rows[file]
                continue
            lines = _lines(_read(attempt.log))
            row, problem = self._label(fault, attempt, file, lines, old["airflow_version"])
            self.rows[file] = asdict(row)
            if problem:
                problems.append(f"{fault.name}: {file}: {problem}")
        self._write_index()
        return problems

    def _add_one(self, fault: Fault, attempt: Attempt) -> str | None:
        text = self._rewrite(_read(attempt.log))
        file = f"logs/{self._name(fault, attempt)}"
        row, problem = self._label(fault, attempt, file, _lines(text), self._version)
        rejected = file.replace("logs/", "rejected/", 1)
        if problem is None:
            self.rows[file] = asdict(row)
            (self.folder / rejected).unlink(missing_ok=True)
        else:
            file = rejected
        (self.folder / file).parent.mkdir(exist_ok=True)
        (self.folder / file).write_bytes(text.encode("utf-8", errors="surrogateescape"))
        return problem

    def _label(
        self, fault: Fault, attempt: Attempt, file: str, lines: list[str], version: str
    ) -> tuple[Row, str | None]:
        shows = _shows(fault, attempt.state)
        states = fault.states if shows else None
        if states and version.startswith("2"):
            states = fault.states_in_2 or states
        found = tuple(islice(matches(lines, states), 50)) if states else ()
        problem = None
        if states and not found:
            problem = f"{states!r} is not in the log"
        if fault.family == NONE and attempt.state == "failed":
            problem = "failed, though it should not"
        labelled = shows and fault.family != NONE
        row = Row(
            file=file,
            fault=fault.name,
            dag_id=fault.dag_id,
            task_id=attempt.task_id,
            run_id=attempt.run_id,
            map_index=attempt.map_index,
            try_number=attempt.try_number,
            state=attempt.state,
            family=fault.family if labelled else NONE,
            accepted=(fault.family, *fault.accepted) if labelled else (NONE,),
            cause=fault.cause if shows else "none: a task of the same DAG that did its work",
            transience=fault.transience if labelled else "unknown",
            states=states,
            evidence_line=next(iter(found), None),
            evidence_lines=found,
            n_lines=len(lines),
            airflow_version=version,
            note=fault.note if shows else "",
        )
        return row, problem

    def _name(self, fault: Fault, attempt: Attempt) -> str:
        mapped = f"__m{attempt.map_index}" if attempt.map_index >= 0 else ""
        prefix = "" if self._version.startswith("3") else "af2__"
        return f"{prefix}{fault.dag_id}__{attempt.task_id}{mapped}__try{attempt.try_number}.log"

    def _forget(self, fault: Fault) -> None:
        for file, row in list(self.rows.items()):
            if row["fault"] == fault.name and row["airflow_version"] == self._version:
                (self.folder / file).unlink(missing_ok=True)
                del self.rows[file]

    def _write_index(self) -> None:
        rows = (json.dumps(self.rows[file], ensure_ascii=False) for file in sorted(self.rows))
        self._index.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _shows(fault: Fault, state: str) -> bool:
    return fault.family == NONE or state in fault.labelled


def _is_other(fault: Fault, attempt: Attempt) -> bool:
    """Whether the try failed for a reason that is not this fault's."""
    return fault.task_id not in (None, attempt.task_id) and attempt.state == "failed"


def _read(log: Path) -> str:
    # Bytes that are no UTF-8, and "\r", must come out as they went in.
    return log.read_bytes().decode("utf-8", errors="surrogateescape")


def _lines(text: str) -> list[str]:
    """Lines end at "\\n" only: logs hold other characters at which str.splitlines would split."""
    return text.removesuffix("\n").split("\n") if text else []


_KEYS = frozenset(
    ("timestamp", "ti_id", "dag_id", "run_id", "task_id", "logger", "filename", "level")
)


def matches(lines: Iterable[str], states: str) -> Iterator[int]:
    """The 1-based numbers of lines that hold `states`; JSON lines are decoded first.

    Left out are lines of source that may hold the text too: the shell command that Airflow shows
    before it runs it, and the source lines of a traceback.
    """
    before = ""
    for number, line in enumerate(lines, 1):
        text = _decoded(line) if line.startswith("{") else line
        is_frame = before.startswith('  File "') and line.startswith("    ")
        is_source = is_frame or "Running command: [" in text
        if states in text and not is_source:
            yield number
        before = line


def _decoded(line: str) -> str:
    """The texts of a JSON line, without the fields that only say whose line it is."""
    try:
        fields = json.loads(line)
    except ValueError:
        return line
    if not isinstance(fields, dict):
        return line
    return "\n".join(_strings({key: fields[key] for key in fields if key not in _KEYS}))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
