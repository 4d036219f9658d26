"""Faces whose characters are known -> faces whose lines of text are, with the way they run.

A line is kept as rows of `LabeledFace.characters` in reading order: places along its middle with its letters' height
and the turn of the text there (NaN: which way up is not known); the class column holds the line's number, or -1 for a
place of which nothing is known. So lines move with their face through the same augmentation as characters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.reading_order import group_lines
from pipeline.records import Character, Line
from pipeline.train.faces.labeled import CLASS, HEIGHT, IGNORED, TURN_DEG, UNKNOWN_TURN, WIDTH, X, Y
from pipeline.train.reader.character_network import CLASSES
from reference.text.imprints import SIGNS, tokens, without_signs

_CLASS = {text: index for index, text in enumerate(CLASSES)}
_NO_LETTERS = [_CLASS[text] for text in (*SIGNS, "LOGO")]
# The next letter of a word lies within this many heights, and the line bends by at most this angle there.
_NEXT_MAX = 2.3
_BEND_DEG_MAX = 60.0
# The usual width of a letter over its height, with which the height of a turned letter is told from its upright box.
_LETTER_ASPECT = 0.65
# Single characters get the turn of the other lines of their face, if the mean direction of those is at least this long.
_CONCORD = 0.6
# Where a face's imprint is not known, its boxes are taken for level lines if at least this share of them stands on a
# level with another.
_LEVEL_SHARE = 0.9

Rows = NDArray[np.float32]


def lines_of_characters(rows: Rows) -> Rows:
    """The lines of a face whose characters are known; signs and logos are part of none.

    Characters that are ignored, and those of unknown turn beside others, stay places of which nothing is known.
    """
    letters = rows[~np.isin(rows[:, CLASS], _NO_LETTERS)]
    known = (letters[:, CLASS] != IGNORED) & ~np.isnan(letters[:, TURN_DEG])
    lines = [_line_rows(line, number) for number, line in enumerate(group_lines(list(map(_character, letters[known]))))]
    others = letters[~known].copy()
    others[:, CLASS] = IGNORED
    return np.concatenate([others, *lines]).astype(np.float32)


def _character(row: Rows) -> Character:
    sizes = (float(row[index]) for index in (Y, X, HEIGHT, WIDTH, TURN_DEG))
    return Character(((CLASSES[int(row[CLASS])], 1.0),), *sizes)


def _line_rows(line: Line, number: int) -> Rows:
    rows = [(one.col, one.row, one.width_px, one.height_px, one.turn_deg, number) for one in line.characters]
    lined = np.array(rows, np.float32)
    lined[:, HEIGHT] = np.median(lined[:, HEIGHT])
    return lined


def boxed_turns(rows: Rows, imprint: str, levels: NDArray[np.float32]) -> Rows:
    """Boxed characters with their turns, and the height of turned ones.

    Args:
        rows: ``(n, 6)``, turns not known.
        imprint: the whole pill's, "" where not known.
        levels: ``(n,)`` 0 where a character stands upright beside another or alone, else NaN.

    Words of the imprint tell the turns of their letters by their order; without it only level lines are told.
    """
    turned = rows.copy()
    turned[:, TURN_DEG] = UNKNOWN_TURN
    if not imprint:
        if len(rows) and np.mean(levels == 0) >= _LEVEL_SHARE:
            turned[:, TURN_DEG] = 0.0
        return turned
    left = [index for index, row in enumerate(rows) if row[CLASS] != IGNORED]
    words = sorted({without_signs(word) for word in tokens(imprint)}, key=len, reverse=True)
    for word in (word for word in words if len(word) > 1):
        while (path := _path(word, rows, left)) is not None:
            left = [index for index in left if index not in path]
            turned[path, TURN_DEG] = _path_turns(rows[path], is_told=word != word[::-1])
    _turn_alone(turned)
    tilt = np.radians(np.nan_to_num(turned[:, TURN_DEG]))
    leaning = np.abs(np.cos(tilt)) + np.abs(np.sin(tilt))
    estimate = (rows[:, WIDTH] + rows[:, HEIGHT]) / ((1 + _LETTER_ASPECT) * leaning)
    is_turned = ~np.isnan(turned[:, TURN_DEG]) & (np.abs(np.sin(tilt)) > 0.25)
    turned[is_turned, HEIGHT] = estimate[is_turned]
    return turned


def _path(word: str, rows: Rows, left: Sequence[int]) -> list[int] | None:
    """The shortest chain of boxes that spells the word, without sharp corners."""
    if not left:
        return None
    size = max(float(np.median(np.maximum(rows[:, HEIGHT], rows[:, WIDTH]))), 1.0)
    best: tuple[float, list[int]] = (math.inf, [])

    def follow(chain: list[int], length: float) -> None:
        nonlocal best
        if length >= best[0]:
            return
        if len(chain) == len(word):
            best = length, chain
            return
        for index in left:
            if index in chain or rows[index, CLASS] != _CLASS.get(word[len(chain)], IGNORED):
                continue
            step = rows[index, [X, Y]] - rows[chain[-1], [X, Y]]
            gap = float(np.hypot(*step)) / size
            if gap > _NEXT_MAX or (len(chain) > 1 and _bend_deg(rows[[*chain[-2:], index]]) > _BEND_DEG_MAX):
                continue
            follow([*chain, index], length + gap)

    for start in left:
        if rows[start, CLASS] == _CLASS.get(word[0], IGNORED):
            follow([start], 0.0)
    return best[1] or None


def _bend_deg(three: Rows) -> float:
    steps = np.diff(three[:, [X, Y]], axis=0)
    turns = np.degrees(np.arctan2(-steps[:, 1], steps[:, 0]))
    return float(abs((turns[1] - turns[0] + 180.0) % 360.0 - 180.0))


def _path_turns(chain: Rows, is_told: bool) -> NDArray[np.float32]:
    """Each letter's turn along a chain; of a word that reads the same backwards the way that is more upright."""
    steps = np.gradient(chain[:, [X, Y]], axis=0)
    turns = np.degrees(np.arctan2(-steps[:, 1], steps[:, 0])).astype(np.float32)
    if not is_told and np.cos(np.radians(turns)).mean() < 0:
        turns += 180.0
    return turns


def _turn_alone(rows: Rows) -> None:
    """Characters of no word stand as the others of their face do; alone on a face, or among such, upright."""
    unknown = np.isnan(rows[:, TURN_DEG])
    if unknown.all():
        rows[:, TURN_DEG] = 0.0 if len(rows) == 1 else UNKNOWN_TURN
        return
    mean = complex(np.exp(1j * np.radians(rows[~unknown, TURN_DEG])).mean())
    if abs(mean) > _CONCORD:
        rows[unknown, TURN_DEG] = math.degrees(math.atan2(mean.imag, mean.real))


def by_line(rows: Rows) -> Iterator[Rows]:
    """Each line's rows, in reading order."""
    for number in np.unique(rows[:, CLASS]):
        if number != IGNORED:
            yield rows[rows[:, CLASS] == number]
