"""Training of the line classifier; the only folder that may import torch, and no run time imports it."""
