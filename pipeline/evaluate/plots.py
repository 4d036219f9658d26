"""Draws the figures of trust: risk by coverage, stated against right, `unlisted` in and out; and one page with them.

matplotlib is an extra (``plots``) and is imported when something is drawn.
"""

from __future__ import annotations

import base64
import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import EngineMissingError, InputError
from pipeline.evaluate.ask import AGAINST, OPEN
from pipeline.evaluate.judge import ASKED, Verdict
from pipeline.evaluate.metrics import risk_coverage
from pipeline.evaluate.outcome import Outcome
from pipeline.evaluate.show import TRUST_COLUMNS, TRUST_LEGEND, TRUST_NAMES, group_rows, notes, trust_rows
from pipeline.evaluate.trust import IN_AND_OUT, pairs_of, unlisted_of
from reference.installing import pip_install

_SIZE_INCHES = (7.0, 4.6)
_DPI = 120
# Okabe and Ito's blue, vermilion, green and purple: told apart by color-blind eyes, too.
_COLORS = {ASKED: "#0072b2", OPEN: "#d55e00", AGAINST: "#009e73", IN_AND_OUT: "#cc79a7"}
_STYLE = """
:root { color-scheme: light; --ink: #1c1e22; --faint: #5c6168; --rule: #dcdee2; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); margin: 0 auto; max-width: 1000px; padding: 24px 16px; }
h1 { font-size: 22px; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 28px 0 6px; }
p { margin: 4px 0; color: var(--faint); }
img { width: 100%; max-width: 840px; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; white-space: nowrap; }
th, td { text-align: right; padding: 4px 14px 4px 0; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; }
th { color: var(--faint); font-weight: 500; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def prepare(folder: Path) -> None:
    """Say what is missing before photos are read for half an hour.

    Raises:
        EngineMissingError: matplotlib is not installed.
        InputError: the folder cannot be made.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise EngineMissingError(
            f"--plots draws with matplotlib, which is not installed; `{pip_install('matplotlib')}`"
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made a folder ({error.strerror or error}); name another") from error


def write_plots(folder: Path, verdicts: Sequence[Verdict], figures: Mapping[str, Any]) -> list[Path]:
    """Write the PNGs that there are answers for, and ``index.html``, which holds them all and needs no other file."""
    counted = [verdict for verdict in verdicts if not verdict.excluded]
    drawn = {
        "risk_coverage": ("Wrong answers by coverage", _risk_coverage(counted)),
        "reliability": ("Stated and right", _reliability(figures)),
        "unlisted": ("Probability of being in no row of the catalog", _unlisted(counted)),
    }
    written = []
    pictures = []
    for name, (title, png) in drawn.items():
        if png:
            (folder / f"{name}.png").write_bytes(png)
            written.append(folder / f"{name}.png")
            pictures.append((title, png))
    page = folder / "index.html"
    page.write_text(_page(figures, pictures), encoding="utf-8")
    return [*written, page]


def _png(draw: Callable[[Any], None]) -> bytes:
    """One pair of axes drawn on; without pyplot, whose figures live for ever."""
    figure_module = importlib.import_module("matplotlib.figure")
    figure = figure_module.Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(color="#e4e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _outcomes(verdicts: Sequence[Verdict]) -> dict[str, list[Outcome]]:
    found = {
        name: [verdict.outcomes[name] for verdict in verdicts if name in verdict.outcomes]
        for name in (ASKED, OPEN, AGAINST)
    }
    found[IN_AND_OUT] = [outcome for side in pairs_of(verdicts) for outcome in side]
    return {name: outcomes for name, outcomes in found.items() if outcomes}


def _risk_coverage(verdicts: Sequence[Verdict]) -> bytes:
    """The share of answers given and wrong, by the share given: its area is AUGRC."""
    curves = {}
    for name, outcomes in _outcomes(verdicts).items():
        known = [outcome for outcome in outcomes if outcome.right is not None]
        if known:
            curve = risk_coverage([each.trust for each in known], [bool(each.right) for each in known])
            curves[name] = (
                [0.0, *curve.coverage],
                [0.0, *(r * c for r, c in zip(curve.risk, curve.coverage, strict=True))],
            )
    if not curves:
        return b""

    def draw(axes: Any) -> None:
        for name, (coverage, risk) in curves.items():
            axes.plot(100 * np.array(coverage), 100 * np.array(risk), color=_COLORS[name], label=TRUST_NAMES[name])
        axes.set(xlabel="answers given (%), the surest first", ylabel="given and wrong (% of all)", xlim=(0, 100))
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)

    return _png(draw)


def _reliability(figures: Mapping[str, Any]) -> bytes:
    """What the first candidate states against how often it is right, by tenths; the area of a dot is its count."""
    bins = {name: section["reliability"] for name, section in figures["trust"].items() if section["reliability"]}
    if not bins:
        return b""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color="#9aa0a6", linewidth=1, linestyle="--", label="stated = right")
        for name, rows in bins.items():
            stated, right = [row["stated"] for row in rows], [row["right"] for row in rows]
            total = sum(row["answers"] for row in rows)
            axes.plot(stated, right, color=_COLORS[name], linewidth=1, label=TRUST_NAMES[name])
            axes.scatter(
                stated, right, color=_COLORS[name], s=[12 + 400 * row["answers"] / total for row in rows], alpha=0.6
            )
        axes.set(xlabel="stated probability of the first answer", ylabel="share right")
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.04, 1.04))
        axes.legend(frameon=False)

    return _png(draw)


def _unlisted(verdicts: Sequence[Verdict]) -> bytes:
    """How many photos got which ``unlisted``, with the pill in the catalog and without; counts on a log scale."""
    inside, outside = unlisted_of([outcome for side in pairs_of(verdicts) for outcome in side])
    if not inside or not outside:
        return b""

    def draw(axes: Any) -> None:
        edges = np.linspace(0, 1, 21)
        both = [inside, outside]
        labels = [f"in the catalog ({len(inside)})", f"taken out ({len(outside)})"]
        axes.hist(both, bins=edges, color=[_COLORS[ASKED], _COLORS[OPEN]], label=labels)
        axes.set(xlabel="probability of being in no row of the catalog", ylabel="photos", xlim=(0, 1), yscale="log")
        axes.set_ylim(bottom=0.8)
        axes.legend(frameon=False)

    return _png(draw)


def _page(figures: Mapping[str, Any], pictures: Sequence[tuple[str, bytes]]) -> str:
    parts = [_table(("question", *TRUST_COLUMNS), trust_rows(figures))]
    parts.append(f"<p>{escape(TRUST_LEGEND)}</p>")
    parts += [f"<p>{escape(line)}</p>" for line in notes(figures)]
    for title, png in pictures:
        source = base64.b64encode(png).decode("ascii")
        parts.append(f'<h2>{escape(title)}</h2><img alt="{escape(title)}" src="data:image/png;base64,{source}">')
    for title, rows in group_rows(figures, figures["trust"]):
        parts.append(f"<h2>{escape(title)}</h2>{_table(('group', *TRUST_COLUMNS), rows)}")
    name = str(figures.get("set", {}).get("folder", "photos"))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Trust: {escape(name)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>How far answers can be trusted: {escape(name)}</h1>"
        f"<p>{figures['photos']} photos. Bounds are exact, one-sided, 95 %; docs/evaluation.md defines each figure.</p>"
        f"{''.join(parts)}</body></html>\n"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{titles}</tr>{body}</table></div>'
