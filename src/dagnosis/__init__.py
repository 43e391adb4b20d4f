"""Why did the Airflow run fail, is the data right, and what fails next?

Public names resolve on first use (PEP 562): `import dagnosis` loads no Airflow, torch,
scikit-learn, onnxruntime or duckdb.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagnosis.model import Diagnosis as Diagnosis
    from dagnosis.services.explain import explain as explain
    from dagnosis.services.explain import explain_text as explain_text

__version__ = "0.1.0"

_HOMES = {
    "Diagnosis": "dagnosis.model",
    "explain": "dagnosis.services.explain",
    "explain_text": "dagnosis.services.explain",
}

__all__ = ["Diagnosis", "__version__", "explain", "explain_text"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dagnosis' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
