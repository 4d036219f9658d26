"""The monographs kept in ``reference/monographs``: one TOML file a drug, written for people to edit.

The format is described in ``docs/monographs.md``. Nothing is read before it is asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import cast

from reference.errors import CatalogError
from reference.product import Citation, Monograph, Section, Statement
from reference.text.drugs import drug_of, ingredients_of

CITATION_KINDS = ("label", "government", "paper", "reference", "web")

_MONOGRAPH_KEYS = {"drug", "names", "title", "reviewed", "notes", "citations", "section"}
_CITATION_KEYS = {"title", "url", "kind", "date"}
_SECTION_KEYS = {"key", "title", "loinc", "statement"}
_STATEMENT_KEYS = {"text", "cite"}


def monograph_drugs() -> tuple[str, ...]:
    """The drugs with a monograph of ours, in alphabetical order."""
    folder = resources.files("reference") / "monographs"
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))


def load_monograph(drug: str) -> Monograph | None:
    """Our monograph of a drug, or None where there is none.

    ``drug`` may be the generic name or a brand name that the file lists in ``names``, in either case, with the salt
    and the form that labels write beside it: ``"Baclofen Tablets, USP"``, ``"LIORESAL"``, ``"flecainide acetate"``.
    A product of several drugs has none of them.

    Raises ``CatalogError`` where the file does not follow the format.
    """
    wanted = drug_of(ingredients_of(drug))
    if wanted in monograph_drugs():
        return _monograph(_read(wanted), f"{wanted}.toml")
    for name in monograph_drugs():
        table = _read(name)
        if wanted in (known.lower() for known in _texts(table, "names", f"{name}.toml")):
            return _monograph(table, f"{name}.toml")
    return None


def parse_monograph(text: str, file_name: str = "monograph") -> Monograph:
    """A monograph from the text of its TOML file.

    Raises ``CatalogError`` that names the file and the place: not TOML, a key unknown or missing, a statement
    without citation, a citation that is not in the list or that no statement uses, a section or a key twice.
    """
    return _monograph(_table(text, file_name), file_name)


def _read(drug: str) -> Mapping[str, object]:
    file_name = f"{drug}.toml"
    return _table((resources.files("reference") / "monographs" / file_name).read_text("utf-8"), file_name)


def _table(text: str, file_name: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _fault(file_name, f"not TOML: {error}") from error


def _monograph(table: Mapping[str, object], file_name: str) -> Monograph:
    _check_keys(table, _MONOGRAPH_KEYS, {"drug", "title", "citations", "section"}, file_name)
    monograph = Monograph(
        drug=_text(table, "drug", file_name),
        title=_text(table, "title", file_name),
        sections=tuple(_section(part, file_name) for part in _tables(table, "section", file_name)),
        citations=_citations(table, file_name),
        reviewed=_text(table, "reviewed", file_name),
        notes=_texts(table, "notes", file_name),
    )
    _check_citations(monograph, file_name)
    return monograph


def _section(table: Mapping[str, object], file_name: str) -> Section:
    place = f"{file_name}, section {table.get('key', '?')}"
    _check_keys(table, _SECTION_KEYS, {"key", "title", "statement"}, place)
    return Section(
        key=_text(table, "key", place),
        title=_text(table, "title", place),
        statements=tuple(_statement(part, place) for part in _tables(table, "statement", place)),
        loinc=_text(table, "loinc", place),
    )


def _statement(table: Mapping[str, object], place: str) -> Statement:
    _check_keys(table, _STATEMENT_KEYS, _STATEMENT_KEYS, place)
    statement = Statement(" ".join(_text(table, "text", place).split()), _texts(table, "cite", place))
    if not statement.text or not statement.citations:
        raise _fault(place, f"a statement needs a text and at least one citation: {statement.text[:60]!r}")
    return statement


def _citations(table: Mapping[str, object], file_name: str) -> tuple[Citation, ...]:
    listed = table["citations"]
    if not isinstance(listed, dict):
        raise _fault(file_name, "citations has to be tables as [citations.some-key]")
    return tuple(_citation(key, entry, file_name) for key, entry in listed.items())


def _citation(key: str, entry: object, file_name: str) -> Citation:
    place = f"{file_name}, citation {key}"
    if not isinstance(entry, dict):
        raise _fault(place, "has to be a table with title, url and kind")
    _check_keys(entry, _CITATION_KEYS, {"title", "url", "kind"}, place)
    citation = Citation(key, *(_text(entry, name, place) for name in ("title", "url", "kind", "date")))
    if citation.kind not in CITATION_KINDS:
        raise _fault(place, f"kind is {citation.kind!r}, not one of {', '.join(CITATION_KINDS)}")
    if not citation.url.startswith(("https://", "http://")):
        raise _fault(place, f"url is {citation.url!r}, not a web address")
    return citation


def _check_citations(monograph: Monograph, file_name: str) -> None:
    sections = [section.key for section in monograph.sections]
    for key in sections:
        if sections.count(key) > 1:
            raise _fault(file_name, f"the section {key} is there twice")
    known = {citation.key for citation in monograph.citations}
    used = {key for section in monograph.sections for statement in section.statements for key in statement.citations}
    if used - known:
        raise _fault(file_name, f"cited but not listed: {', '.join(sorted(used - known))}")
    if known - used:
        raise _fault(file_name, f"listed but never cited: {', '.join(sorted(known - used))}")


def _check_keys(table: Mapping[str, object], known: set[str], needed: set[str], place: str) -> None:
    if set(table) - known:
        raise _fault(place, f"unknown: {', '.join(sorted(set(table) - known))}; known: {', '.join(sorted(known))}")
    if needed - set(table):
        raise _fault(place, f"missing: {', '.join(sorted(needed - set(table)))}")


def _text(table: Mapping[str, object], key: str, place: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise _fault(place, f"{key} has to be text, not {value!r}")
    return value.strip()


def _texts(table: Mapping[str, object], key: str, place: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _fault(place, f"{key} has to be a list of texts")
    return tuple(cast("list[str]", value))


def _tables(table: Mapping[str, object], key: str, place: str) -> tuple[Mapping[str, object], ...]:
    value = table[key]
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise _fault(place, f"{key} has to be tables as [[{key}]], at least one")
    return tuple(cast("list[dict[str, object]]", value))


def _fault(place: str, fault: str) -> CatalogError:
    return CatalogError(f"{place}: {fault}. docs/monographs.md describes the format.")
