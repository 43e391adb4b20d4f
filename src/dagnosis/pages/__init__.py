"""What people look at: views (values from the stores, put in words), templates and static files.

Nothing in here knows a web framework: `dagnosis.server` shows these pages on their own,
`dagnosis.airflow` as tabs in Airflow. Each view is a function of the stores, of `readable` (the DAGs
that the asker may read, None for all) and of `Links`; `rendering.render` makes HTML of what it gives.
"""
