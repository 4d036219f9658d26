"""Answers about expectations in short lines: the same for a terminal and a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.records import Agreement, Candidate, ExpectedKind
from pipeline.report.tables import CAUTION, seen
from pipeline.report.words import asked_words, candidate_name, plain
from pipeline.verify import RuleOut, Verification
from pipeline.words import percent

Line = tuple[str, str]

_STYLES = {
    Agreement.CONSISTENT.value: "bold white on green",
    Agreement.CONTRADICTED.value: "bold white on red",
    "RULED_OUT": "bold white on green",
}
_OTHER_STYLE = "bold black on yellow"
_NAMED_MAX = 5
# More is not said: registers err, and so do those who keep them.
_RATIO_MAX = 1_000_000


def verification_lines(answer: Verification) -> Iterator[Line]:
    """What was expected, what speaks for it and against it, and what else it could be."""
    expected = answer.expected
    yield "expected", _expected_words(answer)
    if expected.high_alert:
        yield "high-alert", plain(expected.high_alert.reason)
    if answer.identification.faces:
        yield "likelihood ratio", ratio_words(answer.likelihood_ratio)
    yield from seen(answer.identification)
    yield from (("for", f"{row.bits:+.1f} bits: {plain(row.sentence)}") for row in answer.evidence_for)
    yield from (("against", f"{row.bits:+.1f} bits: {plain(row.sentence)}") for row in answer.evidence_against)
    yield from (("looks the same", line) for line in _named(answer.look_alikes, shown=False))
    yield from (("could also be", line) for line in _named(answer.others))
    if answer.advice:
        yield "would tell most", plain(answer.advice.sentence)
    yield "asked", asked_words(answer.identification)


def rule_out_lines(answer: RuleOut) -> Iterator[Line]:
    """The risk, what was seen, and which of the drugs it could be."""
    yield "risk", percent(answer.risk) if answer.identification.imprint else "unknown: no imprint was read"
    yield from seen(answer.identification)
    yield from (("could be", line) for line in _named(answer.could_be))
    if answer.advice:
        yield "would tell most", plain(answer.advice.sentence)
    yield "asked", asked_words(answer.identification)


def headline(answer: Verification | RuleOut) -> tuple[str, str, str]:
    """The one word, what it is about, and the reason."""
    if isinstance(answer, RuleOut):
        return answer.outcome, plain(", ".join(answer.asked)), plain(answer.reason)
    return answer.agreement.value, plain(answer.expected.name), plain(answer.reason)


def as_text(answer: Verification | RuleOut) -> str:
    """Plain lines: nothing is cut, nothing is drawn."""
    word, about, reason = headline(answer)
    lines = [f"{word} {about}", f"reason: {reason}", *(f"{name}: {value}" for name, value in _lines(answer)), CAUTION]
    return "\n".join(lines) + "\n"


def as_table(answer: Verification | RuleOut) -> RenderableType:
    """The same for a terminal."""
    word, about, reason = headline(answer)
    head = Text.assemble(Text(f" {word} ", _STYLES.get(word, _OTHER_STYLE)), " ", Text(about, "bold"))
    rows = [Text.assemble(Text(f"{name}: ", "dim"), value) for name, value in _lines(answer)]
    return Group(head, Text(reason), *rows, Text(CAUTION, "dim"))


def ratio_words(ratio: float) -> str:
    """How much likelier what was seen is for the product expected than for all else: ``4,000 to 1 for it``."""
    side, odds = ("for", ratio) if ratio >= 1 else ("against", 1 / ratio)
    number = f"{float(f'{odds:.1g}'):,.0f}"
    more = "more than " if odds >= _RATIO_MAX * 0.99 else "about "
    said = f"{more}{number} to 1 {side} it" if odds >= 1.5 else "even"
    return f"{said}, beside all else a pill on the market could be"


def _lines(answer: Verification | RuleOut) -> Iterator[Line]:
    lines = rule_out_lines(answer) if isinstance(answer, RuleOut) else verification_lines(answer)
    return ((name, value) for name, value in lines if value)


def _expected_words(answer: Verification) -> str:
    expected = answer.expected
    if expected.kind is ExpectedKind.LOOK:
        return "a pill described by its look, which no catalog names"
    first = expected.products[0]
    if expected.kind is ExpectedKind.PRODUCT:
        return plain(f"{first.name} ({first.ndc or first.product_id})")
    count = len(expected.products)
    return plain(f"{expected.name} of any labeler ({count} product{'s' if count > 1 else ''} in the catalog)")


def _named(candidates: Sequence[Candidate], shown: bool = True) -> Iterator[str]:
    """Drug, imprint and labeler of each, with its probability where it has one."""
    for candidate in candidates[:_NAMED_MAX]:
        imprint = plain(" ".join(candidate.product.tokens)) or "no text"
        labelers = plain(", ".join(candidate.labelers[:2]))
        alert = f"high-alert: {plain(candidate.high_alert.reason)}" if candidate.high_alert else ""
        more = "; ".join(filter(None, (f"imprint {imprint}", labelers, alert)))
        share = f"{percent(candidate.probability)} " if shown else ""
        yield f"{share}{candidate_name(candidate)} ({more})"
    if len(candidates) > _NAMED_MAX:
        yield f"and {len(candidates) - _NAMED_MAX} more"
