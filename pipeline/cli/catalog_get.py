"""The commands ``pillprint catalog get``, ``use`` and ``list``."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

from pipeline.cli.bar import BarDisplay
from pipeline.cli.catalog_changes import Changes, ChangeSummary
from pipeline.cli.catalog_report import print_report, report_values
from pipeline.cli.options import FILE, json_option
from pipeline.cli.output import harmless, print_json, print_table
from pipeline.errors import InputError
from reference.download.addresses import KEY_VARIABLE, SOURCES, Address
from reference.download.watch import DownloadWatch
from reference.download.wish import ALL_LABELS, Wish
from reference.errors import CatalogError
from reference.store.catalog import open_catalog
from reference.store.installed import installed
from reference.store.places import INSIDE, default_name, has_choice
from reference.store.places import use as use_catalog

if TYPE_CHECKING:
    from reference.download.get import New

_NAMES = "; ".join(f"{name}: {source.title}" for name, source in SOURCES.items())


class DownloadDisplay(BarDisplay, DownloadWatch):
    """Shows downloads and the build on standard error: a bar on a terminal, one line a file elsewhere."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        super().__init__(*columns, transient=True)

    def file(self, address: Address, url: str) -> None:
        """Say what comes, from where, how large it is and under which license."""
        size = f"; {address.size}" if address.size else ""
        told = f"{address.title}{size}; {address.license}\n  from {url}"
        self._console.print(harmless(told), soft_wrap=True, markup=False, highlight=False)
        self._start(address.title)

    def received(self, done: int, total: int | None) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def products(self, register: str, count: int) -> None:
        """Move the count of the build."""
        if self._task is None or count == 1:
            self._start(register)
        if self._task is not None and count % 100 == 0:
            self._bar.update(self._task, description=f"{register}: {count:,} products")

    def _start(self, title: str) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(title, total=None)


@click.command(epilog=f"NAME is one of: {_NAMES}.")
@click.argument("name", type=click.Choice(list(SOURCES)), metavar="NAME")
@click.option(
    "--labels", multiple=True, metavar="DRUG", help=f"us: labels of this drug too; {ALL_LABELS}: every label."
)
@click.option(
    "--from", "given", type=FILE, metavar="DIR", help="Build from files already downloaded; download nothing."
)
@click.option("--add", "added", type=FILE, multiple=True, metavar="PATH", help="Join this register's file too.")
@click.option("--url", "mirror", default="", metavar="URL", help="A mirror: a folder with the files under their names.")
@click.option("--downloads", type=FILE, metavar="DIR", help="Where downloads go and stay (else they are deleted).")
@click.option("--key", default="", envvar=KEY_VARIABLE, metavar="KEY", help=f"kr: the key (or in {KEY_VARIABLE}).")
@click.option("--pictures", is_flag=True, help="Keep the makers' photos in labels, small, beside the catalog.")
@click.option("--fewer", is_flag=True, help="Accept a register with far fewer products than the last time.")
@click.option("--use/--no-use", "make_default", default=None, help="Ask it where no catalog is named (or not).")
@json_option
def get(
    name: str,
    labels: tuple[str, ...],
    given: Path | None,
    added: tuple[Path, ...],
    mirror: str,
    downloads: Path | None,
    key: str,
    pictures: bool,
    fewer: bool,
    make_default: bool | None,
    as_json: bool,
) -> None:
    """Download what a country's register publishes, build its catalog, and put it where every command finds it.

    A download that was cut off goes on when the same command is given again. The old catalog stays until the new one is
    complete. Proxies and certificates: HTTPS_PROXY, REQUESTS_CA_BUNDLE. Without --use or --no-use it becomes the
    catalog that is asked where none is named, if none was chosen yet.
    """
    from reference.download.get import new_catalog

    _check_wish(name, labels, given, mirror)
    wish = Wish(labels, mirror, given, added, key)
    with ExitStack() as stack:
        with DownloadDisplay() as display:
            new = stack.enter_context(
                new_catalog(name, wish, display, downloads=downloads, fewer=fewer, pictures=pictures)
            )
        changes = _changes(new)
        path = new.install()
    is_default = make_default or (make_default is None and not has_choice())
    if is_default:
        use_catalog(name)
    if as_json:
        origins = [asdict(origin) for origin in new.origins]
        print_json({**report_values(new.report), "origins": origins, "changes": changes.values() if changes else None})
        return
    print_report(new.report)
    if changes:
        click.echo(f"since the last one: {changes.words()}")
    asked = "it is asked where no catalog is named" if is_default else f"ask it with --catalog {name}"
    click.echo(harmless(f"installed {path}; {asked}"))


def _check_wish(name: str, labels: tuple[str, ...], given: Path | None, mirror: str) -> None:
    if labels and not SOURCES[name].labels:
        raise click.UsageError(f"--labels is for us; {name} publishes none that pillprint reads")
    if given is not None and (mirror or labels):
        raise click.UsageError("--from downloads nothing: leave out --url and --labels")
    if mirror and not mirror.startswith(("https://", "http://")):
        raise InputError(f"{mirror!r} is no address of a folder: it begins with https:// or http://")


def _changes(new: New) -> ChangeSummary | None:
    """What changed since the installed catalog; None where there is none that can be read."""
    if new.old is None:
        return None
    try:
        with open_catalog(new.old) as before, open_catalog(new.path) as after:
            return Changes(before, after).summary()
    except CatalogError:
        return None


@click.command()
@click.argument("name", metavar="NAME")
def use(name: str) -> None:
    """Make the installed catalog NAME the one that is asked where none is named; inside is that of the package."""
    use_catalog(name)
    click.echo(f"{name} is asked where no catalog is named")


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the installed catalogs: how many products, of which day, from where; * is asked where none is named."""
    found = installed()
    if as_json:
        print_json([asdict(each) | {"path": str(each.path)} for each in found])
        return
    mark = {default_name(): "*"}
    with open_catalog() as inside:
        rows = [(mark.get(INSIDE, ""), INSIDE, f"{len(inside):,}", inside.date, "kept by hand", "")]
    for each in found:
        urls = dict.fromkeys(origin.url or origin.file for origin in each.origins)
        told = each.fault or ", ".join(each.registers)
        rows.append((mark.get(each.name, ""), each.name, f"{each.products:,}", each.date, told, " ".join(urls)))
    print_table(("", "catalog", "products", "date", "registers", "from"), rows, spare=("from",))
    if not found:
        click.echo(f"pillprint catalog get NAME gets one: {_NAMES}", err=sys.stderr.isatty())
