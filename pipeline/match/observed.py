"""What was read on all faces, ready to be explained by imprints: places for tokens and their weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pipeline.match.alignment import ObservedFace, Segment
from pipeline.match.around import around_the_side, cut_by_the_side, world_bits_around
from pipeline.match.model import MatchModel
from pipeline.match.world import COLUMN
from pipeline.records import Character, Line, Reading
from reference.text.imprints import CHARACTERS

# A character counts as read, and a face as blank, from this probability on; both are calibrated.
SURE = BLANK = 0.5


def is_sure(character: Character) -> bool:
    """Whether a letter or digit was read with confidence."""
    return character.confidence >= SURE and character.text in CHARACTERS


class Observed:
    """What was read on all faces by one hypothesis, ready to be explained.

    ``market`` is that of the register asked. ``is_round``: it is a printed capsule, around which a text may go on.
    """

    def __init__(
        self,
        readings: Sequence[Reading],
        lines: Sequence[Sequence[Line]],
        model: MatchModel,
        market: str = "",
        is_round: bool = False,
    ) -> None:
        self.faces = tuple(ObservedFace(each, model) for each in lines)
        self.model = model
        self.is_round = is_round
        self._fits: dict[str, Segment | None] = {}
        self._gains: dict[str, float] = {}
        columns = {int(column) for face in self.faces for column in np.flatnonzero((face.bits > 0).any(axis=0))}
        self._read = {character for character, column in COLUMN.items() if column in columns}
        empty = [reading.blank for reading, face in zip(readings, self.faces, strict=True) if not len(face)]
        self.hidden = len(self.faces) < 2
        self.illegible = any(blank < BLANK for blank in empty)
        self.blank = math.prod(empty) if empty else float(len(self.faces) > 1)
        self.world_bits = [face.world_bits for face in self.faces]
        self.at_large_bits = float(sum(bits.sum() for bits in self.world_bits))
        # As lists: single places are looked up a hundred thousand times.
        self._at_large = [bits.tolist() for bits in self.world_bits]
        self._strays = [face.stray_bits.tolist() for face in self.faces]
        # The weight of each character that no token of the imprint explains.
        self.stray_bits = [face.stray_bits - world for face, world in zip(self.faces, self.world_bits, strict=True)]
        self.all_stray_bits = float(sum(bits.sum() for bits in self.stray_bits))
        errors = model.register(market)
        self.missing_bits = math.log2(model.shares.hidden if self.hidden or self.illegible else errors.missed)
        self._further_bits = math.log2(errors.further)

    def words(self) -> list[str]:
        """The texts of all lines, each once."""
        texts = ("".join(face.characters[p].text for p in line) for face in self.faces for line in face.lines)
        return list(dict.fromkeys(texts))

    def fit(self, token: str, segment: Segment | None) -> Segment | None:
        """Where the token stands while nothing is taken: at this place, or around the side if that fits better."""
        if not self.is_round:
            return segment
        if token not in self._fits:
            self._fits[token] = self.around(token, segment)
        return self._fits[token]

    def around(self, token: str, segment: Segment | None, taken: Sequence[set[int]] | None = None) -> Segment | None:
        """The best of this place and of the ways around the side of a capsule; a token seen whole stays."""
        if segment and len(segment.indices) == len(token):
            return segment
        ways = [segment, cut_by_the_side(token, self.faces, math.log2(self.model.shares.hidden), taken)]
        if self._read.issuperset(token):
            ways.append(around_the_side(token, self.faces, taken))
        return max(filter(None, ways), key=lambda way: way.bits, default=None)

    def best_gain(self, token: str, segment: Segment | None) -> float:
        """What a token adds at best to the weight of its characters as strays, while nothing is taken."""
        if token not in self._gains:
            fit = self.fit(token, segment)
            self._gains[token] = fit.bits - _at(fit, self._strays) if fit else -math.inf
        return self._gains[token]

    def weight(self, token: str, segment: Segment) -> float:
        """The weight of a token at a place against pills at large; a word of letters weighs no more than its rarity."""
        at_large = _at(segment, self._at_large)
        if segment.rest:
            at_large = max(at_large, world_bits_around(segment, self.faces, self.model.world))
        bits = segment.bits - at_large
        return min(bits, -self.model.world.word_bits(token)) if token.isalpha() else bits

    def absent_bits(self, tokens: int) -> float:
        """The weight of tokens that were not found; where one is missing, others of its face often are too."""
        return self.missing_bits + (tokens - 1) * self._further_bits if tokens else 0.0


def _at(segment: Segment, bits: Sequence[Sequence[float]]) -> float:
    """The sum over the segment's places, of ``bits`` by face and place."""
    total = 0.0
    for part in segment.parts:
        of_face = bits[part.face]
        for place in part.places:
            total += of_face[place]
    return total
