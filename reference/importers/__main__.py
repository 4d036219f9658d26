"""``python -m reference.importers docs/registers.md``: writes the table of the registers into the docs."""

from __future__ import annotations

import sys
from pathlib import Path

from reference.importers.registers import REGISTERS

_HEADER = "| option | register | download page | what it gives |"


def table() -> str:
    """The table of all registers in Markdown, a line each."""
    rows = (f"| `--{one.name}` | {one.title} | {one.page} | {one.gives} |" for one in REGISTERS.values())
    return "\n".join((_HEADER, "|---|---|---|---|", *rows))


def written(text: str) -> str:
    """The page with the table of today in place of the one it has; raises ``ValueError`` where it has none."""
    start = text.index(_HEADER)
    return text[:start] + table() + text[text.index("\n\n", start) :]


if __name__ == "__main__":
    for page in map(Path, sys.argv[1:]):
        page.write_text(written(page.read_text("utf-8")), "utf-8")
