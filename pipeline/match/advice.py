"""The one further observation that would tell most, by the uncertainty that it removes on average."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

from pipeline.match.explain import BLANK, Explanation
from pipeline.match.rank import Ranked
from pipeline.records import Advice, Candidate, Doubts, PillLook, Reading
from reference.grouping import drug_strength

# The least information, in bits, for which a further photo is advised; a yes-or-no question gives 1 at most.
_BITS_MIN = 0.1
# Sizes that differ by this are told apart by a scale (docs/figures.md: the median error is a quarter of a millimeter).
_SIZE_STEP_MM = 1.0


def advise(readings: Sequence[Reading], look: PillLook, ranked: Ranked, doubts: Doubts) -> Advice | None:
    """The observation that tells most; None where none would tell anything."""
    if doubts.others:
        sentence = "Photograph one pill alone."
        return Advice("ONE_PILL_ALONE", sentence, _entropy([each.probability for each in ranked.candidates]))
    if readings and not any(reading.lines for reading in readings):
        return _without_text(readings)
    found = max(_observations(readings, look, ranked), key=lambda advice: advice.bits, default=None)
    return found if found and found.bits * (1 - ranked.unlisted) >= _BITS_MIN else None


def _without_text(readings: Sequence[Reading]) -> Advice:
    if len(readings) < 2 and all(reading.blank >= BLANK for reading in readings):
        return Advice("TURN_OVER", "Turn it over: the other face may bear an imprint.", 1.0)
    return Advice("LIGHT_FROM_SIDE", "Take a sharp, close photo of both faces with light from the side.", 1.0)


def _observations(readings: Sequence[Reading], look: PillLook, ranked: Ranked) -> Iterator[Advice]:
    candidates = ranked.candidates
    hidden = [explanation.missing for explanation in ranked.explanations]
    if len(readings) < 2:
        yield Advice("TURN_OVER", "Turn it over: what does the other face say?", _told(candidates, hidden))
    elif any(hidden) and any(reading.blank < BLANK and not reading.lines for reading in readings):
        sentence = "Photograph the face that was not read with light from the side."
        yield Advice("LIGHT_FROM_SIDE", sentence, _told(candidates, hidden))
    if look.size is None:
        sizes = [each.product.size_mm for each in candidates]
        steps = [None if size is None else round(size / _SIZE_STEP_MM) for size in sizes]
        yield Advice("COIN_BESIDE", f"Lay a coin or a ruler beside it{_which(sizes)}", _told(candidates, steps))
    scores = [each.product.score for each in candidates]
    if look.score.best is None:
        yield Advice("SCORED", "Is there a line to break it along?", _told(candidates, scores))
    imprints = [each.product.imprint_key for each in candidates]
    if any(_is_doubtful(each) for each in ranked.explanations[:1]):
        yield Advice("CLOSER", f"Come closer: is it {_either(candidates)}?", _told(candidates, imprints))


def _is_doubtful(explanation: Explanation) -> bool:
    return bool(explanation.contradicted or explanation.incomplete or explanation.sibling_odds > _BITS_MIN)


def _which(sizes: Sequence[float | None]) -> str:
    known = list(dict.fromkeys(f"{size:g}" for size in sizes if size is not None))[:2]
    return f": {known[0]} or {known[1]} mm?" if len(known) == 2 else "."


def _either(candidates: Sequence[Candidate]) -> str:
    return " or ".join(list(dict.fromkeys(" ".join(each.product.tokens) for each in candidates))[:2])


def _told(candidates: Sequence[Candidate], outcomes: Sequence[Hashable]) -> float:
    """How much the outcome tells of drug and strength, in bits: their mutual information over the candidates."""
    of_both: dict[tuple[Hashable, Hashable], float] = defaultdict(float)
    of_drug: dict[Hashable, float] = defaultdict(float)
    of_outcome: dict[Hashable, float] = defaultdict(float)
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        drug = drug_strength(candidate.product)
        of_both[drug, outcome] += candidate.probability
        of_drug[drug] += candidate.probability
        of_outcome[outcome] += candidate.probability
    both, drugs, seen = (_entropy(list(each.values())) for each in (of_both, of_drug, of_outcome))
    return max(drugs + seen - both, 0.0)


def _entropy(weights: Sequence[float]) -> float:
    total = sum(weights)
    return -sum(w / total * math.log2(w / total) for w in weights if w > 0) if total > 0 else 0.0
