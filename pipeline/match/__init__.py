"""What was seen and read -> ranked candidates and a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.match.decide import Weighed, decide, rank
from pipeline.match.evidence import Look, weigh
from pipeline.match.search import Explanation, ImprintIndex, search
from pipeline.records import Candidate, Decision, Reading
from pipeline.settings import Settings
from reference.catalog import Catalog

__all__ = ["ImprintIndex", "Look", "Match", "match"]


@dataclass(frozen=True)
class Match:
    """The candidates, the decision, and the drug whose monograph belongs to it ("" where none does)."""

    decision: Decision
    reason: str
    candidates: tuple[Candidate, ...]
    drug: str


def match(readings: Sequence[Reading], look: Look, catalog: Catalog, index: ImprintIndex, settings: Settings) -> Match:
    """Match what was seen and read with every product of the catalog."""
    legible = any(reading.lines for reading in readings)
    explanations = search(readings, index, settings.match)[: settings.match.explained] if legible else []
    groups = _weighed(explanations, look, catalog, settings)
    candidates, listed = rank(groups, len(catalog), settings.match)
    blank = all(reading.blank >= 0.5 for reading in readings)
    of_key = {explanation.imprint_key: explanation.contradicted for explanation in explanations}
    contradicted = of_key[candidates[0].product.imprint_key] if candidates else ""
    decision, reason = decide(candidates, listed, contradicted, legible, blank, settings.decide)
    return Match(decision, reason, candidates, "" if contradicted else _drug(decision, candidates))


def _weighed(explanations: Sequence[Explanation], look: Look, catalog: Catalog, settings: Settings) -> list[Weighed]:
    products = catalog.products_with(explanation.imprint_key for explanation in explanations)
    return [
        Weighed(group, weigh(group[0], explanation, look, settings.match), _tier(explanation))
        for explanation in explanations
        for group in catalog.groups_of(products.get(explanation.imprint_key, ()))
    ]


def _tier(explanation: Explanation) -> str:
    """The tier's name as the catalog's search names it."""
    if explanation.missing:
        return "all that was read" if not explanation.stray else "partly"
    return "exact" if not explanation.stray else "all tokens"


def _drug(decision: Decision, candidates: Sequence[Candidate]) -> str:
    """The drug of an identified pill, or the one that all probable candidates share."""
    if decision is Decision.IDENTIFIED:
        return candidates[0].product.drug
    if decision is Decision.AMBIGUOUS:
        drugs = {candidate.product.drug for candidate in candidates if candidate.probability > 0.02}
        return drugs.pop() if len(drugs) == 1 else ""
    return ""
