"""Where runs and logs come from: Airflow's REST API, its metadata database, files, object stores."""
