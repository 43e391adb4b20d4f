"""Earlier answers for a new one: two queries, asked of the store without changing it.

A SQLite file is read with Python's own `sqlite3`, since importing SQLAlchemy would cost a usual
`explain` as much again as its diagnosis; a server is read with SQLAlchemy, by the same queries.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import islice
from operator import mul
from typing import Any, Protocol

from dagnosis.errors import DagnosisError, ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.incidents.place import Place, place
from dagnosis.logs.diagnosers.similar import Earlier
from dagnosis.logs.diagnosers.vectors import VERSION

SAME = 200
"""Diagnoses of one fingerprint that are read: those with labels, then the newest."""
COMPARED = 20_000
"""Fingerprints that are compared, those seen last."""
SOON = 2
"""Seconds that an answer waits for a database."""
FEW = 2000
"""Up to so many rows plain Python is as fast as importing numpy."""

_OF_FINGERPRINT = """
SELECT d.id, d.fingerprint, d.detail, d.title, d.transience, f.detail
FROM (
    SELECT one.* FROM diagnosis one WHERE one.fingerprint = :fingerprint
    ORDER BY EXISTS (SELECT 1 FROM feedback said WHERE said.diagnosis_id = one.id) DESC,
             one.occurred DESC
    LIMIT :most
) d
LEFT JOIN feedback f ON f.diagnosis_id = d.id
ORDER BY d.occurred DESC, d.id, f.given DESC
"""
_VECTORS = """
SELECT fingerprint, vector FROM failure
WHERE vector IS NOT NULL AND vector_version = :version
ORDER BY seen DESC LIMIT :most
"""


class _Rows(Protocol):
    def __call__(self, query: str, **values: object) -> Sequence[Sequence[Any]]: ...


class StoreMemory:
    """The `Memory` of a store, of either kind; `close` gives back the connections to a server."""

    def __init__(self, rows: _Rows, close: Callable[[], None]) -> None:
        self._rows = rows
        self.close = close

    def lookup(self, fingerprint: str) -> list[Earlier]:
        """See `dagnosis.logs.diagnosers.similar.Memory`."""
        found: dict[str, Earlier] = {}
        labels: dict[str, list[str]] = {}
        for id_, of, detail, title, transience, label in self._rows(
            _OF_FINGERPRINT, fingerprint=fingerprint, most=SAME
        ):
            labels.setdefault(id_, []).extend([label] if label else [])
            found[id_] = Earlier(id_, of, detail, title, transience, tuple(labels[id_]))
        return list(found.values())

    def nearest(self, vector: array[float], k: int) -> list[Earlier]:
        """See `dagnosis.logs.diagnosers.similar.Memory`."""
        if not vector:
            return []
        rows = self._rows(_VECTORS, version=VERSION, most=COMPARED)
        near = _closest(vector, [bytes(row[1]) for row in rows], k)
        return [self._merged(rows[index][0], closeness) for index, closeness in near]

    def _merged(self, fingerprint: str, closeness: float) -> Earlier:
        """The newest diagnosis of a fingerprint, with the labels of all."""
        same = self.lookup(fingerprint)
        labels = tuple(label for one in same for label in one.labels)
        first = same[0]
        return Earlier(
            first.id, fingerprint, first.detail, first.title, first.transience, labels, closeness
        )


def open_memory(setting: str) -> StoreMemory | None:
    """The memory of the store that the setting `store` names; None where no store was made yet.

    No file is created and nothing is written, but for the tables of an empty server. A store that
    cannot be read raises a `DagnosisError` from the lookups: `ServiceUnreachable`, `UnreadableInput`
    or `WrongUse`.
    """
    where = place(setting)
    if not where.exists:
        return None
    return _server(where) if where.file is None else _file(where)


def _file(where: Place) -> StoreMemory:
    import sqlite3
    from urllib.parse import quote

    def rows(query: str, **values: object) -> Sequence[Sequence[Any]]:
        assert where.file is not None
        # a reading connection cannot make the files that WAL needs beside a store that nobody has
        # open, so this one may write, and never does
        address = f"file:{quote(str(where.file.absolute()))}?mode=rw"
        try:
            connection = sqlite3.connect(address, uri=True, timeout=SOON)
            try:
                connection.execute("PRAGMA query_only = ON")
                return connection.execute(query, values).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise _in_words(where, str(error)) from None

    return StoreMemory(rows, lambda: None)


def _in_words(where: Place, said: str) -> DagnosisError:
    if "locked" in said:
        return ServiceUnreachable(f"{where.name}: {said}")
    if "unable to open" in said or "readonly" in said:
        return WrongUse(f"{where.name}: {said}")
    return UnreadableInput(f"{where.name}: {said}")


def _server(where: Place) -> StoreMemory:
    from dagnosis.incidents.store import Store

    opened: list[Store] = []
    gone: list[ServiceUnreachable] = []

    def rows(query: str, **values: object) -> Sequence[Sequence[Any]]:
        if gone:  # a folder of logs must not wait for each of them
            raise gone[0]
        try:
            if not opened:
                opened.append(Store(where, patience=SOON))
            return opened[0].rows(query, values)
        except ServiceUnreachable as error:
            gone.append(error)
            raise

    return StoreMemory(rows, lambda: opened.pop().close() if opened else None)


def _closest(query: array[float], rows: Sequence[bytes], k: int) -> list[tuple[int, float]]:
    """(row, cosine) of the `k` closest unit vectors, the closest first; of equal ones the first."""
    if len(rows) > FEW:
        import numpy as np

        matrix = np.frombuffer(b"".join(rows), dtype=np.float32).reshape(len(rows), -1)
        scores = (matrix @ np.frombuffer(query, dtype=np.float32)).tolist()
    else:
        used = [(index, value) for index, value in enumerate(query) if value]
        indices, values = zip(*used, strict=True)
        scores = []
        for row in rows:
            cells = memoryview(row).cast("f")
            scores.append(sum(map(mul, map(cells.__getitem__, indices), values)))
    order = sorted(range(len(rows)), key=lambda index: -scores[index])
    return [(index, round(min(scores[index], 1.0), 4)) for index in islice(order, k)]
