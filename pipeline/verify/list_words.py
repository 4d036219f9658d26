"""What is said of a list and the pills of a photo, and whether anything is missing or extra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.records import Agreement
from pipeline.verify.counted import Counted
from pipeline.verify.listed import CheckedEntry, CheckedPill, PillState
from pipeline.verify.naming import ALERT_MARK, joined


def lacking_of(entries: Sequence[CheckedEntry], pills: Sequence[CheckedPill], counted: Counted) -> int:
    """How many pills of the list surely do not lie there: what is extra stands for none of them."""
    listed = sum(each.entry.count for each in entries)
    can_be = sum(pill.state is not PillState.EXTRA for pill in pills) + counted.overlooked
    return max(sum(each.missing for each in entries), listed - can_be)


def sum_up(
    entries: Sequence[CheckedEntry], pills: Sequence[CheckedPill], counted: Counted, lacking: int
) -> tuple[str, Agreement]:
    """The answer's reason, the most harmful first, and what may be said."""
    faults = [_missing(each) for each in sorted(entries, key=lambda each: each.harm) if each.missing]
    extra = [pill for pill in sorted(pills, key=lambda p: p.harm) if pill.state is PillState.EXTRA]
    faults += [f"Pill {pill.number} {pill.reason.removeprefix('It ')}" for pill in extra]
    listed = sum(each.entry.count for each in entries)
    said = f"The list has {_pills(listed)}, {len(pills)} {'was' if len(pills) == 1 else 'were'} seen"
    most, least = len(pills) + counted.overlooked, len(pills) - len(counted.touching) - len(counted.doubted)
    if not faults and listed > most:
        faults.append(f"{said}.")
    elif not faults and listed < least:
        faults.append(f"{said}: {too_many(len(pills) - listed)}.")
    if faults and lacking > sum(each.missing for each in entries):
        faults.append(f"{'One is' if lacking == 1 else f'{lacking} are'} missing: {lacking_names(entries)}.")
    if listed < least:
        faults += [_both_faces(pair) for pair in counted.alike]
    open_ = list(counted.sentences)
    if len(pills) != listed and least <= listed <= most:
        open_[:0] = [f"{said}, but the photo does not show how many lie there."]
    open_ += _of_pills(pills, counted)
    by_list = [pill.number for pill in pills if pill.by_list]
    told = [_by_list(by_list)] if by_list else []
    if faults:
        return " ".join((*faults, *open_, *told)), Agreement.CONTRADICTED
    if open_:
        return " ".join((*open_, *told)), Agreement.CANNOT_TELL
    all_told = "Each pill looks as the list says.", *told, "A photo does not show what pills are made of."
    return " ".join(all_told), Agreement.CONSISTENT


def _of_pills(pills: Sequence[CheckedPill], counted: Counted) -> Iterator[str]:
    """Which pills were not told, what may be no pill, and what fits nothing first."""
    for pill in pills:
        if pill.may_be_no_pill and pill.number - 1 not in counted.doubted:
            yield f"Pill {pill.number} is cut by the border and bears no text that was read: it may be no pill."
    for pill in pills:
        if pill.fits_nothing and not pill.may_be_no_pill:
            yield f"Look at pill {pill.number} first: it fits nothing on the list, as far as the catalog knows."
    untold, shared = (
        [pill.number for pill in pills if pill.state is state]
        for state in (PillState.CANNOT_TELL, PillState.LOOKS_LIKE)
    )
    if untold:
        yield f"Not identified: {numbered(untold)}."
    if shared:
        yield f"Something that is not on the list would look the same as {numbered(shared)}."


def lacking_names(entries: Sequence[CheckedEntry]) -> str:
    """What may be missing, high-alert drugs first."""
    open_ = [each for each in sorted(entries, key=lambda each: each.harm) if each.missing or each.untold]
    return joined([f"{each.entry.expected.asked_name}{_mark(each)}" for each in open_], "or")


def too_many(count: int) -> str:
    """That more lie there than are listed, where nothing says which."""
    return f"{'one pill' if count == 1 else f'{count} pills'} too many, not known which"


def _mark(each: CheckedEntry) -> str:
    return ALERT_MARK if each.entry.expected.high_alert else ""


def _by_list(pills: Sequence[int]) -> str:
    """Why a list tells what cannot be told of a pill that is asked for alone."""
    said, were, it = numbered(pills), *(("were", "they") if len(pills) > 1 else ("was", "it"))
    by_help = f"{said[0].upper()}{said[1:]} {were} identified with the help of the list, of which only one looks so"
    return f"{by_help}; asked for alone (--expect) {it} could not be identified."


def _pills(number: int) -> str:
    return "1 pill" if number == 1 else f"{number} pills"


def _both_faces(pair: tuple[int, int]) -> str:
    one, other = pair
    return f"Pill {one + 1} and pill {other + 1} may be one pill, shown from both sides."


def numbered(pills: Sequence[int]) -> str:
    """Pills by their numbers: ``pill 3``, ``pills 1, 2 and 5``."""
    *most, last = map(str, sorted(pills))
    return f"pills {', '.join(most)} and {last}" if most else f"pill {last}"


def _missing(each: CheckedEntry) -> str:
    expected = each.entry.expected
    alert = f" (high-alert: {expected.high_alert.reason})" if expected.high_alert else ""
    return f"Missing: {each.missing} x {expected.asked_name}{alert}."
