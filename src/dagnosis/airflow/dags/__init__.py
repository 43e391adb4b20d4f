"""DAGs of dagnosis, made by a call each, for the DAG folder of an Airflow 3:

    from dagnosis.airflow.dags import classify, digest

    classify(airflow="airflow_api")
    digest(schedule="0 6 * * *")

Parsing such a file imports little; each task imports what it needs. `airflow` is the id of a connection to
the Airflow that is followed, `store` the place of the incidents (a path, a URL, `conn://ID`); both may be
left to the settings. Whatever else is given goes to Airflow's `DAG`.
"""

from dagnosis.airflow.dags.backlog import backlog
from dagnosis.airflow.dags.checking import check
from dagnosis.airflow.dags.classifying import classify
from dagnosis.airflow.dags.digesting import digest
from dagnosis.airflow.dags.retraining import retrain

__all__ = ["backlog", "check", "classify", "digest", "retrain"]
