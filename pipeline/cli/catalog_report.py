"""How the commands that build a catalog say what became of its registers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from pipeline.cli.output import print_table
from pipeline.report.short_words import plain
from reference.importers import Log
from reference.store.build import BuildReport

FAULTS_SHOWN = 10


def print_report(report: BuildReport) -> None:
    """The counts by register, and what was skipped, left empty or passed over."""
    rows = [(name, f"{count:,}") for name, count in sorted(report.entries.items())]
    print_table(("register", "entries"), rows)
    click.echo(
        f"{plain(str(report.path))}: {report.products:,} products, fingerprint {report.fingerprint}, "
        f"{report.seconds:.1f} s"
        + (f", {report.repeated:,} entries given more than once" if report.repeated else "")
        + (f", {report.pictures:,} with a picture" if report.pictures else "")
    )
    for path, log in report.logs.items():
        _print_log(plain(path), log)


def _print_log(path: str, log: Log) -> None:
    for note in log.notes:
        click.echo(f"{path}: {plain(note)}")
    for reason, count in sorted(log.passed_over.items()):
        click.echo(f"{path}: passed over {count:,}: {reason}")
    if log.rejected_count:
        click.echo(f"{path}: skipped {log.rejected_count:,} that cannot be used:")
    for fault in log.rejected[:FAULTS_SHOWN]:
        click.echo(f"  {plain(fault.name)}: {plain(fault.reason)}")
    if log.rejected_count > FAULTS_SHOWN:
        click.echo("  ... (--json names up to 1,000)")
    if log.doubts_count:
        click.echo(f"{path}: left {log.doubts_count:,} values empty that were not understood:")
    for doubt in log.doubts[:FAULTS_SHOWN]:
        click.echo(f"  {plain(doubt.name)}: {plain(doubt.reason)}")


def report_values(report: BuildReport) -> dict[str, Any]:
    """The same as plain values, with up to a thousand of each kind by name."""
    return {
        "catalog": str(report.path),
        "fingerprint": report.fingerprint,
        "products": report.products,
        "entries": dict(report.entries),
        "pictures": report.pictures,
        "repeated": report.repeated,
        "seconds": report.seconds,
        "skipped": {path: [asdict(fault) for fault in log.rejected] for path, log in report.logs.items()},
        "skipped_count": {path: log.rejected_count for path, log in report.logs.items()},
        "notes": {path: list(log.notes) for path, log in report.logs.items()},
        "doubts": {path: [asdict(doubt) for doubt in log.doubts] for path, log in report.logs.items()},
        "doubts_count": {path: log.doubts_count for path, log in report.logs.items()},
        "passed_over": {path: dict(log.passed_over) for path, log in report.logs.items()},
    }
