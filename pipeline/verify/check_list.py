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
from pipeline.verify.list_words import lacking_of, sum_up
from pipeline.verify.listed import CheckedEntry, CheckedPill, ListCheck, ListEntry, PillState
from pipeline.verify.naming import by_harm, marked_beside, marked_expected, name_beside, not_certain, on_and_off
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
    lacking = lacking_of(checked, told, counted)
    reason, agreement = sum_up(checked, told, counted, lacking)
    alike = tuple((one + 1, other + 1) for one, other in counted.alike)
    by_harm = tuple(sorted(told, key=lambda pill: pill.harm))
    return ListCheck(agreement, reason, checked, by_harm, alike, lacking)


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
        state, reason = _state(finding), _reason(found[place], place, found, entries)
        both = [
            entries[at].expected for at in told if entries[at].expected.products != entries[place].expected.products
        ]
        if state is PillState.LOOKS_LIKE and both:
            state, reason = PillState.CANNOT_TELL, f"It looks like {marked_expected(both[0])} of the list too."
        return CheckedPill(
            number, state, place, reason, answer, (), names, by_list=finding.by_list, misread=finding.misread
        )
    # On no place of the list: extra where it is nothing on it, or what the list has often enough without it.
    if told:
        reason = f"It is one more that looks like {marked_expected(entries[told[0]].expected)} than the list has."
        return CheckedPill(number, PillState.EXTRA, told[0], reason, answer)
    open_ = [at for at, (_, finding) in enumerate(found) if finding.agreement is Agreement.CANNOT_TELL]
    if open_:
        likeliest = max(open_, key=lambda at: _gain(found[at]))
        finding = found[likeliest][1]
        reason = _reason(found[likeliest], likeliest, found, entries)
        return CheckedPill(number, PillState.CANNOT_TELL, None, reason, answer, misread=finding.misread)
    nearest = max(range(len(found)), key=lambda at: found[at][0].best.bits)
    nothing = f"It is not on the list; nearest to it is {marked_expected(entries[nearest].expected)}."
    return CheckedPill(number, PillState.EXTRA, None, " ".join((nothing, *found[nearest][1].against)), answer)


def _reason(here: _Found, place: int, found: Sequence[_Found], entries: Sequence[ListEntry]) -> str:
    """Why it is not told: of what fits an entry, like what else it looks, on the list and off it."""
    comparison, finding = here
    name = marked_expected(entries[place].expected)
    if not any(other.fits for _, other in found) and not finding.misread:
        nothing = f"It fits nothing on the list, as far as the catalog knows; nearest to it is {name}."
        return finding.reason.replace(not_certain(entries[place].expected), nothing)
    if _state(finding) is not PillState.CANNOT_TELL or not (finding.fits and (finding.look_alikes or finding.near)):
        return finding.reason
    on = [marked_expected(entry.expected) for at, entry in enumerate(entries) if at == place or found[at][1].fits]
    off = [
        marked_beside(group, comparison.best)
        for group in by_harm((*finding.better, *finding.look_alikes, *finding.near), comparison.best)
        if not any(entry.expected.is_meant(group.products) for entry in entries)
    ]
    return on_and_off(on, off)


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
