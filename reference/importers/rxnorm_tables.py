"""What is needed of RxNorm's files, in a temporary database: memory does not grow with them."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from reference.importers.c3pi import clinical_drug
from reference.importers.log import Log
from reference.importers.rrf import RrfFile
from reference.importers.table_rows import clean
from reference.text.drugs import drug_of

# Columns of the files that are read, and where the values stand (NLM, RxNorm Technical Documentation, section 12).
CONSO_COLUMNS, REL_COLUMNS, SAT_COLUMNS, CUI_COLUMNS, ARCHIVE_COLUMNS = 18, 16, 13, 5, 16
_RXCUI, _RXAUI, _SAB, _TTY, _CODE, _STR, _SUPPRESS = 0, 7, 11, 12, 13, 14, 16

# Attributes of a product that are kept.
ATTRIBUTES = frozenset(
    {
        "COATING", "COLOR", "COLORTEXT", "DCSA", "IMPRINT_CODE", "LABELER", "LABEL_TYPE", "MARKETING_CATEGORY",
        "MARKETING_STATUS", "NDC", "SCORE", "SHAPE", "SHAPETEXT", "SIZE", "SPL_SET_ID", "SYMBOL",
    }
)  # fmt: skip
_CONCEPTS = frozenset({"SCD", "SBD", "GPCK", "BPCK", "SCDC", "IN", "PIN", "DF"})
_PRODUCTS = frozenset({"DP", "MTH_RXN_DP"})
_RELATIONS = frozenset({"consists_of", "tradename_of", "has_ingredient", "has_precise_ingredient", "has_dose_form"})
# Far more values than any product has; the rest is damage or malice.
_VALUES_MAX = 200
_AT_ONCE = 10_000

_SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-32000;
CREATE TABLE product (rxaui TEXT PRIMARY KEY, rxcui TEXT, code TEXT, name TEXT, place TEXT) WITHOUT ROWID;
CREATE TABLE substance (rxaui TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
CREATE TABLE concept (rxcui TEXT, tty TEXT, name TEXT, PRIMARY KEY (rxcui, tty)) WITHOUT ROWID;
CREATE TABLE relation (subject TEXT, name TEXT, object TEXT, PRIMARY KEY (subject, name, object)) WITHOUT ROWID;
CREATE TABLE attribute (rxaui TEXT, name TEXT, value TEXT, PRIMARY KEY (rxaui, name, value)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class RxDrug:
    """What RxNorm says of a concept: ingredients in alphabetical order, the amounts in theirs; empty for a pack."""

    name: str = ""
    ingredients: tuple[str, ...] = ()
    strength: str = ""
    dose_form: str = ""
    concept: str = ""
    is_pack: bool = False


@dataclass(frozen=True)
class SplProduct:
    """A product as labels describe it: the atom ``rxaui`` of the concept ``rxcui`` with its attributes by name.

    ``retired`` is the number that the atom has in the file where that one was retired; ``ingredients`` are the label's.
    """

    rxaui: str
    rxcui: str
    code: str
    name: str
    place: str
    attributes: Mapping[str, tuple[str, ...]]
    ingredients: tuple[str, ...] = ()
    retired: str = ""

    def values(self, name: str) -> tuple[str, ...]:
        """Each value of the attribute, in alphabetical order."""
        return self.attributes.get(name, ())

    def all(self, name: str) -> str:
        """All values of the attribute, joined by ``;``."""
        return ";".join(self.values(name))

    def only(self, name: str) -> str:
        """The value of the attribute where there is one alone, else nothing."""
        return self.all(name) if len(self.values(name)) == 1 else ""


class RxNormTables:
    """The products of ``MTHSPL`` and the concepts of ``RXNORM``, read from the files once."""

    def __init__(self, files: Mapping[str, RrfFile], log: Log) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript(_SCHEMA + "BEGIN;")
        self._current = retired_numbers(files, log)
        self._fill("product", 5, self._names(files["RXNCONSO.RRF"], log))
        self._fill("relation", 3, _relations(files["RXNREL.RRF"], log))
        self._fill("attribute", 3, _attributes(files["RXNSAT.RRF"], log))
        self.drug = lru_cache(4096)(self._drug)

    def close(self) -> None:
        """Drop the database."""
        self._connection.close()

    def products(self, log: Log) -> Iterator[SplProduct]:
        """Every product with its attributes, in the order of the atoms' numbers."""
        rows = self._connection.execute(
            "SELECT product.*, attribute.name, value FROM product LEFT JOIN attribute USING (rxaui) ORDER BY rxaui"
        )
        for atom, same in itertools.groupby(rows, key=lambda row: row[:5]):
            found: dict[str, tuple[str, ...]] = {}
            for number, (*_, name, value) in enumerate(same):
                if name and number < _VALUES_MAX:
                    found[name] = (*found.get(name, ()), value)
                elif name and number == _VALUES_MAX:
                    log.doubt(atom[4], f"more than {_VALUES_MAX} attributes")
            rxaui, number, code, text, place = atom
            rxcui = self._current.get(number, number)
            yield SplProduct(
                rxaui, rxcui, code, text, place, found, self._substances(rxaui), number if number != rxcui else ""
            )

    def _names(self, file: RrfFile, log: Log) -> Iterator[tuple[str, ...]]:
        """The products; substances and concepts go into their own tables on the way."""
        for place, row in file.rows(CONSO_COLUMNS, log):
            source, kind = row[_SAB], row[_TTY]
            if source not in {"MTHSPL", "RXNORM"} or row[_SUPPRESS] in {"E", "Y"}:
                continue
            if not (_is_number(row[_RXCUI]) and _is_number(row[_RXAUI])):
                log.reject(place, f"no numbers in {row[_RXCUI][:20]!r} and {row[_RXAUI][:20]!r}")
            elif source == "MTHSPL" and kind in _PRODUCTS:
                yield row[_RXAUI], row[_RXCUI], clean(row[_CODE]), clean(row[_STR]), place
            elif source == "MTHSPL" and kind == "SU":
                self._add("substance", row[_RXAUI], clean(row[_STR]).lower())
            elif source == "RXNORM" and kind in _CONCEPTS:
                self._add("concept", row[_RXCUI], kind, clean(row[_STR]))

    def _add(self, table: str, *values: str) -> None:
        self._connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(values))})", values)

    def _fill(self, table: str, columns: int, rows: Iterator[tuple[str, ...]]) -> None:
        insert = f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * columns)})"
        while some := list(itertools.islice(rows, _AT_ONCE)):
            self._connection.executemany(insert, some)

    def _substances(self, rxaui: str) -> tuple[str, ...]:
        """The active ingredients as the label names them."""
        rows = self._connection.execute(
            "SELECT substance.name FROM relation JOIN substance ON rxaui = object "
            "WHERE subject = ? AND relation.name = 'has_active_ingredient' ORDER BY 1",
            (f"MTHSPL {rxaui}",),
        )
        return tuple(dict.fromkeys(name for (name,) in rows))

    def _drug(self, rxcui: str) -> RxDrug:
        kinds = self._kinds(rxcui)
        pack = next((kinds[kind] for kind in ("GPCK", "BPCK") if kind in kinds), "")
        clinical = next((kinds[kind] for kind in ("SCD", "SBD") if kind in kinds), "")
        if pack or not clinical:
            return RxDrug(concept=pack, is_pack=bool(pack))
        forms = [name for _, name in self._objects(rxcui, "has_dose_form", "DF")]
        parts = self._components(rxcui)
        names, strength = clinical_drug(clinical)
        form = forms[0] if len(forms) == 1 else ""
        if parts:
            strength = " / ".join(amount for _, _, amount in parts)
            ingredients = tuple(name for name, _, _ in parts)
            return RxDrug(drug_of(tuple(moiety for _, moiety, _ in parts)), ingredients, strength, form, clinical)
        return RxDrug(drug_of(names), names, strength, form, clinical)

    def _components(self, rxcui: str) -> list[tuple[str, str, str]]:
        """``(ingredient, moiety, amount)`` of each component, by name; none where one of them lacks a part."""
        found = self._objects(rxcui, "consists_of", "SCDC")
        for clinical, _ in self._objects(rxcui, "tradename_of", "SCD") if not found else ():
            found += self._objects(clinical, "consists_of", "SCDC")
        parts = []
        for number, name in found:
            _, amount = clinical_drug(name)
            moieties = [word for _, word in self._objects(number, "has_ingredient", "IN")]
            precise = [word for _, word in self._objects(number, "has_precise_ingredient", "PIN")]
            if not amount or len(moieties) != 1:
                return []
            parts.append(((precise or moieties)[0].lower(), moieties[0].lower(), amount))
        return sorted(parts)

    def _kinds(self, rxcui: str) -> Mapping[str, str]:
        return dict(self._connection.execute("SELECT tty, name FROM concept WHERE rxcui = ?", (rxcui,)))

    def _objects(self, rxcui: str, relation: str, kind: str) -> list[tuple[str, str]]:
        """``(number, name)`` of the concepts of that kind to which the concept has the relation."""
        return self._connection.execute(
            "SELECT rxcui, concept.name FROM relation JOIN concept ON rxcui = object AND tty = ? "
            "WHERE subject = ? AND relation.name = ? ORDER BY 2",
            (kind, f"RXNORM {rxcui}", relation),
        ).fetchall()


def _relations(file: RrfFile, log: Log) -> Iterator[tuple[str, str, str]]:
    """``(source and number, relation, number)``: in a row the second concept or atom has the relation to the first."""
    for _, row in file.rows(REL_COLUMNS, log):
        rela, source = row[7], row[10]
        if source == "RXNORM" and rela in _RELATIONS:
            yield f"RXNORM {row[4]}", rela, row[0]
        elif source == "MTHSPL" and rela == "has_active_ingredient":
            yield f"MTHSPL {row[5]}", rela, row[1]


def _attributes(file: RrfFile, log: Log) -> Iterator[tuple[str, str, str]]:
    for _, row in file.rows(SAT_COLUMNS, log):
        if row[9] == "MTHSPL" and row[8] in ATTRIBUTES and (value := clean(row[10])):
            yield row[3], row[8], value


def retired_numbers(files: Mapping[str, RrfFile], log: Log) -> Mapping[str, str]:
    """The RXCUI of today by each retired one that became one alone; a number that was parted stays as it is."""
    found: dict[str, set[str]] = {}
    if "RXNCUI.RRF" in files:
        for _, (old, _, _, _, new) in files["RXNCUI.RRF"].rows(CUI_COLUMNS, log):
            found.setdefault(old, set()).add(new)
    if "RXNATOMARCHIVE.RRF" in files:
        for _, row in files["RXNATOMARCHIVE.RRF"].rows(ARCHIVE_COLUMNS, log):
            found.setdefault(row[12], set()).add(row[15])
    merged = {old: new.pop() for old, new in found.items() if len(new) == 1}
    merged = {old: new for old, new in merged.items() if _is_number(old) and _is_number(new) and old != new}
    return {old: _last(new, merged) for old, new in merged.items()}


def _last(number: str, merged: Mapping[str, str]) -> str:
    """Where a chain of numbers ends; a circle is left where it closes."""
    seen = {number}
    while (following := merged.get(number)) and following not in seen:
        seen.add(following)
        number = following
    return number


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12
