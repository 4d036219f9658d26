"""What the results were made of, so that a run that changes nothing need not make them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pipeline.batch import plan
from pipeline.batch.columns import SCHEMA
from pipeline.batch.durable import replace
from pipeline.batch.ledger import Ledger

_FILE = "made.json"


def made_of(out: Path, asked: Sequence[str]) -> str:
    """A digest of all that results are made of: the rows, what people said of them, and what was asked for.

    Empty where a shard is not whole.
    """
    ledger, whole = Ledger(out / "shards"), hashlib.blake2b(digest_size=16)
    whole.update(repr((SCHEMA, list(asked), _content(out / "verdicts.jsonl"))).encode())
    for key in plan.keys(out / "plan"):
        stamp = ledger.stamp(key)
        if stamp is None:
            return ""
        whole.update(f"{key} {stamp.rows}\n".encode())
    return whole.hexdigest()


def note(out: Path, digest: str, files: Iterable[Path]) -> None:
    """Keep what results were made of, and which files of the result folder they are."""
    states = {file.name: _state(file) for file in files}
    replace(out / _FILE, json.dumps({"of": digest, "files": states}, indent=2).encode("ascii") + b"\n")


def is_made(out: Path, digest: str) -> bool:
    """Whether the results that are there were made of the same, and none of their files changed since."""
    try:
        noted: dict[str, Any] = json.loads((out / _FILE).read_bytes())
        return (
            bool(digest)
            and noted["of"] == digest
            and all(_state(out / file) == state is not None for file, state in noted["files"].items())
        )
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _content(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


def _state(file: Path) -> list[int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]
