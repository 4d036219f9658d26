"""Answers about expectations in short lines: the same for a terminal and a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.figures_in_words import percent
from pipeline.records import Agreement, Candidate, ExpectedKind
from pipeline.report.plain_text import CAUTION, seen
from pipeline.report.short_words import asked_words, candidate_name, plain
from pipeline.verify import CheckedEntry, CheckedPill, ListCheck, PillState, RuleOut, Verification, numbered

Line = tuple[str, str]
Verified = Verification | RuleOut | ListCheck

_STYLES = {
    Agreement.CONSISTENT.value: "bold white on green",
    Agreement.CONTRADICTED.value: "bold white on red",
    "RULED_OUT": "bold white on green",
}
_OTHER_STYLE = "bold black on yellow"
_NAMED_MAX = 5
_APPEARANCE = "By its look alone, which others can share: never give or take a pill on this alone."
_HOLD = "Do not give it: compare it with the label of its package, and ask a pharmacist."
_CHECK = "Check the label and the order all the same."
_CHECK_BOTH = "Check the label and the order all the same; the photo is read as the two faces of one pill."
_HOLD_ALL = "Do not give them: compare each with the label of its package, and ask a pharmacist."
# More is not said: registers err, and so do those who keep them.
_RATIO_MAX = 1_000_000


def verification_lines(answer: Verification) -> Iterator[Line]:
    """What was expected, what speaks for it and against it, and what else it could be."""
    expected = answer.expected
    yield "expected", _expected_words(answer)
    if expected.high_alert:
        yield "high-alert", plain(expected.high_alert.reason)
    yield from (("looks the same", line) for line in _named(answer.look_alikes, shown=False))
    yield from (("could instead be", line) for line in _named(answer.others))
    yield from seen(answer.identification)
    yield from (("for", f"{row.bits:+.1f} bits: {plain(row.sentence)}") for row in answer.evidence_for)
    yield from (("against", f"{row.bits:+.1f} bits: {plain(row.sentence)}") for row in answer.evidence_against)
    if answer.identification.faces:
        said = ratio_words(answer.likelihood_ratio)
        contradicted = answer.agreement is Agreement.CONTRADICTED and answer.likelihood_ratio > 1
        yield "likelihood ratio", f"{said}; what contradicts it weighs more" if contradicted else said
    yield "asked", asked_words(answer.identification)


def rule_out_lines(answer: RuleOut) -> Iterator[Line]:
    """The risk, what was seen, and which of the drugs it could be."""
    yield (
        "risk that it is one of them",
        percent(answer.risk) if answer.identification.imprint else "unknown: no imprint was read",
    )
    yield from (("could be", line) for line in _named(answer.could_be))
    yield from seen(answer.identification)
    yield "asked", asked_words(answer.identification)


def list_lines(answer: ListCheck) -> Iterator[Line]:
    """The list and the pills, what is worst first."""
    yield from ((_entry_state(each), _entry_words(each)) for each in sorted(answer.entries, key=lambda each: each.harm))
    yield from ((f"pill {pill.number}", _pill_words(pill, answer)) for pill in answer.pills)
    if answer.pills:
        yield "photo", ", ".join(map(plain, answer.pills[0].identification.photos))
        yield "asked", asked_words(answer.pills[0].identification)


def _entry_state(each: CheckedEntry) -> str:
    return "missing" if each.missing else "not told" if each.untold else "there"


def _entry_words(each: CheckedEntry) -> str:
    """Of how many how many are there: ``1 of 2 baclofen 10 mg seen, 1 cannot be told``."""
    expected = each.entry.expected
    parts = [f"{each.present} of {each.entry.count} {plain(expected.name)} seen"]
    parts += [f"{each.missing} missing"] if each.missing else []
    parts += [f"{each.untold} cannot be told{_likely(each)}"] if each.untold else []
    alert = f" (high-alert: {plain(expected.high_alert.reason)})" if expected.high_alert else ""
    return ", ".join(parts) + alert


def _likely(each: CheckedEntry) -> str:
    """How many of those that cannot be told fit this entry alone."""
    look = "looks" if each.likely == 1 else "look"
    return f" ({each.likely} {look} like it and like nothing else on the list; no proof)" if each.likely else ""


def _pill_words(pill: CheckedPill, answer: ListCheck) -> str:
    """Where it lies, what it says, what it is to the list."""
    top, left, bottom, right = pill.identification.faces[0].region.box
    place = f"at x {(left + right) // 2}, y {(top + bottom) // 2}"
    says = plain(" ".join(pill.identification.imprint)) or "no text"
    if pill.state is PillState.PRESENT and pill.entry is not None:
        return f"{place}, {says}: {plain(pill.reason)}"
    return f"{place}, {says}: {pill.state.value}. {plain(pill.reason)}"


def headline(answer: Verified) -> tuple[str, str, str]:
    """The one word, what it is about, and the reason."""
    if isinstance(answer, ListCheck):
        listed = sum(each.entry.count for each in answer.entries)
        return answer.agreement.value, f"{len(answer.pills)} pills seen, {listed} on the list", plain(answer.reason)
    if isinstance(answer, RuleOut):
        return answer.outcome, plain(", ".join(answer.asked)), plain(answer.reason)
    return answer.agreement.value, plain(answer.expected.name), plain(answer.reason)


def next_step(answer: Verified) -> str:
    """What to do now, in a sentence; "" where a list agrees or a drug is ruled out."""
    if isinstance(answer, ListCheck):
        return _next_of_list(answer)
    if isinstance(answer, RuleOut):
        if answer.is_ruled_out:
            return ""
        return _HOLD if answer.is_likely else _next_photo(answer)
    if answer.agreement is Agreement.CONSISTENT:
        return _CHECK_BOTH if len(answer.identification.faces) > 1 else _CHECK
    return _HOLD if answer.agreement is Agreement.CONTRADICTED else _next_photo(answer)


def _next_photo(answer: Verification | RuleOut) -> str:
    """What would tell more of one pill."""
    seen = answer.identification
    if not seen.faces:
        return "Take the photo again: the whole pill, sharp, in even light, on plain paper of another color."
    if seen.doubts.sentences:
        return "Take a photo of this pill alone, all of it in the photo."
    if answer.advice:
        return plain(answer.advice.sentence)
    if len(seen.faces) == 1:
        return "Turn it over, and give the photos of both faces."
    return "A further photo would tell no more: read the label of its package, or ask a pharmacist."


def _next_of_list(answer: ListCheck) -> str:
    """What would tell more of the pills of a list."""
    if answer.agreement is Agreement.CONTRADICTED:
        return _HOLD_ALL
    untold = [pill.number for pill in answer.pills if pill.state is PillState.CANNOT_TELL]
    if untold:
        return f"Turn over {numbered(untold)}, lay all apart, and take the photo again."
    if answer.agreement is Agreement.CANNOT_TELL:
        return "Lay the pills apart on plain paper, and take the photo again."
    return ""


def as_text(answer: Verified) -> str:
    """Plain lines: nothing is cut, nothing is drawn."""
    word, about, reason = headline(answer)
    lines = [
        f"{word} {about}",
        _APPEARANCE,
        f"reason: {reason}",
        *(f"next: {step}" for step in (next_step(answer),) if step),
        *(f"{name}: {value}" for name, value in _lines(answer)),
        CAUTION,
    ]
    return "\n".join(lines) + "\n"


def as_table(answer: Verified) -> RenderableType:
    """The same for a terminal."""
    word, about, reason = headline(answer)
    head = Text.assemble(Text(f" {word} ", _STYLES.get(word, _OTHER_STYLE)), " ", Text(about, "bold"))
    rows = [Text.assemble(Text(f"{name}: ", "dim"), value) for name, value in _lines(answer)]
    step = next_step(answer)
    next_ = [Text(f"Next: {step}", "bold")] if step else []
    return Group(head, Text(_APPEARANCE), Text(reason), *next_, *rows, Text(CAUTION, "dim"))


def ratio_words(ratio: float) -> str:
    """How much likelier what was seen is with the product expected: ``some 4,000 times likelier with it than ...``."""
    likelier, odds = ("likelier", ratio) if ratio >= 1 else ("less likely", 1 / ratio)
    number = f"{float(f'{odds:.1g}'):,.0f}"
    more = "more than" if odds >= _RATIO_MAX * 0.99 else "some"
    said = f"{more} {number} times {likelier} with it than" if odds >= 1.5 else "as likely with it as"
    return f"what was seen is {said} with any pill of the market; those that look the same share this"


def _lines(answer: Verified) -> Iterator[Line]:
    if isinstance(answer, ListCheck):
        lines = list_lines(answer)
    else:
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
    compared = f"{count} products of the catalog were" if count > 1 else "one product of the catalog was"
    return plain(f"{expected.name} of any maker; {compared} compared")


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
        alerts = sum(candidate.high_alert is not None for candidate in candidates[_NAMED_MAX:])
        yield f"and {len(candidates) - _NAMED_MAX} more, {alerts} of them high-alert"
