"""A list against a photo in short lines: what of it was seen, and which pills are unclear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.records import Agreement
from pipeline.report.short_words import asked_words, plain
from pipeline.verify import CheckedEntry, CheckedPill, ListCheck, PillState, joined, lacking_names, numbered, too_many

Line = tuple[str, str]
NO_PILL = "no pill was found"


def list_lines(answer: ListCheck, verbose: bool = True) -> Iterator[Line]:
    """The list and the pills, what is worst first; ``verbose``: each pill with its place in the photo."""
    places = sorted(range(len(answer.entries)), key=lambda place: _order(answer.entries[place]))
    for place in places:
        each = answer.entries[place]
        yield entry_state(each), _entry_words(answer, place)
    if not verbose:
        yield from _open_pills(answer.pills)
        yield "numbers", "pills are numbered row by row, from the left" if answer.pills else ""
        return
    yield from ((f"pill {pill.number}", _pill_words(pill)) for pill in answer.pills)
    if answer.pills:
        yield "photo", ", ".join(map(plain, answer.pills[0].identification.photos))
        yield "asked", asked_words(answer.pills[0].identification)


def _order(each: CheckedEntry) -> tuple[int, bool, bool]:
    return ("missing", "unclear", "as listed").index(entry_state(each)), *each.harm


def entry_state(each: CheckedEntry) -> str:
    """The list's own word for an entry (docs/verify.md)."""
    if each.missing:
        return "missing"
    return "unclear" if each.untold or each.looks_like else "as listed"


def _entry_words(answer: ListCheck, place: int) -> str:
    """Which pills are an entry, could be it, or are missing: ``2 x baclofen 10 mg: pill 1; pill 3 could be it``."""
    each = answer.entries[place]
    named = f"{each.entry.count} x {plain(each.entry.expected.asked_name)}{_alert(each)}"
    untold = [pill for pill in answer.pills if pill.state is PillState.CANNOT_TELL]
    here, sure = (
        [pill.number for pill in answer.pills if pill.entry == place and pill.state is state]
        for state in (PillState.PRESENT, PillState.LOOKS_LIKE)
    )
    alone = [pill.number for pill in untold if pill.fits == (place,) or (pill.misread and pill.entry == place)]
    could_be = [*sure, *(alone if each.untold else [])]
    left = each.untold - len(alone)
    among = _among(place, untold)
    parts = (
        numbered(here) if here else "",
        f"{numbered(could_be)} could be it, not sure" if could_be else "",
        f"{each.missing} missing" if 0 < each.missing < each.entry.count else "",
        _left(left, [number for number in among if number not in could_be]) if left > 0 else "",
    )
    return ": ".join(filter(None, (named, "; ".join(filter(None, parts)))))


def _among(place: int, untold: Sequence[CheckedPill]) -> list[int]:
    """Which of the unclear pills an entry may be: those that fit it, else those that fit nothing, else any."""
    pills = [pill for pill in untold if not (pill.may_be_no_pill or pill.misread)]
    fitting = [pill.number for pill in pills if place in pill.fits]
    return fitting or [pill.number for pill in pills if pill.fits_nothing] or [pill.number for pill in pills]


def _left(count: int, among: Sequence[int]) -> str:
    """What was not seen for sure: ``not found yet; may be one of pills 2 and 3``."""
    much = f"{count} " if count > 1 else ""
    if not among:
        return f"{much}not seen in this photo"
    which = "" if len(among) == 1 else "one of " if count == 1 else "among "
    return f"{much}not found yet; may be {which}{numbered(among)}"


def _alert(each: CheckedEntry) -> str:
    alert = each.entry.expected.high_alert
    return f" (high-alert: {plain(alert.reason)})" if alert else ""


def _open_pills(pills: Sequence[CheckedPill]) -> Iterator[Line]:
    """Why pills are unclear, those of one reason together; the reason of a list says what is not on it."""
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


def list_headline(answer: ListCheck) -> str:
    """How many were seen and are listed, and what is missing, not on the list, or unclear."""
    return f"{_counts(answer)}: {_means(answer)}"


def _counts(answer: ListCheck) -> str:
    """How many were seen and are listed; what may be no pill is counted by itself."""
    odd = sum(pill.may_be_no_pill for pill in answer.pills)
    pills, listed = len(answer.pills) - odd, sum(each.entry.count for each in answer.entries)
    things = f"{odd} thing{'s' * (odd != 1)}"
    perhaps = f"perhaps no pill{'s' * (odd != 1)}"
    whole = f"{pills} pill{'s' * (pills != 1)}"
    if not odd:
        seen = f"{whole} seen"
    else:
        seen = f"{whole} and {things} seen, {perhaps}" if pills else f"{things} seen, {perhaps}"
    return f"{seen}, {listed} on the list"


def _means(answer: ListCheck) -> str:
    if answer.agreement is Agreement.CONSISTENT:
        return "all look as listed"
    if not answer.pills:
        return NO_PILL
    if answer.agreement is Agreement.CANNOT_TELL:
        return _open_means(answer)
    if answer.may_be_one_pill:
        return "one pill shown from both sides, or two pills?"
    return plain("; ".join(_faults(answer)))


def _open_means(answer: ListCheck) -> str:
    if all(pill.may_be_no_pill for pill in answer.pills):
        return "nothing was identified"
    if all(pill.state is PillState.PRESENT for pill in answer.pills):
        return "the photo does not show how many lie there"
    return "not every pill could be identified"


def _faults(answer: ListCheck) -> Iterator[str]:
    """What is missing and what is not on the list, as far as it is known."""
    extra = answer.numbers(PillState.EXTRA)
    more = [pill.number for pill in answer.pills if pill.state is PillState.EXTRA and pill.entry is not None]
    other = [number for number in extra if number not in more]
    if other:
        yield f"{numbered(other)} {_is(other)} not on the list"
    if more:
        yield f"{numbered(more)} {_is(more)} more than the list has"
    if answer.lacking:
        known = sum(each.missing for each in answer.entries) >= answer.lacking
        missing = f"{'one pill is' if answer.lacking == 1 else f'{answer.lacking} pills are'} missing"
        yield f"{missing}: {_lacking(answer)}" if known else f"{missing}, not known which: {_lacking(answer)}"
    elif not extra:
        yield too_many(len(answer.pills) - sum(each.entry.count for each in answer.entries))


def _lacking(answer: ListCheck) -> str:
    """What is missing where that is known, each as often as it is; else what may be."""
    known = [each for each in sorted(answer.entries, key=lambda each: each.harm) if each.missing]
    if sum(each.missing for each in known) < answer.lacking:
        return lacking_names(answer.entries)
    times = ((f"{each.missing} x " if each.missing > 1 else "", each) for each in known)
    return joined([f"{often}{lacking_names([each])}" for often, each in times])


def _is(numbers: Sequence[int]) -> str:
    return "is" if len(numbers) == 1 else "are"
