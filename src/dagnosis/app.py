"""The composition root: from settings to stores, doors and an app that can be served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagnosis.settings import Settings

if TYPE_CHECKING:
    from dagnosis.pages.stores import Stores


def stores(chosen: Settings) -> Stores:
    """The stores that the settings name; those that are missing are made."""
    from pathlib import Path

    from dagnosis.data.store import ProfileStore
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store
    from dagnosis.pages.stores import Stores

    files = {"incidents and diagnoses": place(chosen.store_place).file}
    if "://" not in chosen.profiles_place:
        files["profiles"] = Path(chosen.profiles_place).expanduser()
    files["models"] = chosen.models_folder
    return Stores(
        incidents=open_incidents(chosen.store_place),
        diagnoses=open_store(chosen.store_place),
        profiles=ProfileStore(chosen.profiles_place),
        models=chosen.models_folder,
        files={what: path for what, path in files.items() if path},
    )


def web(chosen: Settings, found: Stores | None = None) -> Any:
    """The ASGI app of pages and API."""
    from dagnosis.pages.links import Links
    from dagnosis.server.app import make
    from dagnosis.server.guards import is_local
    from dagnosis.server.visitors import Visitors
    from dagnosis.services.feedback import user
    from dagnosis.services.tokens import Tokens

    names = [name.strip() for name in chosen.serve_names.split(",") if name.strip()]
    trusting = chosen.serve_auth == "auto" and is_local(chosen.serve_host)
    return make(
        found or stores(chosen),
        Visitors(Tokens(chosen.tokens_file), trusting=trusting, user=user()),
        Links(airflow=chosen.serve_airflow),
        names=[chosen.serve_host, *names],
        rate=chosen.serve_rate,
    )
