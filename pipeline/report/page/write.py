"""Writes a batch's page: row by row, so that no more than its index is held.

The index (a line a row) is in the page. What a row opens to, with its pictures, comes in shards: in the page itself up
to ``INLINE_BYTES_MAX``, beyond that in files in the folder ``report-files`` beside it, which the page reads as they are
looked at. A browser reads scripts beside a page that was opened from a disk, but no JSON; so a shard is a script that
hands over its JSON. The labels' pictures are in shards of their own behind those of the rows, each product's once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import quote

from pipeline.figures_in_words import percent
from pipeline.report.page.document import Document, document, json_text
from pipeline.report.page.pictures import webp_uri
from pipeline.report.page.view import View
from pipeline.report.short_words import plain
from pipeline.review import RESULTS, content_key, row_key
from reference.search.tablets import tablets
from reference.store.catalog import Catalog

# 32 MiB of pictures and details, some 1,500 photos: such a file still goes through a mail server and opens at once.
INLINE_BYTES_MAX = 32 * 2**20
# Rows a shard: a screenful of rows in any order asks for some 20 shards, each of some 0.4 MB.
SHARD_ROWS = 20
# Labels' pictures a shard: 0.3 MB, of which a row needs five at most, mostly those of the rows around it.
SHARD_LABELS = 40
# Rows the page lists; the index of each takes some 200 bytes of the page and ten times as many in a browser.
ROWS_MAX = 100_000
# Tablets of the catalog that can be searched in the page, some 80 bytes each: at most about 1.6 MB.
TABLETS_MAX = 20_000

Row = Mapping[str, Any]


@dataclass(frozen=True)
class About:
    """What a batch's page says of the run.

    ``run``: what its verdicts are kept under in a browser; the same for the same batch. ``lines``: catalog, settings,
    version and the like, each a name and a value. ``photos``: the folder of the photos as seen from the page's, ""
    where it cannot be reached from there. ``pictures``: whether the rows come with pictures. ``own``: the columns of
    the caller's list. ``is_truth``: whether rows say what was expected.
    """

    title: str
    run: str
    lines: Sequence[tuple[str, str]] = ()
    photos: str = ""
    pictures: bool = True
    own: Sequence[str] = ()
    is_truth: bool = False


def report_size(page: Path) -> int:
    """The bytes of a page and of the files beside it."""
    beside = _folder(page)
    files = [page, *(beside.iterdir() if beside.is_dir() else ())]
    return sum(file.stat().st_size for file in files)


class PageWriter:
    """Writes ``page``; the rows are added one by one, and leaving the context puts it in place.

    Args:
        page: ends in .html; written beside and moved into place, as are its shards.
        about: what it says of the run.
        catalog: what a person may search when correcting a row; None where there is none.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, page: Path, about: About, catalog: Catalog | None = None) -> None:
        self._page, self._about, self._catalog = page, about, catalog
        self._unfinished = page.with_name(f".{os.getpid()}.{_folder(page).name}")
        self._index = _Index()
        self._labels: dict[str, int] = {}
        self._stamp = hashlib.sha256(about.run.encode())
        self._views, self._pictures = _Shards(SHARD_ROWS), _Shards(SHARD_LABELS)

    def __enter__(self) -> PageWriter:
        self._unfinished.mkdir(parents=True)
        self._views.open(self._unfinished / "views")
        self._pictures.open(self._unfinished / "pictures")
        return self

    def add(self, row: Row, view: View | None = None) -> None:
        """Add a row of the batch, with what it opens to; None where nothing but the row is known."""
        if view and self._index.add(row, view):
            self._views.add(json_text(self._with_labels(view)))
        elif not view:
            self._index.add(row, None)

    def _with_labels(self, view: View) -> View:
        """The view with the places of its labels' pictures in the shards; those that are new are put there."""
        return {**view, "candidates": [self._with_label(one) for one in view.get("candidates", ())]}

    def _with_label(self, candidate: Mapping[str, Any]) -> Mapping[str, Any]:
        picture = candidate.get("picture")
        if not picture or "src" in picture:
            return candidate
        place = self._label(picture["product"])
        return {**candidate, "picture": None if place is None else {**picture, "label": place}}

    def _label(self, product: str) -> int | None:
        if product not in self._labels:
            webp = self._catalog.picture(product) if self._catalog else None
            if webp is None:
                return None
            self._labels[product] = len(self._labels)
            self._pictures.add(json_text(webp_uri(webp)))
        return self._labels[product]

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._views.close()
            self._pictures.close()
            shutil.rmtree(self._unfinished, ignore_errors=True)

    def _lines(self) -> Iterator[str]:
        yield from self._views.lines()
        yield from self._pictures.lines()

    def _finish(self) -> None:
        beside = self._views.finish() + self._pictures.finish() > INLINE_BYTES_MAX
        for line in self._lines():
            self._stamp.update(line.encode("ascii"))
        stamp = self._stamp.hexdigest()[:12]
        shards = {
            "count": self._views.count,
            "rows": SHARD_ROWS,
            "labels": SHARD_LABELS,
            "folder": _folder(self._page).name if beside else "",
        }
        page = Document(
            title=self._about.title,
            kind="batch",
            data={
                **self._index.data(),
                "about": _about(self._about),
                "shards": {**shards, "stamp": stamp},
                "catalog": _searchable(self._catalog),
            },
            fallback=self._index.words(),
            beside=beside,
        )
        text = document(page, () if beside else self._lines())
        with (self._unfinished / "page").open("w", encoding="utf-8") as file:
            file.writelines(text)
        shutil.rmtree(_folder(self._page), ignore_errors=True)
        if beside:
            self._write_shards(stamp)
        (self._unfinished / "page").replace(self._page)

    def _write_shards(self, stamp: str) -> None:
        files = self._unfinished / "files"
        files.mkdir()
        for number, line in enumerate(self._lines()):
            script = f"pillprintShard({json_text(stamp)},{number},{line});\n"
            (files / f"{number}.js").write_text(script, "ascii")
        files.replace(_folder(self._page))


class _Shards:
    """JSON texts in lists of ``size``, a line each, on the disk until the page is put together."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._texts: list[str] = []
        self._file: IO[bytes] | None = None
        self.count = 0

    def open(self, path: Path) -> None:
        """Begin the file."""
        self._file = path.open("w+b")

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    @property
    def _out(self) -> IO[bytes]:
        if self._file is None:
            raise ValueError("the page is written inside `with` only")
        return self._file

    def add(self, text: str) -> None:
        """Add one text."""
        self._texts.append(text)
        if len(self._texts) == self._size:
            self._flush()

    def _flush(self) -> None:
        if self._texts:
            self._out.write(f"[{','.join(self._texts)}]\n".encode("ascii"))
            self.count += 1
            self._texts = []

    def finish(self) -> int:
        """Write what is left; gives the file's bytes."""
        self._flush()
        return self._out.tell()

    def lines(self) -> Iterator[str]:
        """Each list as JSON."""
        self._out.seek(0)
        for line in self._out:
            yield line.decode("ascii").rstrip("\n")


def _folder(page: Path) -> Path:
    return page.with_name(f"{page.stem}-files")


def _about(about: About) -> dict[str, Any]:
    return {
        "title": plain(about.title),
        "run": about.run,
        "lines": [[plain(name), plain(value)] for name, value in about.lines],
        "photos": quote(about.photos) if about.photos else "",
        "pictures": about.pictures,
        "own": [plain(name) for name in about.own],
        "truth": about.is_truth,
    }


def _searchable(catalog: Catalog | None) -> dict[str, Any]:
    """The catalog's tablets as rows of the page's search."""
    if catalog is None:
        return {"tablets": [], "total": 0}
    found, total = tablets(catalog, TABLETS_MAX)
    return {"tablets": [[plain(str(cell)) for cell in tablet[:4]] for tablet in found], "total": total}


@dataclass
class _Index:
    """A short line a row; texts that many rows share are kept once."""

    rows: list[list[Any]] = field(default_factory=list)
    texts: dict[str, int] = field(default_factory=dict)
    decisions: Counter[str] = field(default_factory=Counter)
    views: int = 0

    def add(self, row: Row, view: View | None) -> bool:
        """Keep the row; whether its view has a place in the shards."""
        self.decisions[row.get("decision") or "ERROR"] += 1
        if len(self.rows) >= ROWS_MAX:
            return False
        place = self.views if view else -1
        self.rows.append([*self._cells(row, view), place, verdict_of(row), self._own(row), self._truth(row)])
        self.views += bool(view)
        return bool(view)

    def _cells(self, row: Row, view: View | None) -> list[Any]:
        likeliest = max((found["probability"] for found in row.get("candidates") or ()), default=None)
        advice = (view.get("advice") or {}).get("code", "") if view else row.get("advice_code") or ""
        return [
            plain(row["photo"]),
            row.get("pill") or 0,
            self._text(row.get("decision") or "ERROR"),
            self._text(_named(row, view)),
            self._text("" if likeliest is None else percent(likeliest)),
            self._text(plain(advice)),
            0 if likeliest is None else likeliest,
            self._text(plain(" ".join(row.get("imprint") or ()))),
            self._text(plain(row.get("error_kind") or "")),
            plain(row.get("error") or ""),
            int(bool(row.get("high_alert"))),
            row_key(row),
            content_key(row),
        ]

    def _own(self, row: Row) -> list[int]:
        """The cells of the caller's list."""
        return [self._text(plain(cell)) for cell in row.get("own") or ()]

    def _truth(self, row: Row) -> list[Any] | None:
        """What came of what was expected; None where nothing was."""
        if row.get("harm") is None:
            return None
        said = (row.get(name) or "" for name in ("agreement", "expected", "agreement_reason", "agreement_next"))
        return [row["harm"], *(self._text(plain(text)) for text in said)]

    def _text(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))

    def data(self) -> dict[str, Any]:
        """The index as plain JSON values; ``page/core.js`` names the columns."""
        return {"rows": self.rows, "texts": list(self.texts), "photos": self.decisions.total(), "most": ROWS_MAX}

    def words(self) -> str:
        """The counts in plain text."""
        counts = ", ".join(f"{number} {decision}" for decision, number in sorted(self.decisions.items()))
        return f"{self.decisions.total()} rows: {counts}. Allow scripts to look at them, or open results.csv."


def _named(row: Row, view: View | None) -> str:
    """The drug that the row claims, or those that it could be."""
    if view:
        return " or ".join(view.get("names") or ())
    return plain(f"{row.get('drug') or ''} {row.get('strength') or ''}".strip())


def verdict_of(row: Row) -> list[str] | None:
    """The verdict that was merged into a row; None where nobody gave one."""
    if not row.get("verdict"):
        return None
    return [plain(row.get(name) or "") for name in RESULTS]
