"""An answer in a notebook: the photo with what was found, and tables that need no style of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from pipeline.figures_in_words import percent
from pipeline.records import Identification, Pixels
from pipeline.report.plain_text import CANDIDATES_SHOWN, CAUTION, seen
from pipeline.report.sheet import data_uri
from pipeline.report.short_words import candidate_named as named
from pipeline.report.short_words import candidates_title, headline, imprints, labelers, plain, unlisted_words


def notebook_html(answer: Identification, sheet: Pixels | None) -> str:
    """A piece of HTML; all text is escaped.

    Args:
        answer: what is shown.
        sheet: what was drawn for it, ``(height, width, 3)`` uint8 sRGB, where there is a photo.
    """
    return "".join(_parts(answer, sheet))


def _parts(answer: Identification, sheet: Pixels | None) -> Iterator[str]:
    yield f"<p><strong>{answer.decision.value} {_text(headline(answer))}</strong><br>{_text(answer.reason)}</p>"
    if sheet is not None:
        yield f'<img alt="what was found" style="max-width: 100%" src="{data_uri(sheet)}">'
    yield from _table((), seen(answer))
    drugs = answer.drugs[:CANDIDATES_SHOWN]
    if drugs:
        yield f"<p><strong>{_text(candidates_title(answer))}</strong></p>"
        rows = ((percent(each.probability), named(each.first), imprints(each), labelers(each)) for each in drugs)
        yield from _table(("sure", "drug", "imprint", "labelers"), rows)
    if unlisted := unlisted_words(answer):
        yield f"<p>Not in this catalog: {_text(unlisted)}</p>"
    yield f"<p><small>{_text(CAUTION)}</small></p>"


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield "<table>"
    if head := "".join(f"<th>{_text(name)}</th>" for name in names):
        yield f"<tr>{head}</tr>"
    for row in rows:
        yield "<tr>" + "".join(f'<td style="text-align: left">{_text(cell)}</td>' for cell in row) + "</tr>"
    yield "</table>"


def _text(words: str) -> str:
    return escape(plain(words))
