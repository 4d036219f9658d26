"""Photo sets: a folder with photos and a file of labels beside them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import PhotoSetError
from pipeline.evaluate.photo_truth import Truth
from pipeline.evaluate.set_layouts import SetKind, kind_of_set, truth_of
from pipeline.evaluate.split import is_validation


@dataclass(frozen=True)
class LabeledPhoto:
    """One photo of a set: its name as in the file of labels, where it lies, and the truth.

    ``excluded`` says why the photo is counted apart, "" where it is not.
    """

    name: str
    path: Path
    truth: Truth
    excluded: str = ""


@dataclass(frozen=True)
class PhotoSet:
    """A folder of labeled photos, sorted by name."""

    folder: Path
    kind: SetKind
    photos: tuple[LabeledPhoto, ...]

    @property
    def labels(self) -> Path:
        """The file of the labels."""
        return self.folder / self.kind.labels

    def part(self, part: str) -> PhotoSet:
        """The ``training`` or ``validation`` photos, or ``all`` of them: as the labels say, or else by imprint.

        Photos whose imprint the set does not give stay together, as one imprint that is empty.
        """
        if part == "all":
            return self
        kept = (photo for photo in self.photos if _part_of(photo.truth) == part)
        return PhotoSet(self.folder, self.kind, tuple(kept))

    def sample(self, limit: int | None, seed: int) -> PhotoSet:
        """``random.Random(seed).sample`` of the photos sorted by name, again sorted; all of them without a limit."""
        if limit is None or limit >= len(self.photos):
            return self
        chosen = random.Random(seed).sample(self.photos, limit)
        return PhotoSet(self.folder, self.kind, tuple(sorted(chosen, key=lambda photo: photo.name)))

    def excluding(self, reasons: Mapping[str, str]) -> PhotoSet:
        """The same photos, those named here counted apart with the reason given.

        Raises:
            PhotoSetError: a name is none of this set's.
        """
        unknown = sorted(reasons.keys() - {photo.name for photo in self.photos})
        if unknown:
            raise PhotoSetError(
                f"{self.folder}: has no photo {unknown[0]!r} to count apart ({len(unknown)} such names); "
                f"write the names as in {self.labels.name}"
            )
        photos = tuple(replace(photo, excluded=reasons.get(photo.name, "")) for photo in self.photos)
        return replace(self, photos=photos)


def _part_of(truth: Truth) -> str:
    if truth.surroundings is not None:
        return truth.surroundings.part
    return "validation" if is_validation(truth.imprint or "") else "training"


def open_exclusions(file: Path) -> dict[str, str]:
    """Read the photos to be counted apart: a CSV table with the columns ``file`` and ``reason``.

    Raises:
        PhotoSetError: the table cannot be read, or a row lacks one of the two.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = [(row.get("file") or "", row.get("reason") or "") for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PhotoSetError(f"{file}: cannot be read ({error}); write a UTF-8 CSV with `file` and `reason`") from error
    for number, (name, reason) in enumerate(rows, start=2):
        if not name.strip() or not reason.strip():
            raise PhotoSetError(f"{file}: line {number} needs a `file` and the `reason` why it is counted apart")
    return {name.strip(): reason.strip() for name, reason in rows}


def open_set(folder: str | Path) -> PhotoSet:
    """Read the labels of a photo set.

    Raises:
        PhotoSetError: no folder, no file of labels, a layout that is not known, or a label that makes no sense.
    """
    folder = Path(folder)
    labels = folder / "labels.csv"
    if not labels.exists() and (folder / SetKind.MANIFEST.labels).exists():
        labels = folder / SetKind.MANIFEST.labels
    try:
        with labels.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            kind = kind_of_set(reader.fieldnames or (), labels)
            photos = tuple(_photos(reader, kind, folder, labels))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PhotoSetError(
            f"{labels}: cannot be read ({error}). A photo set is a folder with a UTF-8 labels.csv beside its photos, "
            "or with the manifest.csv of the samples; docs/evaluation.md describes the columns"
        ) from error
    if not photos:
        raise PhotoSetError(f"{labels}: has no rows; add one for each photo")
    return PhotoSet(folder, kind, tuple(sorted(photos, key=lambda photo: photo.name)))


def _photos(rows: Iterable[dict[str, str]], kind: SetKind, folder: Path, labels: Path) -> Iterator[LabeledPhoto]:
    of_file: dict[str, list[dict[str, str]]] = {}
    for number, row in enumerate(rows, start=2):
        name = (row.get("file") or "").strip()
        if not name:
            raise PhotoSetError(f"{labels}: line {number} names no file")
        of_file.setdefault(name, []).append({key: (value or "").strip() for key, value in row.items() if key})
    for name, group in of_file.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise PhotoSetError(f"{labels}: {name!r} lies outside the set's folder")
        try:
            yield LabeledPhoto(name, folder / name, truth_of(group, kind))
        except ValueError as error:
            raise PhotoSetError(f"{labels}: the label of {name!r} makes no sense ({error}); correct it") from error
