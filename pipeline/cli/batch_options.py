"""The options of ``pillprint batch``, handed over as one record."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import FILE, PhotoOptions, as_record, json_option, photo_options

if TYPE_CHECKING:
    from pipeline.batch import BatchSettings, Photos
    from pipeline.batch.engines import Execute


@dataclass(frozen=True)
class BatchOptions:
    """What was asked of a batch, each under its option's name; ``photos`` is the argument, ``table`` ``--list``."""

    photos: str | None
    table: Path | None
    truth: Path | None
    out: Path
    each: bool
    pairs: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    asked: PhotoOptions
    workers: int | None
    timeout: float
    ray: bool
    ray_address: str | None
    report: bool
    thumbnails: bool
    verdicts: Path | None
    also: tuple[str, ...]
    dry_run: bool
    fail_on_error: bool
    log_json: bool
    retry_errors: bool
    restart: bool
    verbose: bool
    as_json: bool

    @property
    def settings(self) -> BatchSettings:
        """How the batch is run."""
        from pipeline.batch import BatchSettings

        return BatchSettings(
            self.workers,
            timeout_seconds=self.timeout,
            retry_errors=self.retry_errors,
            restart=self.restart,
            also=self.also,
        )

    @property
    def execute(self) -> Execute:
        """The engine that runs the workers."""
        from pipeline.batch.engines import run_local, run_ray

        return partial(run_ray, address=self.ray_address) if self.ray or self.ray_address else run_local

    def open_photos(self) -> Photos:
        """The photos that are named, with what is said of them.

        Raises:
            click.UsageError: none are named, or two lists.
            PhotoSetError: there are none where they are named.
        """
        from pipeline.batch import Choice, Told, open_lines, open_list, open_photos

        choice = Choice(self.include, self.exclude, self.pairs, Told(**self.asked.scale), self.each)
        if self.table is not None and self.truth is not None:
            raise click.UsageError("--truth is a list too: give it without --list")
        listed = self.table or self.truth
        if listed is not None:
            folder = Path(self.photos) if self.photos else None
            return open_list(listed, folder, choice, is_truth=self.truth is not None)
        if self.photos == "-":
            return open_lines(sys.stdin.buffer, choice=choice)
        if self.photos is None:
            raise click.UsageError("name the folder of the photos, or a list of them with --list or --truth")
        return open_photos(self.photos, choice)

    def files_read(self) -> Iterator[Path | None]:
        """What the batch reads, which its results must not be written over."""
        return chain((self.table, self.truth, self.asked.catalog, self.verdicts), self._photo_files())

    def _photo_files(self) -> Iterator[Path]:
        """The folder or archive of the photos, and the files in it that results could be written over."""
        from pipeline.batch.sources.walk import photos_below

        folder = Path(self.photos or "")
        if self.photos and folder.exists():
            yield folder
        if self.photos and folder.is_dir() and not self.out.is_dir():
            yield from map(folder.joinpath, photos_below(folder))


_OPTIONS = (
    click.argument("photos", required=False, metavar="[PHOTOS]"),
    click.option(
        "--list",
        "table",
        metavar="FILE",
        type=FILE,
        help="The photos that a CSV names (column path; mm_per_px, coin, pill; others are carried along).",
    ),
    click.option(
        "--truth",
        metavar="FILE",
        type=FILE,
        help="The same, with a column expected (an NDC, or drug and strength): is each pill what it should be?",
    ),
    click.option(
        "--out", required=True, metavar="DIR", type=FILE, help="Where the results go; a second run goes on there."
    ),
    click.option("--each", is_flag=True, help="A row a pill, where photos show several; else a photo is of one pill."),
    click.option(
        "--pairs",
        default="",
        metavar="PATTERN",
        help="Photos whose names differ at {face} alone show one pill, for instance '{pill}_{face}.jpg'.",
    ),
    click.option(
        "--include", multiple=True, metavar="GLOB", help="Take only photos so named (a path where it holds a /)."
    ),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out photos so named."),
    photo_options,
    click.option("--workers", type=click.IntRange(min=1), help="Processes; without it one a core."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=120.0,
        show_default=True,
        help="Seconds a photo.",
    ),
    click.option("--ray", is_flag=True, help="Run the workers on Ray: the cluster that RAY_ADDRESS names, or here."),
    click.option("--ray-address", metavar="HOST:PORT", help="Run the workers on the Ray cluster there."),
    click.option(
        "--report/--no-report", default=True, help="Write report.html, a page to look at the results (default)."
    ),
    click.option(
        "--thumbnails/--no-thumbnails", default=True, help="With pictures of the photos in the page (default)."
    ),
    click.option(
        "--verdicts", metavar="FILE", type=FILE, help="Merge what people said of the rows: what report.html exports."
    ),
    click.option(
        "--also",
        multiple=True,
        type=click.Choice(["parquet", "sqlite"]),
        help="Write the results as Parquet or SQLite too; may be given twice.",
    ),
    click.option("--dry-run", is_flag=True, help="Say how many photos, how long and how much disk; write nothing."),
    click.option("--fail-on-error", is_flag=True, help="Exit with 7 where photos have an error row."),
    click.option("--log-json", is_flag=True, help="Write progress as lines of JSON on standard error."),
    click.option("--retry-errors", is_flag=True, help="Do photos with an error row again."),
    click.option("--restart", is_flag=True, help="Do everything again; earlier results are kept in DIR/earlier."),
    click.option("-v", "--verbose", is_flag=True, help="List the files and folders that are passed over, and why."),
    json_option,
)


batch_options = as_record(BatchOptions, "options", _OPTIONS)
"""The options of the command, handed over as one ``BatchOptions``, ``options``."""
