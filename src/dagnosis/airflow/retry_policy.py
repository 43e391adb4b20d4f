"""`retry_policy=DiagnosedRetry()`: a failed try is retried only when that can help (Airflow 3.3).

It runs in the task's process after the task has failed, on the live exception and on what stands in
the try's own log; nothing leaves the machine. Whatever goes wrong in here, the task's own retries stand.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal

from dagnosis.airflow import options
from dagnosis.airflow.instances import ids_of
from dagnosis.airflow.own_log import own_log
from dagnosis.raised import links_of

try:
    from airflow.sdk.definitions.retry_policy import RetryAction, RetryDecision, RetryPolicy
except ImportError:
    raise ImportError(
        "DiagnosedRetry needs Airflow 3.3 or later, which has retry policies"
    ) from None

if TYPE_CHECKING:
    from dagnosis.services.retry import Category, Decision

log = logging.getLogger(__name__)
Mode = Literal["on", "record", "off"]
MODES: tuple[Mode, ...] = ("on", "record", "off")
"""From the one that does most to the one that does least."""


class DiagnosedRetry(RetryPolicy):
    """Fails at once what another try cannot mend, waits as long as the cause asks for where it can, and
    leaves everything else to the task's own `retries` and `retry_delay`.

    :param confidence: from this confidence on it decides (0 to 1; None: `[dagnosis] retry_confidence`).
    :param shortest: no retry comes sooner.
    :param longest: none comes later, whatever a service asks for.
    :param never_fail: causes (`resource_not_found`, `resource_not_found.file_not_found`) that are left to the
        task's own retries where they would be failed at once, beside those of `[dagnosis] retry_never_fail`.
    :param categories: common-ai's categories (`rate_limit`, `auth`, `network`, `data`, `resource`, `transient`,
        `permanent`) -> an `ErrorCategory`: what to do with each, instead of what the cause says. A category
        that is left out is left to the task's own retries.
    :param otherwise: the policy that is asked where this one does not decide, such as common-ai's
        `LLMRetryPolicy`.
    :param mode: on, record (decide, log it, change nothing) or off. `[dagnosis] retry_mode` holds every
        policy back to what it says, so that all can be stopped at once.
    :raises ValueError: for a value outside its range, when the DAG is parsed.
    """

    def __init__(
        self,
        *,
        confidence: float | None = None,
        shortest: timedelta = timedelta(seconds=1),
        longest: timedelta = timedelta(hours=1),
        never_fail: Iterable[str] = (),
        categories: Mapping[str, Category] | None = None,
        otherwise: RetryPolicy | None = None,
        mode: Mode = "on",
    ) -> None:
        if confidence is not None and not 0 <= confidence <= 1:
            raise ValueError(
                f"DiagnosedRetry: confidence is a share from 0 to 1, not {confidence!r}"
            )
        if not timedelta(0) <= shortest <= longest:
            raise ValueError("DiagnosedRetry: shortest must not be negative, nor above longest")
        if mode not in MODES:
            raise ValueError(f"DiagnosedRetry: mode is one of {', '.join(MODES)}, not {mode!r}")
        if otherwise is not None and not isinstance(otherwise, RetryPolicy):
            raise ValueError(f"DiagnosedRetry: otherwise is a RetryPolicy, not {otherwise!r}")
        self.never_fail = tuple(never_fail)
        if self.never_fail:
            _check(self.never_fail)
        self.confidence = confidence
        self.shortest, self.longest = shortest, longest
        self.categories, self.otherwise, self.mode = categories, otherwise, mode

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Airflow's question. Never raises for a reason of its own."""
        mode = _mode(self.mode)
        if mode == "off":
            return self._left(exception, try_number, max_tries, context, "")
        made = self._decided(exception, try_number, context)
        if made is None:
            return self._left(
                exception, try_number, max_tries, context, "dagnosis: no decision in time"
            )
        if mode != "on":
            reason = _recorded(made)
            return self._left(exception, try_number, max_tries, context, reason)
        if made.action == "fail":
            return RetryDecision.fail(made.reason)
        if made.action == "retry" and made.delay_seconds is not None:
            return RetryDecision.retry(timedelta(seconds=made.delay_seconds), made.reason)
        return self._left(exception, try_number, max_tries, context, made.reason)

    def _left(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any, reason: str
    ) -> RetryDecision:
        """What the policy behind this one says; without one, the task's own retries."""
        if self.otherwise is None:
            return RetryDecision(RetryAction.DEFAULT, reason=reason or None)
        if reason:
            log.info(reason)
        try:
            return self.otherwise.evaluate(exception, try_number, max_tries, context)
        except Exception:
            log.exception("%s failed; the task's own retries stand", type(self.otherwise).__name__)
            return RetryDecision.default()

    def _decided(self, exception: BaseException, try_number: int, context: Any) -> Decision | None:
        """The decision; None where none was made in time. It is made in a thread, since what is read may
        hang (a log on a network disk, a `__str__` of the user's), and what is imported may break."""
        made: list[Decision] = []

        def make() -> None:
            try:
                made.append(self._decide(exception, try_number, context))
            except BaseException as error:  # the user's exception may even exit when it is printed
                failures.append(f"{type(error).__name__}: {error}"[:300])

        failures: list[str] = []
        try:
            worker = Thread(target=make, name="dagnosis", daemon=True)
            worker.start()
            worker.join(options.number("retry_timeout_seconds", float))
        except Exception as error:  # no thread to be had
            failures.append(f"{type(error).__name__}: {error}"[:300])
        if failures:
            log.warning("dagnosis could not decide about a retry: %s", failures[0])
        return made[0] if made else None

    def _decide(self, exception: BaseException, try_number: int, context: Any) -> Decision:
        from dagnosis.services.retry import Rules, decide, examine_try

        confidence = self.confidence
        if confidence is None:
            confidence = options.number("retry_confidence", float)
        rules = Rules(
            confidence,
            self.shortest.total_seconds(),
            self.longest.total_seconds(),
            (*self.never_fail, *map(str.strip, options.text("retry_never_fail").split(","))),
            self.categories,
        )
        ids = ids_of(context.get("ti")) if isinstance(context, Mapping) else {}
        return decide(
            examine_try(exception, own_log(ids) if ids.get("dag_id") else None),
            try_number=try_number,
            errors=links_of(exception),
            rules=rules,
            seed="/".join(str(value) for value in ids.values()),
        )


def _check(causes: tuple[str, ...]) -> None:
    from dagnosis.model import (
        FAMILIES,  # where it is used: a DAG file that names none loads nothing
    )

    for name in causes:
        if name.partition(".")[0] not in FAMILIES:
            raise ValueError(
                f"DiagnosedRetry: never_fail: {name!r} is no family of causes, nor below one"
            )


def _mode(own: Mode) -> Mode:
    """The more cautious of the policy's own mode and the operator's; a word that is none is ignored."""
    stated = options.text("retry_mode").strip().lower()
    return max((mode for mode in MODES if mode in (own, stated)), key=MODES.index)


def _recorded(made: Decision) -> str:
    """What would have been done."""
    if made.action == "default":
        return made.reason
    would = made.reason.removeprefix("dagnosis: ")
    return f"dagnosis (recording only, changes nothing) would {made.action}: {would}"[:500]
