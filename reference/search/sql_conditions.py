"""A query as SQL conditions: what agrees, what disagrees, what the register leaves open.

``part`` is a row of ``imprint_look``, or of ``product`` where drug, labeler or NDC are asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reference.search.query import Query
from reference.store.catalog import Catalog
from reference.text.drugs import names_of
from reference.text.english import english_name


@dataclass
class SqlConditions:
    """SQL for one query: ``look`` admits looks that agree or are open, ``open_look`` counts their empty fields.

    ``fixed`` is the condition on the drug, as asked or without a name, and on what a view leaves out; ``known`` and
    ``empty`` are pairs of conditions for drug, labeler and NDC: the value asked, or none.
    """

    base: str
    look: str
    open_look: str
    fixed: str
    known: list[str]
    empty: list[str]
    blank: int
    values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, catalog: Catalog, asked: Query) -> SqlConditions:
        """The conditions of a query of this catalog."""
        values: dict[str, Any] = {}
        look, open_look = _look_conditions(asked, values)
        base, fixed, known, empty = "imprint_look part", "1", [], []
        if asked.drug:
            drugs, nameless = _drugs(catalog, asked.drug)
            values["drugs"] = json.dumps(drugs)
            values["allowed"] = json.dumps(drugs + nameless)
            base = "json_each(:allowed) asked CROSS JOIN product part ON part.drug_id = asked.value"
            fixed = "part.drug_id IN (SELECT value FROM json_each(:allowed))"
            if nameless:
                known.append("part.drug_id IN (SELECT value FROM json_each(:drugs))")
                empty.append("part.drug_id NOT IN (SELECT value FROM json_each(:drugs))")
        elif asked.labeler or asked.ndc_codes:
            base = "product part"
        if asked.labeler:
            rows = catalog.rows("SELECT id FROM labeler WHERE instr(lower(name), ?)", (asked.labeler,))
            known.append("part.labeler_id IN (SELECT value FROM json_each(:labelers))")
            empty.append("part.labeler_id IN (SELECT id FROM labeler WHERE name = '')")
            values["labelers"] = json.dumps([row[0] for row in rows])
        if asked.ndc_codes:
            known.append("part.ndc9 IN (SELECT value FROM json_each(:codes))")
            empty.append("part.ndc9 = ''")
            values["codes"] = json.dumps(asked.ndc_codes)
        fixed = all_of(fixed, catalog.present("part.imprint_id"))
        blank = catalog.rows("SELECT id FROM imprint WHERE imprint_key = ''")
        return cls(base, look, open_look, fixed, known, empty, blank[0][0] if blank else 0, values)

    @property
    def each(self) -> str:
        """What stands for one row of the base: so many products."""
        return "part.products" if self.base.startswith("imprint_look") else "1"

    @property
    def ask_nothing(self) -> bool:
        """Whether nothing but an imprint is asked."""
        return self.agreed == "1"

    @property
    def agreed(self) -> str:
        """Everything asked has a value and agrees."""
        return all_of(self.fixed, *self.known, self.look, f"{self.open_look} = 0")

    def open_with(self, tiers: Mapping[int, int] | None) -> str:
        """Nothing asked disagrees, but the imprint, the labeler or the NDC has no value, or without words a look."""
        each = [f"({known} OR {empty})" for known, empty in zip(self.known, self.empty, strict=True)]
        lacking = list(self.empty)
        if tiers is None:
            lacking.append(f"{self.open_look} > 0" if self.open_look != "0" else "0")
            return all_of(self.fixed, *each, self.look, any_of(*lacking))
        self.values["imprints"] = json.dumps([*tiers, self.blank] if lacking else [self.blank])
        lacking.append(f"part.imprint_id = {self.blank}")
        imprint = "part.imprint_id IN (SELECT value FROM json_each(:imprints))"
        return all_of(imprint, self.fixed, *each, self.look, any_of(*lacking))


def _drugs(catalog: Catalog, text: str) -> tuple[list[int], list[int]]:
    """The ids of the drugs whose name, ingredients or strength hold every word, and of those without any name.

    A drug that has several names is found under each of them, and under what Korea's and Taiwan's registers call it.
    """
    words = [names_of(english_name(word) or word) for word in text.split()]
    where = " AND ".join(f"({' OR '.join('instr(terms, ?)' for _ in names)})" for names in words)
    values = [name for names in words for name in names]
    found = [row[0] for row in catalog.rows(f"SELECT id FROM drug WHERE {where} ORDER BY id", values)]
    nameless = catalog.rows("SELECT id FROM drug WHERE drug = '' AND trim(terms) = ''")
    return found, [row[0] for row in nameless]


def all_of(*conditions: str) -> str:
    """All of the conditions at once."""
    return " AND ".join(condition for condition in conditions if condition not in {"1", "0 = 0"}) or "1"


def any_of(*conditions: str) -> str:
    """At least one of the conditions."""
    kept = [condition for condition in conditions if condition != "0"]
    return f"({' OR '.join(kept)})" if kept else "0"


def _look_conditions(asked: Query, values: dict[str, Any]) -> tuple[str, str]:
    """SQL that keeps the looks that agree or cannot be excluded, and SQL that counts their empty fields."""
    where, unknown = [], []
    if asked.shape:
        where.append("look.shape IN (:shape, '')")
        unknown.append("(look.shape = '')")
        values["shape"] = asked.shape
    for number, color in enumerate(asked.colors):
        where.append(f"(look.colors = '' OR instr(';' || look.colors || ';', :color{number}))")
        values[f"color{number}"] = f";{color};"
    if asked.colors:
        unknown.append("(look.colors = '')")
    if asked.size_mm_min is not None:
        where.append("(look.size_mm IS NULL OR look.size_mm BETWEEN :smallest AND :largest)")
        unknown.append("(look.size_mm IS NULL)")
        values |= {"smallest": asked.size_mm_min, "largest": asked.size_mm_max}
    if asked.score is not None:
        where.append("(look.score IS NULL OR look.score = :score)")
        unknown.append("(look.score IS NULL)")
        values["score"] = asked.score
    if asked.logo:
        where.append("(look.symbol IS NULL OR look.symbol)")
        unknown.append("(look.symbol IS NULL)")
    return all_of(*where), f"({' + '.join(unknown)})" if unknown else "0"
