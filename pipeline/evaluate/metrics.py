"""Figures of merit, each on plain values: text, counts and probabilities.

Names are those of the fields they come from: CER as in OCR evaluation, expected calibration error (ECE) after
Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), risk and coverage after Geifman and El-Yaniv,
"Selective Classification for Deep Neural Networks" (NeurIPS 2017), the area under the generalized risk coverage curve
(AUGRC) after Traub et al., "Overcoming Common Flaws in the Evaluation of Selective Classification Systems" (NeurIPS
2024), intervals by the percentile bootstrap (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference.text.imprints import CHARACTERS

# 15 bins is what Guo et al. report with; calibration papers compare at this number.
ECE_BINS = 15
# Enough for a 95 % interval whose ends move by less than a tenth of its width between seeds.
BOOTSTRAP_DRAWS = 1000
# 2^10 states; no imprint in ../shared/data/catalog/c3pi_pills.csv has more than eight tokens.
TOKENS_REORDERED_MAX = 10


def bare(token: str) -> str:
    """The letters and digits of a token, upper case: blanks and signs removed."""
    return "".join(character for character in token.upper() if character in CHARACTERS)


def sorted_characters(tokens: Sequence[str]) -> str:
    """All letters and digits of some tokens, sorted."""
    return "".join(sorted("".join(bare(token) for token in tokens)))


def edits_in_any_order(truth: Sequence[str], read: str) -> int:
    """The least Levenshtein distance between ``read`` and the truth's tokens joined in any order.

    Exact up to ``TOKENS_REORDERED_MAX`` tokens, by dynamic programming over the set of tokens already used: an edit
    distance is a shortest path, so the rows of all orders of one set may be merged by their minimum. Longer
    imprints are compared in the order given.
    """
    if len(truth) > TOKENS_REORDERED_MAX:
        truth = ["".join(truth)]
    rows: dict[int, list[int]] = {0: list(range(len(read) + 1))}
    for used in range(1 << len(truth)):
        row = rows[used]
        for index, token in enumerate(truth):
            if not used >> index & 1:
                reached = used | 1 << index
                advanced = _advance(row, token, read)
                rows[reached] = [min(pair) for pair in zip(rows.get(reached, advanced), advanced, strict=True)]
    return rows[(1 << len(truth)) - 1][-1]


def _advance(row: list[int], token: str, read: str) -> list[int]:
    """The Levenshtein rows after the characters of ``token``."""
    for character in token:
        previous, row = row, [row[0] + 1]
        for index, other in enumerate(read):
            row.append(min(row[-1] + 1, previous[index + 1] + 1, previous[index] + (character != other)))
    return row


def tokens_found(truth: Sequence[str], faces: Sequence[Sequence[str]]) -> int:
    """How many truth tokens the lines read on each face hold.

    Letters and digits only, each token and each line used once. A token counts as found when (1) a line is equal to
    it, (2) a line is exactly several truth tokens joined in some order, which are then all found, or (3) it is
    exactly two or more consecutive lines of one face joined. Part of a line is never enough: 5 is not found in 25.
    """
    wanted = [word for word in map(bare, truth) if word]
    total = len(wanted)
    left: list[list[str]] = []
    for face in faces:
        unmatched: list[str] = []
        for line in filter(None, map(bare, face)):
            if line in wanted:
                wanted.remove(line)
            else:
                unmatched.append(line)
        left.append(unmatched)
    for unmatched in left:
        for line in list(unmatched):
            parts = _parts(line, wanted)
            if parts:
                unmatched.remove(line)
                for part in parts:
                    wanted.remove(part)
    for unmatched in left:
        _take_joined(unmatched, wanted)
    return total - len(wanted)


def _parts(line: str, wanted: Sequence[str]) -> list[str] | None:
    """Tokens of ``wanted`` that joined make up ``line``, or None."""
    if not line:
        return []
    for token in dict.fromkeys(wanted):
        if line.startswith(token):
            others = list(wanted)
            others.remove(token)
            rest = _parts(line[len(token) :], others)
            if rest is not None:
                return [token, *rest]
    return None


def _take_joined(lines: list[str], wanted: list[str]) -> None:
    """Strike from both lists the tokens that are consecutive lines joined."""
    start = 0
    while start < len(lines):
        for stop in range(start + 2, len(lines) + 1):
            if "".join(lines[start:stop]) in wanted:
                wanted.remove("".join(lines[start:stop]))
                del lines[start:stop]
                break
        else:
            start += 1


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = ECE_BINS) -> float:
    """The mean gap between confidence and share right over equal-width bins, weighted by their counts.

    A confidence on a bin's edge belongs to the bin below it, as in Guo et al.; 0 belongs to the first.

    Raises:
        ValueError: nothing to average.
    """
    if not confidences:
        raise ValueError("no confidences to compare")
    stated = np.asarray(confidences, dtype=np.float64)
    hit = np.asarray(right, dtype=np.float64)
    bin_of = np.clip(np.ceil(stated * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, weights=hit - stated, minlength=bins)
    return float(np.abs(gaps).sum() / len(stated))


@dataclass(frozen=True)
class RiskCoverage:
    """The share wrong among the answers kept, as fewer of them are kept.

    ``coverage`` and ``risk`` are ``(n,)`` in 0-1, from the most confident answer alone to all of them; ``area`` is
    the mean of ``risk`` (AURC). Answers of equal confidence are kept or dropped together: each carries the risk at
    the end of its tie.
    """

    coverage: tuple[float, ...]
    risk: tuple[float, ...]

    @property
    def area(self) -> float:
        """The area under the curve: 0 is perfect."""
        return sum(self.risk) / len(self.risk)


def _surest_first(confidences: Sequence[float], right: Sequence[bool]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The confidences from the highest down, and how many answers are wrong up to each."""
    if not confidences:
        raise ValueError("no confidences to rank")
    stated = np.asarray(confidences, dtype=np.float64)
    order = np.argsort(-stated, kind="stable")
    return stated[order], np.cumsum(~np.asarray(right, dtype=np.bool_)[order])


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> RiskCoverage:
    """The risk-coverage curve of some answers.

    Raises:
        ValueError: nothing to rank.
    """
    stated, wrong = _surest_first(confidences, right)
    kept = np.arange(1, len(stated) + 1)
    end_of_tie = np.searchsorted(-stated, -stated, side="right") - 1
    risk = (wrong / kept)[end_of_tie]
    return RiskCoverage(tuple((kept / len(stated)).tolist()), tuple(risk.tolist()))


def selective_risk(confidences: Sequence[float], right: Sequence[bool], threshold: float) -> tuple[float | None, float]:
    """``(risk, coverage)`` where only answers of at least that confidence are given; risk None when there are none."""
    kept = [hit for stated, hit in zip(confidences, right, strict=True) if stated >= threshold]
    coverage = len(kept) / len(confidences) if confidences else 0.0
    return (1 - sum(kept) / len(kept) if kept else None), coverage


def generalized_risk_area(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """AUGRC: the area under the share of all answers that are given AND wrong, over the share given; 0 is perfect.

    By trapezoids from (0, 0), answers of equal confidence together. It is at most 0.5, and
    ``(1 - a) * p * (1 - p) + (1 - p) ** 2 / 2`` where ``p`` is the share right and ``a`` the AUROC of the confidence.

    Raises:
        ValueError: nothing to rank.
    """
    stated, wrong = _surest_first(confidences, right)
    ends = np.flatnonzero(np.append(np.diff(stated) != 0, True))
    coverage = np.append(0.0, (ends + 1) / len(stated))
    risk = np.append(0.0, wrong[ends] / len(stated))
    return float(np.sum(np.diff(coverage) * (risk[1:] + risk[:-1]) / 2))


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """How often a value of ``positive`` is above one of ``negative``, equal values half; None where either is empty."""
    if not positive or not negative:
        return None
    below = np.sort(np.asarray(negative, dtype=np.float64))
    values = np.asarray(positive, dtype=np.float64)
    above = np.searchsorted(below, values, side="left") + np.searchsorted(below, values, side="right")
    return float(above.sum() / (2 * len(positive) * len(negative)))


def bootstrap_interval(
    numerators: Sequence[float], denominators: Sequence[float] | None = None, seed: int = 0
) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of sum(numerators) / sum(denominators), photos drawn with replacement.

    Without denominators that is the mean. A draw whose denominators add up to 0 counts as 0.

    Raises:
        ValueError: nothing to draw from.
    """
    if not numerators:
        raise ValueError("no values to draw from")
    over = np.asarray(numerators, dtype=np.float64)
    under = np.ones_like(over) if denominators is None else np.asarray(denominators, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(over), size=(BOOTSTRAP_DRAWS, len(over)))
    totals = under[picks].sum(axis=1)
    drawn = np.divide(over[picks].sum(axis=1), totals, out=np.zeros(BOOTSTRAP_DRAWS), where=totals > 0)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def intersection_over_union(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """The area two masks ``(height, width)`` share over the area either covers; 0 when both are empty."""
    either = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / either) if either else 0.0
