"""What the faces of an answer are called, the same in the drawn sheet and in the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.records import Face, Identification


def face_names(answers: Sequence[Identification]) -> Mapping[int, str]:
    """A name for each face, by its identity (``id``).

    Of one pill: letters, photo by photo and from left to right in each. Of several pills: the pill's number, with a
    small letter where two faces are taken for the same pill.
    """
    names: dict[int, str] = {}
    for number, answer in enumerate(answers, start=1):
        for place, face in enumerate(sorted(answer.faces, key=_from_left)):
            names[id(face)] = _name(len(answers), number, place, len(answer.faces))
    return names


def _from_left(face: Face) -> tuple[int, int, int]:
    top, left, bottom, right = face.region.box
    return face.photo_index, left + right, top + bottom


def _name(pills: int, number: int, place: int, faces: int) -> str:
    if pills == 1:
        return chr(ord("A") + place % 26)
    return f"{number}{chr(ord('a') + place % 26)}" if faces > 1 else str(number)
