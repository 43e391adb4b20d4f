"""What runs inside Airflow; most of it needs Airflow."""
