"""A laboratory: a real Airflow that fails on purpose, and the labelled corpus of its logs.

`python -m lab --out DIR --python AIRFLOW_PYTHON` runs it; README.md says how to add a fault.
"""
