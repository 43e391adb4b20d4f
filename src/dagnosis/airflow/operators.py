"""Operators: `DataCheckOperator` judges a batch, `DataResultsOperator` reads what other tools judged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BranchMixIn
from airflow.sdk import BaseOperator

from dagnosis.airflow.checks import Mode, Terms, check, mode_of, opened, settle, withhold

if TYPE_CHECKING:
    from dagnosis.services.check import Checked, Finding


class _Settling(BaseOperator, BranchMixIn):
    """What both operators do with a finding: mode, quarantine, XCom, lineage."""

    inherits_from_skipmixin = True
    ui_color = "#e3f2ea"

    def __init__(
        self, *, mode: Mode = "fail", quarantine: str | Collection[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.mode = mode_of(mode)
        self.quarantine = [quarantine] if isinstance(quarantine, str) else list(quarantine)
        if self.quarantine and mode != "fail":
            raise ValueError(
                "quarantine says where an alarm goes instead of failing; leave mode as it is"
            )
        self.finding: Finding | None = None

    def _settled(self, context: Any, finding: Finding, profile: Any = None) -> Any:
        """The XCom value: what the asset events carry. Takes the branch where there is one."""
        self.finding = finding
        if not self.quarantine:
            return settle(context, finding, profile, self.mode)
        told = settle(context, finding, profile, "warn")
        # the branch ends the task before Airflow stores what it returns
        context["ti"].xcom_push(key="return_value", value=told)
        if finding.alarm:
            withhold(context)
            self.do_branch(context, self.quarantine)
        else:
            aside = set(self._expand_task_group_roots(context["ti"], self.quarantine))
            others = [task for task in context["task"].downstream_task_ids if task not in aside]
            self.do_branch(context, others)
        return told


class DataCheckOperator(_Settling):
    """Judges a batch beside the past of its table; stores its profile; hands the finding on.

    :param dataset: what holds the batch: a path, a file of object storage (`s3://CONN@bucket/key`), the
        folder of a Delta or Iceberg table, `conn://CONN_ID` or the URL of a database. (templated)
    :param name: the table under which profiles are stored. (templated)
    :param partition: name of the batch; the partition key of the run, else its date. (templated)
    :param table: `[schema.]table` of a database. (templated)
    :param where: SQL that chooses the rows of the batch, run as it is. (templated)
    :param mode: what an alarm does: `fail` (not retried, no asset event), `warn` or `record`.
    :param quarantine: tasks directly downstream that run when the batch is an alarm, instead of all
        others; when it is not, they are skipped. The task succeeds either way.
    :param store: profile store: a path, a URL or `conn://CONN_ID`; default: the setting `profiles`. With
        several workers it must be a database that all of them reach. (templated)
    :param false_alarms: false alarms accepted a month; default: the setting.
    :param holidays: days on which the table is expected to be odd.
    :param html: path of a report to write. (templated)

    The `extra` of each outlet's event, and the XCom, carry a summary under `dagnosis`. Alarms in the
    events that started the run, or of its inlets, are named in the finding.
    """

    template_fields: Sequence[str] = (
        "dataset", "name", "partition", "table", "where", "store", "html"
    )  # fmt: skip

    def __init__(
        self,
        *,
        dataset: str,
        name: str,
        partition: str = "",
        table: str = "",
        where: str = "",
        store: str = "",
        false_alarms: float | None = None,
        holidays: Collection[date | str] = (),
        html: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.name = name
        self.partition = partition
        self.table = table
        self.where = where
        self.store = store
        self.false_alarms = false_alarms
        self.holidays = holidays
        self.html = html
        self.checked: Checked | None = None

    def execute(self, context: Any) -> Any:
        """Check; raises `DataCheckFailed`, and the errors of dagnosis for what cannot be read."""
        terms = Terms(self.store, self.false_alarms, self.holidays)
        with opened(str(self.dataset), self.table, self.where) as engine:
            self.checked = check(context, engine, self.name, self.partition, terms)
        if self.html:
            from dagnosis.data.report import report

            page = report(self.checked.finding, self.checked.profile, self.checked.past)
            Path(self.html).write_text(page, "utf-8")
        return self._settled(context, self.checked.finding, self.checked.profile)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """The batch as an input with its assertions and metrics, where OpenLineage is installed."""
        from dagnosis.airflow.lineage import lineage

        return lineage(self.dataset, self.table, self.checked)


class DataResultsOperator(_Settling):
    """Reads what Great Expectations, Soda, dbt or an OpenLineage event say of data, as one finding.

    :param files: paths of results (JSON), or one path. (templated)
    :param name: named in the finding in place of the tables that the results name. (templated)
    :param mode: what a failed expectation of severity `error` does: `fail`, `warn` or `record`.
    :param quarantine: as of `DataCheckOperator`.
    """

    template_fields: Sequence[str] = ("files", "name")

    def __init__(self, *, files: str | Sequence[str], name: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.files = files
        self.name = name

    def execute(self, context: Any) -> Any:
        """Read and settle; raises `DataCheckFailed`, and `UnreadableInput` for an unknown file."""
        from dagnosis.airflow.checks import partition_of, task_of
        from dagnosis.services.results import as_one, read_results

        files = [self.files] if isinstance(self.files, str) else list(self.files)
        found = [one for file in files for one in read_results(Path(file))]
        task, partition = task_of(context), partition_of(context)
        return self._settled(context, as_one(found, self.name, partition, task))
