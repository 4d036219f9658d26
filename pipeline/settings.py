"""The settings of each stage: frozen, every default with its unit and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LoadSettings:
    """What ``load`` accepts and how large it decodes.

    ``long_side_max_px``: a pill in a hand-held photo takes a tenth to a half of the frame, 150-1,000 px, more than
    segmentation and color need; the reader gets the full size through ``load.detail``.
    ``short_side_min_px``: below it there is no room for an outline.
    ``pixels_max``: Pillow refuses twice its ``MAX_IMAGE_PIXELS``, 178,956,970, as a decompression bomb; phones
    write up to 108 million by default.
    ``bytes_max``: 108 million pixels as PNG at its worst, rounded down.
    """

    long_side_max_px: int = 2048
    short_side_min_px: int = 16
    pixels_max: int = 178_000_000
    bytes_max: int = 256 * 2**20


@dataclass(frozen=True)
class MatchSettings:
    """How much is compared. How observations weigh is fitted (``pipeline.match.model``, docs/trust.md)."""

    # Tablets and capsules of one market, listed or not: NLM's Pillbox, of labels for the US alone, held some 84,000
    # records in 2020, a good part of them one tablet under several labels.
    world: int = 50_000
    shortlist: int = 160  # imprints compared by alignment; docs/trust.md: how often the true one is among them
    explained: int = 40  # of these explained whole at the most,
    explained_min: int = 8  # and at the least,
    explained_within_bits: float = 14.0  # where an upper estimate comes so near to the best: 1 in 16,000
    candidates: int = 20  # answered


@dataclass(frozen=True)
class DecideSettings:
    """When the answer is sure enough.

    ``risk`` is the level: ``one in 100``, certified on photos that nothing was fitted on; ``strict``, at which no wrong
    answer was seen; ``exact only``, strict and the text read equal to the imprint's. docs/trust.md says for which
    photos they hold.
    """

    risk: str = "strict"
    beside_rivals: float = 0.9  # of what the catalog has, so much must be the first drug: ten to one
    contradicts_bits: float = -5.0  # a look 32 times rarer with this product than at large contradicts it

    def __post_init__(self) -> None:
        if self.risk not in RISKS:
            raise ValueError(f"risk is {self.risk!r}, none of {', '.join(RISKS)}")


RISKS = ("one in 100", "strict", "exact only")


@dataclass(frozen=True)
class MeasureSettings:
    """What ``measure`` can be told.

    ``line_above``: score lines are looked for where a face is scored with at least this probability.
    """

    line_above: float = 0.5


@dataclass(frozen=True)
class Settings:
    """The settings of the whole flow, one field a stage."""

    load: LoadSettings = LoadSettings()
    match: MatchSettings = MatchSettings()
    decide: DecideSettings = DecideSettings()
    measure: MeasureSettings = MeasureSettings()
