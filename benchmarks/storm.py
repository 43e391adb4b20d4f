"""Failures by the thousand through a whole watch: `python -m benchmarks.storm [--count N] [--only PART]`.

Rows of an Airflow in memory, logs of real tries of the lab (each with names, times and ids of its own),
the real diagnosis, a SQLite store in a folder that is removed, and notifications to a webhook on
loopback. Parts:

- causes: 1,000 failures of 20 causes over 50 DAGs, then every task green three times; how many
  incidents, whether the counts are exact, how many notifications;
- storm: `--count` equal failures over 50 DAGs (100,000); incidents, notifications, growth of the
  database, failures a second, memory;
- asked: 2,000 equal failures with a language model (a server on loopback) that is asked about every
  failure; how many calls.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec

from benchmarks.incidents import size
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.notifications.webhook import Webhook
from dagnosis.incidents.outbox import Outbox
from dagnosis.services.notify import deliver
from dagnosis.services.watch.diagnosing import Diagnosed, Known, diagnosed
from dagnosis.services.watch.rounds import Watch
from tests.services.watch.storms import CAUSES, Storm, StormLogs, originals

DAGS = 50
MOST_AN_HOUR = 10_000
"""The cap on notifications is out of the way: it must not be what keeps them few."""


class Storming:
    """A storm, the watch that follows it and everything that it tells."""

    def __init__(
        self, folder: Path, faults: tuple[str, ...],
        diagnose: Callable[[Known], Diagnosed] = diagnosed,
    ) -> None:  # fmt: skip
        self.store = str(folder / "store.db")
        open_incidents(self.store).close()
        self.empty = size(self.store)
        self.airflow = Storm(originals(faults), DAGS)
        self.incidents = open_incidents(self.store)
        self.watch = Watch(self.airflow, StormLogs(self.airflow), self.incidents, diagnose=diagnose)

    def counts(self) -> list[int]:
        """Of each incident, whether or not it is a member of an outage."""
        return counts(self.incidents)


def counts(incidents: Incidents) -> list[int]:
    """How often each incident occurred."""
    return [one.count for one in incidents.find(Query(members=True, limit=200)).incidents]


@contextmanager
def webhook() -> Iterator[tuple[str, list[str]]]:
    """A server that takes notices: its address, and the reasons that it was told."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append(msgspec.json.decode(body)["event"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", told
    finally:
        server.shutdown()
        server.server_close()


def tell(incidents: Incidents, url: str) -> None:
    """Deliver what is due. Raises RuntimeError where the webhook did not take it."""
    outbox = Outbox(incidents, most_an_hour=MOST_AN_HOUR)
    problems = deliver(outbox, [Webhook(url, allowed="127.0.0.1")]).problems
    if problems:
        raise RuntimeError(problems[0])


def causes(folder: Path, count: int = 1000) -> None:
    """Many failures of a few causes."""
    storming = Storming(folder, CAUSES)
    with webhook() as (url, told):
        for _ in range(10):
            storming.airflow.fail(count // 10)
            storming.watch.round()
            tell(storming.incidents, url)
        for _ in range(3):
            storming.airflow.green()
            storming.watch.round()
            tell(storming.incidents, url)
    found = storming.counts()
    print(
        f"{count:,} failures of {len(CAUSES)} causes over {DAGS} DAGs: {len(found)} incidents with"
        f" counts from {min(found)} to {max(found)}, in total {sum(found):,}; {len(told)}"
        f" notifications {dict(Counter(told))}"
    )


def storm(folder: Path, count: int) -> None:
    """Equal failures, in rounds of what comes while the last one was worked on."""
    storming = Storming(folder, ("reset_by_peer",))
    began, used = time.perf_counter(), time.process_time()
    with webhook() as (url, told):
        for start in range(0, count, 5000):
            storming.airflow.fail(min(5000, count - start))
            storming.watch.round()
            tell(storming.incidents, url)
        wall, used = time.perf_counter() - began, time.process_time() - used
    found = storming.counts()
    storming.incidents.close()
    grown = (size(storming.store) - storming.empty) / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:,} equal failures: {len(found)} incidents, count {sum(found):,}; {len(told)}"
        f" notifications {dict(Counter(told))}; database grown by {grown:.1f} MB; {count / used:,.0f} a"
        f" second of CPU, {count / wall:,.0f} of wall; at most {most:.0f} MB of memory, the storm's rows"
        " included"
    )


def asked(folder: Path, count: int = 2000) -> None:
    """A storm with a language model that is asked about every failure."""
    from dagnosis.logs.llm.account import Account
    from dagnosis.logs.llm.consult import Consultant
    from dagnosis.settings import Settings
    from evals.doubles import Server, answer, says

    with Server(says(answer("network", 1, "x"))) as server:
        chosen = Settings(
            llm_provider="openai-compatible", llm_model="double", llm_base_url=server.url,
            llm_when="always", llm_timeout_seconds=60,
        )  # fmt: skip
        consultant = Consultant(chosen, Account(chosen, folder=folder))
        storming = Storming(folder, ("reset_by_peer",), partial(diagnosed, consultant=consultant))
        storming.airflow.fail(count)
        storming.watch.round()
        print(
            f"{count:,} equal failures, a language model that is always asked:"
            f" {len(server.requests)} calls, {len(storming.counts())} incidents"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--only", choices=["causes", "storm", "asked"], default="")
    arguments = parser.parse_args()
    parts: dict[str, Callable[[Path], None]] = {
        "causes": causes, "storm": partial(storm, count=arguments.count), "asked": asked,
    }  # fmt: skip
    for name, part in parts.items():
        if arguments.only in ("", name):
            with tempfile.TemporaryDirectory() as folder:
                part(Path(folder))


if __name__ == "__main__":
    main()
