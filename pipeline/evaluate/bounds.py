"""How much some counted errors prove: exact bounds of a share, and the most answers whose risk is certified.

The bound is that of Clopper and Pearson, "The use of confidence or fiducial limits" (Biometrika 1934), one-sided. Where
nothing wrong was seen it is ``1 - 0.05 ** (1 / n)``, which the rule of three gives as 3 / n. Several thresholds are
tried in a fixed order after Angelopoulos et al., "Learn then Test" (2021): trying many then proves no less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# One-sided: one bound in twenty is too small, which is what "95 %" says everywhere on these pages.
LEVEL = 0.95
# Halvings of the interval 0-1: the bound is then exact to 1e-15, more than a double holds of a count's share.
_HALVINGS = 60


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def binomial_tail(count: int, of: int, share: float) -> float:
    """The probability of ``count`` or fewer among ``of``, each with probability ``share``."""
    if count >= of or share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    yes, no = math.log(share), math.log1p(-share)
    terms = (math.exp(_log_choose(of, k) + k * yes + (of - k) * no) for k in range(count + 1))
    return min(math.fsum(terms), 1.0)


def upper_bound(count: int, of: int, level: float = LEVEL) -> float | None:
    """The largest share that ``count`` among ``of`` does not rule out, one-sided; None where nothing was counted.

    Raises:
        ValueError: more were counted than there are.
    """
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of} is no count")
    if of == 0:
        return None
    if count == of:
        return 1.0
    if count == 0:
        return -math.expm1(math.log(1.0 - level) / of)
    low, high = count / of, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if binomial_tail(count, of, middle) > 1.0 - level:
            low = middle
        else:
            high = middle
    return high


def fewest_to_certify(risk: float, level: float = LEVEL) -> int:
    """How many answers, all of them right, prove that the risk is at most ``risk``: 299 for one in a hundred."""
    return math.ceil(math.log(1.0 - level) / math.log1p(-risk))


@dataclass(frozen=True)
class AnswersAbove:
    """The answers of at least some score: how many, how many of them are wrong, and what that proves."""

    threshold: float
    answers: int
    wrong: int
    upper: float


def certified(
    scores: Sequence[float], right: Sequence[bool], thresholds: Sequence[float], risk: float, level: float = LEVEL
) -> AnswersAbove | None:
    """The lowest threshold down to which the risk of the answers kept is proven to be at most ``risk``, or None.

    The thresholds are tried from the highest down, in that order whatever comes out, and the first whose bound is above
    ``risk`` ends it: so the chance that the one returned has a larger risk is at most ``1 - level``, however many are
    tried (fixed sequence testing). A threshold that keeps too few answers to prove anything, even if all were right, is
    passed over; that depends on the scores alone, not on what is right.
    """
    best = None
    fewest = fewest_to_certify(risk, level)
    for threshold in sorted(thresholds, reverse=True):
        kept = [hit for score, hit in zip(scores, right, strict=True) if score >= threshold]
        if len(kept) < fewest:
            continue
        wrong = len(kept) - sum(kept)
        upper = upper_bound(wrong, len(kept), level)
        if upper is None or upper > risk:
            break
        best = AnswersAbove(threshold, len(kept), wrong, upper)
    return best
