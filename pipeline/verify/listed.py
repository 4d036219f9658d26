"""The answer about a list and the pills of one photo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipeline.records import Agreement, Expected, Identification
from pipeline.serialize import identification_to_dict, text
from pipeline.verify.answers import SCHEMA_VERSION, Json, Plain, expected_to_dict


class PillState(Enum):
    """What one pill of the photo is to the list.

    LOOKS_LIKE: an entry, of all that the list has; something that is not on the list would look the same.
    """

    EXTRA = "EXTRA"
    CANNOT_TELL = "CANNOT_TELL"
    LOOKS_LIKE = "LOOKS_LIKE"
    PRESENT = "PRESENT"


@dataclass(frozen=True)
class ListEntry:
    """What should be there, and how often."""

    expected: Expected
    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"a count of {self.count}; it is at least 1")


@dataclass(frozen=True)
class CheckedEntry:
    """An entry of the list: how many of it are there, look like it, are missing, or may be among those not told.

    ``looks_like``: so many were told from all else that the list has, and something off it would look the same. Of
    those that cannot be told ``likely`` fit this entry and no other by what shows: a count, no proof.
    """

    entry: ListEntry
    present: int
    looks_like: int
    missing: int
    untold: int
    likely: int = 0

    @property
    def harm(self) -> tuple[bool, bool]:
        """What is worse comes first: missing, then high-alert."""
        return not self.missing, self.entry.expected.high_alert is None


@dataclass(frozen=True)
class CheckedPill:
    """One pill of the photo: its number (row by row from the left), what it is to the list, and why.

    ``entry`` is the place in the list, from 0, of what it is or most likely is; None where it is nothing on it.
    ``fits`` are the places of all that nothing speaks against that shows. ``look_alikes`` names what looks the same.
    ``by_list``: it is there since the list says what else may lie there; asked for alone it could not be told.
    ``misread``: what was read is nearly what the entry is marked.
    """

    number: int
    state: PillState
    entry: int | None
    reason: str
    identification: Identification
    fits: tuple[int, ...] = ()
    look_alikes: tuple[str, ...] = ()
    by_list: bool = False
    misread: bool = False

    @property
    def may_be_no_pill(self) -> bool:
        """Whether it cannot be told and looks little like a pill, or reaches in from the border without text."""
        regions = [face.region for face in self.identification.faces]
        from_border = not self.identification.imprint and any(region.cut_by_border for region in regions)
        return self.state is PillState.CANNOT_TELL and (from_border or any(region.doubted for region in regions))

    @property
    def fits_nothing(self) -> bool:
        """Whether it cannot be told, and something speaks against everything on the list, more than a misread word."""
        return self.state is PillState.CANNOT_TELL and not self.fits and not self.misread

    @property
    def harm(self) -> tuple[int, bool, bool, int]:
        """What is worse comes first: extra ones, those that cannot be told; high-alert ones, those that fit nothing."""
        states = list(PillState)
        named = self.identification.candidates[:3]
        alert = any(each.high_alert for each in named)
        return states.index(self.state), not alert, not self.fits_nothing, self.number


@dataclass(frozen=True)
class ListCheck(Plain):
    """Whether the pills of a photo are those of a list.

    Attributes:
        agreement: CONSISTENT where each pill was told and each entry is there; CONTRADICTED where one is missing or
            extra; else CANNOT_TELL.
        reason: what is missing, extra or open, in sentences, the most harmful first.
        entries: the list, in its own order.
        pills: the pills of the photo, the most harmful first.
        alike: numbers of pills that look like two faces of one, where more were seen than are listed.
        lacking: how many pills of the list surely do not lie there, be it known or not which.
    """

    agreement: Agreement
    reason: str
    entries: tuple[CheckedEntry, ...]
    pills: tuple[CheckedPill, ...]
    alike: tuple[tuple[int, int], ...] = ()
    lacking: int = 0

    def numbers(self, state: PillState) -> list[int]:
        """The numbers of the pills in a state, in their order."""
        return sorted(pill.number for pill in self.pills if pill.state is state)

    @property
    def may_be_one_pill(self) -> bool:
        """Whether all that is wrong may be that one pill was shown from both sides."""
        return bool(self.alike) and not (self.numbers(PillState.EXTRA) or self.lacking)

    def to_dict(self) -> Json:
        """The answer as plain JSON values, with what was seen of each pill as ``Answer.to_dict`` gives it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "list",
            "agreement": self.agreement.value,
            "reason": text(self.reason),
            "entries": [
                {
                    "expected": expected_to_dict(each.entry.expected),
                    "count": each.entry.count,
                    "present": each.present,
                    "looks_like": each.looks_like,
                    "missing": each.missing,
                    "untold": each.untold,
                    "likely": each.likely,
                }
                for each in self.entries
            ],
            "pills": [
                {
                    "number": each.number,
                    "state": each.state.value,
                    "entry": each.entry,
                    "fits": list(each.fits),
                    "by_list": each.by_list,
                    "look_alikes": list(map(text, each.look_alikes)),
                    "reason": text(each.reason),
                    "identification": identification_to_dict(each.identification),
                }
                for each in self.pills
            ],
            "alike": [list(pair) for pair in self.alike],
        }
