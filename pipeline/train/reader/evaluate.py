"""How good the reader is where ``pillprint evaluate`` has no figure: cleaned boxes, blank faces, drawn faces, time.

Photos go the way they go in the product: loaded, segmented, read by the default reader, or by its network alone.
"""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline.draw.drawn_sets import write_face_set
from pipeline.evaluate.metrics import bootstrap_interval, expected_calibration_error, sorted_characters
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.evaluate.split import is_validation
from pipeline.imprint.canvas import face_canvas
from pipeline.imprint.detector import DetectorReader
from pipeline.imprint.fusion import FusedReader
from pipeline.imprint.protocol import Reader
from pipeline.network import Network
from pipeline.records import Photo, PillRegion, Reading
from pipeline.train.faces.boxes import BoxedPhoto, blank_regions, character_rows, clean_photos, photo_key
from pipeline.train.faces.cutting import photo_faces
from pipeline.train.reader.scoring import Score, score, wanted_of
from reference.text.imprints import characters, tokens, without_signs

Figures = dict[str, Any]
_BLANK_FACES = 500
_DRAWN_PHOTOS = 100
_TIMED_FACES = 60


def measure_reader(
    name: str, data: Path, weights: bytes, limit: int | None = None, seed: int = 9001, alone: bool = False
) -> Figures:
    """One of `MEASURES` for these ONNX weights of the network.

    Args:
        name: which.
        data: folder of the photo sets.
        weights: the ONNX file's bytes.
        limit: at most so many photos (boxes, drawn) or faces (blank, time).
        seed: of the drawn faces.
        alone: the network alone reads, not the lines beside it.

    Raises:
        PhotoSetError: a set it needs is missing or broken.
    """
    cv2.setNumThreads(1)
    network = DetectorReader(weights)
    return MEASURES[name](data, network if alone else FusedReader(network), weights, limit, seed)


def _boxes(data: Path, reader: Reader, weights: bytes, limit: int | None, seed: int) -> Figures:
    """Characters on the boxed photos of the validation part whose imprint is known and agrees with the labels."""
    photos = [boxed for boxed in clean_photos(data) if boxed.is_validation]
    scores = [_boxed_score(boxed, reader) for boxed in _sample(photos, limit)]
    total = sum(scores, Score())
    sure, right = [confidence for confidence, _ in total.stated], [is_right for _, is_right in total.stated]
    interval = bootstrap_interval([2 * each.hits for each in scores], [each.found + each.wanted for each in scores])
    return {
        "photos": len(scores),
        "characters": total.wanted,
        "character_f1": round(total.f1, 4),
        "f1_95_percent": [round(bound, 4) for bound in interval],
        "character_precision": round(total.precision, 4),
        "character_recall": round(total.recall, 4),
        "photos_exact": round(total.exact, 4),
        "calibration_error": round(expected_calibration_error(sure, right), 4) if sure else None,
        "mean_confidence": round(float(np.mean(sure)), 4) if sure else None,
    }


def _boxed_score(boxed: BoxedPhoto, reader: Reader) -> Score:
    found = photo_faces(boxed.photo.path)
    if found is None:
        return Score(wanted=len(boxed.photo.truth.boxes), faces=1)
    photo, regions = found
    wanted = wanted_of(character_rows(boxed.photo.truth.boxes, photo.pixels.shape))
    readings = reader.read(photo, regions)
    return score((character for reading in readings for character in reading.characters), wanted)


def _blank(data: Path, reader: Reader, weights: bytes, limit: int | None, seed: int) -> Figures:
    """Blank faces of ``rximage300`` on which something was read.

    A face is known blank (1) where the same photo is boxed, its labels agree with the imprint and none lies on the
    face; (2) where the register gives no imprint; else (3) where the other face was read as the whole imprint, unless
    this one was read as words of the imprint, which a face that repeats them would be. Validation photos come
    first, then training ones in random order, until there are 500 faces.
    """
    boxed = {photo_key(each.photo.name): each for each in clean_photos(data) if each.imprint}
    counts = {part: [0, 0] for part in ("validation", "training")}
    names: list[str] = []
    for photo, part in _validation_first(open_set(data / "rximage300").photos):
        if sum(faces for faces, _ in counts.values()) >= (limit or _BLANK_FACES):
            break
        found = photo_faces(photo.path)
        if found is None or len(found[1]) != 2:
            continue
        for reading in _blank_readings(photo, found, boxed.get(photo_key(photo.name)), reader):
            invented = any(without_signs(token) for token in reading.tokens)
            counts[part][0] += 1
            counts[part][1] += invented
            names += [f"{photo.name}: {' '.join(reading.tokens)}"] if invented else []
    return {
        part: {"faces": faces, "invented": invented, "share": round(invented / max(faces, 1), 4)}
        for part, (faces, invented) in counts.items()
    } | {"invented_on": names}


def _validation_first(photos: Sequence[LabeledPhoto]) -> Iterator[tuple[LabeledPhoto, str]]:
    mixed = random.Random(0).sample(list(photos), len(photos))
    for part in ("validation", "training"):
        for photo in mixed:
            if is_validation(photo.truth.imprint or "") == (part == "validation"):
                yield photo, part


def _blank_readings(
    photo: LabeledPhoto,
    found: tuple[Photo, tuple[PillRegion, ...]],
    boxed: BoxedPhoto | None,
    reader: Reader,
) -> list[Reading]:
    """What was read on those of the two faces that are known blank."""
    pixels, regions = found
    if boxed is not None:
        return list(reader.read(pixels, blank_regions(boxed, pixels, regions)))
    readings = reader.read(pixels, regions)
    if not photo.truth.imprint:
        return list(readings)
    return [
        other
        for face, other in (readings, readings[::-1])
        if _says(face) == characters(photo.truth.imprint) and not _repeats(other, photo.truth.imprint)
    ]


def _says(reading: Reading) -> str:
    return sorted_characters(reading.tokens)


def _repeats(reading: Reading, imprint: str) -> bool:
    words = {without_signs(token) for token in tokens(imprint)}
    read = [without_signs(token) for token in reading.tokens]
    return bool(read) and all(token in words for token in read)


def _drawn(data: Path, reader: Reader, weights: bytes, limit: int | None, seed: int) -> Figures:
    """Drawn photos of both faces, upright and at any turn, with all letters and digits right and none besides.

    ``exact``: on both faces; ``faces_exact``: of the faces.
    """
    figures: Figures = {}
    for printed in (True, False):
        for turned in (False, True):
            name = f"{'printed' if printed else 'debossed'}, {'turned' if turned else 'upright'}"
            with tempfile.TemporaryDirectory() as folder:
                list(write_face_set(Path(folder), limit or _DRAWN_PHOTOS, seed, printed, turned))
                with (Path(folder) / "labels.csv").open(encoding="utf-8", newline="") as stream:
                    right = [_faces_right(Path(folder), label, reader) for label in csv.DictReader(stream)]
            figures[name] = {
                "photos": len(right),
                "exact": round(right.count(2) / len(right), 4),
                "faces_exact": round(sum(right) / (2 * len(right)), 4),
            }
    return figures


def _faces_right(folder: Path, label: dict[str, str], reader: Reader) -> int:
    """How many of a drawn photo's two faces are read as what stands on one of them."""
    found = photo_faces(folder / label["file"])
    said = Counter(_says(reading) for reading in reader.read(*found)) if found else Counter()
    return (said & Counter(characters(label[side]) for side in ("front", "back"))).total()


def _time(data: Path, reader: Reader, weights: bytes, limit: int | None, seed: int) -> Figures:
    """Milliseconds a face on one thread, medians: the whole reader, and the detector's network alone."""
    cases: list[tuple[Photo, PillRegion]] = []
    for labeled in _sample(open_set(data / "rximage300").photos, 2 * (limit or _TIMED_FACES)):
        found = photo_faces(labeled.path)
        cases += [(found[0], region) for region in found[1]] if found else []
    cases = cases[: limit or _TIMED_FACES]
    network = Network(weights)
    canvases = [face_canvas(photo, region)[0][None] for photo, region in cases]
    return {
        "faces": len(cases),
        "reader_ms": _median_ms([lambda case=case: reader.read(case[0], case[1:]) for case in cases]),  # type: ignore[misc]
        "network_ms": _median_ms([lambda canvas=canvas: network.run(canvas) for canvas in canvases]),  # type: ignore[misc]
    }


def _median_ms(calls: Sequence[Callable[[], object]]) -> float:
    calls[0]()
    return round(1000 * float(np.median([_seconds(call) for call in calls])), 2)


def _seconds(call: Callable[[], object]) -> float:
    """Seconds of the process, which other processes do not add to."""
    begun = time.thread_time()
    call()
    return time.thread_time() - begun


def _sample(photos: Sequence[Any], limit: int | None) -> Sequence[Any]:
    return photos if limit is None or limit >= len(photos) else random.Random(0).sample(list(photos), limit)


MEASURES: dict[str, Callable[[Path, Reader, bytes, int | None, int], Figures]] = {
    "boxes": _boxes,
    "blank": _blank,
    "drawn": _drawn,
    "time": _time,
}
