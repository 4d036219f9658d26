"""Photos and drawn faces -> labeled strips, kept on disk in shards.

A face comes to the training as it comes to the reader: loaded, segmented, cropped, its lines found. What stands on
them is told by `pipeline.train.recognizer.strip_labels`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.evaluate.split import is_validation
from pipeline.imprint.arcs import Arc
from pipeline.imprint.detector import DetectorReader
from pipeline.imprint.found_lines import StripSheet, is_lone, other_turns, sheet_of
from pipeline.imprint.strip_reader import StripReader
from pipeline.imprint.textboxes import TextBox
from pipeline.records import Character, Photo, PillRegion
from pipeline.train.faces.boxes import BoxedPhoto, clean_photos, regions_with_characters
from pipeline.train.faces.cutting import photo_faces
from pipeline.train.faces.drawn import load_bank
from pipeline.train.faces.labeled import HEIGHT, TURN_DEG, WIDTH, LabeledFace, X, Y
from pipeline.train.faces.self_training import known_folders, known_photos
from pipeline.train.recognizer.small_strips import LabeledCrop, smaller
from pipeline.train.recognizer.strip_labels import Band, LabelKind, Looks, StripLabel, from_characters, from_imprint

# How many boxes of ground are tried on a face; the range of their height, in short sides of the face, and of their
# width, in heights.
_GROUND_TRIES, _GROUND_HEIGHT, _GROUND_ASPECT = 3, (0.12, 0.5), (0.6, 4.0)
# A single letter is also cut out at these turns, and each of those again with a box this many times as large.
_TURNS_DEG, _CLOSER = (0.0, 90.0, 45.0, 135.0), 0.65
# Photos in a shard: what making them loses at most when it is cut off.
_PHOTOS_A_SHARD = 100
# Of photos as people take them the text of one face may be all that is noted: silence is not known there.
_FIELD, _FIELD_KINDS = "field", (LabelKind.TEXT, LabelKind.WRONG_WAY)

_BANDS: dict[str, type[Arc] | type[TextBox]] = {"Arc": Arc, "TextBox": TextBox}


@dataclass(frozen=True, eq=False)
class Strip:
    """A labeled strip of a crop on disk; ``png`` is the crop's part of its shard's file, read when asked for.

    ``source`` is the photo set, or "drawn".
    """

    png: NDArray[np.uint8]
    label: StripLabel
    source: str

    def crop(self) -> NDArray[np.uint8]:
        """The crop's image, ``(h, w)`` uint8."""
        return np.asarray(cv2.imdecode(np.array(self.png), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


class StripMaker:
    """Makes labeled strips of the lines that our line finder shows; ``reader`` reads what stands on them."""

    def __init__(self, reader: StripReader, detector: DetectorReader | None = None) -> None:
        self._reader, self._detector = reader, detector or DetectorReader()

    def of_known(self, photo: LabeledPhoto) -> Iterator[LabeledCrop]:
        """The faces of a photo whose imprint is known, and nothing else; each again as a small photo shows it."""
        found = photo_faces(photo.path)
        if found is None:
            return
        pixels, regions = found
        seen = [self._seen(pixels, region) for region in regions]
        imprint = photo.truth.shown or photo.truth.imprint or ""
        labels = from_imprint([face.lines for face in seen], imprint, [face.ground for face in seen])
        for region, face, own in zip(regions, seen, labels, strict=True):
            if photo.truth.surroundings is not None:
                own = [label for label in own if label.kind in _FIELD_KINDS]
            yield face.sheet.image, own
            yield from smaller(pixels, region, face.sheet, own)

    def of_boxed(self, boxed: BoxedPhoto) -> Iterator[LabeledCrop]:
        """The faces of a photo whose characters are boxed."""
        for pixels, region, rows in regions_with_characters(boxed):
            yield from self._with_characters(pixels, region, self._seen(pixels, region), rows, boxed.imprint)

    def of_drawn(self, face: LabeledFace) -> Iterator[LabeledCrop]:
        """A drawn face."""
        photo = Photo(np.repeat(face.gray[..., None], 3, axis=2), face.source)
        outline = np.ascontiguousarray(face.outline[:, ::-1].clip(min=0.0))
        region = PillRegion(outline, face.mask > 0, 0, 0, 1.0)
        seen = self._seen(photo, region, is_known=True)
        yield from self._with_characters(photo, region, seen, face.characters, "")

    def _with_characters(
        self, photo: Photo, region: PillRegion, seen: _Seen, rows: NDArray[np.float32], imprint: str
    ) -> Iterator[LabeledCrop]:
        rows = _in_crop(rows, seen.sheet)
        labels = from_characters(seen.lines, rows, imprint, seen.ground, seen.again)
        yield seen.sheet.image, labels
        yield from smaller(photo, region, seen.sheet, labels)

    def _seen(self, photo: Photo, region: PillRegion, is_known: bool = False) -> _Seen:
        """A face as lines are read on it; with lone letters looked at again, and nothing read, where all is known."""
        sheet, (face,) = sheet_of(photo, region), self._detector.see(photo, [region])
        found = [line.band for line in face.lines]
        again = [look for band in found for look in _looks_round(band, face.characters)] if is_known else []
        lines, others = ([band.moved(sheet.to_crop) for band in bands] for bands in (found, again))

        def looks_of(bands: Sequence[Band]) -> list[Looks]:
            ways = [(band, band.back()) for band in bands]
            return [[(way, "" if is_known else self._text(sheet, way)) for way in both] for both in ways]

        return _Seen(sheet, looks_of(lines), looks_of(_ground(sheet, lines)), looks_of(others))

    def _text(self, sheet: StripSheet, band: Band) -> str:
        return "".join(step.alternatives[0][0] for step in self._reader.read(sheet.image, band))


@dataclass(frozen=True, eq=False)
class _Seen:
    """A face's lines, bands of what lies beside them, and lines looked at again, with what is read along each."""

    sheet: StripSheet
    lines: Sequence[Looks]
    ground: Sequence[Looks]
    again: Sequence[Looks]


def _looks_round(band: Band, characters: Sequence[Character]) -> list[TextBox]:
    """A lone letter's band as it may lie too: turned as the character there and all round, and closer, within a frame.

    So the recognizer learns the letter in a frame and to say nothing of one that lies across.
    """
    if not is_lone(band):
        return []
    turned = other_turns(band, characters, _TURNS_DEG)
    closer = (replace(look, width=look.width * _CLOSER, height=look.height * _CLOSER) for look in (band, *turned))
    return [*turned, *closer]


def _ground(sheet: StripSheet, lines: Sequence[Band]) -> list[Band]:
    """Boxes at random places of a face that touch none of its lines; the same each time."""
    rng = np.random.default_rng(int(sheet.image.sum()))
    rows, cols = np.nonzero(sheet.crop.mask)
    short_px = min(sheet.crop.mask.shape)
    boxes: list[Band] = []
    for _ in range(_GROUND_TRIES):
        at = int(rng.integers(len(rows)))
        height = short_px * rng.uniform(*_GROUND_HEIGHT)
        width = height * rng.uniform(*_GROUND_ASPECT)
        box = TextBox(float(cols[at]), float(rows[at]), width, height, 90.0 * rng.integers(4) + rng.normal(0, 8), 1.0)
        if not any(_touches(box, line) for line in lines):
            boxes.append(box)
    return boxes


def _touches(box: TextBox, line: Band) -> bool:
    wide = replace(box, width=box.width + line.height, height=box.height + line.height)
    return any(wide.holds(*line.at(place)[:2]) for place in np.linspace(0, 1, 9))


def _in_crop(rows: NDArray[np.float32], sheet: StripSheet) -> NDArray[np.float32]:
    """Rows of ``LabeledFace.characters`` moved from the photo to its crop."""
    moved = rows.copy()
    moved[:, [X, Y]] = rows[:, [X, Y]] @ sheet.to_crop[:, :2].T + sheet.to_crop[:, 2]
    moved[:, [WIDTH, HEIGHT]] /= sheet.crop.photo_px
    moved[:, TURN_DEG] -= sheet.crop.turn_deg
    return moved


def training_strips(
    data: Path, banks: Sequence[Path], folder: Path, maker: StripMaker, limit: int | None, say: Callable[[str], None]
) -> list[Strip]:
    """The strips of the training part: boxed photos, photos of known imprint, drawn banks; made where not kept yet.

    ``limit`` keeps to so many photos a set and faces a bank.

    Raises:
        PhotoSetError: the boxed photos are missing or broken.
    """
    jobs = _jobs("boxed", (photo for photo in clean_photos(data) if not photo.is_validation), maker.of_boxed, limit)
    for known in known_folders(data):
        photos = known_photos(open_set(known).part("training"))
        jobs |= _jobs(known.name, photos, maker.of_known, limit)
    if (data / _FIELD / "labels.csv").is_file():
        photos = filter(_teaches, open_set(data / _FIELD).part("training").photos)
        jobs |= _jobs(_FIELD, photos, maker.of_known, limit)
    jobs |= {f"drawn-{bank.stem}": partial(_of_bank, bank, maker, limit) for bank in banks}
    return _kept(jobs, folder, say)


def validation_strips(
    data: Path, folder: Path, maker: StripMaker, limit: int | None, say: Callable[[str], None]
) -> list[Strip]:
    """The strips of the validation part's boxed photos, to try a training on; made where not kept yet."""
    photos = (photo for photo in clean_photos(data) if photo.is_validation)
    return _kept(_jobs("validation", photos, maker.of_boxed, limit), folder, say)


def _teaches(photo: LabeledPhoto) -> bool:
    """Whether the text on a photo as people take them is known and in no other set's validation part."""
    return bool(photo.truth.shown) and not is_validation(photo.truth.shown or "")


_Job = Callable[[], Iterable[LabeledCrop]]


def _jobs(
    name: str, items: Iterable[Any], make: Callable[[Any], Iterable[LabeledCrop]], limit: int | None
) -> dict[str, _Job]:
    """A job for each shard of some items."""
    chosen = list(items)[:limit]
    parts = [chosen[start : start + _PHOTOS_A_SHARD] for start in range(0, len(chosen), _PHOTOS_A_SHARD)]
    return {f"{name}-{number:04d}": partial(_of_each, part, make) for number, part in enumerate(parts)}


def _of_each(items: Iterable[Any], make: Callable[[Any], Iterable[LabeledCrop]]) -> Iterable[LabeledCrop]:
    return chain.from_iterable(map(make, items))


def _of_bank(bank: Path, maker: StripMaker, limit: int | None) -> Iterable[LabeledCrop]:
    return _of_each(load_bank([bank])[:limit], maker.of_drawn)


def _kept(jobs: dict[str, _Job], folder: Path, say: Callable[[str], None]) -> list[Strip]:
    folder.mkdir(parents=True, exist_ok=True)
    strips = []
    for name, job in jobs.items():
        if not (folder / f"{name}.json").exists():
            save_strips(folder / name, job())
        own = load_strips(folder / name, name.partition("-")[0])
        kinds = ", ".join(f"{sum(strip.label.kind is kind for strip in own)} {kind.value}" for kind in LabelKind)
        say(f"{name}: strips {kinds}")
        strips += own
    return strips


def save_strips(path: Path, crops: Iterable[LabeledCrop]) -> None:
    """Write a shard, ``path`` with ``.npy`` (the crops as PNG) and then ``.json`` (where each begins, the labels)."""
    codes: list[NDArray[np.uint8]] = []
    offsets, rows = [0], []
    for image, labels in crops:
        if labels:
            for label in labels:
                band = label.band
                rows.append([len(codes), label.kind.value, label.text, type(band).__name__, asdict(band)])
            codes.append(np.asarray(cv2.imencode(".png", image)[1], dtype=np.uint8).ravel())
            offsets.append(offsets[-1] + len(codes[-1]))
    np.save(path.with_suffix(".npy"), np.concatenate([np.zeros(0, np.uint8), *codes]))
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"offsets": offsets, "strips": rows}, default=float), encoding="utf-8")
    part.replace(path.with_suffix(".json"))


def load_strips(path: Path, source: str) -> list[Strip]:
    """Read what `save_strips` wrote; the crops stay on disk."""
    stored = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if not stored["strips"]:
        return []
    codes = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
    offsets = stored["offsets"]
    return [
        Strip(
            codes[offsets[crop] : offsets[crop + 1]], StripLabel(_BANDS[band](**sizes), text, LabelKind(kind)), source
        )
        for crop, kind, text, band, sizes in stored["strips"]
    ]
