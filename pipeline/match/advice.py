"""The one further observation that would tell most, by the uncertainty that it removes on average."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

from pipeline.match.explain import Explanation
from pipeline.match.observed import BLANK
from pipeline.match.rank import Ranked
from pipeline.properties import COLOR, spoken
from pipeline.records import Advice, Candidate, Doubts, PillLook, Reading
from reference.grouping import drug_strength
from reference.text.shown import imprint_shown

# The least information, in bits, for which a further photo is advised; a yes-or-no question gives 1 at most.
_BITS_MIN = 0.1
# A person tells sizes apart that differ by this: a ruler's marks are 1 mm apart, and each end is read to half a mark.
_SIZE_STEP_MM = 1.0
# What needs more than the pill and the camera.
_NEEDS_A_TOOL = frozenset({"COIN_BESIDE"})


def advise(
    readings: Sequence[Reading], look: PillLook, ranked: Ranked, doubts: Doubts, in_lamps: Sequence[Candidate] = ()
) -> Advice | None:
    """The observation that tells most, of those that a person can make at once; None where none would tell anything.

    A coin or a ruler is asked for where nothing else tells anything. ``in_lamps`` are candidates that only the color
    tells from the first, and that would have it in another light.
    """
    if doubts.others:
        sentence = "Photograph one pill alone."
        return Advice("ONE_PILL_ALONE", sentence, _entropy([each.probability for each in ranked.candidates]))
    if readings and not any(reading.lines for reading in readings):
        return _without_text(readings)
    if in_lamps:
        colors = dict.fromkeys(spoken(COLOR.listed(each.product)) for each in (*ranked.candidates[:1], *in_lamps))
        return Advice("DAYLIGHT", f"Take it in daylight, on white paper: is it {' or '.join(colors)}?", 1.0)
    found = [each for each in _observations(readings, look, ranked) if each.bits * (1 - ranked.unlisted) >= _BITS_MIN]
    return max(found, key=lambda advice: (advice.code not in _NEEDS_A_TOOL, advice.bits), default=None)


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
        steps = _steps(sizes)
        yield Advice("COIN_BESIDE", f"Lay a coin or a ruler beside it{_which(sizes, steps)}", _told(candidates, steps))
    scores = [each.product.score for each in candidates]
    if look.score.best is None:
        yield Advice("SCORED", "Is there a line to break it along?", _told(candidates, scores))
    imprints = [each.product.imprint_key for each in candidates]
    if any(_is_doubtful(each) for each in ranked.explanations[:1]):
        yield Advice("CLOSER", f"Come closer: is it {_either(candidates)}?", _told(candidates, imprints))


def _is_doubtful(explanation: Explanation) -> bool:
    return bool(explanation.contradicted or explanation.incomplete or explanation.sibling_odds > _BITS_MIN)


def _steps(sizes: Sequence[float | None]) -> list[int | None]:
    """For each size which of those that a person tells apart it is, counted from the smallest."""
    known = sorted({size for size in sizes if size is not None})
    step_of: dict[float | None, int | None] = {None: None}
    for at, size in enumerate(known):
        is_apart = at > 0 and size - known[at - 1] >= _SIZE_STEP_MM
        step_of[size] = (step_of[known[at - 1]] or 0) + is_apart if at else 0
    return [step_of[size] for size in sizes]


def _which(sizes: Sequence[float | None], steps: Sequence[int | None]) -> str:
    """The two likeliest sizes that a person tells apart."""
    known: dict[int, float] = {}
    for size, step in zip(sizes, steps, strict=True):
        if size is not None and step is not None:
            known.setdefault(step, size)
    first, *others = [f"{size:g}" for size in known.values()] or [""]
    return f": {first} or {others[0]} mm?" if others else "."


def _either(candidates: Sequence[Candidate]) -> str:
    return " or ".join(list(dict.fromkeys(" ".join(imprint_shown(each.product)) for each in candidates))[:2])


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
