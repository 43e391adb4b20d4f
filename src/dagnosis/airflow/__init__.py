"""Inside Airflow: what runs in its processes. Nothing else in dagnosis imports Airflow."""
