"""How one imprint of the catalog explains what was read: which token stands where, what is missing, what is left.

All weights are against a pill drawn at random from all that there are (``world.py``): a maker's name that hundreds of
tablets bear earns little, a number earns much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.match.alignment import ObservedFace, Segment, best_segment
from pipeline.match.around import is_word
from pipeline.match.observed import SURE, Observed, is_sure
from pipeline.match.repetition import take_repetitions
from pipeline.match.world import COLUMN

# Characters that look the same in the lettering of many pills; only the register tells which is meant.
SAME_GLYPHS = ("0O", "1IL")
_GLYPHS = {character: group for group in SAME_GLYPHS for character in group}


@dataclass(frozen=True)
class Explanation:
    """How an imprint of the catalog explains the reading, in bits.

    Attributes:
        imprint_key: the imprint's tokens, sorted and joined by ``;``.
        bits: what all of it weighs.
        tokens: what each token weighs that was found, with the text read in its place.
        missing: tokens not found. ``unseen`` says that they may stand on a face not shown or not legible.
        stray: what was read that the imprint does not have.
        contradicted: what was read with confidence and has no place in the imprint, or is another character there.
        incomplete: tokens of which a part was not seen that could be another in another product.
        broken: tokens put together from parts of lines.
        certainty: the probability that the text is just this imprint, given that characters stand where they were
            found; 0 where something is missing or left over.
        sibling_odds: the odds that one character on which products of a series differ is another than the imprint's,
            summed over these characters.
        places: the face of each token found.
    """

    imprint_key: str
    bits: float
    tokens: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unseen: bool = False
    stray: str = ""
    contradicted: str = ""
    incomplete: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    certainty: float = 0.0
    sibling_odds: float = 0.0
    places: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether each token was seen, and all that was read with confidence has its place."""
        return not (self.contradicted or self.incomplete or self.broken or (self.missing and not self.unseen))

    @property
    def exact(self) -> bool:
        """Whether the text read is equal to the imprint's."""
        equal = all(text == token for token, (_, text) in self.tokens.items())
        return equal and not (self.missing or self.stray or self.broken)


@lru_cache(maxsize=4096)  # a photo's shortlist is asked for several times
def distinct(imprint_key: str) -> tuple[str, ...]:
    """An imprint's tokens, each once."""
    return tuple(dict.fromkeys(filter(None, imprint_key.split(";"))))


def bound(imprint_key: str, observed: Observed, fits: Mapping[str, Segment | None]) -> float:
    """A quick estimate of the bits of ``explain``, as if no two tokens competed for a place."""
    bits = observed.all_stray_bits
    missing = 0
    for token in distinct(imprint_key):
        gain = observed.best_gain(token, fits.get(token))
        if gain > observed.missing_bits:
            bits += gain
        else:
            missing += 1
    return bits + observed.absent_bits(missing)


def explain(imprint_key: str, observed: Observed, fits: Mapping[str, Segment | None]) -> Explanation:
    """Explain what was read by an imprint: each token takes the stretch it fits best, the longest tokens first.

    A token is looked for once, however often the register names it. Remaining text that repeats a token, or a part of
    one, weighs nothing: the print of a capsule stands on both halves, and some of it goes around the side.

    Args:
        imprint_key: the imprint's tokens, joined by ``;``.
        observed: what was read.
        fits: for each token the best stretch while nothing is taken (``best_segments``).
    """
    flat = _explained(imprint_key, observed, fits, is_round=False)
    if not observed.is_round or all(observed.fit(token, fits[token]) is fits[token] for token in distinct(imprint_key)):
        return flat
    around = _explained(imprint_key, observed, fits, is_round=True)
    return max(flat, around, key=lambda each: each.bits)


def _explained(imprint_key: str, observed: Observed, fits: Mapping[str, Segment | None], is_round: bool) -> Explanation:
    """The same with each token on one face, or, ``is_round``, around the side where it is whole only there."""
    faces = observed.faces
    taken: list[set[int]] = [set() for _ in faces]
    found: dict[str, list[Segment]] = {}
    missing: list[str] = []
    for token in sorted(distinct(imprint_key), key=lambda token: (-len(token), token)):
        segment = observed.fit(token, fits[token]) if is_round else fits[token]
        if segment and not all(taken[part.face].isdisjoint(part.places) for part in segment.parts):
            segment = best_segment(token, faces, taken)
            segment = observed.around(token, segment, taken) if is_round else segment
        if segment is None or segment.bits <= observed.missing_bits:
            missing.append(token)
            continue
        for part in segment.parts:
            taken[part.face].update(part.places)
        found[token] = list(segment.parts)
    take_repetitions(found, imprint_key, faces, taken, observed.is_round)
    weights = _weights({token: segments[0] for token, segments in found.items()}, observed)
    forgiven = _forgiven(found, faces, taken)
    left = [
        [place for place in range(len(face)) if place not in used and not face.is_sign[place]]
        for face, used in zip(faces, taken, strict=True)
    ]
    bits = sum(weights.values()) + observed.absent_bits(len(missing))
    bits += sum(float(stray[places].sum()) for stray, places in zip(observed.stray_bits, left, strict=True))
    read = {token: _text(faces, segments[0]) for token, segments in found.items()}
    doubtful = [(face, place) for face, some in enumerate(left) for place in some if (face, place) not in forgiven]
    odds = sum(_sibling_odds(token, segments, faces) for token, segments in found.items())
    odds += sum(_odds(faces[face].characters[place].confidence) for face, place in doubtful)
    return Explanation(
        imprint_key,
        bits,
        tokens={token: (weights[token], read[token]) for token in found},
        missing=tuple(missing),
        unseen=observed.hidden or observed.illegible,
        stray="".join(faces[face].characters[place].text for face, some in enumerate(left) for place in some),
        contradicted=_contradicted(found, faces, doubtful, forgiven),
        incomplete=tuple(token for token, segments in found.items() if not _seen_whole(token, segments)),
        broken=tuple(token for token, segments in found.items() if not segments[0].within),
        certainty=0.0 if missing or any(left) else _certainty(found, faces),
        sibling_odds=odds + _UNSEEN_ODDS * sum(not observed.model.world.is_maker(token) for token in missing),
        places={token: frozenset(segment.face for segment in segments) for token, segments in found.items()},
    )


def _weights(found: Mapping[str, Segment], observed: Observed) -> dict[str, float]:
    """The weight of each token; those that make one run of letters together weigh no more than that as one word.

    A photo does not show where a register parts ``SVCTV``.
    """
    weights = {token: observed.weight(token, segment) for token, segment in found.items()}
    for run in _runs_of_letters(found, observed.faces):
        total, most = sum(weights[token] for token in run), -observed.model.world.word_bits("".join(run))
        if total > most:
            weights.update({token: weights[token] * most / total for token in run})
    return weights


def _runs_of_letters(found: Mapping[str, Segment], faces: Sequence[ObservedFace]) -> Iterator[list[str]]:
    """Tokens of letters, two or more, that follow each other in a line with nothing between them."""
    starts = {(part.face, part.places[0]): token for token, part in found.items() if token.isalpha() and not part.rest}
    for (face, _), token in sorted(starts.items()):
        run = [token]
        while True:
            end = found[run[-1]].places[-1]
            following = starts.get((face, end + 1))
            if following is None or faces[face].line_of[end] != faces[face].line_of[end + 1]:
                break
            run.append(following)
        if len(run) > 1:
            yield run


def _text(faces: Sequence[ObservedFace], segment: Segment) -> str:
    texts = {
        index: faces[part.face].characters[place].text
        for part in segment.parts
        for place, index in zip(part.places, part.indices, strict=True)
    }
    return "".join(texts[index] for index in sorted(texts))


def _same_glyph(one: str, other: str) -> bool:
    return one in _GLYPHS.get(other, other)


def _forgiven(
    found: Mapping[str, Sequence[Segment]], faces: Sequence[ObservedFace], taken: Sequence[set[int]]
) -> set[tuple[int, int]]:
    """Places within a word where a letter was misread or is too many, if most letters of the word were read."""
    places: set[tuple[int, int]] = set()
    for token, segments in found.items():
        for segment in segments:
            span = range(segment.places[0], segment.places[-1] + 1)
            right = len(segment.places) - len(_others(token, segment, faces))
            if is_word(token) and right >= _WORD_SHARE_MIN * max(len(token), len(span)):
                stray = {(segment.face, place) for place in span if place not in taken[segment.face]}
                places |= stray | _others(token, segment, faces)
    return places


def _others(token: str, segment: Segment, faces: Sequence[ObservedFace]) -> set[tuple[int, int]]:
    """Places where a character other than the token's was read."""
    characters = faces[segment.face].characters
    return {
        (segment.face, place)
        for place, index in zip(segment.places, segment.indices, strict=True)
        if not _same_glyph(characters[place].text, token[index])
    }


def _contradicted(
    found: Mapping[str, Sequence[Segment]],
    faces: Sequence[ObservedFace],
    left: Sequence[tuple[int, int]],
    forgiven: set[tuple[int, int]],
) -> str:
    """Characters read with confidence that the imprint does not have, or has otherwise, in reading order.

    So does the point of 2.5 where the imprint has 25; registers leave a point out where they split the number there.
    """
    places = set(left)
    for token, segments in found.items():
        for segment in segments:
            places |= _others(token, segment, faces) - forgiven
            if "." not in token:
                characters = faces[segment.face].characters
                span = range(segment.places[0], segment.places[-1] + 1)
                places |= {(segment.face, place) for place in span if characters[place].text == "."}
    doubted = (faces[face].characters[place] for face, place in sorted(places))
    return "".join(each.text for each in doubted if is_sure(each) or (each.text == "." and each.confidence >= SURE))


# A word is recognized by this share of its letters.
_WORD_SHARE_MIN = 0.7


# A stroke that parts words (PAR/222, WEST-WARD) is as often a score or a gap; the point of 2.5 is none, it tells 25.
_PARTING = frozenset("/-")


def _needed(token: str) -> list[int]:
    """The places of a token whose characters have to be seen."""
    return [index for index, character in enumerate(token) if character not in _PARTING]


def _seen_whole(token: str, segments: Sequence[Segment]) -> bool:
    """Whether each character was seen, or enough of a word to recognize it."""
    if segments[0].is_cut:
        return True
    seen = {index for segment in segments for index in segment.indices}
    return seen.issuperset(_needed(token)) or (is_word(token) and len(seen) >= _WORD_SHARE_MIN * len(token))


def _right(face: ObservedFace, place: int, character: str) -> float:
    """The probability that a character or one that looks the same stands at a place, given that one does."""
    return sum(float(face.truth[place, COLUMN[each]]) for each in _GLYPHS.get(character, character))


def _certainty(found: Mapping[str, Sequence[Segment]], faces: Sequence[ObservedFace]) -> float:
    """The probability that every character is the imprint's; 0 if one was not seen."""
    certainty = 1.0
    for token, segments in found.items():
        first = segments[0]
        if not first.within or not {index for part in segments for index in part.indices}.issuperset(_needed(token)):
            return 0.0
        for part in first.parts:
            for place, index in zip(part.places, part.indices, strict=True):
                certainty *= _right(faces[part.face], place, token[index])
    return certainty


# A character of a number that was not seen could be any of ten.
_UNSEEN_ODDS = 9.0


def _sibling_odds(token: str, segments: Sequence[Segment], faces: Sequence[ObservedFace]) -> float:
    """Odds that the token is another one of a series, summed over the characters in which a series may differ."""
    if is_word(token):
        return 0.0
    odds = dict.fromkeys(_needed(token), _UNSEEN_ODDS)
    for segment in segments:
        for place, index in zip(segment.places, segment.indices, strict=True):
            odds[index] = _odds(1 - _right(faces[segment.face], place, token[index]))
    return sum(odds.values())


def _odds(probability: float) -> float:
    return probability / max(1 - probability, 1e-3)
