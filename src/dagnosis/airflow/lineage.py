"""A check as OpenLineage tells it: assertions and metrics of the dataset that was read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dagnosis.airflow.connections import SCHEME, engine_of
from dagnosis.logs.redaction import redact

if TYPE_CHECKING:
    from dagnosis.services.check import Checked, Finding


def lineage(dataset: str, table: str, checked: Checked | None) -> Any:
    """`OperatorLineage` with the batch as its input; None without OpenLineage or without a finding."""
    try:
        from airflow.providers.openlineage.extractors import OperatorLineage
        from openlineage.client.event_v2 import InputDataset
        from openlineage.client.facet_v2 import (
            data_quality_assertions_dataset as assertions_of,
        )
        from openlineage.client.facet_v2 import (
            data_quality_metrics_input_dataset as metrics_of,
        )
    except ImportError:
        return None
    if checked is None:
        return OperatorLineage()
    profile = checked.profile
    columns = {
        one.name: metrics_of.ColumnMetrics(
            nullCount=one.totals.nulls,
            distinctCount=one.totals.distinct,
            min=one.totals.minimum if one.quantiles else None,
            max=one.totals.maximum if one.quantiles else None,
        )
        for one in profile.columns
    }
    # clients before 1.47 know fewer keys
    known = assertions_of.Assertion.__annotations__
    facets = {
        "dataQualityAssertions": assertions_of.DataQualityAssertionsDatasetFacet(
            assertions=[
                assertions_of.Assertion(**{key: one[key] for key in one if key in known})
                for one in assertions(checked.finding)
            ]
        ),
        "dataQualityMetrics": metrics_of.DataQualityMetricsInputDatasetFacet(
            columnMetrics=columns, rowCount=profile.rows
        ),
    }
    namespace, name = place_of(dataset, table)
    return OperatorLineage(inputs=[InputDataset(namespace, name, inputFacets=facets)])


def assertions(finding: Finding) -> list[dict[str, Any]]:
    """One assertion for the batch, and one for each column that an alarm blames most."""
    whole = {"assertion": "like_its_past", "success": not finding.alarm, "column": None}
    blamed = [one.column for one in finding.blamed if one.column != "*" and one.weight >= 0.5]
    return [
        {**whole, "name": f"{finding.dataset} is like its past", "severity": "error",
         "expected": f"score <= {finding.limit}", "actual": f"score = {finding.score}",
         "description": redact(finding.summary)},
        *({**whole, "column": column, "severity": "error"} for column in blamed),
    ]  # fmt: skip


def place_of(dataset: str, table: str) -> tuple[str, str]:
    """Namespace and name of a dataset as OpenLineage's naming has them.

    >>> place_of("s3://warehouse@bucket/orders/1.parquet", "")
    ('s3://bucket', 'orders/1.parquet')
    """
    if dataset.startswith(SCHEME) or ("://" in dataset and table):
        from sqlalchemy.engine import make_url

        url = engine_of(dataset).url if dataset.startswith(SCHEME) else make_url(dataset)
        scheme = url.get_backend_name().replace("postgresql", "postgres")
        schema, _, name = table.rpartition(".")
        schema = schema or ("public" if scheme == "postgres" else "")
        port = (
            f":{url.port or 5432}" if scheme == "postgres" else f":{url.port}" if url.port else ""
        )
        host = f"{url.host or ''}{port}" if url.host else ""
        return f"{scheme}://{host}", ".".join(filter(None, (url.database, schema, name)))
    parts = urlsplit(dataset)
    if parts.scheme in ("", "file"):
        return "file", str(Path(parts.path).absolute())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.lstrip("/")
