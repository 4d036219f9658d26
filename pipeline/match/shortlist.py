"""Which imprints of the catalog could be what was read: a shortlist by characters, then alignment."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.match.alignment import best_segments
from pipeline.match.explain import Explanation, bound, distinct, explain
from pipeline.match.model import MatchModel
from pipeline.match.observed import Observed, is_sure
from pipeline.records import Character, Line, Reading
from pipeline.settings import MatchSettings
from reference.store.catalog import Catalog
from reference.text.imprints import CHARACTERS

_COLUMN = {character: column for column, character in enumerate(CHARACTERS)}
# Counts of characters are kept as whole numbers of steps, this many to one character.
_STEPS = 8
# Imprints that share less than half of the most shared characters are left out, if this many times the length of the
# shortlist remain.
_MANY_MIN = 4
# A word on more imprints than these is a maker's name or a strength, and adds nothing to the shortlist.
_BEARING_MAX = 40


class ImprintIndex:
    """Every distinct imprint of a catalog as a bag of characters, for a shortlist in a few milliseconds."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.market = catalog.market
        # A register names a token for each half of a capsule; it is read once, and its characters count once.
        self.keys, texts = catalog.imprint_texts()
        counts = np.zeros((len(self.keys), len(CHARACTERS)), np.uint8)
        codes = np.frombuffer("\n".join(texts).encode("ascii", "replace"), np.uint8)
        owner = np.cumsum(codes == ord("\n"))
        column = np.full(256, -1, np.int16)
        for character, place in _COLUMN.items():
            column[ord(character)] = place
        place_of = column[codes]
        known = place_of >= 0
        np.add.at(counts, (owner[known], place_of[known]), 1)
        self.lengths = counts.sum(1).astype(np.float32)
        # ``(characters, imprints)`` in steps of 1/8: whole numbers are compared in a fraction of the time.
        self.steps = np.ascontiguousarray(np.minimum(counts, 255 // _STEPS).T * np.uint8(_STEPS))

    def shortlist(self, characters: Sequence[Character], count: int) -> NDArray[np.int64]:
        """The imprints that share most characters with what was read, the best first."""
        expected = np.zeros(len(CHARACTERS), np.float32)
        for character in characters:
            for text, probability in character.alternatives:
                if text in _COLUMN:
                    expected[_COLUMN[text]] += probability
        steps = np.minimum(np.round(expected * _STEPS), 255).astype(np.uint8)
        shared = np.zeros(len(self.keys), np.uint16)
        for column in np.flatnonzero(steps):
            shared += np.minimum(self.steps[column], steps[column])
        near = self._sharing_most(shared, count)
        some = shared[near].astype(np.float32) / _STEPS
        # The Dice coefficient; of equal ones the imprint that shares more characters comes first.
        score = 2 * some / (self.lengths[near] + expected.sum() + 1.0) + 0.02 * some
        best = np.argsort(-score, kind="stable")[:count]
        return near[best]

    def bearing(self, words: Sequence[str]) -> list[int]:
        """The imprints that bear one of the words exactly, except for words that many imprints bear."""
        one = "SELECT imprint_id FROM token JOIN imprint_token ON token_id = id WHERE token = ? LIMIT ?"
        found = (self._catalog.rows(one, (word, _BEARING_MAX + 1)) for word in dict.fromkeys(words))
        bearing = itertools.chain.from_iterable(rows for rows in found if len(rows) <= _BEARING_MAX)
        return [imprint - 1 for (imprint,) in bearing if self.keys[imprint - 1]]

    def _sharing_most(self, shared: NDArray[np.uint16], count: int) -> NDArray[np.int64]:
        """The imprints that can be among the best ``count``: those that share half of what the best shares, or all."""
        near = np.flatnonzero(shared > int(shared.max(initial=0)) // 2)
        return near if len(near) >= _MANY_MIN * count else np.arange(len(shared))


@dataclass(frozen=True)
class _Hypothesis:
    """One way to read all faces: the lines, their weight against the first way, and which text of that they drop."""

    lines: tuple[tuple[Line, ...], ...]
    bits: float = 0.0
    overruled: str = ""


class Heard:
    """The faces' text under each hypothesis of the readings, ready to be explained."""

    def __init__(
        self, readings: Sequence[Reading], model: MatchModel, market: str = "", is_round: bool = False
    ) -> None:
        self._hypotheses = _joint_hypotheses(readings)
        self.observed = [Observed(readings, each.lines, model, market, is_round) for each in self._hypotheses]
        pairs = zip(self.observed, self._hypotheses, strict=True)
        self._at_large = max((each.at_large_bits + one.bits for each, one in pairs), default=0.0)

    @property
    def alone(self) -> float:
        """The probability that one word alone was read, the rest of the pill being blank."""
        first = self.observed[0]
        return first.blank if len(first.words()) == 1 else 0.0

    def explained(self, explain_one: Callable[[Observed], Iterable[Explanation]]) -> list[Explanation]:
        """Each imprint explained under the hypothesis that suits it best; best first.

        All hypotheses are of the same photo, so their weights are relative to the best one on pills at large.
        """
        best: dict[str, Explanation] = {}
        for each, hypothesis in zip(self.observed, self._hypotheses, strict=True):
            behind = each.at_large_bits + hypothesis.bits - self._at_large
            for explanation in explain_one(each):
                bits = explanation.bits + behind
                known = best.get(explanation.imprint_key)
                if known is None:
                    contradicted = hypothesis.overruled + explanation.contradicted
                    best[explanation.imprint_key] = replace(explanation, bits=bits, contradicted=contradicted)
                elif bits > known.bits:
                    best[explanation.imprint_key] = replace(explanation, bits=bits, contradicted=known.contradicted)
        return sorted(best.values(), key=lambda explanation: (-explanation.bits, explanation.imprint_key))

    def explain_keys(self, keys: Sequence[str]) -> list[Explanation]:
        """How these imprints explain what was read, however badly; best first."""
        return self.explained(lambda observed: _explain_each(keys, observed))


@dataclass(frozen=True)
class Found:
    """The explanations, best first, and what they explain."""

    explanations: tuple[Explanation, ...]
    heard: Heard

    @property
    def alone(self) -> float:
        """The probability that one word alone was read, the rest of the pill being blank."""
        return self.heard.alone


def search(
    readings: Sequence[Reading],
    index: ImprintIndex,
    model: MatchModel,
    settings: MatchSettings,
    is_round: bool = False,
) -> Found:
    """The imprints that explain the readings best, each under its best hypothesis; best first.

    ``is_round``: as in ``Observed``.
    """
    heard = Heard(readings, model, index.market, is_round)
    explained = heard.explained(lambda observed: _explained(observed, index, settings))
    best = explained[0].bits if explained else 0.0
    near = [each for rank, each in enumerate(explained) if _is_near(rank, each.bits, best, settings)]
    return Found(tuple(near), heard)


def _explain_each(keys: Sequence[str], observed: Observed) -> list[Explanation]:
    tokens = list(dict.fromkeys(token for key in keys for token in distinct(key)))
    fits = best_segments(tokens, observed.faces)
    return [explain(key, observed, fits) for key in keys]


def _explained(observed: Observed, index: ImprintIndex, settings: MatchSettings) -> list[Explanation]:
    """Explanations of the shortlist's imprints that can come near the best."""
    characters = [character for face in observed.faces for character in face.characters]
    words = [word for word in observed.words() if word]
    chosen = dict.fromkeys([*index.shortlist(characters, settings.shortlist_max).tolist(), *index.bearing(words)])
    keys = [index.keys[position] for position in chosen]
    tokens = list(dict.fromkeys(token for key in keys for token in distinct(key)))
    fits = best_segments(tokens, observed.faces, floor_bits=observed.missing_bits)
    # The upper estimate counts a text read on both faces as left over on one of them.
    is_read = [set(distinct(key)).issubset(words) for key in keys]
    bounds = [bound(key, observed, fits) for key in keys]
    order = np.argsort(-np.array(bounds), kind="stable").tolist()
    found: list[Explanation] = []
    best = -math.inf
    for rank, place in enumerate(order):
        if keys[place] and (is_read[place] or _is_near(rank, bounds[place], best, settings)):
            found.append(explain(keys[place], observed, fits))
            best = max(best, found[-1].bits)
    return found


def _is_near(rank: int, bits: float, best: float, settings: MatchSettings) -> bool:
    if rank >= settings.explained_max:
        return False
    return rank < settings.explained_min or bits > best - settings.explained_within_bits


def _joint_hypotheses(readings: Sequence[Reading]) -> list[_Hypothesis]:
    """The lines of each face by its first hypothesis, then a variant for each other hypothesis of a face."""
    first = tuple(reading.lines for reading in readings)
    variants = [
        _Hypothesis(
            (*first[:number], lines, *first[number + 1 :]),
            math.log2(max(share, 1e-6) / reading.hypotheses[0][1]),
            _sure_text(first[number]),
        )
        for number, reading in enumerate(readings)
        for lines, share in reading.hypotheses[1:]
    ]
    return [_Hypothesis(first), *variants]


def _sure_text(lines: Sequence[Line]) -> str:
    return "".join(each.text for line in lines for each in line.characters if is_sure(each))
