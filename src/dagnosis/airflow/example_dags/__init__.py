"""Files to copy into a DAG folder."""
