"""Fits how the two readers' opinions on a character become one probability (``pipeline.imprint.fusion.POOLS``)."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipeline.imprint.fusion import FusedReader, Pool, Vote, logarithms, votes_of
from pipeline.records import Reading
from pipeline.train.faces.boxes import character_rows, clean_photos
from pipeline.train.faces.cutting import photo_faces
from pipeline.train.faces.self_training import known_pills
from pipeline.train.reader.scoring import WITHIN_HEIGHTS, Wanted, heights_away, wanted_of
from reference.text.imprints import CHARACTERS, characters

Found = tuple[bool, bool]
# How far the fit may go.
_BOUNDS = ((0.0, 6.0), (0.0, 6.0), (-12.0, 4.0))
_FEWEST = 30
# Photos of known imprint that are read.
_KNOWN = {"rximage300": 400, "tfda": 200}


def fit_votes(data: Path, limit: int | None, say: Callable[[str], None]) -> dict[Found, Pool]:
    """The pools by which of the readers found something, by log loss on the training part.

    Boxed photos tell where each character is; photos of which only the imprint is known have more logos, blank faces
    and small letters. What the detector alone finds is rare on boxed photos, so that the others alone judge it.

    Raises:
        PhotoSetError: a photo set is missing or broken.
    """
    cv2.setNumThreads(1)
    judged: dict[Found, list[tuple[Vote, str | None]]] = {}
    reader = FusedReader()
    for vote, truth in boxed_votes(data, reader, limit):
        judged.setdefault(vote.found_by, []).append((vote, truth))
    for name, count in _KNOWN.items():
        for pill in known_pills(data / name, min(count, limit or count)):
            for vote, truth in known_votes(reader.both(pill.photo, pill.regions), pill.imprint):
                judged.setdefault(vote.found_by, []).append((vote, truth))
    pools = {}
    for found, own in judged.items():
        if len(own) >= _FEWEST:
            pools[found] = fit_pool(own)
            say(f"{found}: {len(own)} characters, {pools[found]}")
    return pools


def known_votes(both: Sequence[tuple[Reading, Reading]], imprint: str) -> Iterator[tuple[Vote, str | None]]:
    """Every letter or digit found on a pill's faces with what is there, by the imprint.

    One is there where the imprint has more of it than was found before, on lines first.
    """
    votes = [votes_of(first.lines, second.characters) for first, second in both]
    on_lines = (vote for lines, _ in votes for line in lines for vote in line)
    alone = (vote for _, own in votes for vote in own)
    left = Counter(characters(imprint))
    for vote in itertools.chain(on_lines, alone):
        thought = [alternatives[0][0] for alternatives in (vote.line, vote.detector) if alternatives]
        if thought[0] in CHARACTERS:
            there = next((text for text in thought if left[text] > 0), None)
            left[there or ""] -= 1
            yield vote, there


def boxed_votes(data: Path, reader: FusedReader, limit: int | None) -> Iterator[tuple[Vote, str | None]]:
    """Every letter or digit read on a line of photos whose labels agree with the imprint, and what is there.

    Nothing, or another than either thought possible, is None. What lies on a label of unknown text is left out.
    """
    photos = (boxed for boxed in clean_photos(data) if boxed.imprint and not boxed.is_validation)
    for boxed in itertools.islice(photos, limit):
        found = photo_faces(boxed.photo.path)
        if found is None:
            continue
        photo, regions = found
        wanted = wanted_of(character_rows(boxed.photo.truth.boxes, photo.pixels.shape))
        for first, second in reader.both(photo, regions):
            lines, _ = votes_of(first.lines, second.characters)
            yield from _judged([vote for line in lines for vote in line], wanted)


def _judged(votes: list[Vote], wanted: list[Wanted]) -> Iterator[tuple[Vote, str | None]]:
    for vote in votes:
        near = [each for each in wanted if heights_away(vote.character, each) <= WITHIN_HEIGHTS]
        texts = {text for text, _ in (*vote.line, *vote.detector)}
        if any(each.text is None for each in near) or not texts & set(CHARACTERS):
            continue
        there = [each.text for each in near if each.text in texts]
        yield vote, there[0] if there else None


def fit_pool(judged: list[tuple[Vote, str | None]]) -> Pool:
    """The pool of least log loss over votes and what was there, None for none of the letters thought of."""
    tables = [_table(vote, truth) for vote, truth in judged]

    def loss(weights: NDArray[np.float64]) -> float:
        total = 0.0
        for logs, index in tables:
            scores = np.append(logs @ weights[:2], weights[2])
            total += float(np.logaddexp.reduce(scores) - scores[index])
        return total / len(tables)

    best = minimize(loss, np.array([1.0, 0.5, -2.0]), method="L-BFGS-B", bounds=_BOUNDS)
    return Pool(*(round(float(weight), 2) for weight in best.x))


def _table(vote: Vote, truth: str | None) -> tuple[NDArray[np.float64], int]:
    """The logarithms of both opinions, a row a letter; and which of the letters is there, -1 for none."""
    logs = logarithms(vote.line, vote.detector)
    return np.array(list(logs.values())), list(logs).index(truth) if truth is not None else -1
