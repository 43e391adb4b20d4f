"""Training of the line classifier: `python -m dagnosis.logs.training.lines`."""
