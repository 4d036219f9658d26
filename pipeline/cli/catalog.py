"""The commands ``pillprint catalog ...``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from pipeline.cli.catalog_changes import Changes, change_json, change_words
from pipeline.cli.catalog_get import get, list_, use
from pipeline.cli.catalog_report import print_report, report_values
from pipeline.cli.options import FILE, asked_catalog, json_option
from pipeline.cli.output import HarmlessWriter, json_line, print_json, print_table
from pipeline.cli.outputs import check_outputs
from pipeline.report.short_words import plain
from reference.audit.ceiling import ceiling as ceiling_of
from reference.audit.check import check as check_products
from reference.audit.export import write_csv, write_json_lines
from reference.importers.archive import files_of
from reference.importers.registers import REGISTERS
from reference.store.build import build_catalog
from reference.store.catalog import Catalog, open_catalog
from reference.store.migrations import migrate as migrate_catalog

_Command = TypeVar("_Command", bound=Callable[..., Any])
catalog_argument = click.argument("catalog", metavar="[CATALOG]", required=False, type=FILE, callback=asked_catalog)


def _register_options(command: _Command) -> _Command:
    """An option for each register, in their order."""
    for register in reversed(list(REGISTERS.values())):
        option = click.option(f"--{register.name}", multiple=True, metavar="PATH", type=FILE, help=register.help)
        command = option(command)
    return command


@click.group()
def catalog() -> None:
    """Build, compare, check and export catalogs of tablets and capsules.

    CATALOG is a file, an installed catalog's name, or a register's table; where it is left out, the one that was chosen
    with catalog use, else the one inside the package.
    """


for _command in (get, use, list_):
    catalog.add_command(_command)


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
@click.option("--pictures", is_flag=True, help="Keep the makers' photos in labels, small, beside the catalog.")
@click.option("--no-builtin", is_flag=True, help="Leave out the products that pillprint keeps by hand.")
@json_option
def build(
    out: Path,
    retrieved: datetime | None,
    coverage: float | None,
    pictures: bool,
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
            pictures=pictures,
        )
    if as_json:
        print_json(report_values(report))
        return
    print_report(report)


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
    if facts["origins"]:
        rows = [(each["file"], each["retrieved"], each["modified"], each["url"]) for each in facts["origins"]]
        print_table(("file", "retrieved", "of the server's", "from"), rows, spare=("from",))
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
        "origins": [asdict(origin) for origin in opened.origins],
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
        changes = Changes(before, after)
        for change in changes:
            click.echo(change_json(change) if as_json else change_words(change))
        summary = changes.summary()
        click.echo(json_line(summary.values()) if as_json else summary.words())


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
