"""The one decision about an expectation: consistent, contradicted, or it cannot be told.

Three likelihoods are weighed against bars (``VerifySettings``; docs/verify.md says on what they were chosen). What a
person is told never says more than that a pill looks as it should.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.figures_in_words import percent
from pipeline.match.decide import misfits, text_misfits, thin
from pipeline.match.evidence import misfit
from pipeline.match.explain import Explanation
from pipeline.match.model import MatchModel
from pipeline.match.rank import Weighed
from pipeline.records import Agreement, Doubts, Expected, ExpectedKind, PillLook, Reading
from pipeline.settings import DecideSettings, VerifySettings
from pipeline.verify.better import bears_a_listed_name, fitting_better, said_better, strength_question
from pipeline.verify.compare import FILLED_BY_NONE, Comparison, Filled, worst_looks
from pipeline.verify.naming import (
    alike_sentences,
    by_harm,
    is_brand_alone,
    is_described,
    joined,
    marked,
    marked_beside,
    marked_expected,
    may_be_drug_of,
    name_of,
    not_certain,
    on_and_off,
    plain_labeler,
    read_and_listed,
    said,
    said_misread,
)
from pipeline.verify.read_text import has_number, is_another_makers_name, is_little
from reference.grouping import drug_strength

# Fewer characters that fit nowhere may be misread, where nothing listed explains them: of small tablets a word was.
_STRAY_MIN = 4
# A listed tablet of which one letter was read otherwise explains a pill where it fits a million times better.
_MISREAD_BITS = 20.0
_SAYS_TOO_LITTLE = "What was read stands on many other pills too."


@dataclass(frozen=True)
class Finding:
    """What may be said, why, and what listed tablets would look the same.

    ``fits``: nothing that shows speaks against what was expected, which proves little. ``shared``: of all that a list
    has only this looks so, and something that is not on the list would look the same. ``by_list``: it was told since a
    list says what else may lie there; without one it could not be. ``against``: what contradicts, in sentences.
    ``better``: what fits ten times better than what was expected, in the order in which it is named; ``question``: what
    to look for on the pill where that is another strength. ``misread``: what was read is nearly what it is marked.
    ``near``: what would look the same whatever a list has, where that was asked.
    """

    agreement: Agreement
    reason: str
    look_alikes: tuple[Weighed, ...] = ()
    fits: bool = False
    shared: bool = False
    by_list: bool = False
    against: tuple[str, ...] = ()
    better: tuple[Weighed, ...] = ()
    question: str = ""
    misread: bool = False
    near: tuple[Weighed, ...] = ()


@dataclass(frozen=True)
class Judge:
    """Decides about one pill: its look, what was read on its faces, what makes that doubtful, and with which bars."""

    look: PillLook
    readings: tuple[Reading, ...]
    imprint: tuple[str, ...]
    doubts: Doubts
    model: MatchModel
    decide: DecideSettings
    bars: VerifySettings
    filled: Filled = FILLED_BY_NONE

    def agree(self, comparison: Comparison, expected: Expected) -> Finding:
        """What may be said of the pill and what was expected."""
        if not self.look.faces:
            return Finding(Agreement.CANNOT_TELL, "No pill was found in the photo.")
        if self.doubts.sentences:
            return Finding(Agreement.CANNOT_TELL, " ".join(self._doubts()))
        against = tuple(self._contradictions(comparison))
        if against:
            why = " ".join((f"It does not look like {said(expected)}.", *against))
            return Finding(Agreement.CONTRADICTED, why, against=against)
        # A list is asked for drug and strength first, whoever made it.
        asked = comparison.whoever_made_it() if self.filled.bits else comparison
        alike = self._look_alikes(asked, expected)
        better = fitting_better(asked, self._weight)
        open_ = tuple(self._open(asked, expected, alike, better))
        if open_:
            return self._cannot_tell(asked, expected, alike, better, open_)
        if self.filled.bits:
            return self._of_the_list(comparison, expected)
        return Finding(
            Agreement.CONSISTENT,
            f"Imprint and look agree with {said(expected)}, and nothing else in the catalog fits nearly as well. "
            "A photo does not show what the pill is made of.",
            fits=True,
        )

    def _cannot_tell(
        self,
        comparison: Comparison,
        expected: Expected,
        alike: tuple[Weighed, ...],
        better: tuple[Weighed, ...],
        why: Sequence[str],
    ) -> Finding:
        """What keeps it open, and what fits better."""
        best = comparison.best
        fits, question = not self._fits_badly(best), strength_question(better, best)
        if self._is_misread(comparison, better):
            return Finding(Agreement.CANNOT_TELL, said_misread(self.imprint, best), alike, fits, misread=True)
        reason = " ".join((not_certain(expected), *why))
        alone = replace(self, filled=FILLED_BY_NONE)
        near = alone._look_alikes(comparison, expected) if self.filled.bits and fits and comparison.was_read else ()
        return Finding(Agreement.CANNOT_TELL, reason, alike, fits, better=better, question=question, near=near)

    def _is_misread(self, comparison: Comparison, better: Sequence[Weighed]) -> bool:
        """Whether a list's own pill bears a word that was read, and all that does not fit is text beside it."""
        best = comparison.best
        against, of_text = set(self._fits_badly(best)), set(text_misfits(best.explanation))
        has_part = bool(best.explanation.tokens) and best.bits > 0
        is_nearest = not (better or self._more_like(comparison))
        return bool(self.filled.bits and has_part and against) and is_nearest and against <= of_text

    def _of_the_list(self, comparison: Comparison, expected: Expected) -> Finding:
        """It was told from all else that the list has; what is not on it and would look the same is named."""
        alone = replace(self, filled=FILLED_BY_NONE)
        alike = alone._look_alikes(comparison, expected)
        only = f"Of the list only {marked_expected(expected)} looks so."
        if not alike:
            by_list = alone.agree(comparison, expected).agreement is not Agreement.CONSISTENT
            return Finding(Agreement.CONSISTENT, only, fits=True, by_list=by_list)
        off = [marked_beside(group, comparison.best) for group in by_harm(alike, comparison.best)]
        why = on_and_off([marked_expected(expected)], off)
        return Finding(Agreement.CANNOT_TELL, why, alike, fits=True, shared=True)

    def _doubts(self) -> Iterator[str]:
        """What keeps a photo from showing one pill, as it should."""
        pills = self.doubts.others + 1
        if self.doubts.others:
            yield f"The photo shows {pills} pills, and it is not known which of them is meant."
        yield from replace(self.doubts, others=0).sentences
        if self.doubts.cut and not self.imprint:
            yield "No text was read on it, so it may be no pill at all."

    def knows(self, groups: Sequence[Weighed]) -> bool:
        """Whether a listed tablet, of all weighed, best first, bears what was read and looks so."""
        return bool(groups) and groups[0].bits >= self.bars.likelihood_bits and not list(self._misfits(groups[0]))

    def cannot_rule_out(
        self, groups: Sequence[Weighed], within: Sequence[Weighed], risk: float, was_read: bool
    ) -> Iterator[str]:
        """What keeps some drugs from being ruled out, each in a sentence.

        Args:
            groups: all tablets weighed, best first.
            within: those of them that are one of the drugs, best first.
            risk: the probability that the pill is one of the drugs, listed or not.
            was_read: whether any text was.
        """
        if not self.look.faces:
            yield "No pill was found in the photo."
            return
        yield from self._doubts()
        if self.doubts.others or (self.doubts.cut and not self.imprint):
            return
        if not was_read or not groups:
            yield "No text was read, and a look alone is no proof."
            return
        best = groups[0]
        if within and (within[0] is best or self._is_near(within[0], best)):
            yield f"It could be {joined([marked(group) for group in within if self._is_near(group, best)])}."
            return
        # A look that does not fit is in the risk; text that does not fit may be another pill's.
        unseen = PillLook(faces=self.look.faces)
        against = [*self._fits_badly(best, unseen), *thin(self.readings, best.explanation, self.decide)]
        if against:
            yield f"{name_of(best)} comes nearest, but it is not certain."
            yield from against
        if is_brand_alone(best) and not (within and within[0] is best):
            yield f"Which drug is in {name_of(best)} the catalog does not say."
        if self._says_too_little(best.explanation):
            yield _SAYS_TOO_LITTLE
        elif risk > self.bars.risk_max:
            bar = percent(self.bars.risk_max)
            yield f"The risk that it is one is {percent(risk)}; it would be ruled out below {bar}."

    def _is_near(self, group: Weighed, best: Weighed) -> bool:
        """Whether a tablet fits nearly as well as the best one."""
        apart = self.bars.apart_bits if list(self._misfits(group)) else self.bars.ahead_bits
        return group is best or group.bits > best.bits - apart

    def _contradictions(self, comparison: Comparison) -> Iterator[str]:
        """What rules out the product expected; nothing where something else could explain it."""
        look_bits = max(group.look_bits for group in comparison.expected)
        by_look = -comparison.with_unlisted(look_bits) >= self.bars.look_bits
        if not (by_look or self._text_contradicts(comparison)):
            return
        best = comparison.best
        if not by_look:
            yield read_and_listed(self.imprint, best)
        is_said = "was expected" if is_described(best.products[0]) else "is listed"
        yield from (misfit(row, is_said) for row in worst_looks(best.evidence))
        rival = comparison.rivals[0] if comparison.rivals else None
        if rival and not list(self._misfits(rival)) and rival.bits - best.bits >= self.bars.ahead_bits:
            yield f"It looks like {marked(rival)}."

    def _text_contradicts(self, comparison: Comparison) -> bool:
        """Whether what was read belongs to another pill, far more likely than to any that is expected."""
        best, explanation = comparison.best, comparison.best.explanation
        unknown = any(not product.tokens for group in comparison.expected for product in group.products)
        fits = bool(explanation.imprint_key) and not list(self._misfits(best))
        rival = comparison.rivals[0] if comparison.rivals else None
        if not comparison.was_read or fits or (rival and self._is_a_name(rival.explanation)):
            return False
        explained = rival is not None and self._explains(rival)
        sure = explained and bool(explanation.contradicted) and not explanation.unseen
        bar = self.bars.against_listed_bits if sure else self.bars.against_bits
        # Letters beside a word that was read in part only are not beside the right number.
        little = is_little(explanation.contradicted) and not (explained and explanation.incomplete)
        if comparison.behind_bits < bar or is_another_makers_name(explanation) or little:
            return False
        if comparison.unlisted_share:
            # A drug of which a register has no imprint may be listed again under a brand, with it.
            # Nor does a tablet that is listed by a brand alone contradict it: it may be that drug.
            near = (each for each in comparison.rivals if rival and self._is_near(each, rival))
            return explained and not unknown and not any(may_be_drug_of(each, best) for each in near)
        return explained or (not unknown and len(explanation.contradicted) >= _STRAY_MIN)

    def _explains(self, rival: Weighed) -> bool:
        """Whether a listed tablet bears what was read and looks so; one letter may be misread.

        A digit may not: the numbers of a series differ in one, and another maker's number may be of no listed one.
        """
        faults, other = list(self._misfits(rival)), rival.explanation.contradicted
        is_misread = len(faults) == len(other) == 1 and other.isalpha()
        return not faults or (is_misread and rival.bits >= _MISREAD_BITS)

    def _is_a_name(self, explanation: Explanation) -> bool:
        """Whether all that was seen of an imprint are letters that many pills bear, as a maker's name."""
        is_part = explanation.tokens and explanation.missing and explanation.bits < self.bars.part_bits
        return bool(is_part) and not has_number(explanation)

    def _open(
        self, comparison: Comparison, expected: Expected, alike: Sequence[Weighed], better: Sequence[Weighed]
    ) -> Iterator[str]:
        """What keeps it from being consistent."""
        best = comparison.best
        if not comparison.was_read:
            yield "No text was read, and a look alone is no proof."
            return
        if not best.explanation.imprint_key:
            yield "The catalog does not say how it is marked."
            return
        against, more_like = self._fits_badly(best), self._more_like(comparison)
        yield from said_better(better, best)
        # Of a list it is said once for the pill that it fits nothing on it, as far as the catalog knows.
        says_once = self.filled.bits and against
        if more_like and not (better or says_once):
            yield "Other pills of the catalog fit better, but none of them surely."
        is_excused = not (better or says_once or bears_a_listed_name(comparison))
        if against and comparison.unlisted_share and is_excused:
            yield f"It may be another maker's {expected.name}, which the catalog lacks, or another drug."
        yield from self._said_against(best, against)
        yield from thin(self.readings, best.explanation, self.decide)
        if self._says_too_little(best.explanation) and not (more_like and against):
            yield _SAYS_TOO_LITTLE
        if alike and not (more_like or better):
            yield from alike_sentences(alike, best, expected, "fit this photo as well or better" if against else "")
        elif not more_like and comparison.ratio_bits(self.filled) < self.bars.likelihood_bits and not better:
            yield "Other pills than those of the catalog may well look the same."

    def _said_against(self, best: Weighed, against: Sequence[str]) -> Iterator[str]:
        """What does not fit; what was read beside what is listed says of the text all there is to say."""
        if not against or best.explanation.complete:
            yield from against
            return
        yield read_and_listed(self.imprint, best)
        of_text = list(text_misfits(best.explanation))
        yield from (each for each in against if each not in of_text)

    def _more_like(self, comparison: Comparison) -> Weighed | None:
        """A tablet that fits far better than any that is expected."""
        if not comparison.rivals:
            return None
        best = max(comparison.rivals, key=self._weight)
        return best if self._weight(best) - comparison.best.bits >= self.bars.ahead_bits else None

    def _weight(self, group: Weighed) -> float:
        """How well a tablet fits that is not expected, with what is likely to lie there before anything is seen."""
        return group.bits - self.filled.held_back_bits(group)

    def _says_too_little(self, explanation: Explanation) -> bool:
        """Whether a part of the imprint alone was seen, and not the part that tells it from others."""
        if not explanation.tokens:
            return True
        bits = explanation.bits + self.filled.bits
        if not explanation.missing:
            return explanation.unseen and bits < self.bars.face_bits
        return bits < self.bars.part_bits or not (has_number(explanation) or self.filled.bits)

    def _look_alikes(self, comparison: Comparison, expected: Expected) -> tuple[Weighed, ...]:
        """Other tablets that fit nearly as well; of one labeler's product another labeler's of the same tablet too.

        One of which something does not fit that was seen is nearer than it seems only where it is very near.
        """
        best = comparison.best
        whole = not list(self._misfits(best))
        found = [
            group
            for group in comparison.rivals
            if self._weight(group) > best.bits - self.bars.ahead_bits
            and not (whole and self._weight(group) < best.bits - self.bars.apart_bits and list(self._misfits(group)))
        ]
        if self.filled.bits:
            others = (group for group in comparison.rivals if self._is_other_strength(group, best))
            found += [group for group in others if group not in found]
        if expected.kind is ExpectedKind.PRODUCT and not self.filled.bits:
            own = {plain_labeler(product.labeler) for product in expected.products}
            twins = tuple(each for each in best.products if plain_labeler(each.labeler) not in own)
            found[:0] = [Weighed(twins, best.evidence, best.explanation)] if twins else []
        return tuple(found)

    def _is_other_strength(self, group: Weighed, best: Weighed) -> bool:
        """Whether what was read stands on another strength too: then its look alone would tell them apart."""
        (drug, strength), (other, of_other) = drug_strength(best.products[0]), drug_strength(group.products[0])
        also = group.explanation.bits > best.explanation.bits - self.bars.apart_bits
        return drug == other and strength != of_other and also

    def _fits_badly(self, group: Weighed, look: PillLook | None = None) -> list[str]:
        """What of imprint and look does not fit; a word that was not found may be worn off or on the other face."""
        return [each for each in self._misfits(group, look) if not each.endswith("was not found.")]

    def _misfits(self, group: Weighed, look: PillLook | None = None) -> Iterator[str]:
        return misfits(group.products[0], group.explanation, look or self.look, self.model, self.decide)
