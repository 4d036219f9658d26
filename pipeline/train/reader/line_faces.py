"""Photos and drawn faces -> faces whose lines of text are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.train.faces.boxes import BoxedPhoto, level_turns, regions_with_characters
from pipeline.train.faces.cutting import cut_face
from pipeline.train.faces.labeled import LabeledFace
from pipeline.train.reader.line_labels import boxed_turns, lines_of_characters


def boxed_line_faces(photos: Iterable[BoxedPhoto]) -> Iterator[LabeledFace]:
    """The faces of boxed photos with their lines; those without a character too."""
    for boxed in photos:
        for photo, region, rows in regions_with_characters(boxed):
            lines = lines_of_characters(boxed_turns(rows, boxed.imprint, level_turns(rows)))
            yield cut_face(photo, region, lines, boxed.imprint, boxed.photo.name)


def with_lines(faces: Iterable[LabeledFace]) -> list[LabeledFace]:
    """Faces whose characters and their turns are known, with their lines in place of them."""
    return [replace(face, characters=lines_of_characters(face.characters)) for face in faces]
