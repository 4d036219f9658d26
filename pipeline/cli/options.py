"""The options that several commands share, each in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from pipeline.imprint import READERS
from pipeline.report.output_forms import OUTPUTS
from pipeline.scale.coin_sizes import COINS_MM
from pipeline.settings import RISKS, DecideSettings, ReadSettings, Settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from pipeline.identifier import Identifier

_Command = Callable[..., Any]

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
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

# A name on the command line has no blanks: "one in 100" is 1-in-100 there.
_RISKS = {risk.replace("one", "1").replace(" ", "-"): risk for risk in RISKS}
_DEFAULT = next(name for name, risk in _RISKS.items() if risk == DecideSettings().risk)


def _share(context: click.Context, parameter: click.Parameter, share: float | None) -> float | None:
    """The share, above 0 and below 1 (which NaN is not)."""
    if share is not None and not 0 < share < 1:
        raise click.BadParameter(f"{share:g} is no share above 0 and below 1", context, parameter)
    return share


_TRUST = (
    click.option(
        "--risk",
        type=click.Choice(list(_RISKS)),
        default=_DEFAULT,
        show_default=True,
        help="What IDENTIFIED may risk: one wrong answer in 100; none in all that was measured; "
        "none, and only where the text read is exactly the imprint's.",
    ),
    click.option(
        "--coverage",
        metavar="SHARE",
        type=float,
        callback=_share,
        help="The share of all pills on its market that the catalog holds, above 0 and below 1; "
        "else reckoned from how many it holds.",
    ),
    click.option(
        "--reader",
        type=click.Choice(list(READERS)),
        default=ReadSettings().reader,
        show_default=True,
        help="What reads the imprint; none goes by shape, color and size alone.",
    ),
)
_SCALE = (
    click.option("--mm-per-px", type=float, metavar="MM", help="Millimeters per pixel of the photo as it was taken."),
    click.option("--coin", type=click.Choice(list(COINS_MM)), help="A coin of this kind lies beside the pill."),
)


def _with(command: _Command, options: tuple[_Command, ...]) -> _Command:
    """The command with these options, listed in its help in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def as_record(record: type[DataclassInstance], name: str, options: tuple[_Command, ...]) -> _Command:
    """A decorator that gives a command some options, handed over as one record, ``name``, with a field for each."""

    def decorated(command: _Command) -> _Command:
        @wraps(command)
        def with_record(*args: Any, **given: Any) -> Any:
            made = record(**{field.name: given.pop(field.name) for field in fields(record)})
            return command(*args, **{name: made}, **given)

        return _with(with_record, options)

    return decorated


def settings_options(command: _Command) -> _Command:
    """``--risk`` and ``--reader``, handed over as ``settings``, and ``--coverage``, as a share or None."""

    @wraps(command)
    def with_settings(*args: Any, risk: str, reader: str, **others: Any) -> Any:
        settings = Settings(decide=DecideSettings(risk=_RISKS[risk]), read=ReadSettings(reader=reader))
        return command(*args, settings=settings, **others)

    return _with(with_settings, _TRUST)


class ScaleOptions(TypedDict):
    """What is said of a photo's scale, as the arguments of ``Identifier``'s methods."""

    mm_per_px: float | None
    coin: str | None


@dataclass(frozen=True)
class PhotoOptions:
    """What the commands that identify photos have in common: the catalog, how it is asked, and the photos' scale.

    ``coverage`` is the share of its market that the catalog holds, None to reckon it from the catalog's count.
    """

    catalog: Path | None
    coverage: float | None
    settings: Settings
    mm_per_px: float | None
    coin: str | None

    @property
    def scale(self) -> ScaleOptions:
        """The scale as arguments."""
        return {"mm_per_px": self.mm_per_px, "coin": self.coin}

    def open_identifier(self, *, keep_photos: bool = False) -> Identifier:
        """The identifier that the options describe."""
        from pipeline.identifier import Identifier
        from reference.store.catalog import open_catalog

        opened = open_catalog(self.catalog, self.coverage)
        return Identifier(opened, settings=self.settings, keep_photos=keep_photos)


photo_options = as_record(PhotoOptions, "asked", (catalog_option, settings_options, *_SCALE))
"""The options of every command that identifies photos, handed over as one ``PhotoOptions``, ``asked``."""


def output_options(command: _Command) -> _Command:
    """An option for each of ``OUTPUTS``, handed over as ``outputs``: the file of each that is asked for."""

    @wraps(command)
    def with_outputs(*args: Any, **given: Any) -> Any:
        files = {name: given.pop(name) for name in OUTPUTS}
        return command(*args, outputs={name: file for name, file in files.items() if file is not None}, **given)

    return _with(
        with_outputs,
        tuple(click.option(f"--{name}", metavar="FILE", type=FILE, help=each.help) for name, each in OUTPUTS.items()),
    )
