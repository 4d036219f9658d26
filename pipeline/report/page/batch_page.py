"""A batch's report: what its workers make of each answer, and the page that is made of all rows at the end."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import PhotoSetError
from pipeline.load import display_name
from pipeline.records import Identification, Photo
from pipeline.report.page.document import json_text
from pipeline.report.page.pictures import PictureSizes
from pipeline.report.page.view import answer_view, without_label_pictures
from pipeline.report.page.write import ROWS_MAX, About, PageWriter
from reference.store.catalog import Catalog

# The file in a batch's result folder.
PAGE = "report.html"


@dataclass(frozen=True)
class BatchView:
    """Makes what a page shows of answers; small and picklable, for the workers.

    ``pictures``: whether photos may be in the page at all. ``catalog``: says which candidates' labels have a photo; the
    page has it once a product.
    """

    sizes: PictureSizes = field(default_factory=PictureSizes)
    pictures: bool = True
    catalog: Catalog | None = None

    def __call__(self, photos: Sequence[Photo], answers: Sequence[Identification]) -> list[str]:
        """A JSON text for each answer; ``photos`` as they were loaded for the answers."""
        shown = [replace(photo, name=os.path.basename(photo.name)) for photo in photos] if self.pictures else []
        named = [replace(answer, photos=tuple(map(os.path.basename, answer.photos))) for answer in answers]
        picture_of = self.catalog.picture_of if self.catalog else None
        views = (answer_view(answer, shown, sizes=self.sizes, picture_of=picture_of) for answer in named)
        return [json_text(without_label_pictures(view)) for view in views]


@dataclass(frozen=True)
class BatchReport:
    """The report of one batch.

    ``folder``: where its photos are, None where that is no folder. ``catalog``: what was asked, and what a person
    searches when correcting a row. ``lines``: what the page says of the run besides, each a name and a value.
    ``title``: what the photos are called, else by their folder. ``own``: the columns of the caller's list.
    ``is_truth``: whether that says what each pill should be.
    """

    folder: Path | None
    catalog: Catalog
    lines: Sequence[tuple[str, str]] = ()
    view: BatchView = field(default_factory=BatchView)
    title: str = ""
    own: Sequence[str] = ()
    is_truth: bool = False

    @property
    def key(self) -> str:
        """What the page depends on besides the rows."""
        return repr((self.title, self.folder, tuple(self.lines), self.view.pictures, self.view.sizes, self.is_truth))

    @property
    def rows_max(self) -> int:
        """Rows that the page lists; the others are counted."""
        return ROWS_MAX

    def write(self, rows: Iterable[tuple[Mapping[str, Any], str | None]], out: Path) -> Path:
        """Write the page into the result folder: all rows, each with what ``view`` made of it.

        Raises:
            PhotoSetError: it cannot be written.
        """
        page = out / PAGE
        try:
            with PageWriter(page, self._about(out), self.catalog) as writer:
                for row, text in rows:
                    writer.add(self._without_folder(row), self._allowed(json.loads(text)) if text else None)
        except OSError as error:
            reason = error.strerror or str(error)
            told = f"cannot be written ({reason}); make room, or give the same command with --no-report"
            raise PhotoSetError(f"{display_name(page)}: {told}") from error
        return page

    def _allowed(self, view: dict[str, Any]) -> dict[str, Any]:
        """An earlier run may have made pictures that this page must not hold."""
        return view if self.view.pictures else {**view, "pictures": []}

    def _without_folder(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The row whose error names the photo as the row does; who is given a page need not know where it was made."""
        own = f"{display_name(os.path.join(os.path.abspath(self.folder or ''), row['photo']))}: "
        return {**row, "error": (row.get("error") or "").removeprefix(own).removeprefix(f"{row['photo']}: ")}

    def _about(self, out: Path) -> About:
        made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        title = display_name(self.title or (self.folder or Path()).absolute().name)
        return About(
            title=f"Pills in {title}",
            run=hashlib.sha256(os.fsencode(os.path.realpath(out))).hexdigest()[:12],
            lines=(("Photos", title), *self.lines, ("Report made", made)),
            photos=_seen_from(out, self.folder) if self.folder else "",
            pictures=self.view.pictures,
            own=self.own,
            is_truth=self.is_truth,
        )


def _seen_from(out: Path, folder: Path) -> str:
    """The way to a folder from a page in ``out``; "" where there is none, as on another drive."""
    try:
        path = os.path.relpath(folder, out)
    except ValueError:
        return ""
    return Path(os.fsencode(path).decode("utf-8", "replace")).as_posix()
