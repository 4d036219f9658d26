"""What fits a pill better than what was expected: other strengths of the drug first, since these are mixed up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from pipeline.match.rank import Weighed
from pipeline.verify.compare import Comparison
from pipeline.verify.naming import NAMED_MIN, is_brand_alone, joined, marked, marked_beside
from reference.grouping import drug_strength
from reference.text.shown import imprint_shown

# A listed tablet that makes what was seen so much likelier than what is expected is what the pill looks more like.
LIKELIER_BITS = math.log2(10)
# A strength so much less likely than another drug's tablet is not named before it.
_STRENGTH_BEHIND_MAX_BITS = math.log2(100)
_ASKED_MAX = 3
# A word of so many letters is a brand or a maker's name.
_NAME_MIN = 5


def fitting_better(comparison: Comparison, weight: Callable[[Weighed], float]) -> tuple[Weighed, ...]:
    """Tablets that fit ten times better than any expected: the drug's other strengths, then the likeliest other one.

    Another drug's is named only where it is probable enough to be named at all, a strength always. None is of which
    more digits would be misread: a register's other maker's name makes ``TEVA 2089`` of ``TEVA 2083`` likelier than
    ``Z 2083``, and the numbers of a series differ in one digit.
    """
    best = comparison.best
    better = [
        group
        for group in comparison.rivals
        if weight(group) - best.bits >= LIKELIER_BITS and _digits_against(group) <= _digits_against(best)
    ]
    better.sort(key=weight, reverse=True)
    strengths = [
        group
        for group in better
        if is_other_strength(group, best)
        and group.explanation.tokens
        and weight(better[0]) - weight(group) <= _STRENGTH_BEHIND_MAX_BITS
    ]
    other = next((group for group in better if not any(group is each for each in strengths)), None)
    is_named = other is not None and comparison.probability(other) >= NAMED_MIN
    return (*strengths, other) if other and is_named else tuple(strengths)


def _digits_against(group: Weighed) -> int:
    return sum(map(str.isdigit, group.explanation.contradicted))


def is_other_strength(group: Weighed, best: Weighed) -> bool:
    """Whether two tablets are one drug in two strengths."""
    (drug, strength), (other, of_other) = drug_strength(best.products[0]), drug_strength(group.products[0])
    return bool(drug) and drug == other and strength != of_other


def said_better(better: Sequence[Weighed], best: Weighed) -> Iterator[str]:
    """What it looks more like; of a brand whose drug is not known, that."""
    known = [group for group in better if not is_brand_alone(group)]
    if known:
        yield f"It looks more like {joined([marked_beside(group, best) for group in known], 'or')}."
    for group in better:
        if group not in known:
            yield f"It looks like {marked(group)}; the catalog does not say what is in it."


def strength_question(better: Sequence[Weighed], best: Weighed) -> str:
    """What to look for on the pill where strengths of one drug are near: ``is it 7 1/2 or 2 1/2?``; "" where none."""
    near = [*(group for group in better if is_other_strength(group, best)), best]
    words = list(dict.fromkeys(imprint_shown(group.products[0]) for group in near))
    if len(words) < 2:
        return ""
    shared = set.intersection(*map(set, words))
    asked = [" ".join(word for word in each if word not in shared) for each in (*words[: _ASKED_MAX - 1], words[-1])]
    return f"is it {joined(asked, 'or')}?" if all(asked) else ""


def bears_a_listed_name(comparison: Comparison) -> bool:
    """Whether a brand or a maker's name was read that a listed tablet bears: then it is not another maker's."""
    nearest = (comparison.best, *comparison.rivals[:1])
    return any(token.isalpha() and len(token) >= _NAME_MIN for group in nearest for token in group.explanation.tokens)
