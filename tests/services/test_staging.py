"""The demo's stores: real logs and answers, and what is reckoned from a made-up history."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from dagnosis import app, settings
from dagnosis.incidents.contract import Query
from dagnosis.pages import data, overview
from dagnosis.services.staging import stage

NOW = datetime.now(timezone.utc)


def test_there_is_something_of_everything(tmp_path: Path) -> None:
    chosen = settings.Settings(store=str(tmp_path / "s.db"), profiles=str(tmp_path / "p.db"))
    with app.opened(chosen) as stores:
        told = stage(stores, tmp_path, now=NOW, batches=14)
        found = overview.overview(stores, now=NOW)
        assert told.incidents == stores.incidents.find(Query()).total >= 20
        assert told.failures == found.trend.total >= told.incidents
        assert found.open < told.incidents, "some are over"
        assert {one.cause for one in found.broken} > {"data_error"}
        for one in stores.incidents.find(Query(limit=200)).incidents:
            assert one.quote, one.title
            assert NOW - timedelta(days=15) < one.first_seen <= one.last_seen < NOW
            (latest, *_) = stores.incidents.occurrences(one.id)
            assert stores.diagnoses.remembered(latest.diagnosis_id)
        assert found.risks[0].reasons
        bad, good = data.datasets(stores, now=NOW).rows
        assert (bad.dataset, bad.status) == ("shop.orders", "alarm")
        assert (good.dataset, good.status) == ("shop.customers", "healthy")
        assert bad.finding
        assert {one.column for one in bad.finding.blamed[:2]} == {"amount", "country"}
    assert not list(tmp_path.glob("*.csv"))
