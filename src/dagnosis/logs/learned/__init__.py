"""Run time of the trained models: features and arithmetic, no training, nothing that imports torch."""
