"""The command ``pillprint doctor``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import json_option
from pipeline.cli.output import print_json

if TYPE_CHECKING:
    from pipeline.doctor import Check


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what is installed, what is missing, and what to install."""
    from pipeline.doctor import examine

    checks = examine()
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            click.echo(_check_line(check))
    if any(check.needed and not check.ok for check in checks):
        sys.exit(6)


def _check_line(check: Check) -> str:
    state = "ok     " if check.ok else "MISSING" if check.needed else "without"
    return f"{state}  {check.name}: {check.found}" + (f"\n         -> {check.advice}" if not check.ok else "")
