"""The page's HTML: the files beside this one put together, with the JSON that they lay out.

Names of files, registers' text and warnings are hostile. They come into the page as JSON only, in which no ``<`` is
left; the scripts set text, never HTML; and the page's own policy (CSP) allows no style, no script and no connection
but what is in the file, and where the browser knows Trusted Types, no HTML from text at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Any

from pipeline.report.plain_text import CAUTION
from pipeline.report.short_words import BITS, plain
from pipeline.review import EXPORT, VERDICT
from reference.search.tiers import Tier
from reference.text.imprints import CHARACTERS, LOOK_ALIKES, SIGNS, UPSIDE_DOWN

_STYLES = ("base.css", "review.css", "print.css")
_SCRIPTS = ("core.js", "tiers.js", "detail.js", "verdicts.js", "correct.js", "list.js", "main.js")
# The poison control number in CAUTION, as a telephone dials it.
_SPOKEN, _DIALED = "1-800-222-1222", "tel:+18002221222"


@dataclass(frozen=True)
class Document:
    """What a page shows.

    ``kind``: ``batch`` (a list to work through) or ``answers`` (one after the other). ``data``: plain JSON values.
    ``fallback``: the same in plain text, for a browser that runs no scripts. ``beside``: parts of the data lie in files
    beside the page.
    """

    title: str
    kind: str
    data: Mapping[str, Any]
    fallback: str = ""
    beside: bool = False


def document(page: Document, shards: Iterable[str] = ()) -> Iterator[str]:
    """The page's text, piece by piece; ``shards`` are JSON texts (``json_text``) that its script asks for by number."""
    style, script = _joined(_STYLES), f'(() => {{\n"use strict";\n{_joined(_SCRIPTS)}\n}})();\n'
    body = Template(_file("scripted.html")).substitute(
        fallback=escape(page.fallback),
        data=json_text({**page.data, "kind": page.kind, "words": _words()}),
        script=script,
    )
    whole = _shell(page.title, page.kind, style, _policy(style, script, page.beside), body)
    head, foot = whole.split("<!-- shards -->")
    yield head
    for number, shard in enumerate(shards):
        yield f'<script type="application/json" id="shard-{number}">{shard}</script>\n'
    yield foot


def still_page(title: str, body: str) -> str:
    """A page without a script; ``body`` is HTML whose text was escaped."""
    style = _joined(_STYLES)
    return _shell(title, "still", style, _rules(style, {}), f"<main>\n{body}\n</main>\n")


def _shell(title: str, kind: str, style: str, policy: str, body: str) -> str:
    """What every page has around its ``body``, which is HTML whose text was escaped."""
    return Template(_file("page.html")).substitute(
        title=escape(plain(title)), policy=policy, kind=kind, style=style, caution=_caution(), body=body
    )


def json_text(value: object) -> str:
    """JSON in ASCII that may stand in a script element or in a script: without ``<``."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _policy(style: str, script: str, beside: bool) -> str:
    """What the page may do: nothing but its own style and script, and the pictures that it holds or lies beside.

    Scripts beside the page are trusted because this script asks for them (``strict-dynamic``).
    """
    scripts = {
        "script-src": f"{_hash(script)} 'strict-dynamic'" if beside else _hash(script),
        "require-trusted-types-for": "'script'",
        "trusted-types": "pillprint" if beside else "'none'",
    }
    return _rules(style, scripts)


def _rules(style: str, others: Mapping[str, str]) -> str:
    rules = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        **others,
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _caution() -> str:
    return escape(CAUTION).replace(_SPOKEN, f'<a href="{_DIALED}">{_SPOKEN}</a>')


def _words() -> dict[str, Any]:
    """The tables that the page's search shares with the catalog's."""
    return {
        "bits": BITS,
        "characters": CHARACTERS,
        "signs": SIGNS,
        "lookAlikes": list(LOOK_ALIKES),
        "upsideDown": dict(UPSIDE_DOWN),
        "verdicts": {"columns": EXPORT, "verdict": VERDICT},
        "tiers": [tier.title for tier in Tier],
    }


def _joined(names: Iterable[str]) -> str:
    return "\n".join(map(_file, names))


@cache
def _file(name: str) -> str:
    return resources.files("pipeline.report.page").joinpath(name).read_text("utf-8")
