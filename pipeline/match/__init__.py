"""What was seen and read -> ranked candidates, a decision, and advice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.match.advice import advise
from pipeline.match.decide import decide
from pipeline.match.evidence import LookScale, imprint_rows
from pipeline.match.explain import Explanation
from pipeline.match.matched import Match
from pipeline.match.model import MatchModel
from pipeline.match.rank import Market, Odds, Ranked, Weighed, odds, ranked
from pipeline.match.retake import retake
from pipeline.match.shortlist import Heard, ImprintIndex, search
from pipeline.records import Decision, Doubts, PillLook, Reading
from pipeline.settings import Settings
from reference.grouping import drug_strength
from reference.product import Product
from reference.store.catalog import Catalog

__all__ = ["Match", "Matcher", "Weighing", "retake"]


@dataclass(frozen=True, eq=False)
class Weighing:
    """What was seen and read, weighed for products; kept so that further products can be added at little cost.

    ``heard`` is None where nothing was read; there are no ``groups`` then.
    """

    groups: tuple[Weighed, ...]
    heard: Heard | None
    scale: LookScale
    look: PillLook

    def weighed(self, products: tuple[Product, ...], explanation: Explanation) -> Weighed:
        """Products that are the same tablet, with their evidence."""
        rows = imprint_rows(explanation, self.look.faces) if explanation.imprint_key else ()
        return Weighed(products, rows + self.scale(products[0]), explanation)


class Matcher:
    """Matches what was seen and read with every product of one catalog."""

    def __init__(self, catalog: Catalog, settings: Settings, model: MatchModel | None = None) -> None:
        self._catalog, self._settings = catalog, settings
        self._model = model or MatchModel.load()
        self._index = ImprintIndex(catalog)
        one_word = self._model.world.one_word
        share = one_word.get(catalog.market, one_word[""])
        self._market = Market(len(catalog), catalog.coverage(settings.match.world), share)

    @property
    def coverage(self) -> float:
        """The share of its market's tablets and capsules that the catalog holds, 0 to 1."""
        return self._market.coverage

    @property
    def model(self) -> MatchModel:
        """What was fitted for the match."""
        return self._model

    def match(
        self,
        readings: Sequence[Reading],
        look: PillLook,
        doubts: Doubts | None = None,
        weighing: Weighing | None = None,
    ) -> Match:
        """The decision and candidates for these readings and this look; ``weighing`` is used if it was made before."""
        doubts = doubts or Doubts()
        found = self._ranked(weighing or self.weigh(readings, look))
        verdict = decide(readings, look, found, doubts, self._model, self._settings.decide)
        advice = (
            None if verdict.decision is Decision.IDENTIFIED else advise(readings, look, found, doubts, verdict.in_lamps)
        )
        drug = _drug(verdict.decision, found)
        return Match(verdict.decision, verdict.reason, found.candidates, found.unlisted, advice, drug)

    def rank(self, readings: Sequence[Reading], look: PillLook) -> Ranked:
        """The candidates with their probabilities."""
        return self._ranked(self.weigh(readings, look))

    def weigh(self, readings: Sequence[Reading], look: PillLook) -> Weighing:
        """The products of the imprints that explain best what was read; none where nothing was."""
        scale = LookScale(look, self._model)
        if not any(reading.lines for reading in readings):
            return Weighing((), None, scale, look)
        is_round = look.shape.best == "CAPSULE" and look.relief.best == "PRINTED"
        found = search(readings, self._index, self._model, self._settings.match, is_round)
        bare = Weighing((), found.heard, scale, look)
        return replace(bare, groups=self._groups(found.explanations, bare))

    def weigh_also(self, weighing: Weighing, imprint_keys: Iterable[str]) -> Weighing:
        """The same with the products of these imprints too, however badly they explain what was read."""
        if weighing.heard is None:
            return weighing
        known = {group.explanation.imprint_key for group in weighing.groups}
        keys = [key for key in dict.fromkeys(imprint_keys) if key and key not in known]
        further = self._groups(weighing.heard.explain_keys(keys), weighing) if keys else ()
        return replace(weighing, groups=(*weighing.groups, *further))

    def odds(self, weighing: Weighing) -> Odds:
        """What each product weighs beside all others and beside the pill that no row describes."""
        alone = weighing.heard.alone if weighing.heard else 0.0
        return odds(weighing.groups, self._market, alone, self._model.shares)

    def _ranked(self, weighing: Weighing) -> Ranked:
        if weighing.heard is None:
            return Ranked((), (), 1.0)
        return ranked(self.odds(weighing), self._settings.match.candidates_max)

    def _groups(self, explanations: Sequence[Explanation], weighing: Weighing) -> tuple[Weighed, ...]:
        """The products of each imprint, those that are the same tablet together, weighed."""
        products = self._catalog.products_with(each.imprint_key for each in explanations)
        return tuple(
            weighing.weighed(group, each)
            for each in explanations
            for group in self._catalog.groups_of(products.get(each.imprint_key, ()))
        )


def _drug(decision: Decision, ranked: Ranked) -> str:
    """The drug of an identified pill, or the one that all probable candidates share."""
    if decision is Decision.IDENTIFIED:
        return ranked.candidates[0].product.drug
    if decision is Decision.AMBIGUOUS:
        likely = [each.product for each in ranked.candidates if each.probability > 0.02]
        return likely[0].drug if len({drug_strength(product)[0] for product in likely}) == 1 else ""
    return ""
