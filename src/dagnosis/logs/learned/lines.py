"""The line classifier at run time: messages -> probabilities of INFO, WARNING and ERROR.

A model is a folder with `lines.onnx`, `tokenizer.json` and `lines.json` (`Head`), opened by
`dagnosis.models.store`. Trained by `dagnosis.logs.training.lines`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from dagnosis.errors import RefusedModel
from dagnosis.logs.masking import mask
from dagnosis.model import Level

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "lines"
FORMAT = 1
"""Layout of the folder; a model of another one is refused."""
LEVELS: tuple[Level, ...] = ("INFO", "WARNING", "ERROR")
LONGEST = 600
"""Characters of a message that are read."""
_BATCH = 256


class Message(NamedTuple):
    """What is asked of the model: a bare message and, where known, what stands around it."""

    text: str
    logger: str = ""
    """Of the line; the last two parts of `a.b.c` are read."""
    traced: bool = False
    """A stack trace follows."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What turns the outputs of the network into a label (`lines.json`)."""

    tokens: int
    """The most tokens of one message."""
    bias: tuple[float, float, float]
    """Added to the logarithms of the probabilities before the largest is taken."""
    knots: tuple[tuple[float, float], ...]
    """Share of the probability of the label -> how often such a label was right, both rising."""
    keyword: float
    """Added to the level that a keyword names, as `bias` is."""
    context: bool
    """The network reads the logger and whether a stack trace follows."""


def prepared(message: Message, context: bool) -> str:
    """The text that is tokenized: values masked, one line, context in front.

    >>> prepared(Message("took 5 ms", logger="airflow.task.hooks"), context=True)
    'task hooks <sep> took <duration>'
    """
    text = " ".join(mask(message.text[:LONGEST]).split())
    if not context:
        return text
    if message.logger:
        parts = message.logger.removesuffix(".py").replace("/", ".").split(".")[-2:]
        text = f"{' '.join(parts)[:80]} <sep> {text}"
    return f"<trace> {text}" if message.traced else text


class LineModel:
    """One network on one thread; loading it costs some 30 ms and 30 MiB beside onnxruntime."""

    def __init__(self, folder: Path) -> None:
        """Raises `RefusedModel` when the files do not fit together."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            import numpy
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise RefusedModel(
                f"{folder}: needs {error.name}; run: pip install {error.name}"
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self.head = msgspec.json.decode((folder / "lines.json").read_bytes(), type=Head)
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session: Any = onnxruntime.InferenceSession(
                str(folder / "lines.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime and tokenizers have no common base of errors
            raise RefusedModel(f"{folder}: cannot be loaded ({error})") from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.head.tokens)
        self._np: Any = numpy

    def probabilities(self, messages: Sequence[Message]) -> NDArray[np.float32]:
        """Shape (messages, 3), rows sum to 1, in the order of `LEVELS`; (0, 3) for none.

        Never raises on any text; lone surrogates are read as question marks.
        """
        np = self._np
        texts = [prepared(message, self.head.context) for message in messages]
        coded = self._tokenizer.encode_batch_fast(
            [text.encode("utf-8", "replace").decode() for text in texts],
            add_special_tokens=False,
        )
        ids = [one.ids or [0] for one in coded]
        found: NDArray[Any] = np.zeros((len(ids), 3), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for at in range(0, len(order), _BATCH):
            rows = order[at : at + _BATCH]
            lengths = np.array([len(ids[i]) for i in rows], np.int32)
            padded = np.zeros((len(rows), int(lengths[-1])), np.int32)
            for row, i in enumerate(rows):
                padded[row, : len(ids[i])] = ids[i]
            found[rows] = self._session.run(None, {"ids": padded, "lengths": lengths})[0]
        return found

    def levels(
        self, messages: Sequence[Message], keywords: Sequence[Level]
    ) -> list[tuple[Level, float, bool]]:
        """Level and calibrated confidence in [0, 1] of each message, and whether the keyword that
        was found in it (`keywords`) tipped the scale. Empty for no messages."""
        np = self._np
        probabilities = self.probabilities(messages)
        said = np.array([LEVELS.index(level) for level in keywords], np.int64)
        scores = np.log(np.maximum(probabilities, 1e-9)) + np.array(self.head.bias)
        alone = scores.argmax(1)
        scores[np.arange(len(said)), said] += self.head.keyword
        chosen = scores.argmax(1)
        shares, right = zip(*self.head.knots, strict=True)
        confidence = np.interp(probabilities[np.arange(len(chosen)), chosen], shares, right)
        return [
            (LEVELS[level], round(float(sure), 4), bool(level != before))
            for level, sure, before in zip(chosen, confidence, alone, strict=True)
        ]
