"""What to do now, in a sentence or two: the same beside an answer on a terminal, in a batch's rows and on its page."""

from __future__ import annotations

from pipeline.records import Agreement, ExpectedKind
from pipeline.report.short_words import plain
from pipeline.verify import ListCheck, PillState, RuleOut, Verification, numbered

# What more likely than not is another pill is held back, though that does not contradict.
_OTHER_MIN = 0.5
_HOLD = "Do not give it: compare it with the label of its package, and ask a pharmacist."
_CHECK = "Check the label and the order all the same."
_CHECK_BOTH = f"If these are two pills and not one from both sides, this answer is not for them. {_CHECK}"
_CHECK_RULED_OUT = "This says neither which drug it is nor that it may be given: check the label and the order."
_NOT_YET = "Do not give it yet. "
_ONE_FACE = "If the photo shows a pill from both sides, ask with --expect, or lay each down once and take it again; "
_HOLD_ALL = "Do not give them: compare each with the label of its package, and ask a pharmacist."


def next_step(answer: Verification | RuleOut | ListCheck) -> str:
    """What to do now, in a sentence or two; "" where a list agrees."""
    if isinstance(answer, ListCheck):
        return _next_of_list(answer)
    if isinstance(answer, RuleOut):
        if answer.is_ruled_out:
            return _CHECK_RULED_OUT
        return _HOLD if answer.is_likely else _next_photo(answer)
    if answer.agreement is Agreement.CONSISTENT:
        return _CHECK_BOTH if len(answer.identification.faces) > 1 else _CHECK
    if answer.agreement is Agreement.CONTRADICTED:
        return _HOLD
    if answer.identification.doubts.others:
        return f"{_NOT_YET}{_next_photo(answer)}"
    is_other = bool(answer.others) and answer.others[0].probability > _OTHER_MIN
    if is_other and answer.fits and answer.expected.kind is ExpectedKind.LOOK:
        return f"{_NOT_YET}Compare it with the label of its package."
    return _HOLD if is_other else f"{_NOT_YET}{_next_photo(answer)}"


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
        return "Turn it over, and give the photos of both faces."
    return "A further photo would tell no more: read the label of its package, or ask a pharmacist."


def _next_of_list(answer: ListCheck) -> str:
    """What would tell more of the pills of a list."""
    if answer.agreement is Agreement.CONTRADICTED:
        return f"{_ONE_FACE}else {_HOLD_ALL[0].lower()}{_HOLD_ALL[1:]}" if answer.alike else _HOLD_ALL
    shared = [pill.number for pill in answer.pills if pill.state is PillState.LOOKS_LIKE]
    odd = [pill.number for pill in answer.pills if pill.may_be_no_pill]
    untold = [pill.number for pill in answer.pills if pill.state is PillState.CANNOT_TELL and pill.number not in odd]
    look = f"Look at {numbered(odd)}: no pill, perhaps, but a finger or another thing. " if odd else ""
    if untold:
        return f"{look}Turn over {numbered(untold)}, lay all apart, and take the photo again."
    if odd:
        return f"{look}Take the photo again with nothing but the pills in it, apart and with their text up."
    if shared:
        faces = "its other face" if len(shared) == 1 else "the other faces"
        return f"Compare {numbered(shared)} with the label of the package; {faces} may tell too."
    if answer.agreement is Agreement.CANNOT_TELL:
        return "Lay the pills apart on plain paper, and take the photo again."
    return ""
