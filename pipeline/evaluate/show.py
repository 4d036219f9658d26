"""The figures of a set as a table for people: value, interval, counts, and the ceiling beside the accuracy."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

_LABELS = {
    "faces_found": "right number of faces or pills",
    "iou": "outlines, mean IoU",
    "imprint_exact": "imprint exact (all characters)",
    "imprint_exact_strict": "  repeated faces not forgiven",
    "token_recall": "token recall",
    "cer": "CER",
    "character_f1": "characters in place, F1",
    "character_precision": "  precision",
    "character_recall": "  recall",
    "blank_faces_invented": "blank faces with invented text",
    "imprint_top1": "right imprint first",
    "imprint_top5": "right imprint in the first five",
    "product_top1": "right product first",
    "drug_top1": "right drug and strength first",
    "wrong_among_identified": "wrong drug among IDENTIFIED",
    "wrong_product_among_identified": "wrong product among IDENTIFIED",
    "shape": "shape",
    "color": "all colors",
    "score": "score (none or scored)",
    "size_found": "size found",
}


def figures_table(figures: dict[str, Any]) -> RenderableType:
    """The figures that ``summarize`` gave, as a rich renderable."""
    table = RichTable(title=f"{figures['photos']} photos", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("measure", no_wrap=True)
    for name in ("share", "95 % interval", "counts", "ceiling"):
        table.add_column(name, justify="right", no_wrap=True)
    for key, label in _LABELS.items():
        if figures.get(key) is not None:
            table.add_row(*_share_row(key, label, figures))
    return Group(table, *(Text(line) for line in _lines(figures)))


def _share_row(key: str, label: str, figures: dict[str, Any]) -> tuple[str, str, str, str, str]:
    over, under = figures["counts"][key]
    low, high = figures["intervals"][key]
    ceiling = figures["ceiling"].get(key)
    return (
        label,
        f"{100 * figures[key]:.1f} %",
        f"{100 * low:.1f}-{100 * high:.1f}",
        f"{over:.5g} / {under:.5g}",
        "" if ceiling is None else f"{100 * ceiling:.1f} %",
    )


def _lines(figures: dict[str, Any]) -> list[str]:
    lines = []
    if figures["size_error_mm_median"] is not None:
        lines.append(
            f"size error: median {figures['size_error_mm_median']:.2f} mm, "
            f"95th percentile {figures['size_error_mm_p95']:.2f} mm"
        )
    lines.append("decisions: " + ", ".join(f"{name} {count}" for name, count in figures["decisions"].items()))
    if figures["errors"]:
        lines.append(f"photos with an error: {figures['errors']}; all stand in the rows of the JSON (--rows), as")
        lines += [f"  {message}" for message in figures["error_examples"]]
    if figures["calibration"]:
        errors = (f"{name} {each['ece']:.3f}" for name, each in figures["calibration"].items())
        lines.append("expected calibration error: " + ", ".join(errors))
    for key, pairs in figures["confusion"].items():
        shown = (f"{p['truth']} as {p['answer'] or 'unknown'} {p['photos']}" for p in pairs[:5])
        lines.append(f"{key} taken wrong: " + ", ".join(shown))
    if figures["risk_coverage"]:
        lines.append(_risk_line(figures["risk_coverage"]))
    if figures["seconds_median"] is not None:
        lines.append(
            f"time a photo: median {figures['seconds_median']:.3f} s, 95th percentile {figures['seconds_p95']:.3f} s"
        )
    if figures["seconds_by_stage"]:
        stages = (f"{name} {seconds:.3f}" for name, seconds in figures["seconds_by_stage"].items())
        lines.append("median seconds by stage: " + ", ".join(stages))
    return lines


def _risk_line(risk: dict[str, Any]) -> str:
    at = ", ".join(
        f"p >= {each['probability']:g}: {'-' if each['risk'] is None else format(100 * each['risk'], '.1f') + ' %'} "
        f"of {100 * each['coverage']:.0f} %"
        for each in risk["at"]
    )
    return f"wrong drug by coverage: area {risk['area']:.3f}; {at}"
