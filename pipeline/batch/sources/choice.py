"""What the caller chooses of the photos, and says of all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pipeline.batch.sources.entry import NOTHING, Told
from pipeline.errors import InputError
from pipeline.scale import check_reference

# What a pattern of pairs may hold: {pill} and {face}, and ``*`` for anything.
_FIELD = re.compile(r"\{(pill|face)\}|(\*)")
_FIELDS = {"pill": "(?P<pill>.+)", "face": "(?P<face>[^/]+)"}

LEFT_OUT = "left out by --include or --exclude"


@dataclass(frozen=True)
class Choice:
    """What is taken and said of all photos.

    ``include``, ``exclude``: patterns of names as a shell has them, of paths where one holds a ``/``; only what one of
    the first fits, and nothing that one of the second fits, is taken. ``pairs``: the pattern of names that differ at
    ``{face}`` alone where they show one pill, ``{pill}``. ``told``: of each photo, where a list says nothing else.
    ``each``: whether each pill of a photo has a row.

    Raises:
        InputError: the scale makes no sense, the coin is not known, or the pattern names no pill and face.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    pairs: str = ""
    told: Told = NOTHING
    each: bool = False

    def __post_init__(self) -> None:
        check_reference(self.told.mm_per_px, self.told.coin)
        if self.pairs and sorted(found[0] for found in _FIELD.findall(self.pairs) if found[0]) != ["face", "pill"]:
            raise InputError(
                f"--pairs {self.pairs!r} must hold {{pill}} and {{face}} once each, as in '{{pill}}_{{face}}.*'"
            )
        if self.pairs and self.each:
            raise InputError("--each looks at each photo alone, and --pairs joins photos of one pill; give one of them")

    @property
    def identity(self) -> Mapping[str, str]:
        """What of it the rows depend on; what is not given is not there."""
        told = self.told.arguments
        given = {
            "include": " ".join(self.include),
            "exclude": " ".join(self.exclude),
            "pairs": self.pairs,
            "each": "yes" if self.each else "",
            "mm per px": f"{told['mm_per_px']:g}" if "mm_per_px" in told else "",
            "coin": told.get("coin", ""),
        }
        return {name: value for name, value in given.items() if value}

    def takes(self, path: str) -> bool:
        """Whether a photo is taken."""
        if path.endswith("/"):  # what could not be listed may hold some
            return True
        return (not self.include or _fits(path, self.include)) and not _fits(path, self.exclude)

    def pill_of(self, path: str) -> str:
        """What the photos of one pill have in common, "" where the pattern says nothing of this one."""
        if not self.pairs or path.endswith("/"):
            return ""
        folder, _, name = path.rpartition("/")
        found = _pattern(self.pairs).fullmatch(path if "/" in self.pairs else name)
        if found is None:
            return ""
        start, end = found.span("face")
        whole = path if "/" in self.pairs else name
        return f"{'' if '/' in self.pairs else folder}/{whole[:start]}\0{whole[end:]}"


def _fits(path: str, patterns: tuple[str, ...]) -> bool:
    name = path.rpartition("/")[2]
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)


def _pattern(pairs: str) -> re.Pattern[str]:
    parts, at = [], 0
    for found in _FIELD.finditer(pairs):
        parts += [re.escape(pairs[at : found.start()]), _FIELDS[found[1]] if found[1] else ".*"]
        at = found.end()
    return re.compile("".join(parts) + re.escape(pairs[at:]), re.DOTALL)
