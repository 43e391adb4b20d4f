"""What a watch does after its rounds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import open_incidents
from dagnosis.services.watch.afterwards import HOURLY_SECONDS, Closer
from dagnosis.services.watch.rounds import Round
from tests.incidents.making import START, failed


def test_incidents_of_which_nothing_is_heard_are_closed_once_an_hour(tmp_path: Path) -> None:
    seconds = [0.0]
    with open_incidents(str(tmp_path / "store.db")) as incidents:
        incidents.now = lambda: START + timedelta(days=46)
        closer = Closer(incidents, 45, clock=lambda: seconds[0])
        closer(Round())
        incidents.record([failed(0)])
        closer(Round())
        assert incidents.find(Query(states=("open",))).total == 1
        seconds[0] += HOURLY_SECONDS
        Closer(incidents, 0, clock=lambda: seconds[0])(Round())
        assert incidents.find(Query(states=("open",))).total == 1
        closer(Round())
        assert incidents.find(Query(states=("resolved",))).total == 1
