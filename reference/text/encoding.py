"""How a table that a person, a register or a spreadsheet wrote is encoded, told by its content."""

from __future__ import annotations

import codecs
import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

# What bytes above 127 stand for, tried in this order: the first that explains those of half the lines, Windows-1252
# where none does. Korean is told by runs of the 2,350 syllables of KS X 1001, Chinese by runs of Big5's 5,401 frequent
# characters; the runs keep single accented letters from being taken for them.
_ENCODINGS = (
    ("utf-8", "UTF-8", re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")),
    ("cp949", "CP949 (Korean)", re.compile(rb"(?:[\xb0-\xc8][\xa1-\xfe]){2,}")),
    ("cp950", "Big5 (Chinese)", re.compile(rb"(?:[\xa4-\xc6][\x40-\x7e\xa1-\xfe]){2,}")),
)
_OTHER = ("cp1252", "Windows-1252")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"), (b"\xff\xfe", "utf-16", "UTF-16"), (b"\xfe\xff", "utf-16", "UTF-16"))
_ASCII = bytes(range(128))


@dataclass(frozen=True)
class Encoding:
    """The codec of a text, its name for people, and how many of its bytes that codec does not know."""

    codec: str
    title: str
    damaged: int = 0


def encoding_of(head: bytes, blocks: Iterable[bytes]) -> Encoding:
    """The encoding of a text.

    Args:
        head: its beginning.
        blocks: all of it from the beginning, read only where the head does not say it.
    """
    return marked_encoding(head) or _narrow(blocks)


def text_of(content: bytes) -> str:
    """All of a text without its mark; bytes that its encoding does not know become U+FFFD."""
    return content.decode(encoding_of(content, (content,)).codec, "replace").removeprefix("\ufeff")


def marked_encoding(head: bytes) -> Encoding | None:
    """The encoding that a byte order mark says, or UTF-16 without one; None where neither is seen."""
    marked = (Encoding(codec, title) for mark, codec, title in _MARKS if head.startswith(mark))
    return next(itertools.chain(marked, _wide(head)), None)


def _wide(head: bytes) -> Iterable[Encoding]:
    """UTF-16 without its mark: every sign of the table's own has a zero byte, always on the same side."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 50 < len(head) or min(even, odd) * 20 > max(even, odd) or not head:
        return
    codec = "utf-16-le" if odd > even else "utf-16-be"
    # One zero byte in a short text is a fault of it: its line breaks have none.
    if b"\n" not in head or "\n" in head.decode(codec, "ignore"):
        yield Encoding(codec, "UTF-16 without a byte order mark")


def _narrow(blocks: Iterable[bytes]) -> Encoding:
    """The encoding that explains the bytes above 127 of most lines; long lines count more, not in proportion.

    So neither one long damaged line nor a few short ones decide.
    """
    damaged, all_lines = 0, 0.0
    explained = dict.fromkeys((codec for codec, _, _ in _ENCODINGS), 0.0)
    utf_8 = codecs.getincrementaldecoder("utf-8")()
    for block in blocks:
        try:
            utf_8.decode(block)  # far faster than to count
        except UnicodeDecodeError:
            utf_8.reset()
        else:
            weight = sum(math.sqrt(_high(line)) for line in block.split(b"\n")) if not block.isascii() else 0
            all_lines, explained["utf-8"] = all_lines + weight, explained["utf-8"] + weight
            continue
        for line in block.split(b"\n"):
            if found := _high(line):
                left = {codec: _high(pattern.sub(b"", line)) for codec, _, pattern in _ENCODINGS}
                damaged += left["utf-8"]
                all_lines += math.sqrt(found)
                for codec, rest in left.items():
                    explained[codec] += math.sqrt(found) if 2 * rest <= found else 0
    codec, title = next(((codec, title) for codec, title, _ in _ENCODINGS if 2 * explained[codec] >= all_lines), _OTHER)
    return Encoding(codec, title, damaged if codec == "utf-8" else 0)


def _high(block: bytes) -> int:
    """How many bytes are above 127."""
    return len(block.translate(None, _ASCII))
