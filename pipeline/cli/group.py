"""The command `pillprint`: reads options, calls the package, prints. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
import warnings
from typing import Any

import click

import pipeline
from pipeline.cli.output import INTERRUPTED, harmless
from pipeline.errors import PillprintError

# Where each command lives, and what --help says of it without importing it.
_COMMANDS = {
    "batch": ("pipeline.cli.batch", "Identify all photos below a folder, one result row a photo."),
    "catalog": ("pipeline.cli.catalog", "Build, compare, check and export catalogs."),
    "doctor": ("pipeline.cli.doctor", "Say what is installed, what is missing, and what to install."),
    "evaluate": ("pipeline.cli.evaluate", "Measure how well a labeled photo set is identified."),
    "identify": ("pipeline.cli.identify", "Identify the pill in one or several photos of the same pill."),
    "marker": ("pipeline.cli.marker", "Print a marker that gives photos their scale."),
    "monograph": ("pipeline.cli.monograph", "Print what a person should know of a drug, with sources."),
    "search": ("pipeline.cli.search", "Find products by imprint, color, shape, size, score or drug."),
    "verify": ("pipeline.cli.verify", "Is the pill in the photo what it should be?"),
}


class _Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(_COMMANDS[name][0]), name)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in _COMMANDS.items()])

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            click.echo("pillprint: stopped", err=True)
            context.exit(INTERRUPTED)
        except click.ClickException as error:
            error.message = harmless(error.message)  # type: ignore[misc]
            raise
        except PillprintError as error:
            failure: PillprintError = error
        except ImportError as error:
            from pipeline.doctor import missing_library

            missing = missing_library(error)
            if missing is None:
                raise
            failure = missing
        except OSError as error:  # the disk is full, a file may not be written; photos are read by `load`
            if error.errno == errno.EPIPE:
                raise
            what = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else "a file"
            failure = PillprintError(f"{what}: {error.strerror or error}")
        click.echo(harmless(f"pillprint: {failure}"), err=True)
        context.exit(failure.exit_code)


def main() -> None:
    """The console command."""
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what is wrong with a photo, `load` says itself
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what its encoding lacks is escaped, whatever a command prints
            stream.reconfigure(errors="backslashreplace")
    cli(prog_name="pillprint")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pipeline.__version__, prog_name="pillprint")
def cli() -> None:
    """Tell from photos of a tablet or capsule what it is, how sure and why, with the drug's monograph.

    Exit codes: 0 answered (also "no pill" and "unknown"), 1 other failure, 2 wrong use, 3 not a usable photo,
    4 not a usable catalog, 5 not a usable photo set or result folder, 6 something is not installed, 7 some photos of a
    batch have an error row (only with --fail-on-error), 10 and 11 what verify contradicts and what it cannot tell,
    130 stopped.

    Not medical advice. Never take a pill because of what a program says.
    """
