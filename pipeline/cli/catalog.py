"""The commands ``pillprint catalog ...``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from pipeline.cli.options import FILE, json_option
from pipeline.cli.output import HarmlessWriter, json_line, print_json, print_table
from pipeline.cli.outputs import check_outputs
from pipeline.report.words import plain
from reference.audit.ceiling import ceiling as ceiling_of
from reference.audit.check import check as check_products
from reference.audit.compare import Change, LookAlike, compare, new_look_alikes
from reference.audit.export import write_csv, write_json_lines
from reference.importers import REGISTERS
from reference.importers.archive import files_of
from reference.store.build import BuildReport, build_catalog
from reference.store.catalog import Catalog, open_catalog
from reference.store.migrations import migrate as migrate_catalog

FAULTS_SHOWN = 10
LOOK_ALIKES_SHOWN = 3
KINDS = ("appeared", "gone", "look", "other")
_Command = TypeVar("_Command", bound=Callable[..., Any])
catalog_argument = click.argument("catalog", metavar="[CATALOG]", required=False, type=FILE)


def _register_options(command: _Command) -> _Command:
    """An option for each register, in their order."""
    for register in reversed(list(REGISTERS.values())):
        option = click.option(f"--{register.name}", multiple=True, metavar="PATH", type=FILE, help=register.help)
        command = option(command)
    return command


@click.group()
def catalog() -> None:
    """Build, compare, check and export catalogs of tablets and capsules.

    Where CATALOG is left out, the one inside the package is meant; it may also be a register's table.
    """


@catalog.command()
@_register_options
@click.option("--out", required=True, metavar="FILE", type=FILE, help="The catalog to write.")
@click.option(
    "--retrieved",
    metavar="YYYY-MM-DD",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day you downloaded the registers: dates the products whose register gives no date.",
)
@click.option(
    "--coverage",
    metavar="SHARE",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of the tablets and capsules on their market that the registers hold, as 0.9 (else by their number).",
)
@click.option("--no-builtin", is_flag=True, help="Leave out the products that pillprint keeps by hand.")
@json_option
def build(
    out: Path,
    retrieved: datetime | None,
    coverage: float | None,
    no_builtin: bool,
    as_json: bool,
    **registers: tuple[Path, ...],
) -> None:
    """Build a catalog from public registers: complete, or the old file stays.

    The products that pillprint keeps by hand are part of it.
    """
    sources = [(name, path) for name, paths in registers.items() for path in paths]
    check_outputs((out,), (file for _, path in sources for file in files_of(path)))
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("reading", total=None)
        report = build_catalog(
            sources,
            out,
            lambda name, count: bar.update(task, description=f"{name}: {count:,} products"),
            retrieved.date() if retrieved else None,
            coverage=coverage,
            builtin=not no_builtin,
        )
    if as_json:
        print_json(_report(report))
        return
    rows = [(name, f"{count:,}") for name, count in sorted(report.entries.items())]
    print_table(("register", "entries"), rows)
    click.echo(
        f"{out}: {report.products:,} products, fingerprint {report.fingerprint}, {report.seconds:.1f} s"
        + (f", {report.repeated:,} entries given more than once" if report.repeated else "")
    )
    for path, log in report.logs.items():
        for note in log.notes:
            click.echo(f"{plain(str(path))}: {plain(note)}")
        for reason, count in sorted(log.passed_over.items()):
            click.echo(f"{plain(str(path))}: passed over {count:,}: {reason}")
        if log.rejected_count:
            click.echo(f"{plain(str(path))}: skipped {log.rejected_count:,} that cannot be used:")
        for fault in log.rejected[:FAULTS_SHOWN]:
            click.echo(f"  {plain(fault.name)}: {plain(fault.reason)}")
        if log.rejected_count > FAULTS_SHOWN:
            click.echo("  ... (--json names up to 1,000)")
        if log.doubts_count:
            click.echo(f"{plain(str(path))}: left {log.doubts_count:,} values empty that were not understood:")
        for doubt in log.doubts[:FAULTS_SHOWN]:
            click.echo(f"  {plain(doubt.name)}: {plain(doubt.reason)}")


def _report(report: BuildReport) -> dict[str, Any]:
    return {
        "catalog": str(report.path),
        "fingerprint": report.fingerprint,
        "products": report.products,
        "entries": dict(report.entries),
        "repeated": report.repeated,
        "seconds": report.seconds,
        "skipped": {path: [asdict(fault) for fault in log.rejected] for path, log in report.logs.items()},
        "skipped_count": {path: log.rejected_count for path, log in report.logs.items()},
        "notes": {path: list(log.notes) for path, log in report.logs.items()},
        "doubts": {path: [asdict(doubt) for doubt in log.doubts] for path, log in report.logs.items()},
        "doubts_count": {path: log.doubts_count for path, log in report.logs.items()},
        "passed_over": {path: dict(log.passed_over) for path, log in report.logs.items()},
    }


@catalog.command()
@catalog_argument
@json_option
def info(catalog: Path | None, as_json: bool) -> None:
    """Say what a catalog holds: its registers, and how often each field is filled."""
    with open_catalog(catalog) as opened:
        facts = _facts(opened)
    if as_json:
        print_json(facts)
        return
    click.echo(f"catalog      {facts['catalog']}")
    click.echo(f"fingerprint  {facts['fingerprint']}")
    click.echo(f"date         {facts['date'] or '-'}")
    for name in ("products", "distinct", "imprints", "labels"):
        click.echo(f"{name:12s} {facts[name]:,}")
    if facts["coverage"] is not None:
        click.echo(f"coverage     {facts['coverage']:g} of its market")
    registers = [tuple(map(str, row.values())) for row in facts["registers"]]
    print_table(("register", "products", "dated", "site"), registers, spare=("site",))
    filled = [(name, f"{count:,}", _percent(count, facts["products"])) for name, count in facts["filled"].items()]
    print_table(("field", "filled", "share"), filled)


def _facts(opened: Catalog) -> dict[str, Any]:
    registers = opened.rows(
        "SELECT source.name, count(*), min(nullif(source_date, '')), max(source_date), source.url FROM product "
        "JOIN source ON source.id = source_id GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    filled: Counter[str] = Counter()
    for product in opened.products():
        for name in ("tokens", "shape", "colors", "size_mm", "score", "symbol", "drug", "strength", "labeler", "ndc"):
            value = getattr(product, name)
            filled["imprint" if name == "tokens" else name] += value is not None and value not in ("", ())
    return {
        "catalog": opened.name,
        "fingerprint": opened.fingerprint,
        "date": opened.date,
        "coverage": opened.stated_coverage,
        "products": len(opened),
        "distinct": opened.distinct_products,
        "imprints": len(opened.imprints()),
        "labels": opened.rows("SELECT count(*) FROM monograph")[0][0],
        "registers": [
            {"register": name, "products": count, "dated": f"{first} to {last}" if first else "", "site": site}
            for name, count, first, last, site in registers
        ],
        "filled": dict(filled),
    }


@catalog.command()
@catalog_argument
@click.option(
    "--out", metavar="FILE", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="Else printed."
)
@json_option
def export(catalog: Path | None, out: IO[str], as_json: bool) -> None:
    """Write all products as CSV, or with --json as JSON Lines."""
    check_outputs((None if out.name == "-" else Path(out.name),), (catalog,))
    with open_catalog(catalog) as opened:
        (write_json_lines if as_json else write_csv)(opened.products(), HarmlessWriter(out))  # type: ignore[arg-type]


@catalog.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@json_option
def diff(old: Path, new: Path, as_json: bool) -> None:
    """Say what changed from the catalog OLD to NEW: appeared, gone, looks changed, other changes.

    The last line counts them and names the look-alikes that are new: two tablets that now share imprint and look.
    """
    with open_catalog(old) as before, open_catalog(new) as after:
        kinds: Counter[str] = Counter()
        imprints = set()
        for change in compare(before, after):
            kinds[change.kind] += 1
            imprints.add(change.product.imprint_key)
            click.echo(json_line(_change(change)) if as_json else _change_words(change))
        pairs = new_look_alikes(before, after, imprints)
        if as_json:
            counts = {kind: kinds[kind] for kind in KINDS}
            click.echo(json_line({"kind": "summary", **counts, "look_alikes": [asdict(pair) for pair in pairs]}))
            return
        total = ", ".join(f"{kinds[kind]:,} {kind}" for kind in KINDS)
        click.echo(f"{before.fingerprint} -> {after.fingerprint}: {total}; {_look_alike_words(pairs)}")


def _change(change: Change) -> dict[str, Any]:
    fields = [{"field": name, "old": was, "new": now} for name, was, now in change.fields]
    return {"kind": change.kind, "product_id": change.product.product_id, "fields": fields}


def _change_words(change: Change) -> str:
    fields = "; ".join(f"{name}: {was or '-'} -> {now or '-'}" for name, was, now in change.fields)
    words = f"{change.product.name} {change.product.labeler}".strip()
    return plain(f"{change.kind:9s}{change.product.product_id}  {words}  {fields}".rstrip())


def _look_alike_words(pairs: Sequence[LookAlike]) -> str:
    named = [
        f"{pair.drugs[0]} and {pair.drugs[1]} ({f'{pair.imprint}, {pair.look}'.strip(', ')})"
        for pair in pairs[:LOOK_ALIKES_SHOWN]
    ]
    more = f" and {len(pairs) - len(named):,} more (--json names all)" if len(pairs) > len(named) else ""
    count = f"{len(pairs):,} new look-alike{'' if len(pairs) == 1 else 's'}"
    return plain(f"{count}{': ' if named else ''}{'; '.join(named)}{more}")


@catalog.command()
@catalog_argument
@json_option
def check(catalog: Path | None, as_json: bool) -> None:
    """List rows that are probably wrong; none is changed."""
    with open_catalog(catalog) as opened:
        findings = list(check_products(opened.products()))
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    for finding in findings:
        click.echo(plain(f"{finding.product_id}: {finding.rule}: {finding.sentence}"))
    rules = Counter(finding.rule for finding in findings)
    told = ", ".join(f"{count} {rule}" for rule, count in sorted(rules.items()))
    click.echo(f"{len(findings)} suspicious rows{': ' + told if told else ''}")


@catalog.command()
@catalog_argument
@json_option
def ceiling(catalog: Path | None, as_json: bool) -> None:
    """Say how ambiguous a catalog is: what share of products is unique, by what is known of them."""
    with open_catalog(catalog) as opened:
        found = ceiling_of(opened.products())
        fingerprint = opened.fingerprint
    if as_json:
        print_json({"catalog": fingerprint, "kit_parts": found.kit_parts, "rows": [asdict(row) for row in found.rows]})
        return
    rows = [
        (row.known, f"{row.products:,}", f"{row.unique:.1%}", f"{row.unique_drug:.1%}", f"{row.candidates:.1f}")
        for row in found.rows
    ]
    print_table(("known", "products", "one product left", "one drug left", "candidates (mean)"), rows)
    click.echo(f"{found.kit_parts:,} parts of kits left out; catalog {fingerprint}")


@catalog.command()
@click.argument("catalog", type=FILE)
def migrate(catalog: Path) -> None:
    """Bring a catalog of an older version up to date."""
    before, after = migrate_catalog(catalog)
    click.echo(f"{plain(str(catalog))}: {'already ' if before == after else f'version {before} -> '}version {after}")


def _percent(count: int, total: int) -> str:
    return f"{count / total:.0%}" if total else ""
