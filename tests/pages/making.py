"""Stores with something in them, for tests of pages and of the server."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec

from dagnosis.data.store import ProfileStore
from dagnosis.incidents.contract import Change, Occurrence
from dagnosis.incidents.incidents import open_incidents
from dagnosis.incidents.store import Remembered, open_store
from dagnosis.model import TaskRef
from dagnosis.pages.stores import Stores
from dagnosis.services.health import Status, say
from dagnosis.services.outlook import Ahead, Outlook, Why, keep

NOW = datetime.now(timezone.utc).replace(microsecond=0)


def stores(folder: Path) -> Stores:
    """Empty stores."""
    where = str(folder / "store.db")
    return Stores(
        incidents=open_incidents(where),
        diagnoses=open_store(where),
        profiles=ProfileStore(str(folder / "profiles.db")),
        models=folder / "models",
        files={"store": folder / "store.db"},
    )


def close(found: Stores) -> None:
    """Give back what the stores hold."""
    held: list[Any] = [found.incidents, found.diagnoses]
    for one in held:
        one.close()


def occurrence(number: int = 0, **changes: Any) -> Occurrence:
    """A failed try, `number` hours ago."""
    made = Occurrence(
        task=TaskRef("orders", f"run-{number}", "load", -1, 1),
        occurred=NOW - timedelta(hours=number, minutes=5),
        found_by="poll",
        fingerprint="f1",
        cause="data_error",
        detail="data_error.dataframe_column_missing",
        title="A column is not in the frame",
        confidence=0.9,
        transience="permanent",
        message="KeyError: 'amount'",
        quote="KeyError: 'amount'",
        quote_line=7,
        fix=("Compare the columns of the frame with those that the code reads.",),
        diagnosis_id=f"{number:016x}",
        lines_total=9,
    )
    return msgspec.structs.replace(made, **changes)


def diagnosis(one: Occurrence, **changes: Any) -> Remembered:
    """What is remembered of a failed try."""
    made = Remembered(
        id=one.diagnosis_id,
        fingerprint=one.fingerprint,
        cause=one.cause,
        detail=one.detail,
        title=one.title,
        confidence=one.confidence,
        transience=one.transience,
        engine="rules",
        message=one.message,
        lines=f"3| Traceback (most recent call last):\n…\n7| {one.message}\n8| Task failed",
        source="attempt=1.log",
        occurred=one.occurred,
        diagnosed=one.occurred,
        dag_id=one.task.dag_id,
        run_id=one.task.run_id,
        task_id=one.task.task_id,
        map_index=one.task.map_index,
        try_number=one.task.try_number,
    )
    return msgspec.structs.replace(made, **changes)


def remember(found: Stores, one: Remembered) -> None:
    """Keep a diagnosis."""
    kept: Any = found.diagnoses
    kept.remember(one)


def fill(found: Stores, *occurrences: Occurrence) -> list[int]:
    """Record and remember; the incidents, one for each occurrence."""
    for one in occurrences:
        remember(found, diagnosis(one))
    return [one.incident_id for one in found.incidents.record(occurrences)]


def outlook(dag_id: str = "orders", **changes: Any) -> Outlook:
    """One risk."""
    ahead = Ahead(
        dag_id=dag_id,
        task_id="load",
        kind="next",
        when=NOW + timedelta(hours=3),
        p_fail=0.42,
        alert=True,
        reasons=(Why("this task: failed 3 times in a row", 1.2),),
        seconds=(60.0, 200.0),
    )
    risks = (msgspec.structs.replace(ahead, **changes),)
    return Outlook(made=NOW, now=NOW, model="shipped prior", threshold=0.4, risks=risks)


def furnished(folder: Path) -> Stores:
    """Two DAGs with failures, a risk, a watch, changes, a note."""
    found = stores(folder)
    first, *_ = fill(
        found,
        occurrence(0, blast=("publish", "report")),
        occurrence(1),
        occurrence(
            2,
            task=TaskRef("billing", "run-2", "send", 3, 2),
            fingerprint="f2",
            cause="network",
            detail="network.connection_refused",
            title="The connection is refused",
            transience="transient",
            message="ConnectionRefusedError: [Errno 111]",
            quote="ConnectionRefusedError: [Errno 111]",
        ),
    )
    changed = Change(kind="code", text="load.py", before="amount", after="total", detail="-a\n+b")
    found.incidents.keep_changes(first, [changed])
    found.incidents.note(first, "the supplier renamed it", who="anna")
    keep(found.incidents, outlook())
    say(
        found.incidents,
        Status(process="watch", version="1", said=NOW, every_seconds=30, last_success=NOW),
    )
    return found
