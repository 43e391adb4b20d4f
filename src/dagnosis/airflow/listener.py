"""Hints for `dagnosis watch`, written where a failure happens.

This code is a guest: in the user's task, in the scheduler's main loop, in the API server and in the
DAG processor. So it takes ids and the exception, nothing else; works in a thread that it waits for no
longer than `WAIT_SECONDS`; raises nothing; and never touches a database: an attribute of an ORM object
that is not loaded is not asked for, since asking opens a session, and that ends the scheduler.
"""

from __future__ import annotations

import os
import time
from _thread import allocate_lock, start_new_thread
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from zlib import crc32

from airflow.listeners import hookimpl

from dagnosis.airflow import options
from dagnosis.airflow.instances import ids_of
from dagnosis.raised import chain_of, shortened
from dagnosis.spool import Hint, Spool, default_folder

WAIT_SECONDS = 0.2
"""So long a failure waits for its hint, whatever the disk or the exception's own code does."""
_REMEMBERED = 1000
"""Import errors that were told already; Airflow tells them again at every parse."""


class HintListener:
    """Airflow's hooks for failures. One instance a process."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, int] = OrderedDict()
        self._working_in = 0

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        """A try failed: in the task with the live exception, elsewhere with a text."""
        ids = ids_of(task_instance)
        if ids["dag_id"]:
            self._hand_on(lambda: _of_task(ids, error))

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: Any) -> None:
        """A run failed; one that timed out leaves no other trace."""
        ids = ids_of(dag_run)
        if ids["dag_id"]:
            self._hand_on(
                lambda: Hint(
                    "run_failed",
                    where="server",
                    dag_id=ids["dag_id"],
                    run_id=ids["run_id"],
                    text=shortened(str(msg or "")),
                )
            )

    @hookimpl
    def on_new_dag_import_error(self, filename: Any, stacktrace: Any) -> None:
        """A DAG file cannot be imported any more."""
        self._import_error(filename, stacktrace, new=True)

    @hookimpl
    def on_existing_dag_import_error(self, filename: Any, stacktrace: Any) -> None:
        """It still cannot; told once for each text of the error."""
        self._import_error(filename, stacktrace, new=False)

    def _import_error(self, filename: Any, stacktrace: Any, *, new: bool) -> None:
        file, text = str(filename), str(stacktrace)
        digest = crc32(text.encode("utf-8", "replace"))
        if self._told.get(file) == digest and not new:
            return
        self._told[file] = digest
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        self._hand_on(
            lambda: Hint("import_error", where="server", file=file, text=shortened(text, 8000))
        )

    def _hand_on(self, make: Callable[[], Hint]) -> None:
        """Write the hint that `make` gives, in a thread: a slow disk and a `__str__` that hangs, calls
        `sys.exit` or fills the memory are its trouble alone."""
        process = os.getpid()
        if self._working_in == process:
            return  # it hangs: another one would hang beside it
        done = allocate_lock()
        done.acquire()

        def work() -> None:
            try:
                if options.flag("listener"):
                    spool().write(make()._replace(time=time.time()))
            except BaseException:  # what the user's own exception does when it is printed ends here
                return
            finally:
                self._working_in = 0
                done.release()

        try:
            self._working_in = process
            # lighter than a Thread, which hands over twice before it runs
            start_new_thread(work, ())
        except Exception:  # no thread to be had
            self._working_in = 0
            return
        done.acquire(timeout=WAIT_SECONDS)


def _of_task(ids: dict[str, Any], error: Any) -> Hint:
    live = isinstance(error, BaseException)
    return Hint(
        "task_failed",
        where="task" if live else "server",
        text="" if live or error is None else shortened(str(error)),
        chain=tuple(chain_of(error)) if live else (),
        **ids,
    )


def spool() -> Spool:
    """The spool that this process writes."""
    folder = options.text("spool") or default_folder()
    return Spool(folder, options.number("spool_cap_bytes", int))
