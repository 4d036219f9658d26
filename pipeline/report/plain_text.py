"""An answer as plain lines for a pipe, without what draws tables: a fifteenth of a cold start."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.figures_in_words import percent
from pipeline.records import Decision, Drug, Identification
from pipeline.report.short_words import (
    BITS,
    asked_words,
    candidate_named,
    further_warnings,
    headline,
    imprint_words,
    imprints,
    labelers,
    look_words,
    match_words,
    plain,
    sellers,
    unlisted_words,
)

CAUTION = (
    "Not medical advice, and counterfeits look the same. Never take a pill because of what a program says. "
    "Poison control in the US: 1-800-222-1222."
)

# What one screen holds; --json has all of them.
CANDIDATES_SHOWN = 5
_LABELERS_SHOWN = 2


def seen(answer: Identification) -> Iterator[tuple[str, str]]:
    """What was seen, under its name: the photo, the imprint and each property of the look."""
    yield "photo", ", ".join(map(plain, answer.photos))
    if answer.decision is Decision.NO_PILL:
        return
    yield "imprint", imprint_words(answer)
    yield from look_words(answer)


def drug_row(drug: Drug) -> tuple[str, str, str, str, str]:
    """How sure, the drug, its imprint, who sells it, and how the imprint fits."""
    return (
        percent(drug.probability),
        candidate_named(drug.first),
        imprints(drug),
        labelers(drug, _LABELERS_SHOWN),
        plain(drug.first.tier),
    )


def answer_text(answer: Identification) -> str:
    """The answer as plain lines: nothing is cut, nothing is drawn."""
    drugs = answer.drugs[:CANDIDATES_SHOWN]
    lines = [f"{answer.decision.value} {headline(answer)}".strip(), f"reason: {plain(answer.reason)}"]
    lines += _named("sold by", sellers(answer))
    lines += [f"{name}: {value}" for name, value in seen(answer)]
    word = "candidate" if answer.decision in (Decision.IDENTIFIED, Decision.AMBIGUOUS) else "nearest"
    lines += [f"{word} {number}: {_drug_line(drug)}" for number, drug in enumerate(drugs, start=1)]
    lines += _named("not in this catalog", unlisted_words(answer))
    lines += _named("match", match_words(drugs))
    if drugs:
        lines += [f"evidence: {row.bits:+.1f} bits: {plain(row.sentence)}" for row in drugs[0].first.evidence]
        lines.append(f"bits: {BITS}")
    lines += _named("would tell most", plain(answer.advice.sentence) if answer.advice else "")
    lines += [f"warning: {plain(warning)}" for warning in further_warnings(answer)]
    lines += _named("monograph", f"pillprint monograph {plain(answer.monograph.drug)}" if answer.monograph else "")
    lines += _named("asked", asked_words(answer))
    lines.append(CAUTION)
    return "\n".join(lines) + "\n"


def _named(name: str, value: str) -> list[str]:
    return [f"{name}: {value}"] if value else []


def _drug_line(drug: Drug) -> str:
    sure, name, imprint, sold_by, tier = drug_row(drug)
    alert = f"high-alert: {plain(drug.high_alert.reason)}" if drug.high_alert else ""
    return f"{sure} {name} ({'; '.join(filter(None, (f'imprint {imprint}', sold_by, tier, alert)))})"
