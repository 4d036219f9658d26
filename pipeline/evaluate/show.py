"""The figures of a set as a table for people: value, interval, counts, and the ceiling beside the accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    "decision_expected": "a decision that is right",
}


_FIELD_LABELS = {
    "pills_found": "pills found",
    "pills_of_found": "of what is found, pills",
    "only_pill": "exactly the one pill",
    "pill_color": "color of one pill",
    "pill_color_misled": "  wrong with 0.8 or more",
    "text_exact": "all characters read",
    "text_first": "right imprint first",
    "text_first_part": "the same, the label a part",
    "text_identified": "IDENTIFIED",
    "text_wrong": "  of those wrong",
}

# What the questions are called where people meet them (`ask`, `trust`).
TRUST_NAMES = {
    "asked": "catalog as it is",
    "open": "own imprint out",
    "in_and_out": "in and out",
    "against": "another table",
}
TRUST_COLUMNS = (
    *("answers", "IDENTIFIED", "falsely", "of answers", "of IDENTIFIED", "AUGRC", "AURC", "ECE", "at 1 %", "AUROC"),
)
TRUST_LEGEND = (
    "falsely: IDENTIFIED though it is another drug or strength, with what the counts still allow as a share of the "
    "answers and of those IDENTIFIED; at 1 %: share answered where one wrong answer in a hundred is certified; "
    "AUROC: of the probability of being in no row of the catalog."
)
# The question whose kinds of photos a terminal shows, where it was asked.
_WIDEST_FIRST = ("in_and_out", "asked")
_GROUP_NAMES = {
    "imprint_characters": "by the imprint's characters",
    "imprint_type": "by how the imprint is made",
    "faces_seen": "by faces seen",
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
    tables = [table] if table.row_count else []
    return Group(*tables, *_field(figures["field"]), *(Text(line) for line in _lines(figures)), *_trust(figures))


def _field(by_source: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Photos as people take them: a column for each place where the pills lie, shares with their counts."""
    if not by_source:
        return
    title = ", ".join(f"{source} {figures['photos']} photos" for source, figures in by_source.items())
    table = RichTable(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("measure", no_wrap=True)
    for source in by_source:
        table.add_column(source, justify="right", no_wrap=True)
    for key, label in _FIELD_LABELS.items():
        if any(key in figures for figures in by_source.values()):
            table.add_row(label, *(_counted(figures.get(key)) for figures in by_source.values()))
    yield table


def _counted(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return ""
    over, under = figure["counts"]
    return f"{100 * figure['share']:.1f} % {over} / {under}"


def _trust(figures: dict[str, Any]) -> Iterator[RenderableType]:
    """What is claimed wrongly, by question, and the question that says most by kinds of photos."""
    if not figures["trust"]:
        return
    yield _trust_table("trust: false accepts with exact 95 % bounds", trust_rows(figures))
    yield from (Text(line) for line in (TRUST_LEGEND, *notes(figures)))
    widest = next((name for name in _WIDEST_FIRST if name in figures["trust"]), "")
    yield from (_trust_table(title, rows) for title, rows in group_rows(figures, (widest,)))
    yield Text("The other questions by kinds of photos stand in the JSON and on the page of --plots.")


def _trust_table(title: str, rows: Sequence[Sequence[str]]) -> RenderableType:
    table = RichTable(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.add_column("", no_wrap=True)
    for name in TRUST_COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def trust_rows(figures: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each question that was asked."""
    return [trust_row(TRUST_NAMES[name], section) for name, section in figures["trust"].items()]


def group_rows(figures: Mapping[str, Any], questions: Iterable[str]) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """The same by kinds of photos, for some of the questions: a title and its rows."""
    for name in questions:
        for kind, groups in figures["trust"][name]["by"].items():
            title = f"{TRUST_NAMES[name]}, {_GROUP_NAMES[kind]}"
            yield title, [trust_row(group, part) for group, part in groups.items()]


def trust_row(name: str, section: Mapping[str, Any]) -> tuple[str, ...]:
    """One section's figures as text, in the order of ``TRUST_COLUMNS``."""
    accepted = section["false_accept"]
    return (
        name,
        str(section["answers"]),
        str(section["identified"]),
        str(accepted["count"]),
        _at_most(accepted["upper"]),
        _at_most(accepted["upper_of_identified"]),
        *("-" if section[key] is None else f"{section[key]:.4f}" for key in ("augrc", "aurc", "ece")),
        _percent(section["coverage_at_risk_1pct"]),
        "-" if section["unlisted_auroc"] is None else f"{section['unlisted_auroc']:.4f}",
    )


def notes(figures: Mapping[str, Any]) -> Iterator[str]:
    """How the false accepts are wrong, which IDENTIFIED answers nobody can judge, and what is counted apart."""
    for name, section in figures["trust"].items():
        for what, kinds in (
            ("falsely IDENTIFIED", section["false_accept"]["by_kind"]),
            ("IDENTIFIED, not judged", section["truth_unknown"]),
        ):
            if kinds:
                told = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
                yield f"{TRUST_NAMES[name]}: {what}: {told}"
        if section["listed"]:
            yield (
                f"{TRUST_NAMES[name]}: of {section['listed']} answers whose catalog has the pill, "
                f"{section['listed_identified_right']} are IDENTIFIED and right"
            )
    for photo in figures["excluded"]:
        yield f"counted apart: {photo['file']}: {photo['reason']}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _at_most(bound: float | None) -> str:
    return "-" if bound is None else f"\u2264 {100 * bound:.2f} %"


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
