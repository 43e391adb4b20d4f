"""dagnosis on a schedule: copy this file into the DAG folder and strike what you do not need.

docs/howto/schedules.md says what each DAG needs. AIRFLOW is a connection to this Airflow (type http, with
user and password), STORE the database of incidents that all workers reach.
"""

from __future__ import annotations

from datetime import timedelta

from dagnosis.airflow.dags import backlog, check, classify, digest, retrain

AIRFLOW = "airflow_api"
STORE = ""  # as the setting `store`; or "conn://dagnosis_store"

# What failed is found, diagnosed, recorded and told: where `dagnosis watch` cannot run as a process.
classify(schedule=timedelta(minutes=2), airflow=AIRFLOW, store=STORE)

# The logs of the past, once, by hand.
backlog(airflow=AIRFLOW, store=STORE, days=30)

# Tables whose DAGs cannot be changed: name -> what holds the batch of the day.
check({"orders": "/data/orders/{{ dag_run.run_after | ds }}.parquet"}, schedule="@daily")

# Models learn once a week; what is new, broken and risky is mailed every morning.
retrain(schedule="@weekly", airflow=AIRFLOW, store=STORE)
digest(schedule="0 6 * * *", airflow=AIRFLOW, store=STORE)
