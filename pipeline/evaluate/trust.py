"""How far answers can be trusted: what is claimed wrongly, and how well the stated probabilities tell it.

Each question (``ask``) gives a section of the same keys; ``in_and_out`` joins the catalog as it is with the one that
lacks the pill, over the same photos, so that equally many pills are in the catalog and out of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pipeline.evaluate.ask import AGAINST, OPEN
from pipeline.evaluate.bounds import certified, fewest_to_certify, upper_bound
from pipeline.evaluate.judge import ASKED, Verdict
from pipeline.evaluate.metrics import auroc, expected_calibration_error, generalized_risk_area, risk_coverage
from pipeline.evaluate.outcome import Outcome

Json = dict[str, Any]

IN_AND_OUT = "in_and_out"
KEYS = ("augrc", "aurc", "ece", "coverage_at_risk_1pct", "coverage_strict", "false_accept", "unlisted_auroc")
# One wrong answer in a hundred, the level that `coverage_at_risk_1pct` is named after.
RISK = 0.01
# Values of `Outcome.trust` at which the risk is bounded. Above 1 are the surest IDENTIFIED answers, at 1 all of them,
# and below the most probable of the others. They are fixed here because the bound holds only for values chosen in
# advance.
THRESHOLDS = (1.9999, 1.999, 1.99, 1.95, 1.0, 0.999, 0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)
_GROUPS = ("imprint_characters", "imprint_type", "faces_seen")
_BINS = 10
# No set shows that a catalog holds all pills, or none.
_HELD_MIN, _HELD_MAX = 0.01, 0.95


def trust_figures(verdicts: Sequence[Verdict], coverage: float | None = None) -> Json:
    """The keys of trust at the top, and ``trust`` with a section for each question that was asked.

    ``ece``, ``coverage_strict`` and ``false_accept`` are of the catalog as it is, the others of ``in_and_out``; None
    where that was not asked. ``coverage`` is what the catalog asked takes itself to hold of its market.
    """
    sections = {name: _with_groups(name, verdicts, coverage) for name in (ASKED, OPEN, IN_AND_OUT, AGAINST)}
    asked, both = sections[ASKED] or {}, sections[IN_AND_OUT] or {}
    as_it_is = {key: asked.get(key) for key in ("ece", "coverage_strict", "false_accept")}
    return {key: both.get(key) for key in KEYS} | as_it_is | {"trust": {k: v for k, v in sections.items() if v}}


def _with_groups(name: str, verdicts: Sequence[Verdict], coverage: float | None) -> Json | None:
    whole = _section(name, verdicts, None if name == AGAINST else coverage)
    if whole is None:
        return None
    return whole | {"by": {kind: _by(name, kind, verdicts) for kind in _GROUPS}}


def _by(name: str, kind: str, verdicts: Sequence[Verdict]) -> Json:
    parted: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if kind in verdict.groups:
            parted[verdict.groups[kind]].append(verdict)
    found = {group: _section(name, parted[group]) for group in sorted(parted)}
    return {group: section for group, section in found.items() if section}


def pairs_of(verdicts: Sequence[Verdict]) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes with and without the pill's own entry, of the photos whose row the catalog has, in their order."""
    paired = [
        (verdict.outcomes[ASKED], verdict.outcomes[OPEN])
        for verdict in verdicts
        if OPEN in verdict.outcomes and verdict.outcomes[ASKED].listed
    ]
    return [pair[0] for pair in paired], [pair[1] for pair in paired]


def _section(name: str, verdicts: Sequence[Verdict], coverage: float | None = None) -> Json | None:
    if name != IN_AND_OUT:
        outcomes = [verdict.outcomes[name] for verdict in verdicts if name in verdict.outcomes]
        return section(outcomes, coverage) if outcomes else None
    inside, outside = pairs_of(verdicts)
    return section([*inside, *outside], coverage) if inside else None


def section(outcomes: Sequence[Outcome], coverage: float | None = None) -> Json:
    """The figures of some answers.

    ``coverage_at_risk_1pct`` is over the answers whose catalog has the pill's own row; the rest of ``at_risk_1pct``
    counts all that are kept. Answers whose truth is not known count in the counts and in ``coverage_strict`` only.
    """
    known = [outcome for outcome in outcomes if outcome.right is not None]
    right = [bool(outcome.right) for outcome in known]
    trust = [outcome.trust for outcome in known]
    stated = [outcome.probability for outcome in known]
    at_risk = _at_risk(known)
    return {
        "answers": len(outcomes),
        "listed": sum(outcome.listed for outcome in outcomes),
        "identified": sum(outcome.identified for outcome in outcomes),
        "listed_identified_right": sum(each.listed and each.identified and each.right is True for each in outcomes),
        "truth_unknown": _kinds(outcome for outcome in outcomes if outcome.right is None and outcome.identified),
        "augrc": generalized_risk_area(trust, right) if known else None,
        "aurc": risk_coverage(trust, right).area if known else None,
        "ece": expected_calibration_error(stated, right) if known else None,
        "ece_own_coverage": _own_ece(known, coverage) if known and coverage else None,
        "reliability": _reliability(stated, right),
        "coverage_strict": sum(outcome.identified for outcome in outcomes) / len(outcomes) if outcomes else None,
        "coverage_at_risk_1pct": at_risk["coverage"],
        "at_risk_1pct": at_risk,
        "false_accept": false_accepts(known),
        "unlisted_auroc": _unlisted_auroc(outcomes),
    }


def _own_ece(known: Sequence[Outcome], coverage: float) -> float:
    """The calibration error were the catalog known to hold as many of the pills as it holds of these.

    An answer says how sure it is for a pill of the market, of which the catalog takes itself to hold ``coverage``. Of a
    set's pills it holds more: the prior odds are the one thing that differs (Bayes; Saerens et al. 2002).
    """
    held = min(max(sum(each.listed for each in known) / len(known), _HELD_MIN), _HELD_MAX)
    odds = held / (1 - held) * (1 - coverage) / coverage
    stated = []
    for each in known:
        unlisted = 1.0 if each.unlisted is None else each.unlisted
        stated.append(min(each.probability * odds / ((1 - unlisted) * odds + unlisted), 1.0))
    return expected_calibration_error(stated, [bool(each.right) for each in known])


def false_accepts(known: Sequence[Outcome]) -> Json:
    """The answers that claim another drug or strength: of all answers, and of those IDENTIFIED, with their bounds."""
    count = sum(outcome.false_accept for outcome in known)
    identified = sum(outcome.identified for outcome in known)
    return {
        "count": count,
        "of": len(known),
        "share": count / len(known) if known else None,
        "upper": upper_bound(count, len(known)),
        "identified": identified,
        "share_of_identified": count / identified if identified else None,
        "upper_of_identified": upper_bound(count, identified),
        "by_kind": _kinds(outcome for outcome in known if outcome.false_accept),
    }


def _kinds(outcomes: Iterable[Outcome]) -> dict[str, int]:
    return dict(sorted(Counter(outcome.fault for outcome in outcomes).items()))


def _at_risk(known: Sequence[Outcome]) -> Json:
    """The most answers whose risk is certified to be at most ``RISK``.

    The coverage is 0 where none can be, and None where even all right would be too few to prove it.
    """
    if len(known) < fewest_to_certify(RISK):
        return {"coverage": None}
    kept = certified([each.trust for each in known], [bool(each.right) for each in known], THRESHOLDS, RISK)
    listed = [each for each in known if each.listed]
    if kept is None:
        return {"coverage": 0.0 if listed else None}
    answered = sum(each.trust >= kept.threshold for each in listed)
    return {"coverage": answered / len(listed) if listed else None, **asdict(kept)}


def _unlisted_auroc(outcomes: Sequence[Outcome]) -> float | None:
    """How well ``unlisted`` tells the answers whose catalog lacks the pill from those whose catalog has it."""
    inside, outside = unlisted_of(outcomes)
    return auroc(outside, inside)


def unlisted_of(outcomes: Sequence[Outcome]) -> tuple[list[float], list[float]]:
    """What answers gave for "in no row of the catalog", where the catalog has the pill's row and where it lacks it."""
    given = [(each.listed, each.unlisted) for each in outcomes if each.unlisted is not None]
    return [value for listed, value in given if listed], [value for listed, value in given if not listed]


def _reliability(stated: Sequence[float], right: Sequence[bool]) -> list[Json]:
    """For each tenth of the stated probability: how many answers, their mean probability and how many are right."""
    bins: Mapping[int, list[tuple[float, bool]]] = defaultdict(list)
    for probability, hit in zip(stated, right, strict=True):
        bins[min(int(probability * _BINS), _BINS - 1)].append((probability, hit))
    return [
        {
            "from": index / _BINS,
            "answers": len(bins[index]),
            "stated": sum(probability for probability, _ in bins[index]) / len(bins[index]),
            "right": sum(hit for _, hit in bins[index]) / len(bins[index]),
        }
        for index in sorted(bins)
    ]
