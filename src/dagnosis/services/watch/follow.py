"""The loop of a watch: rounds at a pace, until it is told to stop; a source that fails is waited for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event as Flag
from typing import TypeAlias

from dagnosis.errors import DagnosisError, WrongUse
from dagnosis.services.watch.pace import Pace
from dagnosis.services.watch.rounds import Round, Watch

SLOW_SECONDS = 120.0
"""Between looks at what still runs: lateness and silence are told in minutes."""

_log = logging.getLogger(__name__)


Afterwards: TypeAlias = Callable[[Round], None]
"""What happens after a round: notifications, risks, metrics. An error in one of them is logged, and the
watch goes on."""


def follow(
    watch: Watch,
    *,
    interval: float,
    stop: Flag,
    afterwards: Sequence[Afterwards] = (),
    trouble: Callable[[DagnosisError, float], None] | None = None,
) -> None:
    """Rounds until `stop` is set. `interval` is in seconds, between rounds while things happen.

    A service that does not answer is waited for, longer each time up to five minutes; `trouble` is told
    of it with the seconds until the next try. `WrongUse` (a wrong password or address) ends the loop
    where it comes with the first round, since nobody would mend it while it runs.
    """
    pace = Pace(interval)
    looked, worked = 0.0, False
    while not stop.is_set():
        try:
            done = watch.round()
            if time.monotonic() - looked >= SLOW_SECONDS:
                watch.look_at_running(done)
                looked = time.monotonic()
        except DagnosisError as error:
            if isinstance(error, WrongUse) and not worked:
                raise
            wait, heed = pace.after_failure(), False
            if trouble:
                trouble(error, wait)
        else:
            worked = True
            for step in afterwards:
                _call(step, done)
            wait, heed = pace.after(changed=bool(done.changed), running=bool(done.running)), True
        _pause(stop, wait, interval, watch.waiting if heed else lambda: False)


def _pause(stop: Flag, seconds: float, look: float, hinted: Callable[[], bool]) -> None:
    """Wait, and no longer than until a hint is there: they are looked for every `look` seconds."""
    until = time.monotonic() + seconds
    while not stop.is_set() and not hinted():
        left = until - time.monotonic()
        if left <= 0:
            return
        stop.wait(min(left, look))


def _call(step: Afterwards, done: Round) -> None:
    try:
        step(done)
    except Exception:
        _log.exception("%s failed; the watch goes on", step)
