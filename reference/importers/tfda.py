"""Taiwan FDA: the appearance of drugs (藥品外觀), open data as JSON or CSV.

https://data.fda.gov.tw/ , data set 藥品外觀資料集 (infoId 42). A license of several tablets joins their values: marks
by ``;;;``, the rest by ``;``. Marks are the texts of the two faces; which face is not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reference.importers.lengths import millimeters
from reference.importers.log import Log
from reference.importers.register import Register
from reference.importers.table_rows import Row, rows
from reference.product import Product, RegisterEntry
from reference.text.drugs import drug_of, ingredients_of, strength_of
from reference.text.english import english_names, named_by_table
from reference.text.imprints import printed, says_logo, tokens
from reference.text.vocabulary import color_terms, score_pieces, shape_term

_COLUMNS = (frozenset({"licence_id", "mark1", "mark2", "shape"}), frozenset({"許可證字號", "標註一", "標註二", "形狀"}))
URL = "https://data.fda.gov.tw/"

_NAMES = {
    "licence_id": "許可證字號",
    "name_zh": "中文品名",
    "name_en": "英文品名",
    "mark1": "標註一",
    "mark2": "標註二",
    "shape": "形狀",
    "color": "顏色",
    "score": "刻痕",
    "size_mm": "外觀尺寸",
    "dosage": "特殊劑型",
}
_NO_PILL = re.compile("LIQUID|GRANULES|POWDER|液劑|顆粒|粉劑|散劑")
_LOGO = re.compile(r"(?i)\blogo\b|商標")
_IN_BRACKETS = re.compile(r"\(([A-Za-z][A-Za-z ,/+&-]{3,})\)")
_IN_CHINESE_BRACKETS = re.compile(r"[（(]([\u4e00-\u9fff、．·-]{2,})[)）]")
_NO_INGREDIENT = re.compile(r"(?i)tab|cap|coated|release|import|export|^f\.?c\.?|brand|strength")


def entries(path: Path, log: Log) -> Iterator[RegisterEntry]:
    """Read the register at ``path``; rows that cannot be used are noted in ``log``."""
    for name, raw in rows(path, log, _COLUMNS):
        row = {key: raw.get(key) or raw.get(original, "") for key, original in _NAMES.items()}
        if not row["licence_id"]:
            log.reject(name, "no license number")
        elif _NO_PILL.search(row["shape"]):
            log.pass_over("liquid, granules or powder")
        else:
            for product in _products(row):
                log.unread(name, "size_mm", row["size_mm"], product.size_mm)
                yield RegisterEntry(product)


def _products(row: Row) -> Iterator[Product]:
    count = max(len(tablets_of(row["mark1"])), len(tablets_of(row["mark2"])))
    if count == 1:
        yield _product(row, row, "")
        return
    parts = {key: _shared(row[key], count) for key in ("shape", "score", "size_mm", "color")}
    marks = {key: _padded(tablets_of(row[key]), count) for key in ("mark1", "mark2")}
    for number in range(count):
        yield _product(row, {key: values[number] for key, values in (parts | marks).items()}, f":{number + 1}")


def _product(row: Row, look: Row, suffix: str) -> Product:
    marks = (look["mark1"], look["mark2"])
    imprint = ";".join(text for mark in marks if (text := printed(without_logo(mark))))
    faces = tuple(words for mark in marks if (words := tokens(printed(without_logo(mark)))))
    own = _ingredients(row["name_en"])
    ingredients = own or _named_in_chinese(row["name_zh"])
    name = row["name_en"] or row["name_zh"]
    return Product(
        product_id=f"tfda:{row['licence_id']}{suffix}",
        name=name,
        drug=drug_of(ingredients) or name.lower(),
        strength=strength_of(row["name_en"]) or strength_of(row["name_zh"]),
        ingredients=ingredients,
        dosage_form=row["dosage"],
        imprint=imprint,
        tokens=tokens(imprint),
        faces=faces,
        symbol=True if any(map(says_logo, marks)) else None,
        shape=shape_term(look["shape"]),
        colors=color_terms(look["color"]),
        size_mm=millimeters(look["size_mm"]),
        score=score_pieces(look["score"]),
        market="TW",
        source="Taiwan FDA",
        source_url=URL,
        originals=tuple((key, row[key]) for key in ("name_zh", "shape", "color", "score", "size_mm") if row[key]),
        fact_sources=named_by_table() if ingredients and not own else (),
    )


def _ingredients(name_en: str) -> tuple[str, ...]:
    """The ingredients where the English name gives them in brackets, as most older names do."""
    found = [text for text in _IN_BRACKETS.findall(name_en) if not _NO_INGREDIENT.search(text)]
    return ingredients_of(found[-1]) if found else ()


def _named_in_chinese(name_zh: str) -> tuple[str, ...]:
    """The English names of the ingredients that the Chinese name gives in brackets; none where one is not known."""
    found = _IN_CHINESE_BRACKETS.findall(name_zh)
    return english_names(found[-1]) if found else ()


def tablets_of(marks: str) -> list[str]:
    """A license's marks, tablet by tablet."""
    return marks.split(";;;")


def without_logo(mark: str) -> str:
    """A mark without the word that says that a logo stands there."""
    return _LOGO.sub(" ", mark).strip()


def _padded(values: list[str], count: int) -> list[str]:
    return (values + [""] * count)[:count]


def _shared(text: str, count: int) -> list[str]:
    """One value for each of ``count`` tablets where the values can be dealt out evenly, else the whole for each."""
    values = text.replace(";;;", ";").split(";")
    each, rest = divmod(len(values), count)
    if rest or not each:
        return [text] * count
    return [";".join(values[number * each : (number + 1) * each]) for number in range(count)]


REGISTER = Register(
    name="tfda",
    help="Taiwan FDA appearance data (JSON or CSV).",
    columns=_COLUMNS,
    entries=entries,
    title="Taiwan FDA, data set 42, 藥品外觀資料集",
    page="<https://data.fda.gov.tw/frontsite/data/DataAction.do?method=doDetail&infoId=42>; as a file "
    "<https://data.fda.gov.tw/data/opendata/export/42/json> or `/csv`, each a zip",
    gives="looks, marks by face, size in decimals",
)
