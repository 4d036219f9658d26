"""Text on a face that says a token once more: the print of a capsule stands on both halves, some around the side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipeline.match.alignment import ObservedFace, Segment
from pipeline.match.world import COLUMN
from reference.text.imprints import CHARACTERS

# The fewest characters of a part of a token: one alone could belong to any token.
_PART_MIN = 2


def take_repetitions(
    found: dict[str, list[Segment]],
    imprint_key: str,
    faces: Sequence[ObservedFace],
    taken: list[set[int]],
    is_round: bool = False,
) -> None:
    """Mark text of a line that is left over as taken where it repeats a token that was found, whole or in part.

    The repetitions are added to the token's segments in ``found``, and their places to those ``taken`` on the face.
    ``is_round``: where a text goes on around the side of a capsule, its beginning may end a line of the other side, and
    its end begin one (``145`` and ``FL14``); of its other lines one character may be left at the edge.
    """
    part_min = 1 if any(segments[0].rest for segments in found.values()) else _PART_MIN
    listed = Counter(imprint_key.split(";"))
    for number, face in enumerate(faces):
        for line in face.lines:
            letters = [place for place in line.tolist() if not face.is_sign[place]]
            left = [place for place in letters if place not in taken[number]]
            for run in _runs(left, letters):
                # Within a line a single character is a repetition only if the register has it twice, as in YY.
                least = {token: 1 if len(run) == len(letters) or listed[token] > 1 else _PART_MIN for token in found}
                parts = _tokens_of(run, number, face, least, len(run) == len(letters), part_min)
                if is_round and not parts and len(run) >= part_min:
                    parts = _at_the_edge(run, number, face, list(found), run[0] == letters[0], run[-1] == letters[-1])
                taken[number].update(run if parts else ())
                for token, part in parts:
                    found[token].append(part)


def _at_the_edge(
    run: Sequence[int], number: int, face: ObservedFace, tokens: Sequence[str], begins: bool, ends: bool
) -> list[tuple[str, Segment]]:
    """The token whose end the run is, where it ``begins`` its line, or whose beginning, where it ``ends`` it."""
    for token in tokens:
        spans = [(0, len(run))] if ends else []
        spans += [(len(token) - len(run), len(token))] if begins else []
        for first, last in spans:
            if len(run) >= len(token):
                continue
            weights = [
                float(face.bits[place, COLUMN[text]]) for place, text in zip(run, token[first:last], strict=True)
            ]
            if min(weights) > 0:
                return [(token, Segment(sum(weights), number, tuple(run), tuple(range(first, last))))]
    return []


def _runs(places: Sequence[int], line: Sequence[int]) -> Iterator[list[int]]:
    """Runs of places that follow each other in a line."""
    at = {place: order for order, place in enumerate(line)}
    run: list[int] = []
    for place in places:
        if run and at[place] != at[run[-1]] + 1:
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _tokens_of(
    run: Sequence[int],
    number: int,
    face: ObservedFace,
    least: Mapping[str, int],
    whole: bool,
    part_min: int,
) -> list[tuple[str, Segment]]:
    """The tokens that a run consists of, in order; a whole line may end in a part of a token. Empty if it is none."""
    for token, shortest in least.items():
        letters = [index for index, text in enumerate(token) if text in CHARACTERS]
        for start in range(len(letters)):
            indices = tuple(letters[start : start + len(run)])
            part = "".join(token[index] for index in indices)
            is_token = len(indices) == len(letters) and len(part) >= shortest
            is_part = whole and len(part) == len(run) >= part_min
            if not (is_token or is_part):
                continue
            weights = [float(face.bits[place, COLUMN[text]]) for place, text in zip(run, part, strict=False)]
            if min(weights) <= 0:
                continue
            said = [(token, Segment(sum(weights), number, tuple(run[: len(part)]), indices))]
            if len(part) == len(run):
                return said
            rest = _tokens_of(run[len(part) :], number, face, least, whole, part_min=1)
            if rest:
                return said + rest
    return []
