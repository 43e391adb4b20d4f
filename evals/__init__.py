"""Quality, measured: `python -m evals.<name> INPUT OUT`, through the public API, default settings."""
