"""Answers about expectations in short lines: the same for a terminal and a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.figures_in_words import percent
from pipeline.properties import COLOR, PROPERTIES, SCORE, SHAPE, SIZE, Length, Property, Terms, spoken
from pipeline.records import Agreement, Candidate, ExpectedKind, Identification, PillLook
from pipeline.report.next_step import next_step
from pipeline.report.plain_text import CAUTION, seen
from pipeline.report.short_words import BITS, asked_words, candidate_name, imprint_words, plain
from pipeline.verify import (
    NAMED_MIN,
    CheckedEntry,
    CheckedPill,
    ListCheck,
    PillState,
    RuleOut,
    Verification,
    names_several,
    numbered,
)
from reference.text.shown import imprint_shown

Line = tuple[str, str]
Verified = Verification | RuleOut | ListCheck

_STYLES = {
    Agreement.CONSISTENT.value: "bold white on green",
    Agreement.CONTRADICTED.value: "bold white on red",
    "RULED_OUT": "bold white on green",
}
_OTHER_STYLE = "bold black on yellow"
_NAMED_MAX = 5
# What is said of a look without a figure is this probable.
_SURE_MIN = 0.8
_SHOWN = (SHAPE, COLOR, SIZE, SCORE)
_APPEARANCE = "By its look alone, which others can share: never give or take a pill on this alone."
# More is not said: registers err, and so do those who keep them.
_RATIO_MAX = 1_000_000


def verification_lines(answer: Verification, verbose: bool = True) -> Iterator[Line]:
    """What else it could be and what was seen; ``verbose``: what was compared, all that was seen, and the evidence."""
    expected, seen_of = answer.expected, answer.identification
    if verbose or expected.kind is not ExpectedKind.DRUG:
        yield "expected", _expected_words(answer)
    if expected.high_alert:
        yield "high-alert", plain(expected.high_alert.reason)
    # What looks the same as something that does not fit is named by how probable it is.
    alike = answer.look_alikes if verbose or answer.fits else ()
    same = "looks the same" if answer.fits else "fits as well or better"
    yield from ((same, line) for line in _named(alike, shown=False))
    named, is_one = {candidate_name(each) for each in alike}, not seen_of.doubts.others
    others = [each for each in answer.others if verbose or (is_one and _is_worth_naming(each, named))]
    yield from (("could instead be", line) for line in _named(others))
    if not verbose:
        yield "seen", _seen_words(seen_of)
        return
    yield from seen(seen_of)
    yield "bits", BITS
    yield from (("for", f"{row.bits:+.1f} bits: {plain(row.sentence)}") for row in answer.evidence_for)
    yield from (("against", f"{row.bits:+.1f} bits: {plain(row.sentence)}") for row in answer.evidence_against)
    if seen_of.faces:
        said = ratio_words(answer.likelihood_ratio)
        contradicted = answer.agreement is Agreement.CONTRADICTED and answer.likelihood_ratio > 1
        yield "likelihood ratio", f"{said}; what contradicts it weighs more" if contradicted else said
    yield "asked", asked_words(seen_of)


def _is_worth_naming(candidate: Candidate, named: set[str]) -> bool:
    """Whether a short answer names what it could be instead: likely enough, and not named already."""
    return candidate.probability >= NAMED_MIN and candidate_name(candidate) not in named


def rule_out_lines(answer: RuleOut, verbose: bool = True) -> Iterator[Line]:
    """The risk, which of the drugs it could be, and what was seen."""
    if verbose or answer.is_likely or not answer.identification.doubts.others:
        risk = percent(answer.risk) if answer.identification.imprint else "unknown: no imprint was read"
        yield "risk that it is one" if _asks_for_one_drug(answer) else "risk that it is one of them", risk
        yield from (("could be", line) for line in _named(answer.could_be))
    if not verbose:
        yield "seen", _seen_words(answer.identification)
        return
    yield from seen(answer.identification)
    yield "asked", asked_words(answer.identification)


def list_lines(answer: ListCheck, verbose: bool = True) -> Iterator[Line]:
    """The list and the pills, what is worst first; ``verbose``: each pill with its place in the photo."""
    entries = sorted(answer.entries, key=lambda each: each.harm)
    whole = [each for each in entries if each.present == each.entry.count and not verbose]
    yield from ((_entry_state(each), _entry_words(each)) for each in entries if each not in whole)
    if whole:
        yield "as listed", "; ".join(f"{each.entry.count} x {_listed_name(each)}" for each in whole)
    if not verbose:
        yield from _open_pills(answer.pills)
        yield "numbers", "pills are numbered row by row, from the left" if answer.pills else ""
        return
    yield from ((f"pill {pill.number}", _pill_words(pill)) for pill in answer.pills)
    if answer.pills:
        yield "photo", ", ".join(map(plain, answer.pills[0].identification.photos))
        yield "asked", asked_words(answer.pills[0].identification)


def _entry_state(each: CheckedEntry) -> str:
    if each.missing:
        return "missing"
    return "unclear" if each.untold else "looks like it" if each.looks_like else "as listed"


def _entry_words(each: CheckedEntry) -> str:
    """Of how many how many are there: ``1 of 2 baclofen 10 mg seen, 1 missing or among the unclear pills``."""
    parts = [f"{each.present} of {each.entry.count} {plain(each.entry.expected.name)} seen"]
    look = "looks" if each.looks_like == 1 else "look"
    parts += [f"{each.looks_like} {look} like it and like something else"] if each.looks_like else []
    parts += [f"{each.missing} missing"] if each.missing else []
    parts += [f"{each.untold} missing or among the unclear pills{_likely(each)}"] if each.untold else []
    return ", ".join(parts) + _alert(each)


def _listed_name(each: CheckedEntry) -> str:
    return plain(each.entry.expected.name) + _alert(each)


def _alert(each: CheckedEntry) -> str:
    alert = each.entry.expected.high_alert
    return f" (high-alert: {plain(alert.reason)})" if alert else ""


def _likely(each: CheckedEntry) -> str:
    """How many of those that cannot be told fit this entry alone."""
    look = "looks" if each.likely == 1 else "look"
    return f" ({each.likely} {look} like it and like nothing else on the list; no proof)" if each.likely else ""


def _open_pills(pills: Sequence[CheckedPill]) -> Iterator[Line]:
    """Why pills were not told, those of one reason together; the reason of a list says what is extra."""
    alike: dict[str, list[int]] = {}
    for pill in pills:
        if pill.state in (PillState.CANNOT_TELL, PillState.LOOKS_LIKE):
            read, reason = plain(" ".join(pill.identification.imprint)), plain(pill.reason)
            words = reason if f"{read} was read" in reason else f"{read} was read. {reason}"
            words = words if read else "no text was read."
            alike.setdefault(words, []).append(pill.number)
    yield from ((numbered(numbers), words) for words, numbers in alike.items())


def _pill_words(pill: CheckedPill) -> str:
    """Where it lies, what it says, what it is to the list."""
    top, left, bottom, right = pill.identification.faces[0].region.box
    place = f"at x {(left + right) // 2}, y {(top + bottom) // 2}"
    says = plain(" ".join(pill.identification.imprint)) or "no text"
    return f"{place}, {says}: {pill.state.value}. {plain(pill.reason)}"


def _seen_words(answer: Identification) -> str:
    """The imprint, and what is sure of the look; of what bears no text none is said, it may be no pill."""
    if not answer.faces:
        return ""
    if answer.doubts.others:
        words = " and ".join(plain(" ".join(face.reading.tokens)) for face in answer.faces if face.reading.tokens)
        return f"{answer.doubts.others + 1} pills; of the text on them {words or 'nothing'} was read"
    if not answer.imprint:
        return "no imprint was read"
    known = [_short(each, answer.look) for each in PROPERTIES if each in _SHOWN]
    return ", ".join(filter(None, (f"imprint {imprint_words(answer)}", *known)))


def _short(each: Property, look: PillLook) -> str:
    """A property without its figures where it is sure, else nothing."""
    if isinstance(each, Length):
        return each.words(look) if each.is_known(look) else ""
    found = each.of(look)
    if isinstance(each, Terms) and each.absent and look.faces < 2 and found.best == each.absent[0]:
        return ""  # a score may be on the other face
    is_sure = found.best is not None and found[found.best] >= _SURE_MIN
    return each.shown(spoken(found.best or ""), "").strip(" ,") if is_sure else ""


_MEANS = {
    "CONSISTENT": "it looks as it should",
    "CONTRADICTED": "it does not look as it should",
    "CANNOT_TELL": "the photo does not settle it",
}
_NO_PILL = "no pill was found"
_LIST_MEANS = {
    "CONSISTENT": "all look as listed",
    "CONTRADICTED": "something is missing, extra or wrong",
    "CANNOT_TELL": "not every pill could be told",
}


def headline(answer: Verified) -> tuple[str, str, str]:
    """The one word, what it is about and what the word means, and the reason."""
    if isinstance(answer, ListCheck):
        word = answer.agreement.value
        return word, f"{_counts(answer)}: {_list_means(answer)}", plain(answer.reason)
    if isinstance(answer, RuleOut):
        return answer.outcome, f"{plain(', '.join(answer.asked))}: {_rule_out_means(answer)}", plain(answer.reason)
    word = answer.agreement.value
    means = _MEANS[word] if answer.identification.faces else _NO_PILL
    return word, f"{plain(answer.expected.name)}: {means}", plain(answer.reason)


def _list_means(answer: ListCheck) -> str:
    """What the word means of a list."""
    if not answer.pills:
        return _NO_PILL
    is_count_alone = not any(each.missing for each in answer.entries) and not any(map(_is_extra, answer.pills))
    if answer.alike and is_count_alone:
        return "more than the list has"
    return _LIST_MEANS[answer.agreement.value]


def _is_extra(pill: CheckedPill) -> bool:
    return pill.state is PillState.EXTRA


def _rule_out_means(answer: RuleOut) -> str:
    """What the word means, of one drug or of several."""
    if not answer.identification.faces:
        return _NO_PILL
    if _asks_for_one_drug(answer):
        return "it does not look like it" if answer.is_ruled_out else f"it {_likely_or_may_be(answer)} this drug"
    return "it looks like none of them" if answer.is_ruled_out else f"it {_likely_or_may_be(answer)} one of them"


def _asks_for_one_drug(answer: RuleOut) -> bool:
    return len(answer.asked) == 1 and not names_several(answer.asked[0])


def _likely_or_may_be(answer: RuleOut) -> str:
    return "is likely" if answer.is_likely else "may be"


def _counts(answer: ListCheck) -> str:
    """How many were seen and are listed; two faces of one pill may have been seen as two."""
    number, listed = len(answer.pills), sum(each.entry.count for each in answer.entries)
    one = f" ({number - len(answer.alike)} if one is shown from both sides)" if answer.alike else ""
    return f"{number} pill{'s' * (number != 1)} seen{one}, {listed} on the list"


def as_text(answer: Verified, verbose: bool = True) -> str:
    """Plain lines: nothing is cut, nothing is drawn."""
    word, about, reason = headline(answer)
    lines = [
        f"{word} {about}",
        _APPEARANCE,
        f"reason: {reason}",
        *(f"next: {step}" for step in (next_step(answer),) if step),
        *(f"{name}: {value}" for name, value in _lines(answer, verbose)),
        CAUTION,
    ]
    return "\n".join(lines) + "\n"


def as_table(answer: Verified, verbose: bool = True) -> RenderableType:
    """The same for a terminal."""
    word, about, reason = headline(answer)
    head = Text.assemble(Text(f" {word} ", _STYLES.get(word, _OTHER_STYLE)), " ", Text(about, "bold"))
    rows = [Text.assemble(Text(f"{name}: ", "dim"), value) for name, value in _lines(answer, verbose)]
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


def _lines(answer: Verified, verbose: bool) -> Iterator[Line]:
    if isinstance(answer, ListCheck):
        lines = list_lines(answer, verbose)
    elif isinstance(answer, RuleOut):
        lines = rule_out_lines(answer, verbose)
    else:
        lines = verification_lines(answer, verbose)
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
        imprint = plain(" ".join(imprint_shown(candidate.product))) or "no text"
        labelers = plain(", ".join(candidate.labelers[:2]))
        alert = f"high-alert: {plain(candidate.high_alert.reason)}" if candidate.high_alert else ""
        more = "; ".join(filter(None, (f"imprint {imprint}", labelers, alert)))
        share = f"{percent(candidate.probability)} " if shown else ""
        yield f"{share}{candidate_name(candidate)} ({more})"
    if len(candidates) > _NAMED_MAX:
        alerts = sum(candidate.high_alert is not None for candidate in candidates[_NAMED_MAX:])
        yield f"and {len(candidates) - _NAMED_MAX} more, {alerts} of them high-alert"
