"""The command ``pillprint verify``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.identify import photo_source
from pipeline.cli.options import FILE, PhotoOptions, json_option, photo_options
from pipeline.cli.output import draws_tables, print_json, print_rich

if TYPE_CHECKING:
    from pipeline.records import Expected
    from pipeline.verify import ListCheck, RuleOut, Verification

    Verified = Verification | RuleOut | ListCheck

# Exit codes: what was expected is contradicted; it cannot be told, or a drug cannot be ruled out.
_CONTRADICTED, _OPEN = 10, 11


@click.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=FILE)
@click.option(
    "--expect", metavar="X", help="An NDC, a product id, or drug and strength of any labeler: 'baclofen 10 mg'."
)
@click.option("--expect-imprint", metavar="TEXT", default="", help="For what no catalog has: the text of both faces.")
@click.option("--expect-color", metavar="COLOR", default="", help="The same: its color or colors.")
@click.option("--expect-shape", metavar="SHAPE", default="", help="The same: its shape.")
@click.option("--expect-size", metavar="MM", default="", help="The same: its length in mm.")
@click.option(
    "--rule-out",
    metavar="DRUGS",
    help="Is it none of these? high-alert, one of its groups (opioids, anticoagulants), or drugs, parted by commas.",
)
@click.option(
    "--list",
    "list_file",
    metavar="FILE",
    type=FILE,
    help="Are the pills of one photo those of this list? A CSV with the columns expected,count.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say all that was seen and compared, and what it weighs, in bits.")
@photo_options
@json_option
@click.pass_context
def verify(
    context: click.Context,
    photos: tuple[Path, ...],
    expect: str | None,
    expect_imprint: str,
    expect_color: str,
    expect_shape: str,
    expect_size: str,
    rule_out: str | None,
    list_file: Path | None,
    verbose: bool,
    asked: PhotoOptions,
    as_json: bool,
) -> None:
    """Is the pill in one or several photos of it what it should be?

    CONSISTENT (exit code 0), CONTRADICTED (10) or CANNOT_TELL (11), also of a list with --list; with --rule-out
    RULED_OUT (0) or NOT_RULED_OUT (11). A photo does not show what a pill is made of: a counterfeit looks the same.
    """
    look = (expect_imprint, expect_color, expect_shape, expect_size)
    _check_question(expect, look, rule_out, list_file)
    if list_file is not None and len(photos) > 1:
        raise click.UsageError("--list takes one photo")
    identifier = asked.open_identifier()
    sources = tuple(map(photo_source, photos))
    answer: Verified
    if list_file is not None:
        from pipeline.verify import read_list

        entries = read_list(list_file, identifier.catalog)
        answer = identifier.check_list(sources[0], entries, **asked.scale)
    elif rule_out is not None:
        answer = identifier.rule_out(sources, rule_out.split(","), **asked.scale)
    else:
        answer = identifier.verify(sources, expect if expect is not None else _described(look), **asked.scale)
    if as_json:
        print_json(answer.to_dict())
    else:
        _print(answer, verbose)
    context.exit(_exit_code(answer))


def _check_question(expect: str | None, look: Sequence[str], rule_out: str | None, list_file: Path | None) -> None:
    asked = [expect is not None, any(look), rule_out is not None, list_file is not None]
    if sum(asked) != 1:
        raise click.UsageError("say one of --expect, --expect-imprint and the like, --rule-out, or --list")


def _described(look: Sequence[str]) -> Expected:
    from pipeline.verify import described

    imprint, color, shape, size = look
    return described(imprint, color=color, shape=shape, size=size)


def _print(answer: Verified, verbose: bool) -> None:
    from pipeline.report.verification import as_table, as_text

    if draws_tables():
        print_rich(as_table(answer, verbose))
    else:
        click.echo(as_text(answer, verbose), nl=False)


def _exit_code(answer: Verified) -> int:
    from pipeline.records import Agreement
    from pipeline.verify import RuleOut

    if isinstance(answer, RuleOut):
        return 0 if answer.is_ruled_out else _OPEN
    return {Agreement.CONSISTENT: 0, Agreement.CONTRADICTED: _CONTRADICTED, Agreement.CANNOT_TELL: _OPEN}[
        answer.agreement
    ]
