"""One round and all that follows it, for who cannot run a watch all the time: cron, a scheduled DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dagnosis.services.watch.rounds import Round
from dagnosis.services.watch.wiring import Wired

if TYPE_CHECKING:
    from dagnosis.settings import Settings


class Once(msgspec.Struct, frozen=True):
    """What a round did, and what could not be delivered of it."""

    done: Round
    problems: tuple[str, ...] = ()


def once(parts: Wired, chosen: Settings, every_seconds: float = 0.0) -> Once:
    """Find, diagnose, record; say what changed before; close what is heard of no more; tell people.

    `every_seconds` is how often this is done (0: now and then): one that has not been for long is told
    of by `health`. Raises what `Watch.round` raises, after having said so there.
    """
    from dagnosis.errors import DagnosisError
    from dagnosis.incidents.notifications import notifiers
    from dagnosis.services.health import Pulse
    from dagnosis.services.notify import deliver, outbox_of
    from dagnosis.services.watch.afterwards import Closer, Investigator

    pulse = Pulse(parts.incidents, chosen.spool_folder, every_seconds=every_seconds)
    try:
        done = parts.watch.round()
        parts.watch.look_at_running(done)
    except DagnosisError as error:
        pulse.trouble(error)
        raise
    pulse(done)
    Investigator(parts.history, parts.logs, parts.incidents)(done)
    Closer(parts.incidents, chosen.watch_expire_days)(done)
    told = notifiers(chosen)
    if not told:
        return Once(done)
    return Once(done, deliver(outbox_of(parts.incidents, chosen), told).problems)
