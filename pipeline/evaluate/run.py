"""Runs a photo set through an identifier: one verdict a photo, in the set's order."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import cv2
import numpy as np

from pipeline.answer import Answer
from pipeline.errors import PillprintError
from pipeline.evaluate.ask import Identifies, Question
from pipeline.evaluate.field import judge_field
from pipeline.evaluate.judge import Verdict, judge
from pipeline.evaluate.outcome import Outcome
from pipeline.evaluate.photo_truth import BoundingBox
from pipeline.evaluate.product_index import ProductIndex
from pipeline.evaluate.segmentation import judge_outlines
from pipeline.evaluate.set_layouts import SetKind
from pipeline.evaluate.sets import LabeledPhoto, PhotoSet
from pipeline.load import load
from pipeline.records import Pixels
from pipeline.segment import Segmenter


@dataclass(frozen=True)
class Turn:
    """By how many degrees each photo is turned counter-clockwise before it is identified.

    ``degrees`` None: by an angle of its own, drawn from ``seed`` and the photo's name.
    """

    degrees: float | None
    seed: int = 0

    def of(self, name: str) -> float:
        """The turn of the photo with that name."""
        if self.degrees is not None:
            return self.degrees
        return random.Random(f"{self.seed}:{name}").uniform(0.0, 360.0)


def turned(pixels: Pixels, degrees: float) -> Pixels:
    """The photo turned counter-clockwise on a canvas that holds all of it.

    The corners get the median color of the photo's border: mirrored or smeared content would add letters and ticks
    that are not there.
    """
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new_width, new_height = round(width * cos + height * sin), round(width * sin + height * cos)
    matrix[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    fill = tuple(float(level) for level in np.median(border, axis=0))
    canvas = cv2.warpAffine(
        pixels, matrix, (new_width, new_height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=fill
    )
    return np.asarray(canvas, dtype=np.uint8)


def evaluate_photo(
    photo: LabeledPhoto,
    identifier: Identifies | Segmenter,
    table: ProductIndex,
    turn: Turn | None,
    more: Sequence[Question] = (),
) -> Verdict:
    """One photo's verdict; a photo that cannot be read or breaks a stage is a verdict too, all of it wrong.

    Of a segmenter the photo's outlines alone are judged.
    """
    try:
        if isinstance(identifier, Segmenter):
            return judge_outlines(photo, identifier)
        if photo.truth.surroundings is not None:
            return _as_taken(photo, identifier)
        return _identified(photo, identifier, table, turn, more)
    except PillprintError as error:
        return _failed(photo, table, more, str(error))
    except Exception as error:  # a fault in one photo must not lose the figures of the others; it stands in its row
        verdict = _failed(photo, table, more, f"{photo.name}: {type(error).__name__}: {error}")
        return replace(verdict, is_fault=True)


def _as_taken(photo: LabeledPhoto, identifier: Identifies) -> Verdict:
    """The answer for a photo as people take them, beside all that was found in it."""
    started = time.perf_counter()
    answer = identifier.identify(photo.path)
    seconds = time.perf_counter() - started
    if not isinstance(answer, Answer):
        raise TypeError("photos as people take them need an Answer, which says where all pills were found")
    found = [BoundingBox(left, top, right, bottom) for top, left, bottom, right in answer.boxes[0]]
    return judge_field(photo, answer, found, seconds)


def _failed(photo: LabeledPhoto, table: ProductIndex, more: Sequence[Question], message: str) -> Verdict:
    if photo.truth.surroundings is not None:
        return judge_field(photo, None, (), error=message)
    verdict = judge(photo, None, table, error=message)
    outcomes = {each.name: Outcome("ERROR") for each in more}
    return replace(verdict, outcomes={**verdict.outcomes, **outcomes})


def _identified(
    photo: LabeledPhoto, identifier: Identifies, table: ProductIndex, turn: Turn | None, more: Sequence[Question]
) -> Verdict:
    source: Any = photo.path
    shape = None
    if turn is not None:
        source = turned(load(photo.path).pixels, turn.of(photo.name))
    elif photo.truth.boxes:
        height, width = load(photo.path).pixels.shape[:2]
        shape = height, width
    started = time.perf_counter()
    answer = identifier.identify(source)
    verdict = judge(photo, answer, table, shape, time.perf_counter() - started)
    outcomes = dict(verdict.outcomes)
    for question in more:
        other = question.ask(source, photo.truth)
        if other is not None:
            outcomes[question.name] = other
    return replace(verdict, outcomes=outcomes)


def evaluate_set(
    photo_set: PhotoSet,
    identifier: Identifies | None,
    table: ProductIndex,
    turn: Turn | None = None,
    workers: int = 1,
    more: Sequence[Question] = (),
) -> Iterator[Verdict]:
    """The verdicts of all photos, in the set's order, as they come; ``more`` are further questions about each photo.

    A set of outlines (``SetKind.MASKS``) needs no identifier: its photos show several pills and are segmented only.
    """
    used: Identifies | Segmenter
    used = Segmenter() if identifier is None or photo_set.kind is SetKind.MASKS else identifier
    judged = partial(evaluate_photo, identifier=used, table=table, turn=turn, more=more)
    if workers <= 1:
        yield from map(judged, photo_set.photos)
    else:
        yield from _in_processes(judged, photo_set.photos, workers)


_Judge = Callable[[LabeledPhoto], Verdict]


def _in_processes(judged: _Judge, photos: Sequence[LabeledPhoto], workers: int) -> Iterator[Verdict]:
    """The verdicts in the photos' order; each of n worker processes does every n-th photo.

    Raises:
        PillprintError: a worker process died.
    """
    # "spawn": OpenCV and OCR engines keep threads, and a forked copy of their locks can hang.
    context = get_context("spawn")
    processes: list[BaseProcess] = []
    connections: list[Connection] = []
    try:
        for _ in range(min(workers, len(photos))):
            connection, theirs = context.Pipe()
            processes.append(context.Process(target=_work, args=(theirs,), daemon=True))
            processes[-1].start()
            theirs.close()
            connections.append(connection)
        for number, connection in enumerate(connections):
            # What a dead worker does not take is no error yet: no answer from it is.
            with suppress(OSError):
                connection.send((judged, photos[number :: len(connections)]))
        for number in range(len(photos)):
            yield _received(connections[number % len(connections)])
    finally:
        for process in processes:
            process.kill()
            process.join()


def _received(connection: Connection) -> Verdict:
    try:
        verdict: Verdict = connection.recv()
    except (EOFError, OSError) as error:
        raise PillprintError(
            "a worker process died: evaluate with fewer --workers, or run `pillprint doctor`; a script of your own "
            'must call this below `if __name__ == "__main__":`'
        ) from error
    return verdict


def _work(connection: Connection) -> None:
    """The life of a worker process: what to do comes through the connection, and the verdicts go back."""
    cv2.setNumThreads(1)
    judged, photos = connection.recv()
    with suppress(OSError):  # the parent is gone
        for photo in photos:
            connection.send(judged(photo))
