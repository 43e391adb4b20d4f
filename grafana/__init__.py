"""Dashboards for Grafana, written by `python -m grafana.build`; rules for Prometheus beside them."""
