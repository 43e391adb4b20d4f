"""What the cause model learns from: labelled messages, and variations of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.logs.causes.catalogue import catalogue, split_exception
from dagnosis.logs.causes.tables import tables
from dagnosis.logs.evidence import candidates
from dagnosis.logs.learned.features import LONGEST
from dagnosis.logs.parsing import parse
from dagnosis.logs.reading import read_path
from dagnosis.logs.training.variations import varied
from dagnosis.model import FAMILIES, Transience

LEARNT = tuple(family for family in FAMILIES if family != "unknown")
"""The families that the model tells apart."""
VARIATIONS = 2
"""Of each message, beside itself."""
FAULTS = Path(__file__).parent / "faults.jsonl"
JUDGES = 4
"""One fault in so many is never learnt from."""


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """A labelled message. `group` is the cause, table row or fault that it comes from; `accepted`
    are the families that an expert lets pass."""

    message: str
    exception: str
    family: str
    transience: Transience
    group: str
    accepted: tuple[str, ...] = ()
    weight: float = 1.0


def stated() -> list[Example]:
    """What the causes and tables state: their excerpts, and each row's name with its code."""
    examples = [
        Example(text, split_exception(text)[0], cause.family, cause.spec.transience, cause.id)
        for cause in catalogue().causes.values()
        for text in cause.spec.examples.match
    ]
    for name, table in tables().by_name.items():
        for code, line in table.lines.items():
            _, family, transience, _, meaning, *_ = [*line.split("\t"), "", "", "", ""]
            if family in LEARNT and meaning:
                text = f"{code}: {meaning}" if table.types else f"{code} {meaning}"
                exception = code if table.types else ""
                examples.append(
                    Example(text, exception, family, _transience(transience), f"{name} {code}")
                )
    return examples


def _transience(text: str) -> Transience:
    value: Transience = msgspec.convert(text, Transience)
    return value


def of_corpus(
    folder: Path, each: Callable[[int, int], object] = lambda done, of: None
) -> list[Example]:
    """The failing message of each log in a corpus of the lab, as the evidence ranking reads it.

    Successes, and logs whose labelled line is no candidate, give none. Raises `UnreadableInput`
    where the folder holds no index, or a row of it is damaged.
    """
    index = folder / "index.jsonl"
    try:
        lines = index.read_text("utf-8").splitlines()
    except OSError as error:
        raise UnreadableInput(
            f"{index}: no corpus of the lab here ({error.strerror}); python -m lab makes one"
        ) from None
    examples = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            examples += _of_log(folder, row)
        except (ValueError, KeyError) as error:
            raise UnreadableInput(f"{index}: line {number} is damaged ({error})") from None
        each(number, len(lines))
    return examples


def _of_log(folder: Path, row: dict[str, Any]) -> list[Example]:
    if row["family"] not in LEARNT:
        return []
    for found in candidates(parse(read_path(folder / row["file"]))):
        if found.line in row["evidence_lines"]:
            return [
                Example(
                    found.message,
                    found.type,
                    row["family"],
                    _transience(row["transience"]),
                    f"fault {row['fault']}",
                    tuple(row["accepted"]),
                )
            ]
    return []


def faults(*, judging: bool) -> list[Example]:
    """The failing messages of the lab's corpus: those that judge, or those that are learnt from."""
    decoder = msgspec.json.Decoder(Example)
    examples = [decoder.decode(line) for line in FAULTS.read_bytes().splitlines()]
    return [one for one in examples if judging == (crc32(twins(one.group).encode()) % JUDGES == 0)]


def twins(name: str) -> str:
    """The name of a fault (or its group) that its noisy twin shares: what is learnt from one is known of
    the other."""
    return name.removesuffix("_noisy")


def write_faults(examples: Iterable[Example]) -> None:
    """Keep the messages of a corpus for those who have none."""
    lines = sorted(
        msgspec.json.encode(msgspec.structs.replace(one, message=one.message[:LONGEST])).decode()
        for one in examples
    )
    FAULTS.write_text("\n".join(dict.fromkeys(lines)) + "\n", "utf-8")


def with_variations(
    examples: Iterable[Example], seed: int, times: int = VARIATIONS
) -> list[Example]:
    """The examples and `times` variations of each, deterministic for a seed."""
    random = Random(seed)  # noqa: S311 - variety, not secrecy
    all_of_them = []
    for example in examples:
        all_of_them.append(example)
        for _ in range(times):
            message, exception = varied(example.message, example.exception, random)
            all_of_them.append(
                msgspec.structs.replace(example, message=message, exception=exception)
            )
    return all_of_them
