"""Photos whose characters were boxed by hand -> labeled faces, cleaned, in a training and a validation part.

About one photo in ten of ``imprint_boxes`` misses a character or names a wrong one. A photo whose imprint is known,
from its own row, from the same photo in ``rximage300`` or from the register (``c3pi_pills.csv``), must show exactly
the letters and digits of that imprint, all once or all twice, or is left out. Where no imprint is known the labels
stand as they are. Signs are not boxed. A label of more than one letter boxes a word: nothing is learned there.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PhotoSetError
from pipeline.evaluate.photo_truth import CharacterBox
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.evaluate.split import is_validation
from pipeline.records import Photo, PillRegion
from pipeline.train.faces.cutting import cut_face, photo_faces
from pipeline.train.faces.labeled import CLASS, HEIGHT, IGNORED, TURN_DEG, UNKNOWN_TURN, WIDTH, LabeledFace, X, Y
from pipeline.train.reader.character_network import CLASSES
from reference.store.catalog import open_catalog
from reference.text.imprints import characters

_CLASS = {text: index for index, text in enumerate(CLASSES)}
# Boxes are upright also where the text is turned. Two side by side on one level (in heights, and in widths) tell that
# it is not.
_LEVEL = 0.3
_BESIDE = 2.2
_ASPECT_MIN = 0.6


@dataclass(frozen=True)
class BoxedPhoto:
    """A boxed photo with its imprint ("" where unknown) and whether that is among the validation part's."""

    photo: LabeledPhoto
    imprint: str
    is_validation: bool


class KnownImprints:
    """What other sources say of a boxed photo's imprint."""

    def __init__(self, data: Path) -> None:
        self._by_photo: dict[tuple[str, str], str] = {}
        self._by_product: dict[str, set[str]] = defaultdict(set)
        if (data / "rximage300" / "labels.csv").is_file():
            for photo in open_set(data / "rximage300").photos:
                self._by_photo[photo_key(photo.name)] = photo.truth.imprint or ""
        if (data / "catalog" / "c3pi_pills.csv").is_file():
            for product in open_catalog(data / "catalog" / "c3pi_pills.csv").products():
                self._by_product[re.sub(r"\D", "", product.ndc)[:9]].add(product.imprint)

    def imprint(self, photo: LabeledPhoto) -> str:
        """The imprint of the whole pill, or "" where nobody knows it or sources for the product differ."""
        key = photo_key(photo.name)
        ndc9 = re.sub(r"\D", "", key[0])[:9]
        listed = self._by_product.get(ndc9, set()) if len(ndc9) == 9 else set()
        return photo.truth.imprint or self._by_photo.get(key) or (next(iter(listed)) if len(listed) == 1 else "")

    def validation_characters(self) -> frozenset[str]:
        """The characters of every imprint of the validation part."""
        imprints = {*self._by_photo.values(), *(text for texts in self._by_product.values() for text in texts)}
        return frozenset(characters(imprint) for imprint in imprints if is_validation(imprint))


def photo_key(name: str) -> tuple[str, str]:
    """NDC and hash of an RxIMAGE file name, which both sets keep."""
    parts = PurePosixPath(name).stem.split("_")
    return parts[0], parts[-1]


def spelled(boxes: Iterable[CharacterBox]) -> str:
    """All that is labeled, sorted, as ``imprint_text.characters`` spells an imprint."""
    return "".join(sorted("".join(box.text for box in boxes).upper()))


def is_clean(boxes: Sequence[CharacterBox], imprint: str) -> bool:
    """Whether the labels are the imprint's letters and digits, each word once, or all twice: registers list once."""
    return spelled(boxes) in (characters(imprint), characters(f"{imprint};{imprint}"))


def clean_photos(data: Path) -> tuple[BoxedPhoto, ...]:
    """The photos of ``data/imprint_boxes`` that pass, with their part.

    A photo without a known imprint is for training, unless its characters are those of a validation imprint: it could
    show that pill, and is left out.

    Raises:
        PhotoSetError: the set is missing or broken.
    """
    known = KnownImprints(data)
    apart = known.validation_characters()
    kept = []
    for photo in open_set(data / "imprint_boxes").photos:
        imprint = known.imprint(photo)
        if is_clean(photo.truth.boxes, imprint) if imprint else spelled(photo.truth.boxes) not in apart:
            kept.append(BoxedPhoto(photo, imprint, bool(imprint) and is_validation(imprint)))
    if not kept:
        raise PhotoSetError(
            f"{data / 'imprint_boxes'}: no photo's labels agree with its imprint; see docs/model_card_reader.md"
        )
    return tuple(kept)


def boxed_faces(photos: Iterable[BoxedPhoto]) -> list[LabeledFace]:
    """The faces of boxed photos, those without a character too."""
    faces = []
    for boxed in photos:
        for photo, region, own in regions_with_characters(boxed):
            own[:, TURN_DEG] = level_turns(own)
            faces.append(cut_face(photo, region, own, boxed.imprint, boxed.photo.name))
    return faces


def regions_with_characters(boxed: BoxedPhoto) -> Iterator[tuple[Photo, PillRegion, NDArray[np.float32]]]:
    """Each face of a boxed photo with the rows of its characters ``(n, 6)``; none where faces are not found."""
    found = photo_faces(boxed.photo.path)
    if found is None:
        return
    photo, regions = found
    rows = character_rows(boxed.photo.truth.boxes, photo.pixels.shape)
    for region in regions:
        yield photo, region, rows[[_is_on(region, row) for row in rows]].reshape(-1, 6)


def character_rows(boxes: Sequence[CharacterBox], shape: Sequence[int]) -> NDArray[np.float32]:
    """Boxes as ``LabeledFace.characters`` ``(n, 6)`` in the pixels of a photo of that shape, their turn unknown."""
    height, width = shape[:2]
    rows = [
        (
            box.x * width - 0.5,
            box.y * height - 0.5,
            box.width * width,
            box.height * height,
            UNKNOWN_TURN,
            _CLASS.get(box.text, IGNORED),
        )
        for box in boxes
    ]
    return np.array(rows, np.float32).reshape(-1, 6)


def _is_on(region: PillRegion, row: NDArray[np.float32]) -> bool:
    """Whether a character, a row of ``LabeledFace.characters`` in the photo's pixels, has its center on the face."""
    inside_row, inside_col = round(float(row[Y])) - region.top, round(float(row[X])) - region.left
    height, width = region.mask.shape
    return 0 <= inside_row < height and 0 <= inside_col < width and bool(region.mask[inside_row, inside_col])


def level_turns(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 where a neighbor on the same level, or being alone, says that the character is upright; else unknown."""
    turns = np.full(len(rows), UNKNOWN_TURN, np.float32)
    if len(rows) == 1:
        turns[0] = 0.0
    for index, row in enumerate(rows):
        others = np.delete(rows, index, axis=0)
        level = np.abs(others[:, Y] - row[Y]) < _LEVEL * row[HEIGHT]
        beside = np.abs(others[:, X] - row[X]) < _BESIDE * max(row[WIDTH], _ASPECT_MIN * row[HEIGHT])
        if (level & beside).any():
            turns[index] = 0.0
    return turns


def blank_regions(boxed: BoxedPhoto, photo: Photo, regions: Sequence[PillRegion]) -> list[PillRegion]:
    """The faces of a photo on which the hand labels have no character."""
    rows = character_rows(boxed.photo.truth.boxes, photo.pixels.shape)
    return [region for region in regions if not any(_is_on(region, row) for row in rows)]


def class_counts(faces: Iterable[LabeledFace]) -> Counter[str]:
    """How often each class is labeled."""
    return Counter(CLASSES[int(code)] for face in faces for code in face.characters[:, CLASS] if code != IGNORED)
