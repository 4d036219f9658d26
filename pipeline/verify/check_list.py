"""A list against the pills of one photo: each pill is assigned so that the whole is likeliest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import lap
import numpy as np
from numpy.typing import NDArray

from pipeline.match import Weighing
from pipeline.records import Agreement, Identification
from pipeline.verify.agree import Finding
from pipeline.verify.compare import Comparison
from pipeline.verify.counted import Counted
from pipeline.verify.listed import CheckedEntry, CheckedPill, ListCheck, ListEntry, PillState
from pipeline.verify.naming import name_beside
from pipeline.verify.verifier import Verifier

# Before anything is seen: a pill in a hundred is not one of its list. A machine's pouches have fewer, hands more.
_EXTRA_BITS = math.log2(0.01)
# So many characters on what may be no pill say that it is one.
_TEXT_MIN = 2
_Found = tuple[Comparison, Finding]
_SURE = Counted()


@dataclass(frozen=True)
class SeenPill:
    """One pill of the photo, one face of it: what was seen, and that weighed for the catalog."""

    answer: Identification
    weighing: Weighing


def check_list(
    verifier: Verifier, entries: Sequence[ListEntry], pills: Sequence[SeenPill], counted: Counted = _SURE
) -> ListCheck:
    """What of the list is there, missing or extra, and what cannot be told.

    Args:
        verifier: compares one pill with one entry.
        entries: the list.
        pills: those of the photo, in the order of their numbers.
        counted: how far their number can be relied on.
    """
    filled = verifier.filled_by(entry.expected for entry in entries)
    weighed = [(verifier.with_strengths(pill.weighing, filled), pill.answer) for pill in pills]
    found = [[verifier.find(one, entry.expected, answer, filled) for entry in entries] for one, answer in weighed]
    assigned = _assign(found, entries)
    told = [
        replace(_told(number, pill.answer, of_entries, place, entries), fits=_fitting(of_entries))
        for number, (pill, of_entries, place) in enumerate(zip(pills, found, assigned, strict=True), 1)
    ]
    says = {
        place
        for place, (pill, of_entries) in enumerate(zip(told, found, strict=True))
        if _says(pill, verifier.is_known(of_entries[0][0], pill.identification))
    }
    touching = {place for pair in counted.touching for place in pair} - says
    told = [_in_part(pill) if place in touching else pill for place, pill in enumerate(told)]
    is_more = len(told) > sum(entry.count for entry in entries)
    counted = replace(
        counted,
        doubted=tuple(at for at, pill in enumerate(told) if at not in says and _is_doubted(pill)),
        alike=tuple(pair for pair in counted.alike if is_more and _may_be_one(*(found[place] for place in pair))),
    )
    checked = tuple(_entries(entries, told, found, counted))
    reason, agreement = _sum_up(checked, told, counted)
    alike = tuple((one + 1, other + 1) for one, other in counted.alike)
    by_harm = tuple(sorted(told, key=lambda pill: pill.harm))
    return ListCheck(agreement, reason, checked, by_harm, alike)


def _may_be_one(one: Sequence[_Found], other: Sequence[_Found]) -> bool:
    """Whether neither of two faces contradicts one and the same entry."""
    pairs = zip(one, other, strict=True)
    return any(all(finding.agreement is not Agreement.CONTRADICTED for _, finding in pair) for pair in pairs)


def _fitting(found: Sequence[_Found]) -> tuple[int, ...]:
    """The places of all entries that nothing speaks against that shows."""
    return tuple(place for place, (_, finding) in enumerate(found) if finding.fits)


def _says(pill: CheckedPill, is_known: bool) -> bool:
    """Whether it bears text that settled what it is, or that a tablet is known to bear which looks so."""
    is_told = is_known or pill.state is not PillState.CANNOT_TELL
    return is_told and len("".join(pill.identification.imprint)) >= _TEXT_MIN


def _is_doubted(pill: CheckedPill) -> bool:
    """Whether what was found may be no pill; what it bears can make it one."""
    return any(face.region.doubted for face in pill.identification.faces)


def _in_part(pill: CheckedPill) -> CheckedPill:
    """A pill that nearly touches another, by whose look alone nothing is told."""
    if pill.state is PillState.CANNOT_TELL:
        return pill
    reason = "It nearly touches another pill: what shows may be a part of one, and a look alone is no proof."
    return replace(pill, state=PillState.CANNOT_TELL, reason=reason, by_list=False)


def _assign(found: Sequence[Sequence[_Found]], entries: Sequence[ListEntry]) -> list[int | None]:
    """The entry of each pill, None for one that is on no place of the list, so that all together are likeliest."""
    if not found:
        return []
    slots = [number for number, entry in enumerate(entries) for _ in range(entry.count)]
    gains = np.array([[_gain(of_entries[slot]) for slot in slots] for of_entries in found], float)
    # One further place for each pill that is on no place of the list.
    extra = np.full((len(found), len(found)), _EXTRA_BITS)
    cost: NDArray[np.float64] = -np.concatenate([gains, extra], axis=1)
    _, places, _ = lap.lapjv(cost, extend_cost=True)
    return [slots[place] if place < len(slots) else None for place in places.tolist()]


def _gain(found: _Found) -> float:
    """How much likelier a pill is with an entry than as any pill of the market, in bits."""
    comparison, finding = found
    bits = comparison.best.bits - math.log2(max(comparison.odds.total, 1e-150))
    return bits if finding.agreement is not Agreement.CONTRADICTED else min(bits, 2 * _EXTRA_BITS)


def _told(
    number: int, answer: Identification, found: Sequence[_Found], place: int | None, entries: Sequence[ListEntry]
) -> CheckedPill:
    """What one pill is to the list."""
    told = [at for at, (_, finding) in enumerate(found) if _state(finding) is not PillState.CANNOT_TELL]
    if place is not None and found[place][1].agreement is not Agreement.CONTRADICTED:
        comparison, finding = found[place]
        names = tuple(dict.fromkeys(name_beside(group, comparison.best) for group in finding.look_alikes))
        state, reason = _state(finding), finding.reason
        both = [
            entries[at].expected for at in told if entries[at].expected.products != entries[place].expected.products
        ]
        if state is PillState.LOOKS_LIKE and both:
            state, reason = PillState.CANNOT_TELL, f"It looks like {both[0].name} of the list too."
        return CheckedPill(number, state, place, reason, answer, look_alikes=names, by_list=finding.by_list)
    # On no place of the list: extra where it is nothing on it, or what the list has often enough without it.
    if told:
        reason = f"One more that looks like {entries[told[0]].expected.name} than the list has."
        return CheckedPill(number, PillState.EXTRA, told[0], reason, answer)
    open_ = [at for at, (_, finding) in enumerate(found) if finding.agreement is Agreement.CANNOT_TELL]
    if open_:
        likeliest = max(open_, key=lambda at: _gain(found[at]))
        return CheckedPill(number, PillState.CANNOT_TELL, None, found[likeliest][1].reason, answer)
    nearest = max(range(len(found)), key=lambda at: found[at][0].best.bits)
    nothing = f"It looks like nothing on the list; nearest to it is {entries[nearest].expected.name}."
    return CheckedPill(number, PillState.EXTRA, None, " ".join((nothing, *found[nearest][1].against)), answer)


def _state(finding: Finding) -> PillState:
    """What a pill is to an entry that does not contradict it."""
    if finding.agreement is Agreement.CONSISTENT:
        return PillState.PRESENT
    return PillState.LOOKS_LIKE if finding.shared else PillState.CANNOT_TELL


def _entries(
    entries: Sequence[ListEntry],
    told: Sequence[CheckedPill],
    found: Sequence[Sequence[_Found]],
    counted: Counted,
) -> Iterator[CheckedEntry]:
    """How much of each entry is there, missing, or may be among what cannot be told."""
    for place, entry in enumerate(entries):
        here = Counter(pill.state for pill in told if pill.entry == place)
        present, looks_like = here[PillState.PRESENT], here[PillState.LOOKS_LIKE]
        may_be = sum(
            pill.state is PillState.CANNOT_TELL
            and found[pill.number - 1][place][1].agreement is not Agreement.CONTRADICTED
            for pill in told
        )
        may_be += counted.overlooked
        untold = min(left := entry.count - present - looks_like, may_be)
        alone = sum(pill.state is PillState.CANNOT_TELL and pill.fits == (place,) for pill in told)
        yield CheckedEntry(entry, present, looks_like, left - untold, untold, min(untold, alone))


def _sum_up(entries: Sequence[CheckedEntry], pills: Sequence[CheckedPill], counted: Counted) -> tuple[str, Agreement]:
    """The answer's reason, the most harmful first, and what may be said."""
    faults = [_missing(each) for each in sorted(entries, key=lambda each: each.harm) if each.missing]
    faults += [
        f"Pill {pill.number} is extra: {pill.reason}" for pill in sorted(pills, key=lambda p: p.harm) if _is_extra(pill)
    ]
    listed = sum(each.entry.count for each in entries)
    said = f"The list has {_pills(listed)}, {len(pills)} {'was' if len(pills) == 1 else 'were'} seen"
    most, least = len(pills) + counted.overlooked, len(pills) - len(counted.touching) - len(counted.doubted)
    if not faults and (listed > most or listed < least):
        faults.append(f"{said}; which is {'missing' if listed > most else 'extra'} cannot be told.")
    if listed < least:
        faults += [_both_faces(pair) for pair in counted.alike]
    open_ = list(counted.sentences)
    if len(pills) != listed and least <= listed <= most:
        open_[:0] = [f"{said}, but the photo does not show how many lie there."]
    open_ += [
        f"Pill {pill.number} is cut by the border and bears no text that was read: it may be no pill."
        for pill in pills
        if pill.may_be_no_pill and pill.number - 1 not in counted.doubted
    ]
    open_ += [
        f"Pill {pill.number} fits nothing on the list, as far as the catalog knows: look at it first."
        for pill in pills
        if pill.fits_nothing and not pill.may_be_no_pill
    ]
    untold, shared = (
        [pill.number for pill in pills if pill.state is state]
        for state in (PillState.CANNOT_TELL, PillState.LOOKS_LIKE)
    )
    open_ += [f"Cannot be told: {numbered(untold)}."] if untold else []
    open_ += [f"Something that is not on the list would look the same as {numbered(shared)}."] if shared else []
    by_list = [pill.number for pill in pills if pill.by_list]
    told = [_by_list(by_list)] if by_list else []
    if faults:
        return " ".join((*faults, *open_, *told)), Agreement.CONTRADICTED
    if open_:
        return " ".join((*open_, *told)), Agreement.CANNOT_TELL
    all_told = "Each pill looks as the list says.", *told, "A photo does not show what pills are made of."
    return " ".join(all_told), Agreement.CONSISTENT


def _by_list(pills: Sequence[int]) -> str:
    """Why a list tells what cannot be told of a pill that is asked for alone."""
    said, were, it = numbered(pills), *(("were", "they") if len(pills) > 1 else ("was", "it"))
    by_help = f"{said[0].upper()}{said[1:]} {were} told with the help of the list, of which only one looks so"
    return f"{by_help}; asked for alone (--expect) {it} could not be told."


def _pills(number: int) -> str:
    return "1 pill" if number == 1 else f"{number} pills"


def _both_faces(pair: tuple[int, int]) -> str:
    one, other = pair
    return f"Pill {one + 1} and pill {other + 1} may be one pill, shown from both sides."


def numbered(pills: Sequence[int]) -> str:
    """Pills by their numbers: ``pill 3``, ``pills 1, 2 and 5``."""
    *most, last = map(str, sorted(pills))
    return f"pills {', '.join(most)} and {last}" if most else f"pill {last}"


def _is_extra(pill: CheckedPill) -> bool:
    return pill.state is PillState.EXTRA


def _missing(each: CheckedEntry) -> str:
    expected = each.entry.expected
    alert = f" (high-alert: {expected.high_alert.reason})" if expected.high_alert else ""
    return f"Missing: {each.missing} x {expected.name}{alert}."
