"""One result row a photo: made from an identification or an error, written as JSON Lines and CSV."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from pipeline.answer import Answer
from pipeline.batch.state import digest, state_of
from pipeline.errors import PillprintError
from pipeline.load import display_name
from pipeline.properties import PROPERTIES
from pipeline.records import Decision, Drug, Identification, Photo
from pipeline.review import RESULTS
from pipeline.words import below_one, percent

Row = Mapping[str, Any]

_FOUND = (
    "photo",
    "decision",
    "drug",
    "strength",
    "product",
    "product_id",
    "labelers",
    "probability",
    "imprint",
    *(each.column for each in PROPERTIES),
    "candidates",
    "reason",
    "warnings",
    "seconds",
    "error_kind",
    "error",
    "unlisted",
    "advice",
    "high_alert",
    "catalog_date",
)

# The last ones are what people said of the row.
COLUMNS = (*_FOUND, *RESULTS)

# A row's keys where it comes from a worker; the batch adds the photo's state.
_KEYS = (*_FOUND, "sha256", "same_as")

# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

_CANDIDATES = 5

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


class Analyst(Protocol):
    """What a batch needs of an ``Identifier``; it is pickled once and unpickled in each worker process."""

    def identify(self, photo: Path) -> Identification:
        """Identify the pill in one photo."""
        ...


# Answers and their photos -> a text for each, which only the report understands.
View = Callable[[Sequence[Photo], Sequence[Identification]], Sequence[str]]


@dataclass(frozen=True)
class Viewing:
    """An analyst whose rows come with what a report shows of them; pickled with it."""

    analyst: Analyst
    view: View

    def identify(self, photo: Path) -> Identification:
        """Identify the pill in one photo."""
        return self.analyst.identify(photo)

    def cells(self, found: Identification) -> dict[str, Any]:
        """The row's ``view``; what goes wrong in making it is a warning, since the answer is none the worse."""
        try:
            photos = found.load_photos() if isinstance(found, Answer) else ()
            (text,) = self.view(photos, (found,))
        except Exception as error:
            told = display_name(f"{type(error).__name__}: {error}")
            return {"warnings": [*found.warnings, f"the report cannot show this photo ({told})"]}
        return {"view": text}


def analyze(analyst: Analyst, folder: str, path: str) -> Row:
    """The row of one photo below a folder; whatever goes wrong becomes an error row."""
    started = time.perf_counter()
    row: dict[str, Any] = dict.fromkeys(_KEYS)
    row["photo"] = key_of(path)
    file = os.path.join(folder, path)
    before = state_of(file)
    try:
        if path.endswith("/"):
            os.listdir(file)
            raise PillprintError(f"{shown(path)}: could not be listed when the batch looked for photos; run it again")
        found = analyst.identify(Path(file))
        row |= _answer(found)
        if isinstance(analyst, Viewing):
            row |= analyst.cells(found)
        sha256 = digest(file)
        row["sha256"] = sha256 if state_of(file) == before else None  # else it is not of what was read
    except PillprintError as error:
        row |= error_cells(type(error).__name__, str(error))
    except OSError as error:  # of a folder: what is wrong with a photo's file, `load` says
        row |= error_cells("PhotoSetError", f"{shown(path)}: {_way_in(error)}")
    except MemoryError:
        advice = "needs more memory than there is; reduce the photo, or give fewer --workers"
        row |= error_cells("MemoryError", f"{shown(path)}: {advice}")
    except Exception as error:  # one photo must not end the batch
        told = display_name(f"{type(error).__name__}: {error}")
        row |= error_cells(
            "UnexpectedError", f"{shown(path)}: pillprint failed on this photo ({told}); please report it"
        )
    row["seconds"] = round(time.perf_counter() - started, 3)
    return row


def _way_in(error: OSError) -> str:
    """Why a folder could not be listed, and what to do."""
    if isinstance(error, PermissionError):
        return "the folder may not be listed; allow it with `chmod +rx` and run again"
    if error.errno == errno.ENAMETOOLONG:
        return "lies deeper than the system's longest path; give a folder nearer to it as FOLDER, or move it up"
    return f"the folder could not be listed ({error.strerror or error}); mend that and run again"


def as_of_now(folder: str, path: str, row: Row | None) -> Row | None:
    """A row of an earlier run as it holds now.

    Args:
        folder: where the photos are.
        path: the photo below it; with a ``/`` at its end a folder that could not be listed.
        row: what an earlier run kept of it; None where it was not done.

    Returns:
        The row where the photo is as it was when it was read, the row marked ``gone`` where the photo is deleted (or
        the folder can be listed, so that its photos are found), and None where the photo is to be done.
    """
    file = os.path.join(folder, path)
    state = state_of(file)
    if state is None or (row and path.endswith("/") and _can_be_listed(file)):
        return {"photo": key_of(path), **(row or {}), "gone": True}
    if row is None:
        return None
    kept = {key: value for key, value in row.items() if key != "gone"}
    now = {**kept, **state}
    return now if now == kept or (kept.get("sha256") and kept["sha256"] == digest(file)) else None


def _can_be_listed(folder: str) -> bool:
    try:
        os.listdir(folder)
    except OSError:
        return False
    return True


def error_row(path: str, kind: str, message: str, seconds: float) -> Row:
    """The row of a photo that was lost with its worker."""
    cells = error_cells(kind, f"{shown(path)}: {message}")
    return dict.fromkeys(_KEYS) | {"photo": key_of(path), "seconds": round(seconds, 3)} | cells


def error_cells(kind: str, message: str) -> dict[str, Any]:
    """The cells that make a row an error."""
    return {"error_kind": kind, "error": message}


def key_of(path: str) -> str:
    """The key of a photo, by its path below the folder: no two paths have the same one.

    A byte that is no UTF-8 is written ``\\xff``, and so a backslash is ``\\x5c``.
    """
    return os.fsencode(path).replace(b"\\", b"\\x5c").decode("utf-8", "backslashreplace")


def path_of(key: str) -> str:
    """The path below the folder that has this key."""
    return os.fsdecode(_ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), key.encode()))


def shown(path: str | os.PathLike[str]) -> str:
    """A path in a message: as it is where it is UTF-8, else with its foreign bytes escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def write_csv(file: IO[str], rows: Iterable[Row]) -> None:
    """Rows as CSV (RFC 4180) with a header; nothing in it is taken for a formula by a spreadsheet."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row.get(column)) for column in COLUMNS] for row in rows)


def to_line(value: object) -> bytes:
    """A value as one line of JSON Lines, plain ASCII."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def _answer(found: Identification) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "decision": found.decision.value,
        "imprint": list(found.imprint),
        **{each.column: each.cell(found.look) for each in PROPERTIES},
        "candidates": [_candidate(drug) for drug in found.drugs[:_CANDIDATES]],
        "reason": found.reason,
        "warnings": list(found.warnings),
        # Where no imprint was read, none was asked for, and nobody can say.
        "unlisted": below_one(found.unlisted) if found.imprint else None,
        "advice": found.advice.sentence if found.advice else None,
        "catalog_date": found.catalog_date or None,
    }
    if found.decision is Decision.IDENTIFIED:
        drug = found.drugs[0]
        product = drug.first.product
        cells |= {
            "drug": product.drug,
            "strength": product.strength,
            "product": product.name,
            "product_id": product.product_id,
            "labelers": list(drug.labelers),
            "probability": below_one(drug.probability),
            "high_alert": drug.high_alert.words if drug.high_alert else None,
        }
    return cells


def _candidate(drug: Drug) -> dict[str, Any]:
    product = drug.first.product
    return {
        "product_id": product.product_id,
        "drug": product.drug,
        "strength": product.strength,
        "probability": below_one(drug.probability),
        "high_alert": drug.high_alert.words if drug.high_alert else None,
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return _defused("; ".join(_item(item) for item in value))
    return _defused(value) if isinstance(value, str) else str(value)


def _item(item: Any) -> str:
    if isinstance(item, dict):
        name = f"{item['drug']} {item['strength']}".strip()
        return f"{name} ({percent(item['probability'])})"
    return str(item)


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
