"""What was seen of one pill and what was expected -> the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.figures_in_words import percent
from pipeline.match import Matcher, Weighing
from pipeline.match.rank import Weighed, ranked
from pipeline.records import Agreement, Candidate, Expected, Identification
from pipeline.settings import Settings
from pipeline.verify.agree import Finding, Judge
from pipeline.verify.answers import RuleOut, Verification, likely
from pipeline.verify.compare import FILLED_BY_NONE, Comparison, Filled, compare
from pipeline.verify.expected import products_named
from pipeline.verify.naming import is_brand_alone
from pipeline.verify.rule_out import Drugs, drugs_of_names
from reference.grouping import drug_strength
from reference.product import Product
from reference.store.catalog import Catalog

# Less probable candidates are not named as what else it could be.
_NAMED_MIN = 0.001


class Verifier:
    """Compares pills with expectations, by the catalog of one matcher."""

    def __init__(self, catalog: Catalog, matcher: Matcher, settings: Settings) -> None:
        self._catalog, self._matcher, self._settings = catalog, matcher, settings
        self._drugs: dict[tuple[str, ...], Drugs] = {}
        self._products: dict[str, tuple[Product, ...]] = {}

    def drugs(self, names: Sequence[str]) -> Drugs:
        """The drugs of these names (``drugs_of_names``), looked up once."""
        key = tuple(names)
        if key not in self._drugs:
            self._drugs[key] = drugs_of_names(self._catalog, key)
        return self._drugs[key]

    def verify(self, weighing: Weighing, expected: Expected, seen: Identification) -> Verification:
        """The answer about one pill.

        Args:
            weighing: what was seen of it, weighed for the catalog.
            expected: what it should be.
            seen: what it is taken for where nothing is expected.
        """
        comparison, finding = self.find(weighing, expected, seen)
        candidates = {id(group): each for group, each in _candidates(comparison)}
        others = [candidates[id(group)] for group in comparison.rivals if id(group) in candidates]
        return Verification(
            agreement=finding.agreement,
            reason=finding.reason,
            expected=expected,
            likelihood_ratio_bits=comparison.likelihood_ratio_bits if seen.faces else 0.0,
            evidence=comparison.best.evidence if seen.faces else (),
            look_alikes=tuple(_as_candidate(group, candidates) for group in finding.look_alikes),
            others=tuple(each for each in others if each.probability >= _NAMED_MIN),
            advice=seen.advice if finding.agreement is Agreement.CANNOT_TELL else None,
            identification=seen,
            fits=finding.fits,
            better=tuple(_as_candidate(group, candidates) for group in finding.better),
            question=finding.question,
        )

    def rule_out(self, weighing: Weighing, drugs: Drugs, seen: Identification) -> RuleOut:
        """Whether the pill is none of these drugs; arguments as in ``verify``."""
        odds = self._matcher.odds(weighing)
        within = [group for group in odds.groups if drugs.has(group)]
        weights = dict(zip(map(id, odds.groups), odds.weights, strict=True))
        known = sum(weights[id(group)] for group in within)
        unnamed = [group for group in odds.groups if is_brand_alone(group) and not drugs.has(group)]
        unknown = odds.unlisted + sum(weights[id(group)] for group in unnamed)
        risk = (known + unknown * drugs.share) / odds.total
        against = tuple(self._judge(seen).cannot_rule_out(odds.groups, within, risk, bool(weighing.heard)))
        candidates = dict(zip(map(id, odds.groups), ranked(odds, len(odds.groups)).candidates, strict=True))
        could_be = tuple(each for group in within if (each := candidates[id(group)]).probability >= _NAMED_MIN)
        what = " or ".join(drugs.names)
        is_likely = likely(risk, could_be)
        which = "One of them is" if seen.doubts.others else "It is"
        likely_so, may_be = f"{which} likely {what} ({percent(risk)})", f"It could be {what}"
        said = likely_so if is_likely else may_be
        reason = (
            f"It does not look like {what}; the risk that it is one all the same is {percent(risk)}."
            if not against
            else " ".join((f"{said}.", *against))
        )
        return RuleOut(
            not against,
            reason,
            drugs.asked,
            risk if weighing.heard else 1.0,
            could_be,
            seen.advice if against else None,
            seen,
        )

    def find(
        self, weighing: Weighing, expected: Expected, seen: Identification, filled: Filled = FILLED_BY_NONE
    ) -> tuple[Comparison, Finding]:
        """The comparison, and what may be said of it; ``filled`` where a list says what else is likely there."""
        comparison = compare(self._matcher, weighing, expected)
        return comparison, self._judge(seen, filled).agree(comparison, expected)

    def is_known(self, comparison: Comparison, seen: Identification) -> bool:
        """Whether some listed tablet bears what was read on a pill and looks so, whatever is expected."""
        return comparison.was_read and self._judge(seen).knows(comparison.odds.groups)

    def filled_by(self, expected: Iterable[Expected]) -> Filled:
        """A place that was filled by a list of these."""
        drugs = frozenset(drug_strength(product)[0] for each in expected for product in each.products) - {""}
        of_them = (product for drug in sorted(drugs) for product in self._of_drug(drug))
        keys = dict.fromkeys(product.imprint_key for product in of_them if product.tokens)
        return Filled(drugs, self._settings.verify.listed_bits, tuple(keys))

    def with_strengths(self, weighing: Weighing, filled: Filled) -> Weighing:
        """A pill weighed for all strengths of a list's drugs too."""
        return self._matcher.weigh_also(weighing, filled.imprint_keys)

    def _of_drug(self, drug: str) -> tuple[Product, ...]:
        """The catalog's products of a drug, in any strength, looked up once."""
        if drug not in self._products:
            self._products[drug] = tuple(products_named(self._catalog, drug))
        return self._products[drug]

    def _judge(self, seen: Identification, filled: Filled = FILLED_BY_NONE) -> Judge:
        settings, model = self._settings, self._matcher.model
        readings = tuple(face.reading for face in seen.faces)
        return Judge(seen.look, readings, seen.imprint, seen.doubts, model, settings.decide, settings.verify, filled)


def _candidates(comparison: Comparison) -> Sequence[tuple[Weighed, Candidate]]:
    """Every tablet weighed, as a candidate with its probability beside all others."""
    odds = comparison.odds
    return list(zip(odds.groups, ranked(odds, len(odds.groups)).candidates, strict=True))


def _as_candidate(group: Weighed, candidates: dict[int, Candidate]) -> Candidate:
    """A look-alike; that of another labeler of the same tablet has its evidence and no probability of its own."""
    known = candidates.get(id(group))
    return known or Candidate(group.products, 0.0, group.bits, group.evidence)
