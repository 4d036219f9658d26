"""Answers about training photos, with their own entry and without it -> how near siblings are, and the bars."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.evaluate.bounds import upper_bound
from pipeline.evaluate.product_index import ProductIndex
from pipeline.match import Matcher
from pipeline.match.decide import decide, sure_of_drug
from pipeline.match.model import MatchModel
from pipeline.measure import Measurer
from pipeline.records import Decision
from pipeline.settings import DecideSettings, Settings
from pipeline.train.match.readings import ReadPhoto, without_own
from reference.grouping import same_drug
from reference.store.catalog import Catalog

# The bars tried. All are at least 0.5: the answer is more probable than all others together.
_LEVELS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
# The strict level's bar is at least this, whatever these photos would allow. They are asked with their own imprint
# taken out, so none of them shows an unlisted pill with the imprint of a listed one, and in the world some pills do.
_STRICT_MIN = 0.7
_RISK = 0.01
_FLOOR = 1e-4


@dataclass(frozen=True)
class Answered:
    """One answer: how sure of its drug, whether rightly, and whether all but the bar lets it be IDENTIFIED."""

    sure: float
    unlisted: float
    right: bool
    allowed: bool
    listed: bool


def answers(
    photos: Sequence[ReadPhoto], catalog: Catalog, table: ProductIndex, model: MatchModel, settings: Settings
) -> Iterator[Answered]:
    """Each photo asked twice: of the catalog as it is, and of what is left of it without the photo's imprint."""
    whole, measurer = Matcher(catalog, settings, model), Measurer()
    for photo, imprint in without_own(photos):
        rows = table.rows(photo.truth)
        if not rows:
            continue
        for listed in (True, False):
            matcher = whole if listed else Matcher(catalog.without(imprint), settings, model)
            readings = [face.reading for face in photo.faces]
            look = photo.look(measurer)
            ranked = matcher.rank(readings, look)
            if not ranked.candidates:
                yield Answered(0.0, 1.0, False, False, listed)
                continue
            first = ranked.candidates[0]
            right = any(same_drug(row, product) for row in rows for product in first.products)
            free = replace(model, levels=dict.fromkeys(model.levels, 0.0))
            verdict = decide(readings, look, ranked, photo.doubts, free, DecideSettings())
            allowed = verdict.decision is Decision.IDENTIFIED
            yield Answered(sure_of_drug(ranked.candidates), ranked.unlisted, right, allowed, listed)


def log_loss(found: Sequence[Answered], coverage: float) -> float:
    """The mean loss of the first answer's probability, were half of all pills listed as half of these are.

    ``coverage`` is that of the catalog asked: prior odds are the one thing that changes.
    """
    odds = (1 - coverage) / coverage
    losses = []
    for each in found:
        listed = (1 - each.unlisted) * odds
        sure = each.sure * odds / max(listed + each.unlisted, 1e-12)
        losses.append(-math.log(max(sure if each.right else 1 - sure, _FLOOR)))
    return sum(losses) / len(losses)


def fit_levels(found: Sequence[Answered]) -> dict[str, float]:
    """The bars of the levels of risk, each the lowest of a few that holds on these answers.

    ``strict``: no wrong answer at it or above, and not below ``_STRICT_MIN``. ``one in 100``: the exact bound of the
    share of wrong ones among those IDENTIFIED is 1 %; the bars are tried from the highest down, so that trying several
    proves no less.
    """
    strict = one_in_100 = _LEVELS[-1]
    for level in reversed(_LEVELS):
        if level < _STRICT_MIN or any(each.allowed and each.sure >= level and not each.right for each in found):
            break
        strict = level
    for level in reversed(_LEVELS):
        kept = [each for each in found if each.allowed and each.sure >= level]
        bound = upper_bound(sum(not each.right for each in kept), len(kept))
        if bound is None or bound > _RISK:
            break
        one_in_100 = level
    return {"one in 100": one_in_100, "strict": strict}
