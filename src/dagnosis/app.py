"""The composition root: from settings to stores, doors and an app that can be served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagnosis.settings import Settings

if TYPE_CHECKING:
    from dagnosis.metrics import Metrics
    from dagnosis.pages.stores import Stores


@contextmanager
def opened(chosen: Settings) -> Iterator[Stores]:
    """The stores that the settings name; those that are missing are made. Closed at the end."""
    from dagnosis.data.store import ProfileStore
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store
    from dagnosis.pages.stores import Stores

    files = {
        "incidents and diagnoses": place(chosen.store_place).file,
        "history of runs": chosen.runs_place,
        "models": chosen.models_folder,
        "spool": chosen.spool_folder,
    }
    if "://" not in chosen.profiles_place:
        files["profiles"] = Path(chosen.profiles_place).expanduser()
    with (
        open_store(chosen.store_place) as diagnoses,
        open_incidents(chosen.store_place) as incidents,
    ):
        yield Stores(
            incidents=incidents,
            diagnoses=diagnoses,
            profiles=ProfileStore(chosen.profiles_place),
            models=chosen.models_folder,
            files={what: path for what, path in files.items() if path},
        )


def measured(chosen: Settings, found: Stores) -> Metrics:
    """Metrics of a process that serves, from what is kept already."""
    from dagnosis.metrics import Metrics
    from dagnosis.services.metrics import seed

    metrics = Metrics(dags=chosen.metrics_dags)
    seed(metrics, chosen, found.incidents)
    return metrics


def counted(metrics: Metrics) -> Callable[[bytes], None]:
    """Counts a round of a watch, given as a line of JSON; one that cannot be read counts for nothing."""
    import msgspec

    from dagnosis.services.watch.measuring import Report, measure

    def told(line: bytes) -> None:
        with suppress(msgspec.DecodeError):
            measure(metrics, msgspec.json.decode(line, type=Report))

    return told


def web(chosen: Settings, found: Stores, metrics: Metrics) -> Any:
    """The ASGI app of pages, API and metrics. What people and other processes changed in the stores is
    taken from them now and then, beside a scrape, which does not wait for it."""
    from dagnosis.pages.links import Links
    from dagnosis.server.app import make
    from dagnosis.server.guards import is_local
    from dagnosis.server.visitors import Visitors
    from dagnosis.services.feedback import user
    from dagnosis.services.metrics import Seeds, now_and_then
    from dagnosis.services.tokens import Tokens

    names = [name.strip() for name in chosen.serve_names.split(",") if name.strip()]
    look = now_and_then(Seeds(metrics, chosen, found.incidents))

    def exposition(accept: str) -> tuple[bytes, str]:
        look()
        return metrics.render(accept)

    trusting = chosen.serve_auth == "auto" and is_local(chosen.serve_host)
    return make(
        found,
        Visitors(Tokens(chosen.tokens_file), trusting=trusting, user=user()),
        Links(airflow=chosen.notify_airflow_url or chosen.airflow_url),
        names=[chosen.serve_host, *names],
        rate=chosen.serve_rate,
        exposition=exposition,
        measure=metrics.requested,
    )
