"""What a search found, as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import zip_longest

from pipeline.report.page import still_page
from pipeline.report.page.pictures import webp_uri
from pipeline.report.products import COLUMNS, hit_row
from pipeline.report.short_words import plain
from reference.high_alert import CITATIONS, high_alert_group
from reference.product import Monograph
from reference.search.search import Hit, SearchResult

_LABELERS_SHOWN = 6
_TITLES = {"example": "id"}


def search_page(
    result: SearchResult,
    sentences: Sequence[str],
    pictures: Sequence[tuple[str, bytes] | None] = (),
    monographs: Sequence[Monograph | None] = (),
) -> str:
    """The page as text: what must be said first, the products, and how many agree in each tier.

    Args:
        result: what was found.
        sentences: what must be said first.
        pictures: what ``Catalog.picture_of`` gives for each hit; none for a page without pictures.
        monographs: the monograph or label of each hit.
    """
    return still_page("pillprint search", "\n".join(_body(result, sentences, pictures, monographs)))


def _body(
    result: SearchResult,
    sentences: Sequence[str],
    pictures: Sequence[tuple[str, bytes] | None],
    monographs: Sequence[Monograph | None],
) -> Iterator[str]:
    yield "<article>"
    yield from (f"<p><strong>{escape(sentence)}</strong></p>" for sentence in sentences)
    yield '<table class="hits"><tr>'
    yield "".join(f"<th>{_TITLES.get(name, name).capitalize()}</th>" for name in COLUMNS) + "</tr>"
    titles = {monograph: number for number, monograph in enumerate(dict.fromkeys(filter(None, monographs)), 1)}
    for hit, picture, monograph in zip_longest(result.hits, pictures, monographs):
        link = f'<br><a href="#monograph-{titles[monograph]}">{_kind(monograph)}</a>' if monograph else ""
        yield _row(hit, picture, link)
    yield "</table>"
    for monograph, number in titles.items():
        yield from _monograph(monograph, number)
    yield from (
        f'<p class="faint">{count:,} products: {escape(tier.title)}</p>' for tier, count in result.counts.items()
    )
    yield "</article>"


def _kind(monograph: Monograph) -> str:
    return "label" if monograph.origin == "label" else "monograph"


def _monograph(monograph: Monograph, number: int) -> Iterator[str]:
    """Its sections with their sources, closed until they are wanted."""
    title = f"{_kind(monograph).capitalize()}: {monograph.title}"
    yield f'<details id="monograph-{number}"><summary>{escape(plain(title))}</summary>'
    for section in monograph.sections:
        yield f"<h3>{escape(plain(section.title))}</h3><ul>"
        for statement in section.statements:
            cited = f" [{', '.join(statement.citations)}]" if statement.citations else ""
            yield f"<li>{escape(plain(statement.text + cited))}</li>"
        yield "</ul>"
    for source in monograph.citations:
        yield f'<p class="faint">[{escape(plain(source.key))}] {escape(plain(f"{source.title} {source.url}"))}</p>'
    yield "</details>"


def _picture(hit: Hit, picture: tuple[str, bytes]) -> str:
    labeler = next((each.labeler for each in hit.products if each.product_id == picture[0]), "")
    told = escape(plain(f"Photo of the label{f' of {labeler}' if labeler else ''}"))
    return f'<img class="listed" src="{webp_uri(picture[1])}" alt="{told}"><br><span class="faint">{told}</span>'


def _row(hit: Hit, picture: tuple[str, bytes] | None, link: str) -> str:
    cells = dict(zip(COLUMNS, map(escape, hit_row(hit, _LABELERS_SHOWN)), strict=True))
    cells["drug"] += link
    cells["look"] += f"<br>{_picture(hit, picture)}" if picture else ""
    if group := high_alert_group(hit.product):
        source = CITATIONS[group.citation]
        cells["drug"] += (
            f'<br><span class="alert">high-alert</span> {escape(group.reason)} '
            f'(<a rel="noreferrer" href="{escape(source.url)}">{escape(source.title)}</a>)'
        )
    named = ((_TITLES.get(name, name).capitalize(), cell) for name, cell in cells.items())
    return "<tr>" + "".join(f'<td data-name="{name}">{cell}</td>' for name, cell in named) + "</tr>"
