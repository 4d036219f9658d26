"""What was seen and read -> ranked candidates, a decision, and advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.match.advice import advise
from pipeline.match.decide import decide
from pipeline.match.evidence import LookScale, imprint_rows
from pipeline.match.model import MatchModel
from pipeline.match.rank import Market, Ranked, Weighed, rank
from pipeline.match.search import ImprintIndex, search
from pipeline.records import Advice, Candidate, Decision, Doubts, PillLook, Reading
from pipeline.settings import Settings
from reference.grouping import drug_strength
from reference.store.catalog import Catalog

__all__ = ["Match", "Matcher"]


@dataclass(frozen=True)
class Match:
    """The decision with its reason, the candidates, and the probability that the pill is in no row of the catalog.

    ``drug`` is that whose monograph belongs to the answer, "" where none does.
    """

    decision: Decision
    reason: str
    candidates: tuple[Candidate, ...]
    unlisted: float
    advice: Advice | None
    drug: str


class Matcher:
    """Matches what was seen and read with every product of one catalog."""

    def __init__(self, catalog: Catalog, settings: Settings, model: MatchModel | None = None) -> None:
        self._catalog, self._settings = catalog, settings
        self._model = model or MatchModel.load()
        self._index = ImprintIndex(catalog)
        one_word = self._model.world.one_word
        share = one_word.get(catalog.market, one_word[""])
        self._market = Market(len(catalog), catalog.coverage(settings.match.world), share)

    def match(self, readings: Sequence[Reading], look: PillLook, doubts: Doubts | None = None) -> Match:
        """The whole way from what the faces say and look like to a decision."""
        doubts = doubts or Doubts()
        ranked = self.rank(readings, look)
        verdict = decide(readings, look, ranked, doubts, self._model, self._settings.decide)
        advice = None if verdict.decision is Decision.IDENTIFIED else advise(readings, look, ranked, doubts)
        drug = _drug(verdict.decision, ranked)
        return Match(verdict.decision, verdict.reason, ranked.candidates, ranked.unlisted, advice, drug)

    def rank(self, readings: Sequence[Reading], look: PillLook) -> Ranked:
        """The candidates with their probabilities."""
        if not any(reading.lines for reading in readings):
            return Ranked((), (), 1.0)
        found = search(readings, self._index, self._model, self._settings.match)
        products = self._catalog.products_with(each.imprint_key for each in found.explanations)
        weigh = LookScale(look, self._model)
        groups = [
            Weighed(group, imprint + weigh(group[0]), each)
            for each in found.explanations
            for imprint in (imprint_rows(each, look.faces),)
            for group in self._catalog.groups_of(products.get(each.imprint_key, ()))
        ]
        most = self._settings.match.candidates
        return rank(groups, self._market, found.alone, self._model.shares, most)


def _drug(decision: Decision, ranked: Ranked) -> str:
    """The drug of an identified pill, or the one that all probable candidates share."""
    if decision is Decision.IDENTIFIED:
        return ranked.candidates[0].product.drug
    if decision is Decision.AMBIGUOUS:
        likely = [each.product for each in ranked.candidates if each.probability > 0.02]
        return likely[0].drug if len({drug_strength(product)[0] for product in likely}) == 1 else ""
    return ""
