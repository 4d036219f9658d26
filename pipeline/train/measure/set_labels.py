"""The labels of a register's photo set, and which imprints calibrate."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from reference.text.imprints import imprint_key


def register_labels(folder: Path) -> pd.DataFrame:
    """``labels.csv`` as text, laid out as ``../shared/data/README.md`` says; two marks are one ``imprint``."""
    labels = pd.read_csv(folder / "labels.csv", dtype=str, keep_default_na=False)
    if "mark1" in labels:
        labels["imprint"] = [
            ";".join(filter(None, marks)) for marks in zip(labels["mark1"], labels["mark2"], strict=True)
        ]
    return labels


def is_aside(imprint: str) -> bool:
    """Whether an imprint is of the seventh that calibrates: by the second byte of the hash whose first parts off the
    validation (``pipeline.evaluate.split``)."""
    return hashlib.sha1(imprint_key(imprint).encode()).digest()[1] % 7 == 0
