"""An answer as rich tables for a terminal, and as plain text for a pipe."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.records import Candidate, Decision, Identification
from pipeline.report.words import (
    candidate_name,
    candidates_title,
    imprint_words,
    labelers,
    likely,
    percent,
    plain,
    score_words,
    size_words,
)

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
    parts: list[RenderableType] = [_heading(answer), _seen_table(answer)]
    if answer.candidates:
        parts += [_candidates_table(answer), _evidence_table(answer.candidates[0])]
    parts += [Text(f"! {plain(warning)}", "yellow") for warning in answer.warnings]
    if answer.monograph:
        parts.append(Text(f"Monograph: pillprint monograph {plain(answer.monograph.drug)}", "bold"))
    if answer.catalog:
        parts.append(Text(f"Catalog {plain(answer.catalog)}", "dim"))
    parts.append(Text(CAUTION, "dim"))
    return Group(*parts)


def _heading(answer: Identification) -> Text:
    heading = Text(f" {answer.decision.value} ", _STYLES.get(answer.decision, _OTHER_STYLE))
    return Text.assemble(heading, " ", Text(plain(answer.reason), "not bold"))


def _seen(answer: Identification) -> Iterator[tuple[str, str]]:
    yield "photo", ", ".join(map(plain, answer.photos))
    if answer.decision is Decision.NO_PILL:
        return
    yield "imprint", imprint_words(answer)
    yield "shape", likely(answer.shape, "shape").removeprefix("shape ")
    yield "color", likely(answer.color, "color").removeprefix("color ")
    yield "size", size_words(answer.size).removeprefix("size ")
    yield "score", score_words(answer.score).removeprefix("score ")


def _seen_table(answer: Identification) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in _seen(answer):
        table.add_row(name, Text(value))
    return table


def _candidate_row(candidate: Candidate) -> tuple[str, str, str, str, str]:
    product = candidate.product
    return (
        percent(candidate.probability),
        candidate_name(candidate),
        plain(" ".join(product.tokens)) or "no text",
        plain(labelers(candidate, _LABELERS_SHOWN)),
        plain(candidate.tier),
    )


def _candidates_table(answer: Identification) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=candidates_title(answer), title_justify="left")
    table.add_column("sure", justify="right", no_wrap=True)
    for name in ("drug", "imprint", "labelers", "match"):
        table.add_column(name)
    for candidate in answer.candidates[:CANDIDATES_SHOWN]:
        table.add_row(*(Text(cell) for cell in _candidate_row(candidate)))
    more = len(answer.candidates) - CANDIDATES_SHOWN
    if more > 0:
        table.caption = f"and {more} more"
    return table


def _evidence_table(candidate: Candidate) -> Table:
    table = Table(box=None, pad_edge=False, title=f"Why {candidate_name(candidate)}", title_justify="left")
    table.add_column("bits", justify="right", no_wrap=True)
    table.add_column("evidence")
    for row in candidate.evidence:
        table.add_row(f"{row.bits:+.1f}", Text(plain(row.sentence)))
    return table


def answer_text(answer: Identification) -> str:
    """The same as plain lines: nothing is cut, nothing is drawn."""
    lines = [f"{answer.decision.value}: {plain(answer.reason)}"]
    lines += [f"{name}: {value}" for name, value in _seen(answer)]
    word = "candidate" if answer.decision in (Decision.IDENTIFIED, Decision.AMBIGUOUS) else "nearest"
    for number, candidate in enumerate(answer.candidates[:CANDIDATES_SHOWN], start=1):
        sure, name, imprint, sold_by, tier = _candidate_row(candidate)
        details = "; ".join(filter(None, (f"imprint {imprint}", sold_by, tier)))
        lines.append(f"{word} {number}: {sure} {name} ({details})")
    if answer.candidates:
        lines += [f"evidence: {row.bits:+.1f} bits: {plain(row.sentence)}" for row in answer.candidates[0].evidence]
    lines += [f"warning: {plain(warning)}" for warning in answer.warnings]
    if answer.monograph:
        lines.append(f"monograph: pillprint monograph {plain(answer.monograph.drug)}")
    if answer.catalog:
        lines.append(f"catalog: {plain(answer.catalog)}")
    lines.append(CAUTION)
    return "\n".join(lines) + "\n"
