"""What a person asks of ``catalog get``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ALL_LABELS = "all"
"""In place of a drug: the labels of all."""


@dataclass(frozen=True)
class Wish:
    """What a person asks of ``catalog get``.

    ``labels`` are drugs whose labels are wanted too, or ``ALL_LABELS``. ``mirror`` is the address of a folder with the
    files under the names of ``addresses``, in place of the registers' own. ``given`` is a folder with the files:
    nothing is downloaded. ``added`` are files that join what is downloaded. ``key`` opens a register that wants one.
    """

    labels: tuple[str, ...] = ()
    mirror: str = ""
    given: Path | None = None
    added: tuple[Path, ...] = ()
    key: str = field(default="", repr=False)
