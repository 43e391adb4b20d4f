"""Answers of language models, kept so that each question is asked once: a SQLite file in the user's
cache folder, bounded, shared by all processes. Nothing depends on it: a file that is damaged or
cannot be written is as good as none."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

KEPT = 20_000
"""Answers kept; the ones used longest ago go first."""


class Cache:
    """Text under a key; the newest `kept`."""

    def __init__(self, file: Path | None = None, kept: int = KEPT) -> None:
        self.file = file or default_file()
        self.kept = kept

    def get(self, keys: Iterable[str]) -> dict[str, str]:
        """What is kept of these keys."""
        wanted = list(keys)
        try:
            with closing(self._open()) as answers, answers:
                found: dict[str, str] = {}
                for key in wanted:
                    row = answers.execute(
                        "UPDATE answers SET used = ? WHERE key = ? RETURNING text",
                        (time.time_ns(), key),
                    ).fetchone()
                    if row:
                        found[key] = row[0]
                return found
        except (OSError, sqlite3.Error):
            return {}

    def put(self, texts: dict[str, str]) -> None:
        """Keep these, all or none; what is too old goes."""
        try:
            with closing(self._open()) as answers, answers:
                answers.executemany(
                    "INSERT OR REPLACE INTO answers (key, text, used) VALUES (?, ?, ?)",
                    ((key, text, time.time_ns()) for key, text in texts.items()),
                )
                answers.execute(
                    "DELETE FROM answers WHERE key IN "
                    "(SELECT key FROM answers ORDER BY used DESC LIMIT -1 OFFSET ?)",
                    (self.kept,),
                )
        except (OSError, sqlite3.Error):
            return

    def _open(self) -> sqlite3.Connection:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        answers = sqlite3.connect(self.file, timeout=2)
        try:
            answers.execute(
                "CREATE TABLE IF NOT EXISTS answers "
                "(key TEXT PRIMARY KEY, text TEXT NOT NULL, used INTEGER NOT NULL)"
            )
        except sqlite3.Error:
            answers.close()
            raise
        return answers


def key(*parts: str) -> str:
    """A key over what the answer depends on, in order."""
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def default_file() -> Path:
    """Where answers are kept unless another place is named."""
    import platformdirs

    return platformdirs.user_cache_path("dagnosis") / "llm-answers.sqlite3"
