"""The records of the reference side: products, monographs, citations. Imports nothing of ``pipeline``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Citation:
    """A source a statement rests on.

    ``kind`` is one of ``label``, ``government``, ``paper``, ``reference``, ``web``.
    """

    key: str
    title: str
    url: str
    kind: str
    date: str = ""


@dataclass(frozen=True)
class Statement:
    """One sentence of a monograph with the keys of the citations it rests on."""

    text: str
    citations: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A titled part of a monograph. ``loinc`` is the SPL section code where the part has one."""

    key: str
    title: str
    statements: tuple[Statement, ...]
    loinc: str = ""


@dataclass(frozen=True)
class Monograph:
    """What a person should know of a drug: our own words, each statement cited.

    A monograph made from a product's own label (SPL) has ``origin`` ``"label"``; ours have ``"pillprint"``.
    """

    drug: str
    title: str
    sections: tuple[Section, ...]
    citations: tuple[Citation, ...]
    reviewed: str = ""
    origin: str = "pillprint"
    notes: tuple[str, ...] = ()

    def section(self, key: str) -> Section | None:
        """The part with that key, or None."""
        return next((section for section in self.sections if section.key == key), None)


@dataclass(frozen=True)
class FactSource:
    """Where one field of a product was read, where that is not the row of its register; ``date`` is ISO."""

    field: str
    source: str
    url: str = ""
    date: str = ""


@dataclass(frozen=True)
class ImprintCheck:
    """Where a product's imprint was looked up, and what else bears it.

    On ``date`` (ISO) it was looked up in ``registers``, which together hold about the ``share`` (above 0, at most 1) of
    the tablets and capsules on the product's own market; ``bearers`` are the products of another drug or strength that
    bear exactly this imprint. ``source`` says who looked and where, ``url`` leads there. Raises ``ValueError`` where
    the date or the share is none.
    """

    date: str
    registers: tuple[str, ...]
    share: float
    bearers: tuple[str, ...] = ()
    source: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        date.fromisoformat(self.date)
        if not 0 < self.share <= 1:
            raise ValueError(f"a share of {self.share}; it is above 0 and at most 1")


# Under which key registers that are not in English keep a product's name in ``originals``.
_OWN_NAMES = frozenset({"item_name", "name_zh"})


def own_name_of(originals: Iterable[Sequence[str]]) -> str:
    """The name in a register's own words, where those are not English, of a product's ``originals``."""
    return next((text for key, text in originals if key in _OWN_NAMES and not text.isascii()), "")


@dataclass(frozen=True)
class Product:
    """One marketed tablet or capsule as a register describes it.

    Empty text, an empty tuple and None all mean "the register does not say"; nothing is ever guessed.
    ``product_id`` is ``source:key`` and stable. ``strength`` gives the amounts in the order of ``ingredients`` where
    there are as many. ``imprint`` is the register's own text; ``tokens`` are its
    normalized words (upper case, A-Z 0-9 and ``/ - + . &``) in no order; ``faces`` parts them by face where
    that is known. ``shape`` and ``colors`` are SPL terms, ``size_mm`` the longest dimension, ``score`` the
    number of equal pieces (1 is not scored), ``symbol`` whether it carries a logo.

    Every fact has a source and a date: ``source``, ``source_url`` and ``source_date`` are those of the register's
    row, ``fact_sources`` (by field name, in alphabetical order) those of the fields that come from elsewhere;
    ``source_of`` tells them for one field. The date is the register's own, else the day its file was retrieved.
    ``imprint_check`` says in which registers it was looked up whether another drug bears its imprint, None: nobody did.
    """

    product_id: str
    name: str
    drug: str
    strength: str = ""
    ingredients: tuple[str, ...] = ()
    dosage_form: str = ""
    coating: str = ""
    labeler: str = ""
    ndc: str = ""
    rxcui: str = ""
    imprint: str = ""
    tokens: tuple[str, ...] = ()
    faces: tuple[tuple[str, ...], ...] = ()
    imprint_type: str = ""
    symbol: bool | None = None
    shape: str = ""
    colors: tuple[str, ...] = ()
    size_mm: float | None = None
    score: int | None = None
    market: str = ""
    dea_schedule: str = ""
    prescription: str = ""
    source: str = ""
    source_url: str = ""
    source_date: str = ""
    originals: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    fact_sources: tuple[FactSource, ...] = field(default=(), repr=False)
    imprint_check: ImprintCheck | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        # C3PI writes 0 where RxNorm has no concept: no two such products are one drug.
        if self.rxcui == "0":
            object.__setattr__(self, "rxcui", "")

    @property
    def imprint_key(self) -> str:
        """The tokens sorted and joined by ``;``: equal for equal imprints whatever the order or face."""
        return ";".join(sorted(self.tokens))

    @property
    def drug_key(self) -> str:
        """Drug and strength in the register's words, lower case, to show; ``grouping.same_drug`` compares."""
        return f"{self.drug} {self.strength}".strip().lower()

    @property
    def own_name(self) -> str:
        """The product's name in the words of a register that is not in English, empty where it is."""
        return own_name_of(self.originals)

    def source_of(self, name: str) -> FactSource:
        """Where the field of that name was read."""
        check = self.imprint_check
        if name == "imprint_check" and check is not None:
            return FactSource(name, check.source, check.url, check.date)
        own = FactSource(name, self.source, self.source_url, self.source_date)
        return next((fact for fact in self.fact_sources if fact.field == name), own)


def labelers_of(products: Iterable[Product]) -> tuple[str, ...]:
    """Everyone who sells one of these products, each once, in their order."""
    return tuple(dict.fromkeys(product.labeler for product in products if product.labeler))


@dataclass(frozen=True)
class RegisterEntry:
    """A product as an importer hands it over, with the document it stands in where there is one.

    ``set_key`` names the document through all its versions; only products of the highest version stay.
    ``retrieved`` is the ISO day on which the register was downloaded; it dates what has no date of its own and,
    as no fact of the register, is left out of the fingerprint. ``picture`` reads the maker's photo of the product, as
    the register holds it; it may be called until the next entry is asked for, and gives None where there is none.
    """

    product: Product
    set_key: str = ""
    version: int = 0
    label: Monograph | None = None
    retrieved: str = ""
    picture: Callable[[], bytes | None] | None = field(default=None, compare=False, repr=False)
