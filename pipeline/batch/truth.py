"""What the rows of a batch say of what was expected, and which of them a person should see first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.records import Agreement
from reference.text.shown import name_shown

if TYPE_CHECKING:
    from pipeline.verify import Verification

# The order of the results, most urgent first: contradicted, not answered, cannot be told, consistent. A high-alert drug
# moves one place forward.
_CONTRADICTED, NOT_ANSWERED, _CANNOT_TELL, _CONSISTENT = 1, 2, 4, 5
_LEVELS = {
    Agreement.CONTRADICTED: _CONTRADICTED,
    Agreement.CANNOT_TELL: _CANNOT_TELL,
    Agreement.CONSISTENT: _CONSISTENT,
}
_LOOK_ALIKES_MAX = 5


def cells_of(found: Verification) -> dict[str, Any]:
    """The cells of a row about what was expected."""
    from pipeline.report.next_step import next_step  # here, since most batches verify nothing

    alike = [name_shown(each.product) for each in found.look_alikes]
    return {
        "agreement": found.agreement.value,
        "agreement_reason": found.reason,
        "agreement_next": next_step(found),
        "likelihood_ratio": float(f"{found.likelihood_ratio:.3g}"),
        "look_alikes": list(dict.fromkeys(alike))[:_LOOK_ALIKES_MAX],
        "harm": _harm(found),
    }


def _harm(found: Verification) -> int:
    """From 0: contradicted, not answered, cannot be told, consistent; of each but the last high-alert drugs first."""
    level = _LEVELS[found.agreement]
    meant = found.expected.high_alert is not None or any(each.high_alert for each in found.others[:3])
    return level - (meant and found.agreement is not Agreement.CONSISTENT)


def by_harm(rows: Iterable[Mapping[str, Any]], level: int) -> Iterator[Mapping[str, Any]]:
    """The rows of one harm; those that have no answer to what was expected get theirs."""
    for row in rows:
        harm = NOT_ANSWERED if row.get("harm") is None else row["harm"]
        if harm == level:
            yield {**row, "harm": harm}


HARMS = range(_CONSISTENT + 1)
