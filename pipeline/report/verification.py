"""Answers about expectations in short lines: the same for a terminal and a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.figures_in_words import percent
from pipeline.properties import COLOR, PROPERTIES, SCORE, SHAPE, SIZE, Length, Property, Terms, spoken
from pipeline.records import Agreement, Candidate, ExpectedKind, Identification, PillLook
from pipeline.report.list_answer import NO_PILL, list_headline, list_lines
from pipeline.report.next_step import next_step
from pipeline.report.plain_text import CAUTION, seen
from pipeline.report.short_words import BITS, asked_words, candidate_name, imprint_words, plain
from pipeline.verify import (
    ALERT_MARK,
    NAMED_MIN,
    ListCheck,
    PillState,
    RuleOut,
    Verification,
    joined,
    names_several,
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
# What is so probable is what it looks like.
_OTHER_MIN = 0.5
_SHOWN = (SHAPE, COLOR, SIZE, SCORE)
_APPEARANCE = "By its look alone, which others can share: never give or take a pill on this alone."
# More is not said: registers err, and so do those who keep them.
_RATIO_MAX = 1_000_000


def verification_lines(answer: Verification, verbose: bool = True) -> Iterator[Line]:
    """What else it could be and what was seen; ``verbose``: what was compared, all that was seen, and the evidence."""
    expected, seen_of = answer.expected, answer.identification
    if verbose or expected.kind is not ExpectedKind.DRUG:
        yield "expected", _expected_words(answer)
    yield from _alerts(answer)
    # What looks the same as something that does not fit is named by how probable it is.
    alike = answer.look_alikes if verbose or answer.fits else ()
    same = "looks the same" if answer.fits else "fits as well or better"
    yield from ((same, line) for line in _named(alike, shown=False))
    named, is_one = {candidate_name(each) for each in alike}, not seen_of.doubts.others
    others = [each for each in answer.others if verbose or (is_one and _is_worth_naming(each, named))]
    brands = [each for each in others if each in answer.better and not each.product.ingredients]
    yield from (("looks like", line) for line in _named(brands))
    yield from (("could instead be", line) for line in _named([each for each in others if each not in brands]))
    if not verbose:
        yield "seen", _seen_words(seen_of)
        return
    yield from seen(seen_of)
    yield "bits", BITS
    yield from (("for", f"{row.bits:+.1f} bits: {plain(row.sentence)}") for row in answer.evidence_for)
    yield from (("against", f"{row.bits:+.1f} bits: {plain(row.sentence)}") for row in answer.evidence_against)
    if seen_of.faces:
        said = f"{_shared_words(answer)}{ratio_words(answer.likelihood_ratio)}"
        contradicted = answer.agreement is Agreement.CONTRADICTED and answer.likelihood_ratio > 1
        yield "likelihood ratio", f"{said}; what contradicts it weighs more" if contradicted else said
    yield "asked", asked_words(seen_of)


def _alerts(answer: Verification) -> Iterator[Line]:
    """Which of what is ordered and what it looks like are high-alert drugs, and why."""
    ordered = answer.expected.high_alert
    if ordered:
        yield "The ordered drug is high-alert", plain(ordered.reason)
    likeliest = [each for each in answer.others if each.probability >= _OTHER_MIN]
    looks = [*answer.better, *likeliest] if answer.agreement is not Agreement.CONSISTENT else []
    seen = [] if answer.identification.doubts.others else looks[:1]
    yield from (
        ("What it looks like is high-alert", plain(each.high_alert.reason))
        for each in seen
        if each.high_alert and each.high_alert != ordered
    )


def _shared_words(answer: Verification) -> str:
    """Who shares the ratio: what would look the same."""
    names = joined([_marked(each) for each in answer.look_alikes]) if answer.look_alikes else ""
    return f"shared with {names}: " if names and answer.fits else ""


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
    return ", ".join(filter(None, (_sides(answer), *known)))


def _sides(answer: Identification) -> str:
    """What stands on each side: ``one side blank, other side 024``."""
    sides = imprint_words(answer).split(" | ")
    return f"one side {sides[0]}, other side {sides[1]}" if len(sides) == 2 else f"imprint {' | '.join(sides)}"


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


def headline(answer: Verified) -> tuple[str, str, str]:
    """The one word, what it is about and what the word means, and the reason."""
    if isinstance(answer, ListCheck):
        return answer.agreement.value, list_headline(answer), plain(answer.reason)
    if isinstance(answer, RuleOut):
        return answer.outcome, f"{plain(', '.join(answer.asked))}: {_rule_out_means(answer)}", plain(answer.reason)
    return answer.agreement.value, f"{plain(answer.expected.asked_name)}: {_means(answer)}", plain(answer.reason)


def _means(answer: Verification) -> str:
    """What the word means: of what cannot be told, what it looks more like where that is known."""
    if not answer.identification.faces:
        return NO_PILL
    if not answer.better:
        return _MEANS[answer.agreement.value]
    first = answer.better[0]
    if not first.product.ingredients:
        return f"it looks like {candidate_name(first)}; the catalog does not say what is in it"
    return f"it looks more like {_marked(first)}"


def _marked(candidate: Candidate) -> str:
    return f"{candidate_name(candidate)}{ALERT_MARK if candidate.high_alert else ''}"


def _rule_out_means(answer: RuleOut) -> str:
    """What the word means, of one drug or of several."""
    if not answer.identification.faces:
        return NO_PILL
    is_one = _asks_for_one_drug(answer)
    if answer.is_ruled_out:
        return "it does not look like it" if is_one else "it looks like none of them"
    is_sure_which = answer.is_likely and answer.could_be[0].probability > _OTHER_MIN
    if answer.identification.doubts.others or not is_sure_which:
        return "it could be this drug" if is_one else "it could be one of them"
    likely = f"likely {_marked(answer.could_be[0])}"
    return f"it is {likely}" if is_one else f"it could be one of them: {likely}"


def _asks_for_one_drug(answer: RuleOut) -> bool:
    return len(answer.asked) == 1 and not names_several(answer.asked[0])


def _is_a_yes(answer: Verified) -> bool:
    """Whether it says of any pill what it is or is not by its look, so that this could be taken for proof."""
    if isinstance(answer, ListCheck):
        looks_like = bool(answer.numbers(PillState.LOOKS_LIKE))
        return answer.agreement is Agreement.CONSISTENT or looks_like
    if isinstance(answer, RuleOut):
        return answer.is_ruled_out
    return answer.agreement is Agreement.CONSISTENT


def as_text(answer: Verified, verbose: bool = True) -> str:
    """Plain lines: nothing is cut, nothing is drawn."""
    word, about, reason = headline(answer)
    lines = [
        f"{word} {about}",
        *([_APPEARANCE] if _is_a_yes(answer) else []),
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
    warning = [Text(_APPEARANCE)] if _is_a_yes(answer) else []
    return Group(head, *warning, Text(reason), *next_, *rows, Text(CAUTION, "dim"))


def ratio_words(ratio: float) -> str:
    """How much likelier what was seen is with the product expected: ``some 4,000 times likelier with it than ...``."""
    likelier, odds = ("likelier", ratio) if ratio >= 1 else ("less likely", 1 / ratio)
    number = f"{float(f'{odds:.1g}'):,.0f}"
    more = "more than" if odds >= _RATIO_MAX * 0.99 else "some"
    said = f"{more} {number} times {likelier} with it than" if odds >= 1.5 else "as likely with it as"
    return f"what was seen is {said} with any pill of the market"


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
        return "a pill described by its look alone"
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
        yield f"and {len(candidates) - _NAMED_MAX} more, {alerts or 'none'} of them high-alert"
