"""The figures of a set from its verdicts. The keys in ``KEYS`` and in ``trust.KEYS`` are a contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from pipeline.evaluate.field import field_figures
from pipeline.evaluate.judge import Verdict
from pipeline.evaluate.metrics import (
    bootstrap_interval,
    expected_calibration_error,
    risk_coverage,
    selective_risk,
)
from pipeline.evaluate.trust import trust_figures

Json = dict[str, Any]

KEYS = (
    *("photos", "faces_found", "imprint_exact", "token_recall", "cer", "imprint_top1", "imprint_top5"),
    *("product_top1", "drug_top1", "shape", "color", "score", "size_found", "size_error_mm_median"),
    *("size_error_mm_p95", "decisions", "wrong_among_identified", "seconds_median", "seconds_p95"),
)

# Figures that are a sum over photos divided by a sum over photos.
SHARES = (
    *("faces_found", "imprint_exact", "token_recall", "cer", "imprint_top1", "imprint_top5", "product_top1"),
    *("drug_top1", "shape", "color", "score", "size_found", "wrong_among_identified"),
    *("imprint_exact_strict", "wrong_product_among_identified", "blank_faces_invented"),
    *("character_precision", "character_recall", "character_f1", "iou", "decision_expected"),
)
_CEILINGS = ("imprint_top1", "product_top1", "drug_top1")
# What is seen and read, not looked up: no catalog limits it.
_UNLIMITED = (
    "faces_found", "imprint_exact", "imprint_exact_strict", "token_recall", "character_f1", "character_precision",
    "character_recall", "shape", "color", "score", "size_found", "decision_expected",
)  # fmt: skip
_CALIBRATED = ("shape", "color", "score", "answer")
# Measures whose wrong answers are counted by what was taken for what: (truth's key, answer's key).
_CONFUSED = {"shape": ("shape", "shape"), "color": ("colors", "colors"), "score": ("score", "score")}
_CONFUSIONS_SHOWN = 10
_ERRORS_SHOWN = 3
# The probabilities from which on people may act on an answer.
_THRESHOLDS = (0.5, 0.9, 0.95, 0.99)


def summarize(verdicts: Sequence[Verdict], rows: bool = False, coverage: float | None = None) -> Json:
    """All figures of a set: shares in 0-1, None where the set has no such truth.

    ``counts`` gives each share's numerator and denominator, ``intervals`` its 95 % bootstrap interval over photos.
    Photos that are ``excluded`` count in no figure but ``excluded``; their rows are there.
    """
    everything = verdicts
    verdicts = [verdict for verdict in everything if not verdict.excluded]
    counts = {key: counted for key in SHARES if (counted := _count(verdicts, key)) is not None}
    figures: Json = dict.fromkeys((*KEYS, *SHARES))
    figures.update({key: over / under for key, (over, under) in counts.items()})
    errors_mm = [verdict.size_error_mm for verdict in verdicts if verdict.size_error_mm is not None]
    seconds = [verdict.seconds for verdict in verdicts if verdict.seconds is not None]
    figures.update(
        photos=len(verdicts),
        size_error_mm_median=median(errors_mm) if errors_mm else None,
        size_error_mm_p95=_percentile_95(errors_mm),
        decisions=dict(sorted(Counter(verdict.decision for verdict in verdicts).items())),
        seconds_median=median(seconds) if seconds else None,
        seconds_p95=_percentile_95(seconds),
        errors=sum(1 for verdict in verdicts if verdict.error),
        error_examples=[verdict.error for verdict in verdicts if verdict.error][:_ERRORS_SHOWN],
        ceiling=_ceilings(verdicts, counts),
        calibration=_calibration(verdicts),
        risk_coverage=_risk_coverage(verdicts),
        confusion={key: confused for key in _CONFUSED if (confused := _confusion(verdicts, key))},
        seconds_by_stage=_stages(verdicts),
        counts={key: [_plain(over), _plain(under)] for key, (over, under) in counts.items()},
        intervals={key: list(_interval(verdicts, key)) for key in counts},
        excluded=_excluded(everything),
        field=field_figures(verdicts),
        **trust_figures(verdicts, coverage),
    )
    if rows:
        figures["rows"] = [verdict.row() for verdict in everything]
    return figures


def _excluded(verdicts: Sequence[Verdict]) -> list[Json]:
    """The photos counted apart: why, and what each question came to."""
    return [
        {"file": verdict.name, "reason": verdict.excluded}
        | {name: outcome.row() for name, outcome in verdict.outcomes.items()}
        for verdict in verdicts
        if verdict.excluded
    ]


def _ceilings(verdicts: Sequence[Verdict], counts: Mapping[str, tuple[float, float]]) -> Json:
    """What each accuracy could be at best on this catalog, everything read right."""
    found: Json = {key: _ratio(_count(verdicts, f"ceiling_{key}")) for key in _CEILINGS}
    return found | {"imprint_top5": found["imprint_top1"]} | {key: 1.0 for key in _UNLIMITED if key in counts}


def _count(verdicts: Iterable[Verdict], key: str) -> tuple[float, float] | None:
    pairs = [verdict.shares[key] for verdict in verdicts if key in verdict.shares]
    over, under = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    return (over, under) if under else None


def _ratio(count: tuple[float, float] | None) -> float | None:
    return None if count is None else count[0] / count[1]


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 4)


def _interval(verdicts: Iterable[Verdict], key: str) -> tuple[float, float]:
    pairs = [verdict.shares[key] for verdict in verdicts if key in verdict.shares]
    return bootstrap_interval([over for over, _ in pairs], [under for _, under in pairs])


def _percentile_95(values: Sequence[float]) -> float | None:
    return float(np.percentile(values, 95)) if values else None


def _calibration(verdicts: Sequence[Verdict]) -> Json:
    """Expected calibration error of each stated confidence, with the mean confidence beside the share right."""
    figures: Json = {}
    for key in _CALIBRATED:
        pairs = [verdict.stated[key] for verdict in verdicts if key in verdict.stated]
        if pairs:
            confidences, right = zip(*pairs, strict=True)
            figures[key] = {
                "ece": expected_calibration_error(confidences, right),
                "confidence": sum(confidences) / len(pairs),
                "right": sum(right) / len(pairs),
                "photos": len(pairs),
            }
    return figures


def _confusion(verdicts: Iterable[Verdict], key: str) -> list[Json]:
    """What was most often taken for what, among the photos where the measure was wrong."""
    in_truth, in_answer = _CONFUSED[key]
    pairs = Counter(
        (_term(verdict.truth.get(in_truth)), _term(verdict.answer.get(in_answer)))
        for verdict in verdicts
        if verdict.shares.get(key) == (0.0, 1.0)
    )
    return [{"truth": t, "answer": a, "photos": n} for (t, a), n in pairs.most_common(_CONFUSIONS_SHOWN)]


def _term(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(sorted(value))
    return "" if value is None else str(value)


def _risk_coverage(verdicts: Sequence[Verdict]) -> Json | None:
    """How wrong the first candidate's drug is among the answers of at least a given probability."""
    pairs = [verdict.stated["answer"] for verdict in verdicts if "answer" in verdict.stated]
    if not pairs:
        return None
    confidences, right = zip(*pairs, strict=True)
    at = []
    for threshold in _THRESHOLDS:
        risk, coverage = selective_risk(confidences, right, threshold)
        at.append({"probability": threshold, "risk": risk, "coverage": coverage})
    return {"area": risk_coverage(confidences, right).area, "at": at}


def _stages(verdicts: Sequence[Verdict]) -> Json:
    names = dict.fromkeys(stage for verdict in verdicts for stage in verdict.stages)
    return {name: median([v.stages[name] for v in verdicts if name in v.stages]) for name in names}
