"""Spark has no room for its shuffle files."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """IOException in a shuffle write."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="group_events",
        bash_command="export SPARK_LOCAL_DIRS=$SCRATCH_DIR; $SPARK_PYTHON -c \"\nfrom pyspark.sql import SparkSession\nspark = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false').getOrCreate()\nspark.range(3000000).selectExpr('id', 'hash(id) as h').repartition(4, 'h').groupBy('h').count().write.format('noop').mode('overwrite').save()\n\" 2>&1; code=$?; echo \"grouped events: not written\"; exit $code",
    )


FAULT = Fault(
    name="spark_shuffle",
    family="disk_full",
    dag_id="events_group",
    cause="no space left for the shuffle of Spark",
    states="No space left on device",
    needs=("mounts", "spark"),
    build=build,
)
