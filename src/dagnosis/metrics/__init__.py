"""What dagnosis says of itself and of what it found to Prometheus.

`Metrics` holds the values of one process in a registry of its own. Services call its methods as they
work; a scrape reads memory alone and asks no database. `catalogue` is the list of all families, with
what bounds each of them; `textfile` writes them for node_exporter.

**Several processes.** Each process tells what it did itself; give each one its own scrape target, and
sum over `instance`. What is kept in the store (how many incidents are open) is told by the process
that calls `refresh`, the one that watches, so that it is told once. `serve --watch` tells what its watch
reports to it after each round; a watch alone tells it at a port of its own (`services.metrics.listen`).
"""

from dagnosis.metrics.recorder import Metrics

__all__ = ["Metrics"]
