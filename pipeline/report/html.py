"""One or many answers as one HTML file that needs nothing else: no script, no font, no picture from outside.

Names of files, registers' text and warnings are hostile: all of it is escaped, and the page's own policy forbids
everything but its style and the pictures inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from pipeline.properties import PROPERTIES
from pipeline.records import Candidate, Decision, Drug, Identification, Pixels
from pipeline.report.monograph import UNREVIEWED, WEAK
from pipeline.report.sheet import data_uri
from pipeline.report.tables import CANDIDATES_SHOWN, CAUTION
from pipeline.report.words import (
    BITS,
    asked_words,
    candidate_name,
    candidate_named,
    candidates_title,
    further_warnings,
    headline,
    imprint_words,
    imprints,
    labelers,
    match_words,
    plain,
    sellers,
    unlisted_words,
)
from pipeline.words import percent
from reference.high_alert import CITATIONS
from reference.product import Citation, Monograph, Section

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_LABELERS_SHOWN = 6
_COLUMNS = ("Imprint", "Labelers", "NDC", "Match")

_STYLE = """
:root { color-scheme: light; --ink: #1c1e22; --faint: #5c6168; --rule: #dcdee2; --paper: #ffffff; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: #f4f4f1; margin: 0; padding: 24px 16px; }
main { max-width: 1000px; margin: 0 auto; }
h1 { font-size: 22px; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 16px; margin: 24px 0 6px; }
h4 { font-size: 15px; margin: 14px 0 2px; }
article { background: var(--paper); border: 1px solid var(--rule); border-radius: 8px; padding: 20px; margin: 20px 0; }
img { width: 100%; height: auto; border: 1px solid var(--rule); border-radius: 4px; margin-top: 14px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { color: var(--faint); font-weight: 500; }
td { overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.faint, .caution { color: var(--faint); }
.decision { display: inline-block; border-radius: 4px; color: #fff; background: #5a6068; padding: 2px 10px;
  font-weight: 600; margin-right: 8px; }
.IDENTIFIED { background: #186f33; }
.AMBIGUOUS { background: #8f5800; }
.alert { display: inline-block; border-radius: 4px; color: #fff; background: #a3161f; padding: 0 6px; font-size: 13px; }
.advice { border-left: 4px solid #2a66b0; background: #eef4fc; padding: 6px 10px; margin: 8px 0; }
.seen th { width: 6em; }
@media (max-width: 600px) {
  .candidates tr:first-child { display: none; }
  .candidates tr { display: block; border-bottom: 1px solid var(--rule); padding: 6px 0; }
  .candidates td { display: block; border: 0; padding: 0; text-align: left; }
  .candidates td:empty { display: none; }
  .candidates td::before { content: attr(data-name) ": "; color: var(--faint); }
}
.warning { border-left: 4px solid #b06c00; background: #fff6e5; padding: 6px 10px; margin: 8px 0; }
details { margin-top: 10px; }
summary { cursor: pointer; font-weight: 600; }
"""


@dataclass(frozen=True)
class Entry:
    """An answer and, where there is one, the sheet drawn for it (``report.overlay``)."""

    answer: Identification
    sheet: Pixels | None = None


def html_report(entries: Sequence[Entry], title: str = "pillprint") -> str:
    """The page as text, to be written as UTF-8."""
    counts = ", ".join(f"{_count(entries, decision)} {decision.value}" for decision in Decision)
    answers = f"{len(entries)} {'answer' if len(entries) == 1 else 'answers'}: {counts}"
    return page_of(title, (part for entry in entries for part in _article(entry)), answers)


def page_of(title: str, body: Iterable[str], faint: str = "") -> str:
    """A page with the style, the policy and the caution that all pages have around its body, which is HTML."""
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{_text(title)}</h1>",
        *((f'<p class="faint">{_text(faint)}</p>',) if faint else ()),
        f'<p class="caution">{_text(CAUTION)}</p>',
        *body,
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _count(entries: Iterable[Entry], decision: Decision) -> int:
    return sum(1 for entry in entries if entry.answer.decision is decision)


def _text(words: str) -> str:
    return escape(plain(words))


def _article(entry: Entry) -> Iterator[str]:
    answer = entry.answer
    decision = answer.decision.value
    yield "<article>"
    yield f'<h2><span class="decision {decision}">{decision}</span>{_text(_title(answer))}</h2>'
    yield f"<p>{_text(answer.reason)}</p>"
    if sold_by := sellers(answer):
        yield f'<p class="faint">Sold by {_text(sold_by)}</p>'
    if answer.advice:
        yield f'<p class="advice">Would tell most: {_text(answer.advice.sentence)}</p>'
    yield from (f'<p class="warning">{_text(warning)}</p>' for warning in further_warnings(answer))
    if entry.sheet is not None:
        yield f'<img alt="{_text(", ".join(answer.photos))} with what was found" src="{data_uri(entry.sheet)}">'
    yield from _seen(answer)
    drugs = answer.drugs[:CANDIDATES_SHOWN]
    if drugs:
        yield f"<h3>{_text(candidates_title(answer))}</h3>"
        yield from _candidates(drugs)
    if unlisted := unlisted_words(answer):
        yield f"<p><strong>Not in this catalog: {_text(unlisted)}</strong></p>"
    if matches := match_words(drugs):
        yield f'<p class="faint">Match: {_text(matches)}.</p>'
    if drugs:
        yield from _evidence(drugs[0].first)
    if answer.monograph:
        yield from _monograph(answer.monograph)
    if asked := asked_words(answer):
        yield f'<p class="faint">Asked: {_text(asked)}</p>'
    yield "</article>"


def _title(answer: Identification) -> str:
    return headline(answer) or ", ".join(answer.photos)


def _seen(answer: Identification) -> Iterator[str]:
    rows = [("Photo", ", ".join(answer.photos))]
    if answer.faces:
        rows.append(("Imprint", imprint_words(answer)))
        rows += [(each.title.capitalize(), each.explained(answer.look)) for each in PROPERTIES]
    yield '<h3>What was seen</h3><table class="seen">'
    yield from (f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in rows)
    yield "</table>"


def _candidates(drugs: Sequence[Drug]) -> Iterator[str]:
    yield '<table class="candidates"><tr><th class="number">Sure</th>'
    yield "".join(f"<th>{name}</th>" for name in ("Drug", *_COLUMNS)) + "</tr>"
    for drug in drugs:
        cells = (imprints(drug), labelers(drug, _LABELERS_SHOWN), drug.first.product.ndc, drug.first.tier)
        row = "".join(f'<td data-name="{name}">{_text(cell)}</td>' for name, cell in zip(_COLUMNS, cells, strict=True))
        named = f"{_text(candidate_named(drug.first))}{_high_alert(drug)}"
        sure = _text(percent(drug.probability))
        yield f'<tr><td class="number" data-name="Sure">{sure}</td><td data-name="Drug">{named}</td>{row}</tr>'
    yield "</table>"


def _high_alert(drug: Drug) -> str:
    """Why a mix-up with the drug does most harm, below its name, with the source."""
    group = drug.high_alert
    if group is None:
        return ""
    return f'<br><span class="alert">high-alert</span> {_text(group.reason)} ({_citation(CITATIONS[group.citation])})'


def _evidence(candidate: Candidate) -> Iterator[str]:
    yield f"<details open><summary>Why {_text(candidate_name(candidate))}</summary><table>"
    yield '<tr><th class="number">Bits</th><th>Evidence</th></tr>'
    for row_of in candidate.evidence:
        yield f'<tr><td class="number">{row_of.bits:+.1f}</td><td>{_text(row_of.sentence)}</td></tr>'
    yield f'</table><p class="faint">Bits: {_text(BITS)}.</p></details>'


def _monograph(monograph: Monograph) -> Iterator[str]:
    numbers = {citation.key: number for number, citation in enumerate(monograph.citations, start=1)}
    weak = {citation.key for citation in monograph.citations if citation.kind == "web"}
    yield f"<details><summary>Monograph: {_text(monograph.title)}</summary>"
    if monograph.origin != "label":
        reviewed = f"Reviewed: {monograph.reviewed}." if monograph.reviewed else UNREVIEWED
        yield f'<p class="faint">{_text(reviewed)}</p>'
    yield from (f'<p class="faint">{_text(note)}</p>' for note in monograph.notes)
    for section in monograph.sections:
        yield from _section(section, numbers, weak)
    yield "<h4>Sources</h4><ol>"
    yield from (f"<li>{_citation(citation)}</li>" for citation in monograph.citations)
    yield f'</ol><p class="faint">* {_text(WEAK)}</p></details>'


def _section(section: Section, numbers: dict[str, int], weak: set[str]) -> Iterator[str]:
    yield f"<h4>{_text(section.title)}</h4><ul>"
    for statement in section.statements:
        cited = ", ".join(str(numbers[key]) for key in statement.citations if key in numbers)
        mark = "*" if statement.citations and weak.issuperset(statement.citations) else ""
        yield f'<li>{_text(statement.text)} <span class="faint">{f"[{cited}]" if cited else ""}{mark}</span></li>'
    yield "</ul>"


def _citation(citation: Citation) -> str:
    words = _text(", ".join(filter(None, (citation.title, citation.date))))
    # Only what a browser opens as a page becomes a link: never javascript: or file:.
    if citation.url.startswith(("https://", "http://")):
        return f'<a href="{_text(citation.url)}" rel="noreferrer noopener">{words}</a>'
    return words
