"""Feeds each importer mutated input: nothing may be raised, and no good record beside a bad one may be lost.

    python tests/fuzz_importers.py --mutations 10000 --seed 1

A file is built of good records around one that is mutated (bytes flipped, cut, doubled, swapped, replaced by signs
that mean something to the format); the importer must give every good record unchanged. Then whole files are mutated,
packed as they are: they are read or refused with ``CatalogError``. Runs in the suite with few mutations
(``test_importers_fuzz.py``); the workbooks need openpyxl.
"""

from __future__ import annotations

import argparse
import csv
import functools
import gzip
import importlib.util
import io
import json
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rrf_rows import CONCEPTS, RELATIONS, attributes, conso, rel
from spl_documents import document, look, product, zipped

from reference.errors import CatalogError
from reference.importers import Log
from reference.importers.registers import REGISTERS
from reference.product import Product

SIGNS = (
    b'"', b"'", b",", b";", b"\n", b"\r\n", b"{", b"}", b"[", b"]", b"<", b">", b"&", b"&#0;", b"</", b"<!--", b"\0",
    b"\xff", b"\xed\xa0\x80", b"]]>", b"\\", b"\\u0000", b"\\ud800", b"99999999999999999999", b"-1", b"NaN", b"1e999",
    "분할선".encode(), "½".encode(), b"%s", b"=cmd()", b" " * 5000, b'"' * 101, b"(" * 2000, b"A" * 200_000,
)  # fmt: skip


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to eight random changes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(changed) + 1)
        end = min(len(changed), at + rng.randint(1, 40))
        kind = rng.randrange(6)
        if kind == 0 and at < len(changed):
            changed[at] = rng.randrange(256)
        elif kind == 1:
            del changed[at:end]
        elif kind == 2:
            changed[at:at] = changed[at:end]
        elif kind == 3:
            other = rng.randrange(len(changed) + 1)
            changed[at:end] = changed[other : other + end - at]
        elif kind == 4:
            changed[at : at + rng.choice((0, 1))] = rng.choice(SIGNS)
        elif len(changed) > 1:
            del changed[rng.randrange(1, len(changed)) :]
    return bytes(changed)


@dataclass(frozen=True)
class Target:
    """An importer with a way to put a bad record among good ones; ``records`` are the good ones.

    ``join`` makes a file of records, ``pack`` what lies on the disk.
    """

    name: str
    importer: str
    file_name: str
    records: tuple[bytes, ...]
    join: Callable[[list[bytes]], bytes]
    pack: Callable[[bytes], bytes] = bytes

    def products(self, records: list[bytes], folder: Path) -> list[Product]:
        return self.read(self.pack(self.join(records)), folder)

    def read(self, data: bytes, folder: Path) -> list[Product]:
        path = folder / self.file_name
        path.write_bytes(data)
        return [entry.product for entry in REGISTERS[self.importer].entries(path, Log())]


def _lines(header: list[str], codec: str = "utf-8", sign: str = ",") -> Callable[[list[bytes]], bytes]:
    return lambda records: b"\n".join([sign.join(header).encode(codec), *records, b""])


def _csv(rows: list[dict[str, str]], codec: str = "utf-8", sign: str = ",") -> tuple[bytes, ...]:
    def line(row: dict[str, str]) -> bytes:
        out = io.StringIO()
        csv.writer(out, lineterminator="", delimiter=sign).writerow(row.values())
        return out.getvalue().encode(codec)

    return tuple(map(line, rows))


def _utf_16(codec: str) -> Callable[[bytes], bytes]:
    return lambda data: data.decode("utf-8", "replace").encode(codec)


def _workbook(data: bytes) -> bytes:
    """Lines of CSV as a workbook, each value a cell."""
    import openpyxl

    book = openpyxl.Workbook()
    text = re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd]", " ", data.decode("utf-8", "replace"))
    for line in text.split("\n"):
        try:
            values = next(csv.reader([line]), [])
        except csv.Error:
            values = [line]
        book.active.append([value.removeprefix("=")[:1000] for value in values[:500]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _json(rows: list[dict[str, str]]) -> tuple[bytes, ...]:
    return tuple(json.dumps(row, ensure_ascii=False).encode() for row in rows)


def _list(records: list[bytes]) -> bytes:
    return b'{"header": {"resultCode": "00"}, "body": {"items": [' + b",".join(records) + b"]}}"


_RRF_FILES = ("RXNCONSO", "RXNREL", "RXNSAT")


def _rrf_record(number: int) -> bytes:
    """The lines of one product, each begun by the letter of its file; numbers are far from those of the others."""
    rxaui = str(number * 7_654_321)
    lines = [
        "C" + conso("197391", rxaui, "MTHSPL", "DP", f"{number:05d}-001", "BACLOFEN 10 mg ORAL TABLET"),
        "R" + rel("1", "has_active_ingredient", rxaui, "MTHSPL"),
        *("S" + line for line in attributes("197391", rxaui, NDC=f"{number:05d}-001-30", LABELER="Théa")),
    ]
    return "\n".join(lines).encode()


def _rrf(records: list[bytes]) -> bytes:
    """The three files, parted by a form feed; a line of no file goes into each."""
    concepts = [line.encode() for line in CONCEPTS], [line.encode() for line in RELATIONS], [b"1|||2|AUI|||||MTHSPL|||"]
    files = [list(lines) for lines in concepts]
    for line in b"\n".join(records).split(b"\n"):
        place = b"CRS".find(line[:1]) if line else -1
        for number, lines in enumerate(files):
            if place in (number, -1):
                lines.append(line[1:].replace(b"\f", b" "))
    return b"\f".join(b"\n".join(lines) for lines in files)


def _rrf_zip(data: bytes, codec: str = "utf-8") -> bytes:
    files = [*data.split(b"\f"), b"", b""][:3]
    encoded = (text if codec == "utf-8" else text.decode("utf-8", "replace").encode(codec, "replace") for text in files)
    return zipped({f"rrf/{name}.RRF": text for name, text in zip(_RRF_FILES, encoded, strict=True)})


def targets() -> Iterator[Target]:
    """Every importer in every format it reads."""
    c3pi = [
        {"ndc11": f"{n:05d}-0001-01", "part": "1", "parts": "1", "labeler": 'ACME, "INC."', "generic_name": "BACLOFEN",
         "proprietary_name": "BACLOFEN 10MG", "imprint": f"A;{n}", "imprint_type": "DEBOSSED", "color": "WHITE;BLUE",
         "shape": "HEXAGON (6 sided)", "size_mm": "7", "score": "2", "symbol": "FALSE", "rxcui": "197391",
         "rxnorm_name": "Baclofen 10 MG Oral Tablet"}
        for n in range(100, 106)
    ]  # fmt: skip
    tfda = [
        {"許可證字號": f"衛署藥製字第{n}號", "中文品名": "錠", "英文品名": "BETA TABLETS 5MG (BACLOFEN)",
         "形狀": "圓形", "顏色": "白", "刻痕": "直線", "外觀尺寸": "7.5", "標註一": f"T{n}", "標註二": "B",
         "特殊劑型": ""}
        for n in range(100, 106)
    ]  # fmt: skip
    mfds = [
        {"ITEM_SEQ": f"2000{n:05d}", "ITEM_NAME": "바클로펜정10밀리그램(바클로펜)", "PRINT_FRONT": f"M분할선{n}",
         "PRINT_BACK": "마크", "DRUG_SHAPE": "원형", "COLOR_CLASS1": "하양", "LENG_LONG": "7.6", "LENG_SHORT": "7.6",
         "LINE_FRONT": "-", "FORM_CODE_NAME": "나정", "ETC_OTC_NAME": "전문의약품", "CHANGE_DATE": "20240101"}
        for n in range(100, 106)
    ]  # fmt: skip
    pillbox = [
        {"setid": f"set-{n}", "product_code": f"0001-{n}", "part_num": "0", "splimprint": f"P;{n}", "splsize": "7.0",
         "splshape": "C48348", "splshape_text": "ROUND", "splcolor": "C48325", "splcolor_text": "WHITE",
         "splscore": "2", "medicine_name": "Baclofen", "spl_strength": "BACLOFEN 10 mg;",
         "spl_ingredients": "BACLOFEN[BACLOFEN];", "effective_time": "20200101", "author": "Acme",
         "dea_schedule_code": "C48677", "rxcui": "197391"}
        for n in range(100, 106)
    ]  # fmt: skip
    spl = tuple(
        document(product(f"0001-{n}", marks=look(f"S;{n}")), f"aaaaaaaa-0000-4000-8000-{n:012d}")
        for n in range(100, 103)
    )

    def zips(records: list[bytes]) -> bytes:
        return zipped({f"rx/{n}.zip": zipped({f"{n}.xml": record}) for n, record in enumerate(records)}, 0)

    def zips_in_zip(records: list[bytes]) -> bytes:
        return zipped({f"rx/{n}.zip": record for n, record in enumerate(records)}, 0)

    yield Target("spl xml in zips", "spl", "release.zip", spl, zips)
    yield Target("spl zips in zip", "spl", "release.zip", tuple(zipped({"x.xml": one}) for one in spl), zips_in_zip)
    rrf = tuple(_rrf_record(number) for number in range(101, 105))
    for codec in ("utf-8", "cp1252", "utf-16"):
        pack = functools.partial(_rrf_zip, codec=codec)
        yield Target(f"rxnorm rrf {codec}", "rxnorm", "RxNorm_full_prescribe_11032026.zip", rrf, _rrf, pack)
    for name, rows in (("c3pi", c3pi), ("tfda", tfda), ("mfds", mfds), ("pillbox", pillbox)):
        yield Target(f"{name} csv", name, f"{name}.csv", _csv(rows), _lines(list(rows[0])))
        if name in {"tfda", "mfds"}:
            yield Target(f"{name} json", name, f"{name}.json", _json(rows), _list)
    for name, rows, codec, sign in (
        ("c3pi", [row | {"labeler": "Théa – Nestlé™"} for row in c3pi], "cp1252", ";"),
        ("tfda", tfda, "cp950", ","),
        ("mfds", mfds, "cp949", "\t"),
        ("pillbox", pillbox, "utf-8", "|"),
    ):
        title = f"{name} {codec} by {sign!r}"
        yield Target(title, name, "t.txt", _csv(rows, codec, sign), _lines(list(rows[0]), codec, sign))
    for title, name, rows, pack in (
        ("utf-16", "c3pi", c3pi, _utf_16("utf-16")),
        ("utf-16-le", "tfda", tfda, _utf_16("utf-16-le")),
        ("utf-16-be", "mfds", mfds, _utf_16("utf-16-be")),
        ("utf-8-sig", "mfds", mfds, lambda data: b"\xef\xbb\xbf" + data),
        ("gz", "c3pi", c3pi, lambda data: gzip.compress(data, 1)),
        ("zip", "tfda", tfda, lambda data: zipped({"data/42.csv": data})),
    ):
        yield Target(f"{name} {title}", name, "t.csv", _csv(rows), _lines(list(rows[0])), pack)
    if importlib.util.find_spec("openpyxl"):
        yield Target("c3pi xlsx", "c3pi", "t.xlsx", _csv(c3pi), _lines(list(c3pi[0])), _workbook)


def fuzz_whole(target: Target, mutations: int, seed: int) -> None:
    """Mutate whole files; raises ``AssertionError`` for one that raises anything but ``CatalogError``."""
    rng = random.Random(f"{target.name} whole {seed}")
    good = target.pack(target.join(list(target.records)))
    with tempfile.TemporaryDirectory() as name:
        for number in range(mutations):
            data = mutate(good, rng)
            try:
                target.read(data, Path(name))
            except CatalogError:
                pass
            except Exception as error:
                raise AssertionError(f"{target.name} whole #{number}: {error!r} of {data[:3000]!r}") from error


def fuzz(target: Target, mutations: int, seed: int) -> None:
    """Mutate one record after another; raises ``AssertionError`` that shows the input that breaks the rule."""
    rng = random.Random(f"{target.name} {seed}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = target.products(list(target.records), folder)
        assert len(good) == len(target.records), f"{target.name}: the good records are not read"
        for number in range(mutations):
            at = rng.randrange(len(target.records))
            records = list(target.records)
            records[at] = mutate(records[at], rng)
            try:
                found = target.products(records, folder)
            except Exception as error:
                raise AssertionError(f"{target.name} #{number}: {error!r} of {records[at][:3000]!r}") from error
            lost = [one.product_id for one in good[:at] + good[at + 1 :] if one not in found]
            assert not lost, f"{target.name} #{number}: {lost} lost beside {records[at][:3000]!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of a target's name")
    asked = parser.parse_args()
    for target in targets():
        if asked.only in target.name:
            start = time.perf_counter()
            fuzz(target, asked.mutations, asked.seed)
            fuzz_whole(target, asked.mutations, asked.seed)
            seconds = time.perf_counter() - start
            print(f"{target.name}: {asked.mutations} records, as many files, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
