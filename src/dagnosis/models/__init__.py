"""Trained models as files: a manifest with the hash of each, versions, one pointer to the one in use.

Models are data, never code: ONNX, npz without objects, safetensors, skops and JSON. What is none of
these by its content, whatever its name, is refused, and the model before it stays in use.
"""
