"""What a report shows of each row, kept beside the rows: one file a shard, to which texts are only ever added.

A row names the place of its text. The text is written before its row, so a run that is killed leaves at most a text
that no row names; a text that is not what its row says (a power cut) counts as none.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from pipeline.batch.rows import Row

_PLACE = re.compile(r"([0-9]+-[0-9]+):([0-9]+):([0-9]+):([0-9a-f]{8})")


class Views:
    """The texts of a batch in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def kept(self, key: str, row: Row) -> Row:
        """The row, and its pills, with the place of each ``view`` instead of the text; ``key`` names its shard."""
        text, pills = row.get("view"), row.get("pills")
        kept = {**row, "view": self._add(key, text.encode())} if text else row
        return {**kept, "pills": [self.kept(key, pill) for pill in pills]} if pills else kept

    def of(self, row: Row) -> str | None:
        """The text of a row that ``kept`` gave; None where there is none."""
        found = _PLACE.fullmatch(row.get("view") or "")
        if not found:
            return None
        key, offset, length, check = found.groups()
        try:
            with (self._directory / key).open("rb") as file:
                file.seek(int(offset))
                text = file.read(int(length))
        except FileNotFoundError:
            return None
        return text.decode() if len(text) == int(length) and zlib.crc32(text) == int(check, 16) else None

    def _add(self, key: str, text: bytes) -> str:
        self._directory.mkdir(exist_ok=True)
        with (self._directory / key).open("ab") as file:
            offset = file.tell()
            file.write(text)
        return f"{key}:{offset}:{len(text)}:{zlib.crc32(text):08x}"
