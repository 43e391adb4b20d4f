"""The plugin that Airflow finds by its entry point. Loaded in every process of Airflow, tasks too, so it
imports little; the pages are loaded when they are first asked for."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from dagnosis.airflow.lazy import LazyApp
from dagnosis.airflow.links import DiagnosisLink
from dagnosis.airflow.listener import HintListener
from dagnosis.airflow.mount import MOUNT, path
from dagnosis.airflow.preload import Preloader

_DAG = "/dags/{DAG_ID}"
_RUN = f"{_DAG}/runs/{{RUN_ID}}"
_TASK = f"{_RUN}/tasks/{{TASK_ID}}?map_index={{MAP_INDEX}}"
_ICON = f"{MOUNT}/static/icon.svg"


def _view(name: str, href: str, destination: str, route: str) -> dict[str, Any]:
    return {
        "name": name,
        "href": path() + href,
        "destination": destination,
        "url_route": route,
        "icon": _ICON,
    }


class DagnosisPlugin(AirflowPlugin):
    """Hints of failures for `dagnosis watch`; tabs on task instance, run and DAG; a page Incidents."""

    name = "dagnosis"
    listeners: ClassVar[list[Any]] = [HintListener(), Preloader()]
    fastapi_apps: ClassVar[list[Any]] = [
        {"app": LazyApp(), "url_prefix": MOUNT, "name": "dagnosis"}
    ]
    external_views: ClassVar[list[Any]] = [
        _view("Incidents", "/incidents", "nav", "dagnosis-incidents"),
        _view("Diagnosis", _TASK, "task_instance", "diagnosis"),
        _view("Diagnosis", _RUN, "dag_run", "diagnosis-run"),
        _view("Reliability", _DAG, "dag", "reliability"),
    ]
    global_operator_extra_links: ClassVar[list[Any]] = [DiagnosisLink()]
