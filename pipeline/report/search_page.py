"""What a search found, as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from pipeline.report.page import still_page
from pipeline.report.products import COLUMNS, hit_row
from reference.high_alert import CITATIONS, high_alert_group
from reference.search.search import Hit, SearchResult

_LABELERS_SHOWN = 6
_TITLES = {"example": "id"}


def search_page(result: SearchResult, sentences: Sequence[str]) -> str:
    """The page as text: what must be said first, the products, and how many agree in each tier."""
    return still_page("pillprint search", "\n".join(_body(result, sentences)))


def _body(result: SearchResult, sentences: Sequence[str]) -> Iterator[str]:
    yield "<article>"
    yield from (f"<p><strong>{escape(sentence)}</strong></p>" for sentence in sentences)
    yield '<table class="hits"><tr>'
    yield "".join(f"<th>{_TITLES.get(name, name).capitalize()}</th>" for name in COLUMNS) + "</tr>"
    yield from map(_row, result.hits)
    yield "</table>"
    yield from (
        f'<p class="faint">{count:,} products: {escape(tier.title)}</p>' for tier, count in result.counts.items()
    )
    yield "</article>"


def _row(hit: Hit) -> str:
    cells = dict(zip(COLUMNS, map(escape, hit_row(hit, _LABELERS_SHOWN)), strict=True))
    if group := high_alert_group(hit.product):
        source = CITATIONS[group.citation]
        cells["drug"] += (
            f'<br><span class="alert">high-alert</span> {escape(group.reason)} '
            f'(<a rel="noreferrer" href="{escape(source.url)}">{escape(source.title)}</a>)'
        )
    named = ((_TITLES.get(name, name).capitalize(), cell) for name, cell in cells.items())
    return "<tr>" + "".join(f'<td data-name="{name}">{cell}</td>' for name, cell in named) + "</tr>"
