"""Photos and drawn faces -> faces whose lines of text are known, kept on disk in shards."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.evaluate.split import is_validation
from pipeline.imprint.crop import Crop
from pipeline.imprint.line_reader import LineReader
from pipeline.train.boxes import BoxedPhoto, clean_photos, level_turns, regions_with_characters
from pipeline.train.cutting import cut_face, photo_faces
from pipeline.train.drawn import load_bank
from pipeline.train.faces import HEIGHT, TURN_DEG, WIDTH, LabeledFace, X, Y
from pipeline.train.line_labels import Rows, boxed_turns, lines_of_characters, lines_of_strips
from pipeline.train.store import load_faces, save_faces
from pipeline.train.strip_labels import Kind, StripLabel, from_imprint
from pipeline.train.strips import StripMaker
from reference.imprint_text import tokens, without_signs

# Photos in a shard: what making them loses at most when it is cut off.
_PHOTOS_A_SHARD = 100
_KNOWN_SET = "rximage300"
_Item = TypeVar("_Item")


def boxed_line_faces(photos: Iterable[BoxedPhoto]) -> Iterator[LabeledFace]:
    """The faces of boxed photos with their lines; those without a character too."""
    for boxed in photos:
        for photo, region, rows in regions_with_characters(boxed):
            lines = lines_of_characters(boxed_turns(rows, boxed.imprint, level_turns(rows)))
            yield cut_face(photo, region, lines, boxed.imprint, boxed.photo.name)


def known_line_faces(photos: Iterable[LabeledPhoto], maker: StripMaker) -> Iterator[LabeledFace]:
    """The faces of photos whose imprint is known, where strips read by another line finder were understood."""
    for photo in photos:
        found = photo_faces(photo.path)
        if found is None:
            continue
        pixels, regions = found
        imprint = photo.truth.shown or photo.truth.imprint or ""
        looked = [maker.looks_at(pixels, region) for region in regions]
        labels = from_imprint([looks for _, looks in looked], imprint)
        missing = _missing(imprint, labels)
        for (crop, _), region, own in zip(looked, regions, labels, strict=True):
            rows = lines_of_strips(own, missing, crop.mask.shape)
            if rows is not None:
                yield cut_face(pixels, region, _in_photo(rows, crop), photo.truth.imprint or "", photo.name)


def _missing(imprint: str, labels: Sequence[Sequence[StripLabel]]) -> str:
    """The words of an imprint that are on none of the strips."""
    texts = [without_signs(label.text) for face in labels for label in face if label.kind is Kind.TEXT]
    words = (without_signs(word) for word in tokens(imprint))
    return ";".join(word for word in words if not any(word in text for text in texts))


def _in_photo(rows: Rows, crop: Crop) -> Rows:
    moved = rows.copy()
    moved[:, [X, Y]] = rows[:, [X, Y]] @ crop.matrix[:, :2].T + crop.matrix[:, 2]
    moved[:, [WIDTH, HEIGHT]] *= crop.photo_px
    moved[:, TURN_DEG] += crop.turn_deg
    return moved


def drawn_line_faces(bank: Path) -> Iterator[LabeledFace]:
    """Drawn faces with their lines."""
    for face in load_bank([bank]):
        rows = lines_of_characters(face.characters)
        yield LabeledFace(face.gray, face.mask, face.outline, rows, face.imprint, face.source)


def boxed_shards(data: Path, folder: Path, validation: bool, limit: int | None = None) -> list[Path]:
    """The shards of the boxed photos of one part, made where they are not kept yet."""
    photos = [photo for photo in clean_photos(data) if photo.is_validation == validation][:limit]
    part = "validation" if validation else "boxed"
    return [_kept(folder / f"{part}-{n:04d}.npz", partial(boxed_line_faces, own)) for n, own in _parted(photos)]


def known_shards(data: Path, folder: Path, reader: LineReader, count: int, seed: int) -> list[Path]:
    """The shards of ``count`` training photos of known imprint, taken at random."""
    photos = [photo for photo in open_set(data / _KNOWN_SET).photos if not is_validation(photo.truth.imprint or "")]
    chosen = random.Random(seed).sample(photos, min(count, len(photos)))
    maker = StripMaker(reader)
    return [
        _kept(folder / f"{_KNOWN_SET}-{seed}-{n:04d}.npz", partial(known_line_faces, own, maker))
        for n, own in _parted(chosen)
    ]


def _parted(items: Sequence[_Item]) -> Iterator[tuple[int, Sequence[_Item]]]:
    return (
        (n, items[start : start + _PHOTOS_A_SHARD]) for n, start in enumerate(range(0, len(items), _PHOTOS_A_SHARD))
    )


def _kept(path: Path, make: Callable[[], Iterable[LabeledFace]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        save_faces(path, list(make()))
    return path


def line_faces(shards: Iterable[Path]) -> list[LabeledFace]:
    """All faces of some shards."""
    return [face for shard in shards for face in load_faces(shard)]
