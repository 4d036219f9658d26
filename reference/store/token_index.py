"""The distinct words of a catalog's imprints, kept in memory to be looked through within a millisecond."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from reference.text.imprints import look_alike_key, without_signs

# A word is looked for inside words that look alike only from this length: "I" looks like a part of most imprints.
LOOK_ALIKE_PART_MIN = 3


class _Lines:
    """Texts joined into one, so that a part of any is found at the speed of ``str.find``."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._starts = []
        length = 1
        parts = []
        for text in texts:
            self._starts.append(length)
            parts.append(text)
            length += len(text) + 1
        self._joined = "\n" + "\n".join(parts) + "\n"

    def holding(self, part: str) -> Iterator[int]:
        """The numbers of the texts that hold ``part``, some repeatedly."""
        at = self._joined.find(part)
        while at >= 0:
            yield bisect_right(self._starts, at + (part[:1] == "\n")) - 1
            at = self._joined.find(part, at + 1)

    def matching(self, pattern: str) -> Iterator[int]:
        """The numbers of the texts that a wildcard pattern (``*``, ``?``) fits as a whole."""
        kept = re.escape(pattern).replace(r"\*", r"[^\n]*").replace(r"\?", r"[^\n]")
        for found in re.finditer(rf"(?<=\n){kept}(?=\n)", self._joined):
            yield bisect_right(self._starts, found.start()) - 1


class TokenIndex:
    """Finds the words that equal, begin with, hold, look like or are the turned form of a word.

    ``rows`` are ``(id, token, look_alike, upside_down)`` of the table ``token``.
    """

    def __init__(self, rows: Sequence[tuple[int, str, str, str | None]]) -> None:
        self._ids = [row[0] for row in rows]
        self._tokens = [row[1] for row in rows]
        self._id_of = dict(zip(self._tokens, self._ids, strict=True))
        self._texts = _Lines(self._tokens)
        self._look_alikes = _Lines(row[2] for row in rows)
        self._turned = _Lines(row[3] or "" for row in rows)

    def token(self, text: str) -> int | None:
        """The id of the token that equals ``text``."""
        return self._id_of.get(text)

    def matching(self, pattern: str) -> list[int]:
        """The ids of the tokens that a wildcard pattern fits."""
        return [self._ids[number] for number in self._texts.matching(pattern)]

    def levels(self, word: str) -> dict[int, int]:
        """How each token agrees with ``word``: 1 equal, 3 prefix, 4 contains, 5 look-alike, 6 upside down."""
        alike = look_alike_key(without_signs(word))
        found: dict[int, int] = {}
        for number in self._turned.holding(f"\n{alike}\n"):
            found[number] = 6
        part = alike if len(alike) >= LOOK_ALIKE_PART_MIN else f"\n{alike}\n"
        for number in self._look_alikes.holding(part):
            found[number] = 5
        for number in self._texts.holding(word):
            token = self._tokens[number]
            found[number] = 1 if token == word else 3 if token.startswith(word) else 4
        return {self._ids[number]: level for number, level in found.items()}
