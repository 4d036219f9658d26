"""What ``pillprint batch`` prints: of a batch that is done, and of one that would be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.output import harmless

if TYPE_CHECKING:
    from pipeline.batch import Estimate, Summary

# What the summary calls the kinds of errors; others by their name in the results.
KINDS = {
    "PhotoError": "not a usable photo",
    "PhotoSetError": "a folder that could not be listed",
    "TimedOut": "took too long",
    "WorkerDied": "whose worker process died",
    "MemoryError": "too large for the memory",
    "UnexpectedError": "on which pillprint failed",
    "EngineMissingError": "that needs something which is not installed",
    "InputError": "that cannot be done as the list says",
    "UnreachableError": "that could not be fetched",
}


def hint_of_passed_over(summary: Summary, verbose: bool) -> str:
    """Where files were passed over, how many, and how to have them listed."""
    number = sum(summary.passed_over.values())
    return f" ({number:,} passed over{'' if verbose else '; -v lists them'})" if number else ""


def print_summary(summary: Summary) -> None:
    """Counts, files, and what became of the photos without an answer."""
    lines = {
        "photos": f"{summary.photos:,}",
        **({"rows": f"{summary.rows:,}"} if summary.rows != summary.photos else {}),
        **{f"  {decision}": f"{number:,}" for decision, number in summary.decisions.items()},
        **{f"  {agreement}": f"{number:,}" for agreement, number in summary.agreements.items()},
        **({"  no answer": f"{summary.errors:,} ({_kinds(summary)})"} if summary.errors else {}),
        **({"gone": f"{summary.gone:,} (deleted since they were found)"} if summary.gone else {}),
        **({"same bytes": f"{summary.same_as:,} (the row is that of another photo)"} if summary.same_as else {}),
        **({"unpaired": f"{summary.unpaired:,} (--pairs joins them with no other photo)"} if summary.unpaired else {}),
        **({"passed over": _passed_over(summary)} if summary.passed_over else {}),
        **({"verdicts": _verdicts(summary)} if summary.verdicts or summary.verdicts_left else {}),
        "this run": f"{summary.photos_this_run:,} photos in {summary.seconds:.0f} s",
        **summary.results,
    }
    _print_aligned(lines)
    if summary.errors:
        click.echo(f"\nThe batch is complete. {_no_answer(summary)}")
        for told in summary.first_errors:
            click.echo(f"  {_shortened(harmless(told))}")
        click.echo(
            "Once mended, the same command does them again; with --retry-errors also where the photo is as it was."
        )


def _shortened(told: str) -> str:
    """A message whose path may be thousands of characters long."""
    return told if len(told) <= 300 else f"{told[:100]} ... {told[-195:]}"


def _no_answer(summary: Summary) -> str:
    """What became of the photos without an answer."""
    photos = "One photo has" if summary.errors == 1 else f"{summary.errors:,} photos have"
    some = ", among them" if summary.errors > len(summary.first_errors) else ""
    return f"{photos} no answer; why, and what to do, stands in the column `error`{some}:"


def _kinds(summary: Summary) -> str:
    kinds = [(f"{number:,} ", KINDS.get(kind, kind)) for kind, number in summary.error_kinds.items()]
    return kinds[0][1] if len(kinds) == 1 else ", ".join(number + kind for number, kind in kinds)


def print_estimate(expected: Estimate, out: Path) -> None:
    """How many photos, how long, how much disk."""
    from pipeline.cli.progress import duration

    before = f", {expected.done_before:,} of them done before" if expected.done_before else ""
    measured = (
        f"{expected.seconds_per_photo:.2g} s a photo, measured on {expected.measured}; {expected.workers} at a time"
    )
    free = f"{_size(expected.free_bytes)} are free"
    _print_aligned(
        {
            "photos": f"{expected.photos:,}{before}",
            "time": f"about {duration(expected.seconds)} ({measured})",
            "disk": f"about {_size(expected.disk_bytes)} in {harmless(str(out))}; {free}",
        }
    )
    if expected.disk_bytes > expected.free_bytes:
        click.echo("pillprint: the disk is too small; name another --out, or give --no-thumbnails", err=True)
    click.echo("Nothing was written.")


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"


def _print_aligned(lines: Mapping[str, str]) -> None:
    width = max(map(len, lines))
    for name, value in lines.items():
        click.echo(f"{name:<{width}}  {value}")


def _passed_over(summary: Summary) -> str:
    return ", ".join(f"{number:,} ({why})" for why, number in summary.passed_over.items())


def _verdicts(summary: Summary) -> str:
    left = summary.verdicts_left
    return f"{summary.verdicts}" + (
        f" ({left} left out: the photo is not here, changed since, or has no answer to confirm)" if left else ""
    )
