"""A monograph as plain text and as Markdown. ``pipeline.serialize.monograph_to_dict`` gives it for JSON."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from reference.product import Citation, Monograph, Statement

DISCLAIMER = (
    "Not medical advice. In an emergency call your local emergency number (911 in the US); for a poisoning or an "
    "unknown pill call Poison Help, 1-800-222-1222 in the US."
)
UNREVIEWED = "No clinician has reviewed this text yet. Have one check it before anybody relies on it."
_FROM_LABEL = "Taken from the product's own label."
WEAK = "General web pages only; weakly supported."

_KINDS = {
    "label": "product label",
    "government": "government",
    "paper": "scientific paper",
    "reference": "drug reference",
    "web": "web page, weak",
}
# Columns that read well and fit an 80-column terminal with its margin.
_WIDTH = 78
# Text of a label file is not ours: no control character of it may reach a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|])")


def monograph_text(monograph: Monograph, width: int = _WIDTH) -> str:
    """The monograph as plain text with numbered sources, wrapped to ``width`` columns.

    A statement that rests on general web pages alone is marked ``*``.
    """
    title = _clean(monograph.title)
    lines = [title, "=" * len(title), ""]
    for note in _notes(monograph):
        lines += [*_wrap(note, width), ""]
    numbers = _numbers(monograph)
    for section in monograph.sections:
        heading = _clean(section.title)
        lines += [heading, "-" * len(heading)]
        for statement in section.statements:
            marks = "".join(f"[{numbers[key]}]" for key in statement.citations if key in numbers)
            sentence = f"{_clean(statement.text)} {marks}{'*' if _is_weak(monograph, statement) else ''}".rstrip()
            lines += _wrap(sentence, width, "- ")
        lines.append("")
    lines += [*_sources_text(monograph, numbers, width), ""]
    return "\n".join(lines)


def monograph_markdown(monograph: Monograph) -> str:
    """The monograph as Markdown: sections as headings, statements as list items, numbered sources as links."""
    lines = [f"# {_escape(monograph.title)}", ""]
    for note in _notes(monograph):
        lines += [f"> {_escape(note)}", ""]
    numbers = _numbers(monograph)
    for section in monograph.sections:
        lines += [f"## {_escape(section.title)}", ""]
        for statement in section.statements:
            marks = " ".join(
                f"[\\[{numbers[key]}\\]](#source-{numbers[key]})" for key in statement.citations if key in numbers
            )
            weak = " \\*" if _is_weak(monograph, statement) else ""
            lines.append(f"- {_escape(statement.text)} {marks}{weak}".rstrip())
        lines.append("")
    lines += ["## Sources", ""]
    for citation in _used(monograph, numbers):
        number = numbers[citation.key]
        lines.append(
            f'{number}. <a id="source-{number}"></a>{_escape(citation.title)} ({_origin(citation)}) '
            f"{_link(citation.url)}".rstrip()
        )
    if any(_weak_statements(monograph)):
        lines += ["", f"\\* {WEAK}"]
    return "\n".join([*lines, ""])


def _notes(monograph: Monograph) -> Iterator[str]:
    yield DISCLAIMER
    if monograph.origin == "label":
        yield _FROM_LABEL
    else:
        yield f"Reviewed: {_clean(monograph.reviewed)}." if monograph.reviewed else UNREVIEWED
    yield from (_clean(note) for note in monograph.notes)


def _numbers(monograph: Monograph) -> dict[str, int]:
    """A number for each source, in the order the statements use them."""
    known = {citation.key for citation in monograph.citations}
    keys = (key for section in monograph.sections for statement in section.statements for key in statement.citations)
    return {key: number for number, key in enumerate(dict.fromkeys(key for key in keys if key in known), start=1)}


def _used(monograph: Monograph, numbers: dict[str, int]) -> list[Citation]:
    cited = [citation for citation in monograph.citations if citation.key in numbers]
    return sorted(cited, key=lambda citation: numbers[citation.key])


def _sources_text(monograph: Monograph, numbers: dict[str, int], width: int) -> Iterator[str]:
    yield "Sources"
    yield "-------"
    for citation in _used(monograph, numbers):
        source = f"{_clean(citation.title)} ({_origin(citation)}) {_clean(citation.url)}"
        yield from _wrap(source, width, f"[{numbers[citation.key]}] ")
    if any(_weak_statements(monograph)):
        yield f"* {WEAK}"


def _wrap(text: str, width: int, mark: str = "") -> list[str]:
    """Lines of at most ``width`` columns, hung below the mark; a telephone number or an address is never parted."""
    indent = " " * len(mark)
    return textwrap.wrap(
        text, width, initial_indent=mark, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _weak_statements(monograph: Monograph) -> Iterator[bool]:
    return (_is_weak(monograph, statement) for section in monograph.sections for statement in section.statements)


def _is_weak(monograph: Monograph, statement: Statement) -> bool:
    kinds = {citation.kind for citation in monograph.citations if citation.key in statement.citations}
    return kinds == {"web"}


def _origin(citation: Citation) -> str:
    kind = _KINDS.get(citation.kind, _clean(citation.kind))
    return f"{kind}, {_clean(citation.date)}" if citation.date else kind


def _link(url: str) -> str:
    """An address as a Markdown link, where it is one that may be followed."""
    clean = _clean(url)
    return f"<{clean}>" if re.fullmatch(r"https?://[^\s<>]+", clean) else _escape(clean)


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _clean(text))
