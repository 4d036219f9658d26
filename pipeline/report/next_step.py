"""What to do now, in a sentence or two: the same beside an answer on a terminal, in a batch's rows and on its page.

Of every answer that is no yes it begins with the same words.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.records import Agreement, ExpectedKind
from pipeline.report.short_words import candidate_name, plain
from pipeline.verify import ListCheck, PillState, RuleOut, Verification, numbered

# What more likely than not is another pill is held back, though that does not contradict.
_OTHER_MIN = 0.5
_NOT_YET = "Do not give it yet."
# Of a list nothing is to be added or thrown away either: what seems to lack or to be too much may be an unclear pill.
_NOT_YET_LISTED = "{} Add none, take none out."
_NEVER = "Do not give it, and do not make up the dose from it."
_COMPARE = "Compare it with the label of its package, and ask a pharmacist."
_COMPARE_ALL = "Compare each with the label of its package, and ask a pharmacist."
_CHECK = "Check the label and the order all the same."
_CHECK_BOTH = f"This is for one pill, shown from both sides: of two, do not give them, photograph each alone. {_CHECK}"
_CHECK_RULED_OUT = "This says neither which drug it is nor that it may be given: check the label and the order."
_LOOK_FOR = "in the cup, on the floor, in the packages."


def next_step(answer: Verification | RuleOut | ListCheck) -> str:
    """What to do now, in a sentence or two; "" where a list agrees."""
    if isinstance(answer, ListCheck):
        if answer.agreement is Agreement.CONSISTENT:
            return ""
        one = sum(each.entry.count for each in answer.entries) == 1 and len(answer.pills) - len(answer.alike) <= 1
        not_yet = _NOT_YET_LISTED.format(_NOT_YET if one else "Do not give them yet.")
        return " ".join((not_yet, *_next_of_list(answer)))
    if isinstance(answer, RuleOut):
        return _CHECK_RULED_OUT if answer.is_ruled_out else f"{_NOT_YET} {_next_of_drugs(answer)}"
    if answer.agreement is Agreement.CONSISTENT:
        return _CHECK_BOTH if len(answer.identification.faces) > 1 else _CHECK
    not_yet = _NEVER if answer.agreement is Agreement.CONTRADICTED else _NOT_YET
    return f"{not_yet} {_next_of_one(answer)}"


def _next_of_drugs(answer: RuleOut) -> str:
    """What to do with what may be one of some drugs."""
    if not answer.is_likely or answer.identification.doubts.others:
        return _next_photo(answer)
    return f"If {candidate_name(answer.could_be[0])} is ordered, ask with --expect; if not, do not give it."


def _next_of_one(answer: Verification) -> str:
    """What to do with one pill that may be another than was expected."""
    if answer.agreement is Agreement.CONTRADICTED:
        return _COMPARE
    if answer.identification.doubts.others:
        return _next_photo(answer)
    if answer.question:
        return f"Come closer: {plain(answer.question)} {_COMPARE}"
    unnamed = [each for each in answer.better if not each.product.ingredients]
    if unnamed and unnamed == list(answer.better):
        return f"Read the package: what is in {candidate_name(unnamed[0])}?"
    is_other = bool(answer.better) or (bool(answer.others) and answer.others[0].probability > _OTHER_MIN)
    if is_other and answer.fits and answer.expected.kind is ExpectedKind.LOOK:
        return "Compare it with the label of its package."
    return _COMPARE if is_other else _next_photo(answer)


def _next_photo(answer: Verification | RuleOut) -> str:
    """What would tell more of one pill."""
    seen = answer.identification
    if not seen.faces:
        return "Take the photo again: the whole pill, sharp, in even light, on plain paper of another color."
    if seen.doubts.others:
        each = "Take a photo of each pill alone"
        return f"{each}." if isinstance(answer, RuleOut) else f"{each}, or compare all with a list (--list)."
    if seen.doubts.different:
        return "Take photos of one pill alone, its front and its back."
    if seen.doubts.length_mm is not None:
        return "Take the photo again with a coin or a ruler next to the pill, flat on the table."
    if seen.doubts.sentences:
        again = "take the photo again, with all of the pill in it."
        return f"{again[0].upper()}{again[1:]}" if seen.imprint else f"If it is a pill, {again}"
    if answer.advice and answer.advice.code != "TURN_OVER":
        return plain(answer.advice.sentence)
    if len(seen.faces) == 1:
        return "Turn it over, and take a photo of both sides."
    return "A further photo would tell no more: read the label of its package, or ask a pharmacist."


def _next_of_list(answer: ListCheck) -> Iterator[str]:
    """What to do with the pills of a list: what is missing, extra, unclear."""
    if answer.may_be_one_pill:
        yield "Lay each pill down once, and take the photo again."
        return
    lacks = answer.lacking
    if lacks and answer.agreement is Agreement.CONTRADICTED:
        yield f"Look for the missing {'pill' if lacks == 1 else 'pills'} {_LOOK_FOR}"
    extra = answer.numbers(PillState.EXTRA)
    if extra:
        yield f"Ask a pharmacist about {numbered(extra)}."
    unclear = list(_unclear(answer))
    yield from unclear
    if answer.agreement is Agreement.CONTRADICTED:
        if not (lacks or extra):
            yield _COMPARE_ALL
    elif not unclear:
        yield "Lay the pills apart on plain paper, and take the photo again."


def _unclear(answer: ListCheck) -> Iterator[str]:
    """What would tell more of the pills that are unclear, all of them."""
    odd = [pill.number for pill in answer.pills if pill.may_be_no_pill]
    misread = [pill.number for pill in answer.pills if pill.misread]
    untold = [each for each in answer.numbers(PillState.CANNOT_TELL) if each not in (*odd, *misread)]
    shared = answer.numbers(PillState.LOOKS_LIKE)
    if odd:
        yield f"Look at {numbered(odd)}: no pill, perhaps, but a finger or another thing."
    if misread:
        yield f"Read {numbered(misread)} yourself."
    if untold:
        yield f"Turn over {numbered(untold)}, lay all apart, and take the photo again."
    elif odd:
        yield "Take the photo again with nothing but the pills in it, apart and with their text up."
    if shared:
        faces = "its other side" if len(shared) == 1 else "their other sides"
        yield f"Compare {numbered(shared)} with the label of the package; {faces} may tell too."
