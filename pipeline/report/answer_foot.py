"""The answer in words at the foot of the drawn sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.records import Decision, Identification
from pipeline.report.sheet import FAINT, INK, MARGIN, WIDTH, Color, Sheet, shortened, text_width, wrapped
from pipeline.report.short_words import candidate_name, further_warnings, headline, labelers, plain, unlisted_words

_TITLE_SIZE, _LINE_SIZE = 28.0, 19.0
_LINES_MAX = 8

_DECISION_COLORS: dict[Decision, Color] = {
    Decision.IDENTIFIED: (24, 128, 56),
    Decision.AMBIGUOUS: (176, 108, 0),
    Decision.UNKNOWN: (90, 96, 104),
    Decision.UNREADABLE: (90, 96, 104),
    Decision.NO_PILL: (90, 96, 104),
}


@dataclass(frozen=True)
class Foot:
    """The answer in words, wrapped to the sheet's width."""

    title: str
    subtitle: str
    lines: tuple[str, ...]


def foot_of(answer: Identification, number: int | None) -> Foot:
    """The words for an answer; ``number`` is that of its pill where the photo shows several."""
    title = " ".join(filter(None, ("" if number is None else str(number), headline(answer))))
    named = answer.drugs[:1] if answer.decision is Decision.IDENTIFIED else ()
    subtitle = ", ".join(
        part for drug in named for part in (plain(drug.first.product.own_name), labelers(drug)) if part
    )
    lines = [part for told in _told(answer) for part in wrapped(told, _LINE_SIZE, WIDTH - 2 * MARGIN)]
    return Foot(title, subtitle, tuple(lines[:_LINES_MAX]))


def _told(answer: Identification) -> Iterator[str]:
    """The sentences below the headline."""
    yield plain(answer.reason)
    if unlisted := unlisted_words(answer):
        yield f"Not in this catalog: {unlisted}"
    for drug in answer.drugs[:1]:
        if drug.high_alert:
            yield f"High-alert: {candidate_name(drug.first)}: {plain(drug.high_alert.reason)}"
    if answer.advice:
        yield f"Would tell most: {plain(answer.advice.sentence)}"
    yield from map(plain, further_warnings(answer))


def foot_height(foot: Foot) -> float:
    """How much of the sheet it takes, in pixels."""
    return MARGIN + _TITLE_SIZE * 1.5 + len(foot.lines) * _LINE_SIZE * 1.35


def draw_foot(sheet: Sheet, foot: Foot, decision: Decision, top: float) -> None:
    """Draw it from ``top``, a row of the sheet, downward."""
    top += MARGIN
    width = text_width(decision.value, 20) + 20
    sheet.box(MARGIN, top, width, 32, _DECISION_COLORS[decision], _DECISION_COLORS[decision])
    sheet.text((MARGIN + width / 2, top + 16), decision.value, 20, (255, 255, 255), "mm")
    left = MARGIN + width + 14
    title = shortened(foot.title, _TITLE_SIZE, (WIDTH - left - MARGIN) * (0.7 if foot.subtitle else 1.0))
    sheet.text((left, top + 16), title, _TITLE_SIZE, INK, "lm")
    left += text_width(title, _TITLE_SIZE) + 14
    sheet.text((left, top + 17), shortened(foot.subtitle, _LINE_SIZE, WIDTH - left - MARGIN), _LINE_SIZE, FAINT, "lm")
    for index, words in enumerate(foot.lines):
        sheet.text((MARGIN, top + _TITLE_SIZE * 1.5 + index * _LINE_SIZE * 1.35), words, _LINE_SIZE, FAINT)
