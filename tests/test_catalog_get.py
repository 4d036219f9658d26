"""``catalog get``: from a server with register-shaped files to a catalog that every command finds."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click.testing
import platformdirs
import pytest
import requests
from faulty_server import Fault, FaultyServer, Held, serving
from rrf_rows import attributes, conso, rrf_zip
from spl_documents import document, zipped

from pipeline.cli import cli
from reference.download import fetch as fetching
from reference.download import get as getting
from reference.download.addresses import KEY_VARIABLE, MFDS, SOURCES
from reference.download.pages import fetch_pages
from reference.errors import DownloadError
from reference.store.catalog import open_catalog
from reference.store.places import path_of

RXNORM = "/RxNorm_full_prescribe_current.zip"
KEY = "abc/def+ghi=="


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PILLPRINT_CATALOGS", str(tmp_path / "catalogs"))
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    monkeypatch.setattr(fetching.time, "sleep", lambda seconds: None)
    return tmp_path


def rxnorm(folder: Path, count: int = 10) -> bytes:
    """RxNorm's zip with ``count`` tablets of baclofen, imprints ``M;AA10`` and on."""
    names, facts = [], []
    for number in range(10, 10 + count):
        names.append(conso("197391", f"9{number}", "MTHSPL", "DP", f"0378-45{number}", "baclofen 10 MG ORAL TABLET"))
        facts += attributes("197391", f"9{number}", IMPRINT_CODE=f"M;AA{number}", NDC=f"0378-45{number}-93")
    return rrf_zip(folder / "made.zip", names, [], facts).read_bytes()


def taiwan(count: int = 3) -> bytes:
    rows = [
        {
            "許可證字號": f"衛署藥製字第{number:06d}號",
            "英文品名": f'TESTOL TABLETS {number} MG (BACLOFEN) "X"',
            "標註一": f"T{number}",
            "標註二": "",
            "形狀": "圓形",
            "顏色": "白",
        }
        for number in range(1, count + 1)
    ]
    return zipped({"42_2.json": json.dumps(rows, ensure_ascii=False).encode()})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    files = {RXNORM: Held(rxnorm(tmp_path)), "/42.json.zip": Held(taiwan())}
    with serving(files) as running:
        yield running


def run(*words: str, code: int = 0) -> str:
    done = click.testing.CliRunner().invoke(cli, ["catalog", *words])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def get(server: FaultyServer, name: str, *words: str, code: int = 0) -> str:
    return run("get", name, "--url", server.url, *words, code=code)


def test_one_command_leads_to_a_catalog_that_every_command_finds(server: FaultyServer, places: Path) -> None:
    told = get(server, "us")
    assert "public domain" in told and f"from {server.url}{RXNORM}" in told
    assert "it is asked where no catalog is named" in told
    runner = click.testing.CliRunner()
    for named in ([], ["--catalog", "us"]):
        found = runner.invoke(cli, ["search", "--imprint", "M AA12", *named]).output
        assert "baclofen" in found and "catalog us.sqlite of " in found
    with open_catalog("us") as catalog:
        (origin,) = catalog.origins
        assert (origin.register, origin.url) == ("rxnorm", f"{server.url}{RXNORM}")
        assert origin.bytes == len(server.files[RXNORM].data)
        assert len(catalog) == 10 + len(open_catalog())
    assert not (places / "cache" / "downloads" / "us").exists()
    assert [path.name for path in (places / "catalogs").glob("*.sqlite")] == ["us.sqlite"]


def test_list_and_use(server: FaultyServer) -> None:
    assert "*\tinside\t" in run("list")
    get(server, "us", "--no-use")
    get(server, "tw")
    lines = [line.split("\t") for line in run("list").splitlines()]
    assert [line[:2] for line in lines[1:]] == [["", "inside"], ["*", "tw"], ["", "us"]]
    assert lines[2][-1] == f"{server.url}/42.json.zip"
    run("use", "us")
    assert json.loads(run("info", "--json"))["catalog"] == "us.sqlite"
    run("use", "inside")
    assert json.loads(run("info", "--json"))["catalog"] == "pillprint"
    get(server, "tw")
    assert json.loads(run("info", "--json"))["catalog"] == "pillprint", "a choice stays"
    assert "no catalog 'kr' is installed" in run("use", "kr", code=4)
    assert [each["name"] for each in json.loads(run("list", "--json"))] == ["tw", "us"]


def test_a_catalog_that_is_gone_or_damaged_is_said(server: FaultyServer) -> None:
    get(server, "us")
    path_of("us").write_bytes(b"SQLite format 3\0 and no more")
    assert "damaged" in run("list")
    assert "damaged" in run("info", code=4)
    path_of("us").unlink()
    assert "pillprint catalog get us" in run("info", code=4)
    assert "neither a file here nor installed" in run("info", "us", code=4)


def test_the_next_one_says_in_a_line_what_changed(server: FaultyServer, tmp_path: Path) -> None:
    get(server, "us")
    other = conso("898342", "77", "MTHSPL", "DP", "0378-9999", "amlodipine and benazepril")
    names = [
        conso("197391", f"9{number}", "MTHSPL", "DP", f"0378-45{number}", "baclofen 10 MG ORAL TABLET")
        for number in range(11, 20)
    ]
    facts = [
        fact
        for number in range(11, 20)
        for fact in attributes("197391", f"9{number}", IMPRINT_CODE=f"M;AA{number}", NDC=f"0378-45{number}-93")
    ] + attributes("898342", "77", IMPRINT_CODE="M;AA11", NDC="0378-9999-01")
    server.files[RXNORM] = Held(rrf_zip(tmp_path / "new.zip", [*names, other], [], facts).read_bytes(), '"2"')
    (line,) = [line for line in get(server, "us").splitlines() if line.startswith("since the last one")]
    assert "1 appeared, 1 gone, 0 look, 0 other; 1 new look-alike: amlodipine" in line and "AA11;M" in line


def test_what_has_too_few_products_leaves_the_old_one(server: FaultyServer, tmp_path: Path) -> None:
    get(server, "us")
    before = path_of("us").read_bytes()
    server.files[RXNORM] = Held(rxnorm(tmp_path, 7), '"2"')
    assert "7 products, where the installed catalog has 10" in get(server, "us", code=4)
    assert path_of("us").read_bytes() == before
    get(server, "us", "--fewer")
    with open_catalog("us") as catalog:
        assert catalog.registers()["NLM RxNorm, from FDA labels"] == 7


FAULTS = {
    "404": (Fault(status=404), "no such file any more"),
    "503 for ever": (Fault(status=503), "answers 503"),
    "a web page": (Fault(status=200, body=b"<!doctype html><html>Log in", headers={"ETag": '"x"'}), "web page"),
    "half a file that is said to be whole": (Fault(length=1000, headers={"ETag": '"x"'}), "zip is damaged"),
    "nothing": (Fault(status=200), "empty file"),
    "a redirect in a circle": (Fault(status=301, headers={"Location": RXNORM}), "no usable address"),
}


@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_no_fault_of_a_download_touches_the_old_catalog(server: FaultyServer, fault: Fault, told: str) -> None:
    get(server, "us")
    before = path_of("us").read_bytes()
    server.fault = lambda number, path: fault
    assert told in get(server, "us", code=1)
    assert path_of("us").read_bytes() == before
    server.fault = lambda number, path: None
    get(server, "us")


@pytest.mark.slow
def test_cut_at_two_hundred_places_the_same_catalog_comes(server: FaultyServer) -> None:
    places = random.Random(20)
    whole = len(server.files[RXNORM].data)
    get(server, "us", "--no-use")
    with open_catalog("us") as catalog:
        fingerprint = catalog.fingerprint
    start = len(server.asked)
    cuts = iter([places.randrange(1, max(2, whole // 100)) for _ in range(200)])
    server.fault = lambda number, path: Fault(cut=cut) if (cut := next(cuts, None)) else None
    get(server, "us")
    assert len(server.asked) - start > 50
    with open_catalog("us") as catalog:
        assert catalog.fingerprint == fingerprint


def zip_of(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


HOSTILE = {
    "a zip of something else": ({"readme.txt": b"hello"}, "RXN"),
    "a bomb": ({f"rrf/RXN{name}.RRF": b"0" * (40 << 20) for name in ("CONSO", "REL", "SAT")}, "200 to 1"),
    "a way out": ({"../../RXNCONSO.RRF": b"1|", "/etc/RXNSAT.RRF": b"", "..\\RXNREL.RRF": b""}, ""),
}


@pytest.mark.parametrize(("members", "told"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_archives(server: FaultyServer, places: Path, members: dict[str, bytes], told: str) -> None:
    server.files[RXNORM] = Held(zip_of(members))
    assert told in get(server, "us", code=4)
    assert not path_of("us").exists()
    assert not list(places.rglob("*.RRF"))


def test_files_that_a_person_has(server: FaultyServer, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "whatever.bin").write_bytes(server.files[RXNORM].data)
    (folder / "label.zip").write_bytes(zipped({"a.xml": document()}))
    (folder / "notes.txt").write_text("nothing")
    told = json.loads(run("get", "us", "--from", str(folder), "--json"))
    assert told["entries"] | {"pillprint": 0} == {"rxnorm": 10, "spl": 1, "pillprint": 0}
    assert [each["url"] for each in told["origins"]] == ["", ""] and not server.asked
    assert "is of another country" in run("get", "tw", "--from", str(folder), code=4)
    assert "no such file" in run("get", "tw", "--from", str(tmp_path / "none"), code=4).lower()


def test_files_that_join(server: FaultyServer, tmp_path: Path) -> None:
    label = tmp_path / "label.zip"
    label.write_bytes(zipped({"a.xml": document()}))
    assert json.loads(get(server, "us", "--add", str(label), "--json").split("\n", 2)[2])["entries"]["spl"] == 1
    table = tmp_path / "tw.zip"
    table.write_bytes(taiwan())
    assert "is of tfda" in get(server, "us", "--add", str(table), code=4)


def test_labels_of_a_drug(server: FaultyServer) -> None:
    set_id = "aaaaaaaa-0000-4000-8000-000000000001"
    answer = {"data": [{"setid": set_id.upper()}], "metadata": {"total_pages": 1}}
    server.files["/spls.json"] = Held(json.dumps(answer).encode())
    server.files["/downloadzipfile.cfm"] = Held(zipped({"a.xml": document(set_id=set_id)}))
    get(server, "us", "--labels", "Testol")
    assert parse_qs(urlsplit(server.asked[1][0]).query)["drug_name"] == ["Testol"]
    with open_catalog("us") as catalog:
        assert catalog.registers()["DailyMed"] == 1
        assert {origin.file for origin in catalog.origins} == {RXNORM[1:], "labels of Testol"}
    server.files["/spls.json"] = Held(b'{"data": [], "metadata": {"total_pages": 1}}')
    assert "no label of 'Tesstol'" in get(server, "us", "--labels", "Tesstol", code=1)
    server.files["/spls.json"] = Held(b'{"data": [{"setid": "../../x"}], "metadata": {"total_pages": 1}}')
    assert "number is none" in get(server, "us", "--labels", "Testol", code=1)


def test_all_labels_come_in_parts(server: FaultyServer) -> None:
    for kind, parts in (("rx", 2), ("otc", 1)):
        for part in range(1, parts + 1):
            set_id = f"{kind}aaaaaa-0000-4000-8000-00000000000{part}"
            data = zipped({f"{set_id}.zip": zipped({"a.xml": document(set_id=set_id)})})
            server.files[f"/dm_spl_release_human_{kind}_part{part}.zip"] = Held(data)
    get(server, "us", "--labels", "all")
    with open_catalog("us") as catalog:
        assert catalog.registers()["DailyMed"] == 3
        assert len(catalog.origins) == 4


def test_downloads_that_stay_come_again_only_when_they_changed(server: FaultyServer, tmp_path: Path) -> None:
    folder = tmp_path / "down"
    get(server, "us", "--downloads", str(folder))
    get(server, "us", "--downloads", str(folder))
    assert server.asked[-1][1]["If-None-Match"] == server.files[RXNORM].etag
    server.files[RXNORM] = Held(rxnorm(tmp_path, 12), '"2"')
    get(server, "us", "--downloads", str(folder))
    with open_catalog("us") as catalog:
        assert catalog.registers()["NLM RxNorm, from FDA labels"] == 12
    run("get", "us", "--from", str(folder))


def test_wrong_use(server: FaultyServer) -> None:
    run("get", "tw", "--labels", "baclofen", code=2)
    run("get", "us", "--from", ".", "--url", server.url, code=2)
    run("get", "us", "--url", "file:///etc", code=2)
    run("get", "atlantis", code=2)
    assert not server.asked


# Korea


def korea(count: int) -> list[dict[str, str]]:
    return [
        {
            "ITEM_SEQ": f"2000{number:05d}",
            "ITEM_NAME": "바클로펜정10밀리그램(바클로펜)",
            "ENTP_NAME": "회사",
            "PRINT_FRONT": f"K{number}",
            "PRINT_BACK": "",
            "DRUG_SHAPE": "원형",
            "COLOR_CLASS1": "하양",
        }
        for number in range(count)
    ]


class Interface:
    """Answers as data.go.kr's interface does."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.rows = rows
        self.total = len(rows)

    def __call__(self, number: int, path: str) -> Fault:
        asked = parse_qs(urlsplit(path).query)
        if asked["serviceKey"] != [KEY]:
            return Fault(status=200, body=b"<r><returnAuthMsg>SERVICE_KEY_IS_NOT_REGISTERED_ERROR</returnAuthMsg></r>")
        start = (int(asked["pageNo"][0]) - 1) * 100
        body = {"totalCount": self.total, "items": self.rows[start : start + 100]}
        answer = {"header": {"resultCode": "00"}, "body": body}
        return Fault(status=200, body=json.dumps(answer).encode())


def pages(server: FaultyServer, path: Path, key: str = KEY) -> list[Any]:
    with requests.Session() as session:
        fetch_pages(MFDS, f"{server.url}/list", key, path, session, lambda done, total: None)
    return list(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("key", [KEY, "abc%2Fdef%2Bghi%3D%3D"], ids=["as it is", "escaped"])
def test_pages_become_one_list(server: FaultyServer, tmp_path: Path, key: str) -> None:
    server.fault = Interface(korea(250))
    assert pages(server, tmp_path / "mfds.json", key) == korea(250)
    assert len(server.asked) == 3


def test_pages_go_on_where_they_were_cut_off(server: FaultyServer, tmp_path: Path) -> None:
    interface = Interface(korea(450))
    server.fault = lambda number, path: Fault(status=404) if number == 3 else interface(number, path)
    with pytest.raises(DownloadError):
        pages(server, tmp_path / "mfds.json")
    assert pages(server, tmp_path / "mfds.json") == korea(450)
    assert [parse_qs(urlsplit(path).query)["pageNo"][0] for path, _ in server.asked] == list("1234145")


def test_a_register_that_changes_between_pages_is_not_taken(server: FaultyServer, tmp_path: Path) -> None:
    interface = Interface(korea(250))

    def changing(number: int, path: str) -> Fault:
        interface.rows = korea(250)[number:]
        return interface(number, path)

    server.fault = changing
    with pytest.raises(DownloadError, match="run the same command again"):
        pages(server, tmp_path / "mfds.json")
    assert not (tmp_path / "mfds.json").exists()
    server.fault = Interface(korea(250))
    assert len(pages(server, tmp_path / "mfds.json")) == 250


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"header": {"resultCode": "22", "resultMsg": "LIMITED NUMBER"}}', "refuses .22 LIMITED"),
        (b"<html>maintenance</html>", "no page"),
        (b"{", "no page"),
        (b"[]", "no page"),
        (b'{"header": {"resultCode": "00"}, "body": {"totalCount": 0, "items": []}}', "holds 0 rows"),
    ],
)
def test_what_is_no_page(server: FaultyServer, tmp_path: Path, body: bytes, told: str) -> None:
    server.fault = lambda number, path: Fault(status=200, body=body)
    with pytest.raises(DownloadError, match=told):
        pages(server, tmp_path / "mfds.json")


def test_korea_from_key_to_catalog(server: FaultyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = replace(SOURCES["kr"], files=(replace(MFDS, url=f"{server.url}/list"),))
    monkeypatch.setattr(getting, "SOURCES", {"kr": here})
    server.fault = Interface(korea(120))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    told = run("get", "kr", code=1)
    assert "make an account at https://www.data.go.kr" in told and "--from DIR" in told
    assert "KEY_IS_NOT_REGISTERED" in run("get", "kr", "--key", "wrong", code=1)
    run("get", "kr", "--key", KEY)
    with open_catalog("kr") as catalog:
        assert catalog.registers()["Korea MFDS"] == 120
        assert KEY not in path_of("kr").read_text("latin-1")


def test_korea_from_the_table_that_a_person_downloads(tmp_path: Path) -> None:
    heading = "품목일련번호,품목명,업소명,표시앞,표시뒤,의약품제형,색상앞"
    table = f"{heading}\n200000001,바클로펜정,회사,K1,,원형,하양\n"
    (tmp_path / "낱알.csv").write_bytes(table.encode("cp949"))
    run("get", "kr", "--from", str(tmp_path / "낱알.csv"))
    with open_catalog("kr") as catalog:
        assert catalog.products_with(["K1"])


def test_a_drug_is_found_by_the_name_in_its_own_language(tmp_path: Path) -> None:
    row = korea(1)[0] | {"ITEM_ENG_NAME": "Baclofen Tab. 10mg", "ITEM_NAME": "박로정(바클로펜)"}
    (tmp_path / "mfds.json").write_text(
        json.dumps([row, row | {"ITEM_SEQ": "200099999", "ITEM_NAME": "다른정"}]), "utf-8"
    )
    run("get", "kr", "--from", str(tmp_path / "mfds.json"))
    for asked, count in (("박로정", 1), ("다른정", 1)):
        done = click.testing.CliRunner().invoke(cli, ["search", "--drug", asked, "--json"])
        found = json.loads(done.output)
        assert (found["products"], found["date"]) == (count, date.today().isoformat()), asked
    done = click.testing.CliRunner().invoke(cli, ["search", "--drug", "baclofen", "--json"])
    assert {hit["monograph"]["origin"] for hit in json.loads(done.output)["hits"]} == {"pillprint"}


def test_every_address_says_where_it_was_found() -> None:
    for source in SOURCES.values():
        for address in (*source.files, *source.labels):
            assert address.url.startswith("https://") and address.page.startswith("https://")
            assert address.found.startswith("2026-") and address.license


def test_two_at_once(server: FaultyServer) -> None:
    path_of("us").parent.mkdir(parents=True)
    with getting._alone(path_of("us")):
        assert "another command gets" in get(server, "us", code=4)


def test_a_full_disk(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    assert "free some space" in get(server, "us", code=1)
