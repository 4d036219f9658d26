"""The options that several commands share, each in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline.imprint import READERS
from pipeline.scale.coin_sizes import COINS_MM
from pipeline.settings import RISKS, DecideSettings, ReadSettings, Settings

if TYPE_CHECKING:
    from pipeline.identifier import Identifier

_Command = TypeVar("_Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)


def asked_catalog(context: click.Context, parameter: click.Parameter, named: Path | None) -> Path | None:
    """The file of the catalog that is meant: named, installed under that name, or chosen by ``catalog use``.

    None is the one inside the package.
    """
    from reference.store.places import default_path, find

    return default_path() if named is None else find(named)


catalog_option = click.option(
    "--catalog",
    metavar="CATALOG",
    type=FILE,
    callback=asked_catalog,
    help="File, register table or installed catalog's name (else the one chosen with catalog use, or that inside).",
)
reader_option = click.option(
    "--reader",
    type=click.Choice(list(READERS)),
    default=ReadSettings().reader,
    show_default=True,
    help="What reads the imprint; none goes by shape, color and size alone.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

mm_per_px_option = click.option(
    "--mm-per-px", type=float, metavar="MM", help="Millimeters per pixel of the photo as it was taken."
)
coin_option = click.option(
    "--coin", type=click.Choice(list(COINS_MM)), help="A coin of this kind lies beside the pill."
)

# A name on the command line has no blanks: "one in 100" is 1-in-100 there.
_RISKS = {risk.replace("one", "1").replace(" ", "-"): risk for risk in RISKS}
_DEFAULT = next(name for name, risk in _RISKS.items() if risk == DecideSettings().risk)


def _settings(context: click.Context, parameter: click.Parameter, name: str) -> Settings:
    """The settings of the whole flow at that level of risk."""
    return Settings(decide=DecideSettings(risk=_RISKS[name]))


def _share(context: click.Context, parameter: click.Parameter, share: float | None) -> float | None:
    """The share, above 0 and below 1 (which NaN is not)."""
    if share is not None and not 0 < share < 1:
        raise click.BadParameter(f"{share:g} is no share above 0 and below 1", context, parameter)
    return share


def trust_options(command: _Command) -> _Command:
    """``--risk``, handed over as ``settings``, and ``--coverage``, as a share or None."""
    risk = click.option(
        "--risk",
        "settings",
        type=click.Choice(list(_RISKS)),
        default=_DEFAULT,
        show_default=True,
        callback=_settings,
        help="What IDENTIFIED may risk: one wrong answer in 100; none that was seen; nor any text but the imprint's.",
    )
    coverage = click.option(
        "--coverage",
        metavar="SHARE",
        type=float,
        callback=_share,
        help="The share of its market that the catalog holds, above 0 and below 1 (else by its count).",
    )
    return risk(coverage(command))


def with_reader(settings: Settings, reader: str) -> Settings:
    """The settings with the reader of that name."""
    return replace(settings, read=replace(settings.read, reader=reader))


def open_identifier(
    catalog: Path | None, coverage: float | None, settings: Settings, reader: str, *, keep_photos: bool = False
) -> Identifier:
    """The identifier that a command's options describe."""
    from pipeline.identifier import Identifier
    from reference.store.catalog import open_catalog

    opened = open_catalog(catalog, coverage)
    return Identifier(opened, settings=with_reader(settings, reader), keep_photos=keep_photos)
