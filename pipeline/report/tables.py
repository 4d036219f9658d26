"""An answer as rich tables for a terminal; `plain_text` has it for a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.records import Candidate, Decision, Drug, Identification
from pipeline.report.plain_text import CANDIDATES_SHOWN, CAUTION, drug_row, seen
from pipeline.report.short_words import (
    BITS,
    asked_words,
    candidate_name,
    candidates_title,
    further_warnings,
    headline,
    match_words,
    plain,
    sellers,
    unlisted_words,
)
from pipeline.report.terminal_table import Columns

_STYLES = {Decision.IDENTIFIED: "bold white on green", Decision.AMBIGUOUS: "bold black on yellow"}
_OTHER_STYLE = "bold white on bright_black"


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


def _seen_table(answer: Identification) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in seen(answer):
        table.add_row(name, Text(value))
    return table


def _candidates_table(answer: Identification, drugs: Sequence[Drug]) -> RenderableType:
    rows = []
    for drug in drugs:
        sure, name, *others = drug_row(drug)
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
