"""Training photos -> what is seen and read of each, also of views worse than they are.

The reader and the networks that measure have learned from the training photos, so they do better on them than on any
others: of rximage300's training part 91 % of the imprints are read whole, of its validation part 87 %. Fitted on that,
the weights would trust them too much. So they are asked about worse views of the photos, on which they do no better
than on photos that they never saw (``docs/trust.md``).
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from pipeline.draw.camera import through_jpeg
from pipeline.errors import PillprintError
from pipeline.evaluate.photo_truth import Truth
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.identifier import Identifier
from pipeline.load import load
from pipeline.measure import Measurer
from pipeline.records import Doubts, Face, PillLook, Pixels

AS_IT_IS, WORSE, MUCH_WORSE = "as it is", "worse", "much worse"
# Each photo is made smaller by a factor drawn from this range.
_SCALES = {WORSE: (0.7, 0.95), MUCH_WORSE: (0.55, 0.75)}


@dataclass(frozen=True, eq=False)
class ReadPhoto:
    """One photo's pill as it was seen and read, with the truth and what makes it doubtful."""

    truth: Truth
    faces: tuple[Face, ...]
    doubts: Doubts

    def look(self, measurer: Measurer) -> PillLook:
        """What its faces look like together."""
        return measurer.combine([face.measurements.look for face in self.faces])


def worse(pixels: Pixels, name: str, view: str) -> Pixels:
    """The photo smaller, softer, with noise, and as JPEG once more: each by an amount drawn from its name."""
    random = np.random.default_rng(zlib.crc32(f"{view}:{name}".encode()))
    scale = random.uniform(*_SCALES[view])
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), random.uniform(0.3, 0.7))
    noisy = np.clip(soft + random.normal(0, random.uniform(1, 4), soft.shape), 0, 255).astype(np.uint8)
    quality = int(random.integers(55, 85))
    return np.ascontiguousarray(through_jpeg(noisy[..., ::-1], quality)[..., ::-1])


def read_photos(folder: Path, view: str, work: Path, say: Callable[[str], None]) -> list[ReadPhoto]:
    """The training photos of a set, read; kept in ``work``, so that a run that was stopped goes on."""
    kept = work / f"{folder.name}-{view.replace(' ', '-')}.pkl"
    if kept.exists():
        found: list[ReadPhoto] = pickle.loads(kept.read_bytes())
        return found
    photos = open_set(folder).part("training").photos
    with ProcessPoolExecutor(None, get_context("spawn"), _start) as pool:
        each = pool.map(_read, photos, [view] * len(photos), chunksize=8)
        read = [photo for photo in each if photo is not None]
    say(f"{folder.name}, {view}: {len(read)} of {len(photos)} photos show a pill")
    work.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    part.write_bytes(pickle.dumps(read))
    part.replace(kept)
    return read


class _Worker:
    identifier: Identifier


def _start() -> None:
    cv2.setNumThreads(1)
    _Worker.identifier = Identifier()


def _read(photo: LabeledPhoto, view: str) -> ReadPhoto | None:
    try:
        source = photo.path if view == AS_IT_IS else worse(load(photo.path).pixels, photo.name, view)
        answer = _Worker.identifier.identify(source)
    except PillprintError:
        return None
    return ReadPhoto(photo.truth, answer.faces, answer.doubts) if answer.faces else None


def without_own(photos: Iterable[ReadPhoto]) -> Iterator[tuple[ReadPhoto, str]]:
    """Each photo with the imprint that a catalog must lose to lack it."""
    for photo in photos:
        if photo.truth.imprint:
            yield photo, photo.truth.imprint
