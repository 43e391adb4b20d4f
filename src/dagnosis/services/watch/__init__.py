"""Follow an Airflow: every failure found, diagnosed and recorded, once.

Three feeds say that something failed: hints of the listener (soon, may be missing), the poll (late,
complete) and the event log (explains deaths that leave no log). They are merged into one attempt per
`(dag_id, run_id, task_id, map_index, try_number)`; the poll is the guarantee.
"""
