"""An answer as rich tables for a terminal, and as plain text for a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.properties import PROPERTIES
from pipeline.records import Candidate, Decision, Drug, Identification
from pipeline.report.columns import Columns
from pipeline.report.words import (
    BITS,
    asked_words,
    candidate_name,
    candidate_named,
    candidates_title,
    further_warnings,
    headline,
    imprint_words,
    imprints,
    labelers,
    match_words,
    plain,
    sellers,
    unlisted_words,
)
from pipeline.words import percent

CAUTION = (
    "Not medical advice, and counterfeits look the same. Never take a pill because of what a program says. "
    "Poison control in the US: 1-800-222-1222."
)

_STYLES = {Decision.IDENTIFIED: "bold white on green", Decision.AMBIGUOUS: "bold black on yellow"}
_OTHER_STYLE = "bold white on bright_black"
# What one screen holds; --json has all of them.
CANDIDATES_SHOWN = 5
_LABELERS_SHOWN = 2


def answer_table(answer: Identification) -> RenderableType:
    """The answer for a terminal: decision, what was seen, candidates, the evidence for the first."""
    parts: list[RenderableType] = [*_heading(answer), _seen_table(answer)]
    drugs = answer.drugs[:CANDIDATES_SHOWN]
    if drugs:
        parts.append(_candidates_table(answer, drugs))
    if unlisted := unlisted_words(answer):
        parts.append(Text(f"not in this catalog: {unlisted}", "bold"))
    parts += [Text(f"! high-alert: {words}", "bold red") for words in _high_alerts(drugs)]
    if matches := match_words(drugs):
        parts.append(Text(f"match: {matches}", "dim"))
    if drugs:
        parts += ["", _evidence_table(drugs[0].first), Text(f"bits: {BITS}", "dim")]
    if answer.advice:
        parts.append(Text(f"Would tell most: {plain(answer.advice.sentence)}", "bold"))
    parts += [Text(f"! {plain(warning)}", "yellow") for warning in further_warnings(answer)]
    if answer.monograph:
        parts.append(Text(f"Monograph: pillprint monograph {plain(answer.monograph.drug)}", "bold"))
    if asked := asked_words(answer):
        parts.append(Text(f"Asked: {asked}", "dim"))
    parts.append(Text(CAUTION, "dim"))
    return Group(*parts)


def _heading(answer: Identification) -> Iterator[Text]:
    decision = Text(f" {answer.decision.value} ", _STYLES.get(answer.decision, _OTHER_STYLE))
    claim, reason = Text(headline(answer), "bold"), Text(plain(answer.reason))
    yield Text.assemble(decision, " ", claim or reason)
    if claim:
        yield reason
    if sold_by := sellers(answer):
        yield Text(f"Sold by {sold_by}", "dim")


def seen(answer: Identification) -> Iterator[tuple[str, str]]:
    """What was seen, under its name: the photo, the imprint and each property of the look."""
    yield "photo", ", ".join(map(plain, answer.photos))
    if answer.decision is Decision.NO_PILL:
        return
    yield "imprint", imprint_words(answer)
    yield from ((each.title, each.explained(answer.look)) for each in PROPERTIES)


def _seen_table(answer: Identification) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in seen(answer):
        table.add_row(name, Text(value))
    return table


def _drug_row(drug: Drug) -> tuple[str, str, str, str, str]:
    return (
        percent(drug.probability),
        candidate_named(drug.first),
        imprints(drug),
        labelers(drug, _LABELERS_SHOWN),
        plain(drug.first.tier),
    )


def _candidates_table(answer: Identification, drugs: Sequence[Drug]) -> RenderableType:
    rows = []
    for drug in drugs:
        sure, name, *others = _drug_row(drug)
        rows.append((sure, f"{name} (high-alert)" if drug.high_alert else name, *others))
    table = Columns(
        ("sure", "drug", "imprint", "labelers", "match"), tuple(rows), ("labelers", "match"), candidates_title(answer)
    )
    more = len(answer.drugs) - len(drugs)
    return Group(table, Text(f"and {more} more", "dim")) if more > 0 else table


def _high_alerts(drugs: Sequence[Drug]) -> Iterator[str]:
    """Each reason once, after the drugs that it holds for."""
    found: dict[str, list[str]] = {}
    for drug in drugs:
        if drug.high_alert:
            found.setdefault(drug.high_alert.reason, []).append(candidate_name(drug.first))
    yield from (f"{', '.join(names)}: {reason}" for reason, names in found.items())


def _evidence_table(candidate: Candidate) -> Table:
    table = Table(box=None, pad_edge=False, title=f"Why {candidate_name(candidate)}", title_justify="left")
    table.add_column("bits", justify="right", no_wrap=True)
    table.add_column("evidence", overflow="fold")
    for row in candidate.evidence:
        table.add_row(f"{row.bits:+.1f}", Text(plain(row.sentence)))
    return table


def answer_text(answer: Identification) -> str:
    """The same as plain lines: nothing is cut, nothing is drawn."""
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
    sure, name, imprint, sold_by, tier = _drug_row(drug)
    alert = f"high-alert: {plain(drug.high_alert.reason)}" if drug.high_alert else ""
    return f"{sure} {name} ({'; '.join(filter(None, (f'imprint {imprint}', sold_by, tier, alert)))})"
