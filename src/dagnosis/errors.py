"""The errors that dagnosis raises, as one small tree.

    DagnosisError
    ├── WrongUse             a flag, setting or argument is wrong; change it and run again   (exit 2)
    │   └── MissingExtra     libraries are not installed; the message says how to install    (exit 2)
    ├── UnreadableInput      a file, row or stream cannot be read; the message names it      (exit 3)
    │   ├── InputTooLarge    it unpacks to more than the limit (a compression bomb)          (exit 3)
    │   └── RefusedModel     a model is damaged, foreign or of a forbidden format            (exit 3)
    ├── BrokenCause          a cause file of the taxonomy is wrong; names the file and key   (exit 3)
    ├── ServiceUnreachable   an Airflow, database or model did not answer; a retry may help  (exit 4)
    └── InternalError        dagnosis itself is wrong; report it with the message            (exit 3)

Every message is one line that says what is wrong, where, and what the reader can do.
"""

from __future__ import annotations

from typing import ClassVar


class DagnosisError(Exception):
    """Base of all errors that dagnosis raises on purpose. A retry of the same call does not help."""

    exit_code: ClassVar[int] = 2


class WrongUse(DagnosisError):
    """A flag, setting or argument is wrong. Correct it as the message says."""

    exit_code = 2


class MissingExtra(WrongUse):
    """Libraries of an extra are not installed; the message says how to install them."""


class UnreadableInput(DagnosisError):
    """A file, row or stream cannot be read. Other inputs are still processed."""

    exit_code = 3


class InputTooLarge(UnreadableInput):
    """Compressed input unpacks to more than the limit (`max_unpacked_bytes`), as a bomb would."""


class RefusedModel(UnreadableInput):
    """A model is damaged, foreign or of a forbidden format. The one before it stays in use."""


class BrokenCause(DagnosisError):
    """A cause file is wrong; the message names the file and the key."""

    exit_code = 3


class ServiceUnreachable(DagnosisError):
    """A service did not answer or refused. A later retry may help."""

    exit_code = 4


class InternalError(DagnosisError):
    """Dagnosis did something wrong that the user cannot mend. Report it with the message."""

    exit_code = 3


class RefusedModelWarning(UserWarning):
    """A model was refused and another one is used; the message names both."""
