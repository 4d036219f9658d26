"""The makers' photos of a catalog's products, small, in a second SQLite file beside it.

A catalog ``us.sqlite`` has them in ``us.sqlite.pictures``. They belong to it while both bear the same fingerprint.
"""

from __future__ import annotations

import io
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

SIDE_PX = 256
# Pillow's scale; at 256 px some 6 KB a photo.
_QUALITY = 80
# Label photos have up to some 20 megapixels; more is damage or malice.
_PIXELS_MAX = 64_000_000


def pictures_path(catalog: Path) -> Path:
    """The file with the pictures of a catalog."""
    return catalog.with_name(f"{catalog.name}.pictures")


def small_picture(data: bytes) -> bytes:
    """A JPEG as WebP with sides of at most ``SIDE_PX``; raises ``ValueError`` where it cannot be used."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if image.width * image.height > _PIXELS_MAX:
                raise ValueError(f"{image.width} x {image.height} pixels")
            image.draft("RGB", (2 * SIDE_PX, 2 * SIDE_PX))
            upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((SIDE_PX, SIDE_PX))
        packed = io.BytesIO()
        upright.save(packed, "WEBP", quality=_QUALITY)
        return packed.getvalue()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"no usable JPEG ({error})") from error


def write_pictures(pictures: Iterable[tuple[str, bytes]], catalog: Path, fingerprint: str) -> int:
    """Write ``(product_id, WebP)`` beside the catalog, whole or not at all; gives their number."""
    with tempfile.TemporaryDirectory(prefix=f".{catalog.name}.", dir=catalog.parent) as folder:
        partial = Path(folder, "pictures")
        with closing(sqlite3.connect(partial, isolation_level=None)) as connection:
            connection.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE meta (fingerprint TEXT NOT NULL); "
                "CREATE TABLE picture (product_id TEXT PRIMARY KEY, webp BLOB NOT NULL); BEGIN;"
            )
            connection.execute("INSERT INTO meta VALUES (?)", (fingerprint,))
            connection.executemany("INSERT INTO picture VALUES (?, ?)", pictures)
            count = int(connection.execute("SELECT count(*) FROM picture").fetchone()[0])
            connection.execute("COMMIT")
        partial.replace(pictures_path(catalog))
    return count


@dataclass(frozen=True)
class LabelPictures:
    """Where the pictures of a catalog's build are: small, picklable, of use without the catalog open."""

    catalog: Path
    fingerprint: str

    def of(self, product_ids: Iterable[str]) -> tuple[str, bytes] | None:
        """The first of these products that has a picture, with it as WebP.

        None where there is no such file, it belongs to another build, or it is damaged: a picture is only an addition.
        """
        return _read(self.catalog, self.fingerprint, product_ids)


def _read(catalog: Path, fingerprint: str, product_ids: Iterable[str]) -> tuple[str, bytes] | None:
    file = pictures_path(catalog)
    if not file.is_file():
        return None
    try:
        address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            if connection.execute("SELECT fingerprint FROM meta").fetchone() != (fingerprint,):
                return None
            for product_id in product_ids:
                row = connection.execute("SELECT webp FROM picture WHERE product_id = ?", (product_id,)).fetchone()
                if row and isinstance(row[0], bytes) and row[0][8:12] == b"WEBP":
                    return product_id, row[0]
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    return None
