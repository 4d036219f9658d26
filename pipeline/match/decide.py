"""One honest decision: the only place that decides. Findings, never faults: "unknown" is an answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.figures_in_words import percent
from pipeline.match.evidence import misfit, own_look_rows
from pipeline.match.explain import Explanation
from pipeline.match.model import MatchModel
from pipeline.match.observed import BLANK
from pipeline.match.rank import Ranked
from pipeline.records import Candidate, Decision, Doubts, Drug, PillLook, Reading, drugs_of, named_drugs
from pipeline.settings import DecideSettings
from reference.grouping import same_look
from reference.high_alert import high_alert
from reference.product import Product
from reference.text.shown import name_shown

# Imprints of so many characters are one misread character away from many others: 31 % of the US table's are shared.
_SHORT_MAX = 2


@dataclass(frozen=True)
class ReasonedDecision:
    """The decision with its reason; ``against`` says what kept it from IDENTIFIED.

    ``in_lamps`` are other drugs that bear the first one's imprint and would fit better in another light.
    """

    decision: Decision
    reason: str
    against: tuple[str, ...] = ()
    in_lamps: tuple[Candidate, ...] = ()


def decide(
    readings: Sequence[Reading],
    look: PillLook,
    ranked: Ranked,
    doubts: Doubts,
    model: MatchModel,
    settings: DecideSettings,
) -> ReasonedDecision:
    """What may be claimed, and why.

    IDENTIFIED asks three things: that drug and strength are probable enough for the level of risk, that the imprint is
    complete, and that nothing seen contradicts. AMBIGUOUS names at least two drugs or strengths. All else is UNKNOWN,
    with the candidates.
    """
    if not readings:
        return ReasonedDecision(Decision.NO_PILL, "No pill was found in the photo.")
    if not any(reading.lines for reading in readings):
        return _without_text(readings, doubts)
    if not ranked.candidates or ranked.unlisted >= 0.5:
        return ReasonedDecision(Decision.UNKNOWN, "Nothing in the catalog explains what was read.")
    first = ranked.candidates[0]
    in_lamps = tuple(twin for _, twin in _twins(ranked.candidates, _in_lamps(look, model)))
    against = (
        *_against(look, ranked, doubts, model, settings),
        *(f"{_named(each)} bears the same imprint; in another light it would have this color." for each in in_lamps),
        *thin(readings, ranked.explanations[0], settings),
    )
    if not against:
        return ReasonedDecision(Decision.IDENTIFIED, f"{_named(first)} explains imprint and look.")
    names = list(dict.fromkeys(_named(drug.first) for drug in named_drugs(ranked.candidates)))
    why = " ".join(against)
    if len(names) > 1:
        return ReasonedDecision(Decision.AMBIGUOUS, f"It could be {' or '.join(names)}. {why}", against, in_lamps)
    reason = f"{_named(first)} comes nearest, but it is not certain. {why}"
    return ReasonedDecision(Decision.UNKNOWN, reason, against, in_lamps)


def sure_of_drug(candidates: Sequence[Candidate]) -> float:
    """The probability of the first candidate's drug and strength, whoever sells it."""
    return drugs_of(candidates)[0].probability


def _without_text(readings: Sequence[Reading], doubts: Doubts) -> ReasonedDecision:
    if doubts.cut or doubts.fills:
        reason = "What the photo shows a part of has no imprint to be read; take a photo of the whole pill."
        return ReasonedDecision(Decision.UNREADABLE, reason, doubts.sentences)
    if all(reading.blank >= BLANK for reading in readings):
        reason = "No imprint was found, and without one a pill cannot be told by its look."
        return ReasonedDecision(Decision.UNKNOWN, reason, doubts.sentences)
    reason = "The imprint cannot be read; take a sharp photo with light from the side."
    return ReasonedDecision(Decision.UNREADABLE, reason, doubts.sentences)


def _against(
    look: PillLook, ranked: Ranked, doubts: Doubts, model: MatchModel, settings: DecideSettings
) -> Iterator[str]:
    """What forbids IDENTIFIED, each in a sentence."""
    first, explanation = ranked.candidates[0], ranked.explanations[0]
    yield from misfits(first.product, explanation, look, model, settings)
    for drug, _ in _twins(ranked.candidates, same_look):
        yield f"{_named(drug.first)} bears the same imprint and looks the same."
    sure = sure_of_drug(ranked.candidates)
    if sure < settings.beside_rivals_min * (1 - ranked.unlisted):
        yield "Others of the catalog fit nearly as well."
    level = "strict" if settings.risk == "exact only" or high_alert(first.product) else settings.risk
    if sure < model.levels[level]:
        yield "That is not sure enough."
    yield from doubts.sentences


def thin(readings: Sequence[Reading], explanation: Explanation, settings: DecideSettings) -> Iterator[str]:
    """A short imprint that was not read well: nothing else in it would show a misread character."""
    if len(explanation.imprint_key.replace(";", "")) > _SHORT_MAX:
        return
    characters = [each for reading in readings for line in reading.lines for each in line.characters]
    least = min(characters, key=lambda each: each.confidence, default=None)
    if least is not None and least.confidence < settings.short_sure_min:
        yield f"Its imprint is short, and {least.text} was read with {percent(least.confidence)} only."


def misfits(
    product: Product, explanation: Explanation, look: PillLook, model: MatchModel, settings: DecideSettings
) -> Iterator[str]:
    """What of imprint and look does not fit the product, each in a sentence."""
    yield from text_misfits(explanation)
    if look.faces > 1 and product.shape != "CAPSULE":
        yield from _on_other_faces(product, explanation)
    for row in own_look_rows(product, look, model):
        if row.bits <= settings.contradicts_bits_max:
            yield misfit(row)
    if settings.risk == "exact only" and not explanation.exact:
        yield "The text read is not equal to its imprint."


def text_misfits(explanation: Explanation) -> Iterator[str]:
    """What of the imprint does not fit what was read, each in a sentence."""
    if explanation.contradicted:
        yield f"{explanation.contradicted} was read and its imprint has no such text there."
    if explanation.incomplete:
        yield f"Of its {' '.join(explanation.incomplete)} only a part was seen."
    if explanation.broken:
        yield f"Its {' '.join(explanation.broken)} would have to be put together from parts of lines."
    if explanation.missing and not explanation.unseen:
        yield f"Its {' '.join(explanation.missing)} was not found."


def _on_other_faces(product: Product, explanation: Explanation) -> Iterator[str]:
    """Words that the register has on one face and the photo on two, or the other way round.

    Print on a two-part capsule is read on the face that was up, whichever half it stands on.
    """
    faces_of = {word: {face for face, words in enumerate(product.faces) if word in words} for word in product.tokens}
    for one, other in itertools.combinations(explanation.places, 2):
        listed, seen = (faces_of.get(one, set()), faces_of.get(other, set())), explanation.places
        if not all(listed):
            continue
        if listed[0] & listed[1] and not seen[one] & seen[other]:
            yield f"{one} and {other} are listed on one face; they were read on two."
        elif not listed[0] & listed[1] and seen[one] == seen[other] and len(seen[one]) == 1:
            yield f"{one} and {other} are listed on two faces; they were read on one."


def _twins(
    candidates: Sequence[Candidate], is_like: Callable[[Product, Product], bool]
) -> Iterator[tuple[Drug, Candidate]]:
    """Other drugs that bear the first one's imprint and are like it, each with the candidate that is."""
    first, *others = drugs_of(candidates)
    one = first.first.product
    for drug in others:
        for twin in drug.candidates:
            if twin.product.imprint_key == one.imprint_key and is_like(twin.product, one):
                yield drug, twin
                break


def _in_lamps(look: PillLook, model: MatchModel) -> Callable[[Product, Product], bool]:
    """Whether a product would fit better than another had the photo another light."""
    lit = [replace(look, color=color) for color in look.color_in_lamps]
    return lambda product, other: any(_fits_better(product, other, each, model) for each in lit)


def _fits_better(product: Product, other: Product, look: PillLook, model: MatchModel) -> bool:
    """Whether a look is likelier of a product than of the other, and than of any pill."""
    bits, others = (sum(row.bits for row in own_look_rows(each, look, model)) for each in (product, other))
    return bits > max(others, 0.0)


def _named(candidate: Candidate) -> str:
    """Drug and strength, else the product's name: as the report names it."""
    return name_shown(candidate.product)
