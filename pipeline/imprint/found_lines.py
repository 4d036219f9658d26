"""Reads the lines found on the faces of a photo, each the way it runs.

A line is read the likelier way first; a clear reading that cannot be one of a line upside down settles it. Else it is
read the other way too, and both readings are weighed with what the other lines of the photo say. A lone letter that is
not clear along its band is read along other turns; on a longer band that says nothing, what the single characters seen
there make is read: two rows were found as one line, or a word's axis lies askew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.affine import inverse
from pipeline.imprint.arcs import Arc
from pipeline.imprint.crop import Crop, crop_pill, long_axis_deg
from pipeline.imprint.detector import SeenText, presence
from pipeline.imprint.line_map import FoundLine
from pipeline.imprint.reading_order import group_lines
from pipeline.imprint.strip_reader import StripReader, line_along, mean_confidence
from pipeline.imprint.textboxes import TextBox, about_line
from pipeline.imprint.ways import DirectedBand, is_symmetric, odds_among
from pipeline.records import Character, Line, Photo, PillRegion, Reading
from pipeline.settings import CropSettings, FoundLineSettings
from reference.text.imprints import CHARACTERS

# A band up to this length by its height bears one letter. Turns that differ by at least so many degrees are tried.
_LONE_MAX, _ANOTHER_DEG_MIN = 1.35, 15.0
# A single character counts as seen from this probability on.
_SEEN_MIN = 0.4
# The log odds of which way up a line stands: the most that the line map may add, and the most that comparing the two
# readings may add.
_LOOK_ODDS_MAX, _READ_ODDS_MAX = 3.0, 6.0


@dataclass(frozen=True)
class _Read:
    """A line as read along its band, in photo and in crop px, and, where it was read that way, the other way round."""

    in_photo: TextBox | Arc
    band: TextBox | Arc
    line: Line | None
    back: Line | None
    odds: float

    @property
    def confidence(self) -> float:
        """The mean confidence of the surer way."""
        return max(mean_confidence([each]) for each in (self.line, self.back) if each is not None)


@dataclass(frozen=True, eq=False)
class StripSheet:
    """A face's crop with the image that strips are cut from and the ``(2, 3)`` map from photo ``(x, y)`` to it."""

    crop: Crop
    image: NDArray[np.uint8]
    to_crop: NDArray[np.float64]


def read_lines(
    engine: str,
    photo: Photo,
    regions: Sequence[PillRegion],
    faces: Sequence[SeenText],
    reader: StripReader,
    settings: FoundLineSettings,
) -> list[Reading]:
    """Read each face's lines, places in photo px; a second hypothesis has those turned about that read both ways."""
    every = [(number, line) for number, face in enumerate(faces) for line in face.lines]
    bands = [DirectedBand(line.band, _look_odds(line)) for _, line in every]
    sheets = {
        number: sheet_of(photo, regions[number], settings.crop) for number in sorted({number for number, _ in every})
    }
    reads: dict[int, _Read] = {}
    for index in sorted(range(len(every)), key=lambda index: -bands[index].band.width / bands[index].band.height):
        sheet, band = sheets[every[index][0]], bands[index].band
        turns = other_turns(band, faces[every[index][0]].characters)
        read = _read(sheet, [band, *turns], odds_among(bands, index), reader, settings)
        reads[index] = read
        look_odds = bands[index].odds if read.in_photo == band else 0.0
        bands[index] = DirectedBand(read.in_photo, look_odds + read.odds)
    told = [bands[index] for index, read in reads.items() if _is_legible(read, settings)]
    readings = []
    for number in range(len(regions)):
        own = [index for index in range(len(every)) if every[index][0] == number]
        directed = [_directed(reads[index], odds_among(bands, index)) for index in own]
        silent = [reads[index].in_photo for index in own if not _is_legible(reads[index], settings)]
        within = [line for band in silent for line in _lines_within(band, faces[number].characters)]
        if within:
            directed += _read_within(sheets[number], within, directed, told, reader, settings)
        readings.append(_reading(engine, directed, settings))
    return readings


def _look_odds(line: FoundLine) -> float:
    """Log odds of the way up from the line map, whose vector is the mean of both ways, weighted by probability."""
    return max(-_LOOK_ODDS_MAX, min(_LOOK_ODDS_MAX, 2 * math.atanh(max(-0.99, min(0.99, line.way)))))


def sheet_of(photo: Photo, region: PillRegion, settings: CropSettings | None = None) -> StripSheet:
    """The sheet that a face's lines are read on."""
    crop = crop_pill(photo, region, settings, long_axis_deg(region))
    return StripSheet(crop, crop.image(), inverse(crop.matrix))


def is_lone(band: TextBox | Arc) -> TypeGuard[TextBox]:
    """Whether a band is so short that it bears one letter."""
    return isinstance(band, TextBox) and band.width <= _LONE_MAX * band.height


def other_turns(
    band: TextBox | Arc, characters: Sequence[Character], turns_deg: Sequence[float] = (0.0, 90.0)
) -> list[TextBox]:
    """The other turns at which a lone letter's band may lie, since the line map tells a short line's axis poorly.

    As the character there is turned by itself, and along ``turns_deg``: upright and lying.
    """
    if not is_lone(band):
        return []
    own = [one.turn_deg for one in characters if band.holds(one.col, one.row)][:1]
    turned: list[TextBox] = []
    for turn in [*own, *turns_deg]:
        if all(abs((turn - other.turn_deg + 90.0) % 180.0 - 90.0) > _ANOTHER_DEG_MIN for other in (band, *turned)):
            turned.append(replace(band, turn_deg=turn))
    return turned


def _lines_within(band: TextBox | Arc, characters: Sequence[Character]) -> list[TextBox]:
    """The lines that the detector's characters form on a straight band, each along its own direction."""
    if is_lone(band) or isinstance(band, Arc):
        return []
    letters = [one for one in characters if one.text in CHARACTERS and presence(one) >= _SEEN_MIN]
    lines = []
    for line in group_lines([one for one in letters if band.holds(one.col, one.row)]):
        first, last = line.characters[0], line.characters[-1]
        right, down = last.col - first.col, last.row - first.row
        height = float(np.median([one.height_px for one in line.characters]))
        turn_deg = math.degrees(math.atan2(-down, right)) if last is not first else first.turn_deg
        x, y = (first.col + last.col) / 2, (first.row + last.row) / 2
        lines.append(about_line(x, y, math.hypot(right, down), height, turn_deg, 1.0))
    return lines


def _read_within(
    sheet: StripSheet,
    within: Sequence[TextBox],
    others: Sequence[_Read],
    told: Sequence[DirectedBand],
    reader: StripReader,
    settings: FoundLineSettings,
) -> list[_Read]:
    """Read the lines on bands where no other line was read; only those that are read clearly.

    ``told`` are the photo's other lines, which tell of these which way up they are.
    """
    known = [read for read in others if _is_legible(read, settings)]
    clear: list[_Read] = []
    for band in within:
        if any(read.in_photo.holds(band.x, band.y) for read in [*known, *clear]):
            continue
        read = _both_ways(sheet, band, 1.0, reader, settings)
        read = _directed(read, odds_among([*told, DirectedBand(band, read.odds)], len(told)))
        if read.line is not None and mean_confidence([read.line]) >= settings.clear_confidence_min:
            clear.append(read)
    return clear


def _is_legible(read: _Read, settings: FoundLineSettings) -> bool:
    return read.confidence >= settings.line_confidence_min


def _read(
    sheet: StripSheet, in_photo: Sequence[TextBox | Arc], odds: float, reader: StripReader, settings: FoundLineSettings
) -> _Read:
    """The line read along its band; where that is not clear, along the other bands in turn until one reads clearly."""
    first = _both_ways(sheet, in_photo[0], odds, reader, settings)
    if first.confidence < settings.clear_confidence_min:
        for other in in_photo[1:]:
            read = _both_ways(sheet, other, 0.0, reader, settings)
            if read.confidence >= settings.clear_confidence_min:
                return read
    return first


def _both_ways(
    sheet: StripSheet, in_photo: TextBox | Arc, odds: float, reader: StripReader, settings: FoundLineSettings
) -> _Read:
    """The line read the way that ``odds`` favor and, unless that is clear, the other way too, with odds from both."""
    band = in_photo.moved(sheet.to_crop)
    ways = [band, band.back()] if odds >= 0 else [band.back(), band]
    sign = 1.0 if odds >= 0 else -1.0
    first = line_along(sheet.crop, ways[0], reader.read(sheet.image, ways[0]))
    if mean_confidence([first]) >= settings.clear_confidence_min and not is_symmetric(first.text):
        second, told = None, _READ_ODDS_MAX
    else:
        second = line_along(sheet.crop, ways[1], reader.read(sheet.image, ways[1]))
        # Upside down our recognizer reads few characters, so the shorter reading is less probable. But the wrong
        # reading can also be the longer one, so only the square root of the lengths counts.
        longest = max(len(first.characters), len(second.characters), 1)
        sure, other = (mean_confidence([each]) * math.sqrt(len(each.characters) / longest) for each in (first, second))
        told = max(-_READ_ODDS_MAX, min(_READ_ODDS_MAX, settings.sharpness * (sure - other)))
    line, back = (first, second) if odds >= 0 else (second, first)
    return _Read(in_photo, band, line, back, sign * told)


def _directed(read: _Read, odds: float) -> _Read:
    """The line with its likelier way as ``line``, by odds from all evidence."""
    if read.back is None or (read.line is not None and odds >= 0):
        return replace(read, odds=abs(odds))
    return _Read(read.in_photo.back(), read.band.back(), read.back, read.line, abs(odds))


def _reading(engine: str, reads: Sequence[_Read], settings: FoundLineSettings) -> Reading:
    """One face's reading; its second hypothesis has all lines turned that can be read both ways."""
    reads = _in_order(reads)
    best = _legible([each.line for each in reads], settings)
    turned = _legible([each.back or each.line for each in reads], settings)
    share = 1.0 / (1.0 + math.exp(-sum(each.odds for each in reads if each.back)))
    weights = {turned: 1.0 - share, best: share if turned != best else 1.0}
    total = sum(weight for lines, weight in weights.items() if lines)
    kept = tuple((lines, weights[lines] / total) for lines in dict.fromkeys((best, turned)) if lines)
    return Reading(engine, kept, blank=1.0 - max((mean_confidence(lines) for lines, _ in kept), default=0.0))


def _in_order(reads: Sequence[_Read]) -> list[_Read]:
    """In reading order: along the rim first, then top to bottom and left to right."""
    angle = float(np.angle(sum(np.exp(1j * math.radians(each.band.at(0.5)[2])) for each in reads)))

    def key(read: _Read) -> tuple[bool, int, float]:
        x, y, _ = read.band.at(0.5)
        down, right = x * math.sin(angle) + y * math.cos(angle), x * math.cos(angle) - y * math.sin(angle)
        return isinstance(read.band, TextBox), round(down / max(read.band.height, 1.0)), right

    return sorted(reads, key=key)


def _legible(lines: Sequence[Line | None], settings: FoundLineSettings) -> tuple[Line, ...]:
    return tuple(
        line
        for line in lines
        if line is not None
        and any(letter in CHARACTERS for letter in line.text)
        and mean_confidence([line]) >= settings.line_confidence_min
    )
