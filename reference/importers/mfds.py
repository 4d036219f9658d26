"""Korea MFDS: identification of pills (의약품 낱알식별정보), open data as JSON or CSV.

https://www.data.go.kr/data/15057639/openapi.do (JSON, the API's field names) and the table of
https://nedrug.mfds.go.kr/ (CSV, Korean headings). ``마크`` in an imprint means a logo, ``분할선`` a score line and
``십자분할선`` a cross of two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reference.importers.lengths import millimeters
from reference.importers.log import Log
from reference.importers.register import Register
from reference.importers.table_rows import Row, rows, whole
from reference.product import Product, RegisterEntry
from reference.text.drugs import drug_of, ingredients_of, strength_of
from reference.text.english import english_names, named_by_table
from reference.text.imprints import printed, says_logo, says_pieces, tokens
from reference.text.vocabulary import color_terms, shape_term

_COLUMNS = (
    frozenset({"item_seq", "item_name", "print_front", "print_back"}),
    frozenset({"품목일련번호", "품목명", "표시앞", "표시뒤"}),
)
URL = "https://nedrug.mfds.go.kr/pbp/CCBBB01/getItemDetail?itemSeq="

# Our name: the API's other name, the table's heading.
_NAMES = {
    "item_seq": ("", "품목일련번호"),
    "item_name": ("", "품목명"),
    "item_eng": ("item_eng_name", "제품영문명"),
    "company": ("entp_name", "업소명"),
    "chart": ("", "성상"),
    "print_front": ("", "표시앞"),
    "print_back": ("", "표시뒤"),
    "shape": ("drug_shape", "의약품제형"),
    "color1": ("color_class1", "색상앞"),
    "color2": ("color_class2", "색상뒤"),
    "line_front": ("", "분할선앞"),
    "line_back": ("", "분할선뒤"),
    "leng_long": ("", "크기장축"),
    "leng_short": ("", "크기단축"),
    "thick": ("", "크기두께"),
    "form": ("form_code_name", "제형코드명"),
    "etc_otc": ("etc_otc_name", "전문일반구분"),
    "mark_front": ("mark_code_front_anal", "표기내용앞"),
    "mark_back": ("mark_code_back_anal", "표기내용뒤"),
    "change_date": ("img_regist_ts", "변경일자"),
}
_ORIGINALS = (
    "item_name", "chart", "print_front", "print_back", "shape", "color1", "color2", "line_front", "line_back",
    "leng_long", "leng_short", "thick", "form", "mark_front", "mark_back",
)  # fmt: skip
_FORMS = (
    ("장용성필름코팅", "TABLET, DELAYED RELEASE"),
    ("서방성필름코팅", "TABLET, FILM COATED, EXTENDED RELEASE"),
    ("구강붕해정", "TABLET, ORALLY DISINTEGRATING"),
    ("필름코팅정", "TABLET, FILM COATED"),
    ("당의정", "TABLET, SUGAR COATED"),
    ("추어블", "TABLET, CHEWABLE"),
    ("연질캡슐", "CAPSULE, LIQUID FILLED"),
    ("경질캡슐", "CAPSULE"),
    ("서방정", "TABLET, EXTENDED RELEASE"),
    ("장용정", "TABLET, DELAYED RELEASE"),
    ("정", "TABLET"),
)
_INNER = re.compile(r"[(（]([^()（）]+)")
_BRACKETS = re.compile(r"[()（）\[\]]")
# How much of a plant an extract is made of, or of its parts a mixture: "(20→1)", "(4.6->1)", "(2:1)".
_RATIO = re.compile(r"[\d.~]+\s*(?:→|->|:)\s*[\d.]+")
_NO_INGREDIENT = re.compile(r"수출|export|tab|cap|정$|캡슐$|mg|밀리그|맛|^\S*향$|형$|군납", re.IGNORECASE)
_DIGITS = re.compile(r"\d{5,}")
_DATE = re.compile(r"((?:19|20)\d\d)[-.]?(\d\d)[-.]?(\d\d)")


def entries(path: Path, log: Log) -> Iterator[RegisterEntry]:
    """Read the register at ``path``; rows that cannot be used are noted in ``log``."""
    for name, raw in rows(path, log, _COLUMNS):
        row = {key: raw.get(key) or next((raw[o] for o in other if raw.get(o)), "") for key, other in _NAMES.items()}
        row["item_seq"] = whole(row["item_seq"])
        if _DIGITS.fullmatch(row["item_seq"]):
            product = _product(row)
            log.unread(name, "size", _sizes(row), product.size_mm)
            yield RegisterEntry(product)
        else:
            log.reject(name, f"no item number in {row['item_seq'][:40]!r}")


def _product(row: Row) -> Product:
    prints = (printed(row["print_front"]), printed(row["print_back"]))
    imprint = ";".join(text for text in prints if text)
    own = _ingredients(row["item_name"])
    named = _in_english(own)
    ingredients = named or _ingredients(row["item_eng"]) or own
    name = row["item_eng"] or row["item_name"]
    marked = any(map(says_logo, prints)) or bool(row["mark_front"] or row["mark_back"])
    return Product(
        product_id=f"mfds:{row['item_seq']}",
        name=name,
        drug=drug_of(ingredients) or name.lower(),
        strength=strength_of(row["item_eng"]) or strength_of(row["item_name"]),
        ingredients=ingredients,
        dosage_form=next((term for word, term in _FORMS if word in row["form"]), ""),
        labeler=row["company"],
        imprint=imprint,
        tokens=tokens(imprint),
        faces=tuple(tokens(text) for text in prints) if imprint else (),
        symbol=True if marked else None,
        shape=_shape(row),
        colors=color_terms(f"{row['color1']};{row['color2']}"),
        size_mm=millimeters(_sizes(row)),
        score=_score(row),
        market="KR",
        prescription={"전": "RX", "일": "OTC"}.get(row["etc_otc"][:1], ""),
        source="Korea MFDS",
        source_url=URL + row["item_seq"],
        source_date=_date(row["change_date"]),
        originals=tuple((key, row[key]) for key in _ORIGINALS if row[key]),
        fact_sources=named_by_table() if named and named != own else (),
    )


def _in_english(own: tuple[str, ...]) -> tuple[str, ...]:
    """The English names of the ingredients; none where one of them is not known.

    The register's own English names are often misspelled, and some are of another product.
    """
    found = [english_names(ingredient) for ingredient in own]
    return tuple(name for names in found for name in names) if all(found) else ()


def _shape(row: Row) -> str:
    """SPL keeps CAPSULE for two-part capsules; the Korean register files those under long or oval outlines."""
    shape = shape_term(row["shape"])
    kind = row["form"] or row["item_name"]
    if shape != "OVAL" or "캡슐" not in kind or "연질캡슐" in kind + row["chart"]:
        return shape
    return "CAPSULE" if "경질캡슐" in kind + row["chart"] else ""


def _score(row: Row) -> int | None:
    """4 pieces for a cross, 2 for a line, else unknown: the register leaves the field empty in both cases."""
    lines = row["line_front"] + row["line_back"]
    pieces = says_pieces(f"{row['print_front']};{row['print_back']}")
    if pieces == 4 or "+" in lines:
        return 4
    return 2 if "-" in lines else pieces


def _sizes(row: Row) -> str:
    return ";".join(text for text in (row["leng_long"], row["leng_short"]) if text)


def _ingredients(name: str) -> tuple[str, ...]:
    """The ingredients where the name gives them in brackets, in outer ones rather than in those within."""
    for texts in (_in_brackets(name), _INNER.findall(name)):
        found = [text for text in texts if not _NO_INGREDIENT.search(text) and _RATIO.sub("", text).strip()]
        if found:
            return ingredients_of(found[-1])
    return ()


def _in_brackets(name: str) -> Iterator[str]:
    """What stands in each outer pair of brackets, without inner ones and ratios: ``엑스`` of ``(엑스(20→1))``."""
    depth = start = 0
    parts: list[str] = []
    for bracket in (*_BRACKETS.finditer(name), None):
        at = bracket.start() if bracket else len(name)
        if depth == 1:
            parts.append(name[start:at])
        depth = max(0, depth + (1 if bracket and bracket[0] in "(（[" else -1))
        start = at + 1
        if (not depth or not bracket) and (text := _RATIO.sub("", " ".join(parts)).strip()):
            yield text
        if not depth:
            parts = []


def _date(text: str) -> str:
    found = _DATE.match(text)
    return "-".join(found.groups()) if found else ""


REGISTER = Register(
    name="mfds",
    help="Korea MFDS pill data (JSON or CSV).",
    columns=_COLUMNS,
    entries=entries,
    title="Korea MFDS, 의약품 낱알식별 정보",
    page="<https://www.data.go.kr/data/15057639/openapi.do> (a free account gives the key of the API; ask for "
    "JSON), or the table from <https://nedrug.mfds.go.kr/> (CSV)",
    gives="looks, print by face, logos, length and width",
)
