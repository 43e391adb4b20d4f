"""The plugin that Airflow finds by its entry point."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from dagnosis.airflow.listener import HintListener
from dagnosis.airflow.preload import Preloader


class DagnosisPlugin(AirflowPlugin):
    """Hints of failures for `dagnosis watch`."""

    name = "dagnosis"
    listeners: ClassVar[list[Any]] = [HintListener(), Preloader()]
