"""From settings to a watch with what it follows and where it records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.memory import open_memory
from dagnosis.services.watch.diagnosing import Diagnosed, Known, diagnosed
from dagnosis.services.watch.rounds import Watch
from dagnosis.sources.contract import LogSource, RunHistory
from dagnosis.sources.opening import open_history, open_logs
from dagnosis.spool import Spool

if TYPE_CHECKING:
    from dagnosis.logs.llm.consult import Consultant, Consultation
    from dagnosis.settings import Settings


class Wired(msgspec.Struct, frozen=True):
    """An open watch; `spool` is the folder of hints."""

    watch: Watch
    history: RunHistory
    logs: LogSource
    incidents: Incidents
    spool: Spool


@contextmanager
def wired(
    settings: Settings, consulted: Callable[[Consultation], None] | None = None
) -> Iterator[Wired]:
    """Everything open, and closed at the end; `consulted` is told of questions to a language model.
    Raises `WrongUse` where no Airflow is set up."""
    with ExitStack() as closing:
        yield wire(settings, closing, consulted)


def wire(
    settings: Settings,
    closing: ExitStack,
    consulted: Callable[[Consultation], None] | None = None,
) -> Wired:
    """As `wired`, for who closes it himself."""
    history = open_history(settings)
    closing.callback(history.close)
    logs = open_logs(settings)
    closing.callback(logs.close)
    incidents = closing.enter_context(open_incidents(settings.store_place))
    memory = open_memory(settings.store_place)
    if memory:
        closing.callback(memory.close)
    consultant = _consultant(settings, consulted)

    def diagnose(known: Known) -> Diagnosed:
        return diagnosed(known, memory=memory, consultant=consultant)

    spool = Spool(settings.spool_folder)
    ago = timedelta(hours=settings.watch_since_hours)
    watch = Watch(history, logs, incidents, spool=spool, ago=ago, diagnose=diagnose)
    return Wired(watch, history, logs, incidents, spool)


def _consultant(
    settings: Settings, consulted: Callable[[Consultation], None] | None
) -> Consultant | None:
    if settings.llm_when == "never":
        return None
    from dagnosis.logs.llm.consult import Consultant

    return Consultant(settings, tell=consulted)
