"""Photos and drawn faces -> labeled strips, kept on disk in shards.

A face comes to the training as it comes to the line reader: loaded, segmented, cropped, its text boxes and the words
along its rim found. What stands on them is told by `pipeline.train.strip_labels`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.sets import LabeledPhoto, SetKind, open_set
from pipeline.evaluate.split import is_validation
from pipeline.imprint.arcs import Arc
from pipeline.imprint.crop import Crop, crop_pill, long_axis_deg
from pipeline.imprint.detector import DetectorReader
from pipeline.imprint.line_reader import LineReader
from pipeline.imprint.textboxes import TextBox
from pipeline.records import Character, Photo, PillRegion
from pipeline.train.boxes import BoxedPhoto, clean_photos, regions_with_characters
from pipeline.train.cutting import photo_faces
from pipeline.train.drawn import load_bank
from pipeline.train.faces import CLASS, HEIGHT, IGNORED, TURN_DEG, WIDTH, LabeledFace, X, Y
from pipeline.train.network import CLASSES
from pipeline.train.strip_labels import Kind, Looks, StripLabel, from_characters, from_imprint

# Sets whose imprints are known, not the places of their characters.
_KNOWN_SETS = ("rximage300", "tfda")
# Photos in a shard: what making them loses at most when it is cut off.
_PHOTOS_A_SHARD = 100

_BANDS: dict[str, type[Arc] | type[TextBox]] = {"Arc": Arc, "TextBox": TextBox}

LabeledCrop = tuple[NDArray[np.uint8], list[StripLabel]]


@dataclass(frozen=True, eq=False)
class Strip:
    """A labeled strip of a crop on disk; ``png`` is the crop's part of its shard's file, read when asked for."""

    png: NDArray[np.uint8]
    label: StripLabel
    is_drawn: bool

    def crop(self) -> NDArray[np.uint8]:
        """The crop's image, ``(h, w)`` uint8."""
        return np.asarray(cv2.imdecode(np.array(self.png), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


class StripMaker:
    """Makes labeled strips; ``reader`` reads what stands on them, our detector shows it where else to look."""

    def __init__(self, reader: LineReader, detector: DetectorReader | None = None) -> None:
        self._reader, self._detector = reader, detector or DetectorReader()

    def of_known(self, photo: LabeledPhoto) -> Iterator[LabeledCrop]:
        """The faces of a photo whose imprint is known, and nothing else."""
        found = photo_faces(photo.path)
        if found is None:
            return
        pixels, regions = found
        images, bands = [], []
        for region in regions:
            crop, looks = self.looks_at(pixels, region)
            images.append(crop.image())
            bands.append(looks)
        yield from zip(images, from_imprint(bands, photo.truth.shown or photo.truth.imprint or ""), strict=True)

    def of_boxed(self, boxed: BoxedPhoto) -> Iterator[LabeledCrop]:
        """The faces of a photo whose characters are boxed."""
        for pixels, region, rows in regions_with_characters(boxed):
            crop = self._crop(pixels, region)
            own = _in_crop(rows, crop)
            bands = self._looks(crop, self._detector.find(pixels, region))
            yield crop.image(), from_characters(bands, own, boxed.imprint)

    def of_drawn(self, face: LabeledFace) -> Iterator[LabeledCrop]:
        """A drawn face; its own characters show where to look."""
        photo = Photo(np.repeat(face.gray[..., None], 3, axis=2), face.source)
        outline = np.ascontiguousarray(face.outline[:, ::-1].clip(min=0.0))
        crop = self._crop(photo, PillRegion(outline, face.mask > 0, 0, 0, 1.0))
        letters = [row for row in face.characters if row[CLASS] not in (IGNORED, CLASSES.index("LOGO"))]
        bands = self._looks(crop, [_character(row) for row in letters])
        yield crop.image(), from_characters(bands, _in_crop(face.characters, crop))

    def looks_at(self, photo: Photo, region: PillRegion) -> tuple[Crop, list[Looks]]:
        """A face's crop and what the line reader looks at there, with our detector's finds, and reads."""
        crop = self._crop(photo, region)
        return crop, self._looks(crop, self._detector.find(photo, region))

    def _crop(self, photo: Photo, region: PillRegion) -> Crop:
        return crop_pill(photo, region, self._reader.settings.crop, long_axis_deg(region))

    def _looks(self, crop: Crop, known: Sequence[Character]) -> list[Looks]:
        """What the line reader looks at on a face where another reader found ``known``, and reads there."""
        tries, rim = self._reader.look(crop, known)
        boxes = zip(*(reads for _, reads in tries), strict=True)
        looks: list[Looks] = [[(box, _text(steps)) for box, steps in reads] for reads in boxes]
        return looks + [[(arc, _text(steps)) for arc, steps in both] for both in zip(rim[::2], rim[1::2], strict=True)]


def _text(steps: Iterable[Any]) -> str:
    return "".join(step.alternatives[0][0] for step in steps)


def _character(row: NDArray[np.float32]) -> Character:
    alternatives = ((CLASSES[int(row[CLASS])], 1.0),)
    return Character(alternatives, *(float(row[index]) for index in (Y, X, HEIGHT, WIDTH, TURN_DEG)))


def _in_crop(rows: NDArray[np.float32], crop: Crop) -> NDArray[np.float32]:
    """Rows of ``LabeledFace.characters`` moved from the photo to its crop."""
    forward = cv2.invertAffineTransform(crop.matrix)
    moved = rows.copy()
    moved[:, [X, Y]] = rows[:, [X, Y]] @ forward[:, :2].T + forward[:, 2]
    moved[:, [WIDTH, HEIGHT]] /= crop.photo_px
    moved[:, TURN_DEG] -= crop.turn_deg
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
    for name in _KNOWN_SETS:
        if (data / name / "labels.csv").is_file():
            jobs |= _jobs(name, known_photos(data / name), maker.of_known, limit)
    jobs |= {f"drawn-{bank.stem}": partial(_of_bank, bank, maker, limit) for bank in banks}
    return _kept(jobs, folder, say)


def validation_strips(
    data: Path, folder: Path, maker: StripMaker, limit: int | None, say: Callable[[str], None]
) -> list[Strip]:
    """The strips of the validation part's boxed photos, to try a training on; made where not kept yet."""
    photos = (photo for photo in clean_photos(data) if photo.is_validation)
    return _kept(_jobs("validation", photos, maker.of_boxed, limit), folder, say)


def known_photos(folder: Path) -> Iterator[LabeledPhoto]:
    """The training part's photos whose text is known."""
    photo_set = open_set(folder)
    for photo in photo_set.photos:
        # Outside RxIMAGE a missing imprint is one nobody noted.
        if not is_validation(photo.truth.imprint or "") and (photo.truth.imprint or photo_set.kind is SetKind.RXIMAGE):
            yield photo


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
        own = load_strips(folder / name, name.startswith("drawn"))
        kinds = ", ".join(f"{sum(strip.label.kind is kind for strip in own)} {kind.value}" for kind in Kind)
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


def load_strips(path: Path, is_drawn: bool = False) -> list[Strip]:
    """Read what `save_strips` wrote; the crops stay on disk."""
    stored = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if not stored["strips"]:
        return []
    codes = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
    offsets = stored["offsets"]
    return [
        Strip(codes[offsets[crop] : offsets[crop + 1]], StripLabel(_BANDS[band](**sizes), text, Kind(kind)), is_drawn)
        for crop, kind, text, band, sizes in stored["strips"]
    ]
