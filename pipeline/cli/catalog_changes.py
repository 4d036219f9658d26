"""How ``catalog diff`` and ``catalog get`` say what changed from one catalog to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.cli.output import json_line
from pipeline.report.short_words import plain
from reference.audit.diff import Change, LookAlike, changes_between, new_look_alikes
from reference.store.catalog import Catalog

LOOK_ALIKES_SHOWN = 3
KINDS = ("appeared", "gone", "look", "other")


@dataclass(frozen=True)
class ChangeSummary:
    """How many products changed in which way between two catalogs, and which look-alikes are new."""

    before: str
    after: str
    counts: Mapping[str, int]
    look_alikes: tuple[LookAlike, ...]

    def words(self) -> str:
        """The summary in one line."""
        total = ", ".join(f"{count:,} {kind}" for kind, count in self.counts.items())
        return f"{self.before} -> {self.after}: {total}; {_look_alike_words(self.look_alikes)}"

    def values(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"kind": "summary", **self.counts, "look_alikes": [asdict(pair) for pair in self.look_alikes]}


class Changes:
    """The changes from one catalog to another: iterated once, then summed up in one line."""

    def __init__(self, before: Catalog, after: Catalog) -> None:
        self._before, self._after = before, after
        self._kinds: Counter[str] = Counter()
        self._imprints: set[str] = set()
        self._changes = self._counted()

    def __iter__(self) -> Iterator[Change]:
        return self._changes

    def _counted(self) -> Iterator[Change]:
        for change in changes_between(self._before, self._after):
            self._kinds[change.kind] += 1
            self._imprints.add(change.product.imprint_key)
            yield change

    def summary(self) -> ChangeSummary:
        """What the changes come to; those not yet iterated over are counted too."""
        for _ in self._changes:
            pass
        pairs = new_look_alikes(self._before, self._after, self._imprints)
        counts = {kind: self._kinds[kind] for kind in KINDS}
        return ChangeSummary(self._before.fingerprint, self._after.fingerprint, counts, pairs)


def change_json(change: Change) -> str:
    """One change as a line of JSON."""
    fields = [{"field": name, "old": was, "new": now} for name, was, now in change.fields]
    return json_line({"kind": change.kind, "product_id": change.product.product_id, "fields": fields})


def change_words(change: Change) -> str:
    """One change in a line."""
    fields = "; ".join(f"{name}: {was or '-'} -> {now or '-'}" for name, was, now in change.fields)
    words = f"{change.product.name} {change.product.labeler}".strip()
    return plain(f"{change.kind:9s}{change.product.product_id}  {words}  {fields}".rstrip())


def _look_alike_words(pairs: Sequence[LookAlike]) -> str:
    named = [
        f"{pair.drugs[0]} and {pair.drugs[1]} ({f'{pair.imprint}, {pair.look}'.strip(', ')})"
        for pair in pairs[:LOOK_ALIKES_SHOWN]
    ]
    more = f" and {len(pairs) - len(named):,} more (--json names all)" if len(pairs) > len(named) else ""
    count = f"{len(pairs):,} new look-alike{'' if len(pairs) == 1 else 's'}"
    return plain(f"{count}{': ' if named else ''}{'; '.join(named)}{more}")
