"""Is a file what its name says? Known formats of models, told by content and not by name.

A pickle runs code when it is loaded, so it is refused under any name; so are joblib files (a pickle,
packed or not) and archives that hold one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_HEAD = 4096
"""Bytes of a file that are looked at."""


def refusal(path: Path) -> str:
    """Why the file must not be loaded, as the end of a sentence; empty when it may be.

    Known are .json, .npz, .onnx, .safetensors, .skops, .md and .txt. Raises OSError where the file
    cannot be read.
    """
    check = _CHECKS.get(path.suffix)
    if check is None:
        return f"is no known format ({', '.join(_CHECKS)})"
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if not head:
            return "is empty"
        if check(head, file):
            return ""
        return f"is not what {path.suffix} means, {_looks_like(head, file)}"


def _text(head: bytes, _: BinaryIO) -> bool:
    # decoding may cut the last character; 3 bytes are the most that are then missing
    return b"\0" not in head and not _is_pickle(head) and _decodes(head)


def _decodes(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == _HEAD and error.start >= _HEAD - 3
    return True


def _json(head: bytes, file: BinaryIO) -> bool:
    return head.lstrip()[:1] in (b"{", b"[") and _text(head, file)


def _onnx(head: bytes, _: BinaryIO) -> bool:
    """A protobuf whose first field is `ir_version`, a small number, and whose next is known."""
    return head[0] == 0x08 and len(head) > 3 and 0 < head[1] < 0x40 and head[2] in _ONNX_FIELDS


_ONNX_FIELDS = frozenset(
    (number << 3) | kind for number in (2, 3, 4, 5, 6, 7, 8, 14) for kind in (0, 2)
)


def _safetensors(head: bytes, file: BinaryIO) -> bool:
    """The length of a JSON object in 8 bytes, and the object."""
    length = int.from_bytes(head[:8], "little")
    return 2 <= length <= _size(file) - 8 and head[8:9] == b"{"


def _npz(head: bytes, file: BinaryIO) -> bool:
    """A zip of arrays, none of them of Python objects (those are pickles)."""
    members = _members(head, file)
    return bool(members) and all(
        name.endswith(".npy") and start[:6] == _ARRAY and not _OBJECTS.search(_described(start))
        for name, start in members.items()
    )


_ARRAY = b"\x93NUMPY"
_OBJECTS = re.compile(rb"""['"][|<>=]?O[0-9]*['"]""")


def _described(start: bytes) -> bytes:
    """The part of an array file that says its type; its length is 2 bytes, 4 from version 2 on."""
    width = 2 if start[6:7] == b"\x01" else 4
    return start[8 + width : 8 + width + int.from_bytes(start[8 : 8 + width], "little")]


def _skops(head: bytes, file: BinaryIO) -> bool:
    members = _members(head, file)
    return "schema.json" in members and not any(map(_is_pickle, members.values()))


def _members(head: bytes, file: BinaryIO) -> dict[str, bytes]:
    """The names in a zip and the first bytes of each; empty for what is no sound zip."""
    if head[:4] != b"PK\x03\x04":
        return {}
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(file) as packed:
            starts = {}
            for member in packed.infolist():
                with packed.open(member) as content:
                    starts[member.filename] = content.read(_HEAD)
            return starts
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        return {}


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


_CHECKS: dict[str, Callable[[bytes, BinaryIO], bool]] = {
    ".json": _json,
    ".npz": _npz,
    ".onnx": _onnx,
    ".safetensors": _safetensors,
    ".skops": _skops,
    ".md": _text,
    ".txt": _text,
}


def _is_pickle(head: bytes) -> bool:
    """Protocols 2 to 5 begin with 0x80 and their number, 0 and 1 with one of a few opcodes."""
    return (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05") or bool(_OLD.match(head))


_OLD = re.compile(rb"c[\w.]+\n[\w.]+\n|\((?:[dl]p\d+\n|i[\w.]+\n)|[]}]q|\}\.|\]\.")
_PACKED = (
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x04\x22\x4d\x18",
    b"\x78\x01",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x28\xb5\x2f\xfd",
)


def _looks_like(head: bytes, file: BinaryIO) -> str:
    if _is_pickle(head):
        return "it is a pickle, which would run code"
    members = _members(head, file)
    if any(
        _is_pickle(start) or name.endswith((".pkl", ".pickle")) for name, start in members.items()
    ):
        return "it is an archive with a pickle in it, which would run code"
    if members and any(start[:6] == _ARRAY for start in members.values()):
        return "it holds arrays of Python objects, which are pickles and would run code"
    if head.startswith(_PACKED):
        return "it is packed, as joblib packs its pickles"
    return "it is damaged or something else"
