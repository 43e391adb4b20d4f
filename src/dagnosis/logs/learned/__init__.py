"""Models that read logs, at run time: numpy, onnxruntime and tokenizers, each loaded on first use."""
