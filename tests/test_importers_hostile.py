"""What is sent to do harm: reported with its name, the rest goes on."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from spl_documents import HEAD, document, product, zipped

from reference.errors import CatalogError
from reference.importers import Log, archive, c3pi, mfds, spl, tfda
from reference.importers.registers import importer_of

GOOD = document(product("9999-001"), "bbbbbbbb-0000-4000-8000-000000000009")
LAUGHS = (
    '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    '<document xmlns="urn:hl7-org:v3"><title>&c;</title></document>'
)
FILE_ENTITY = (
    '<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    '<document xmlns="urn:hl7-org:v3"><title>&f;</title><setId root="aaaaaaaa"/></document>'
)
BAD = {
    "laughs.xml": (HEAD + LAUGHS).encode(),
    "entity.xml": (HEAD + FILE_ENTITY).encode(),
    "utf16.xml": document().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "cut.xml": document()[:700],
    "empty.xml": b"",
    "html.xml": b"<html><body>404</body></html>",
    "deep.xml": b"<a>" * 5000 + b"</a>" * 5000,
    "no_set.xml": document().replace(b"setId", b"otherId"),
    "bytes.xml": bytes(range(1, 256)),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_document_is_reported_and_the_good_one_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BAD[name])
    (tmp_path / "zz_good.xml").write_bytes(GOOD)
    log = Log()
    assert [entry.product.ndc for entry in spl.entries(tmp_path, log)] == ["9999-001"]
    assert [fault.name for fault in log.rejected] == [name]


def test_a_bad_member_of_a_zip_costs_itself_alone(tmp_path: Path) -> None:
    members = {f"in/{name}": data for name, data in BAD.items()} | {"in/zz.zip": zipped({"good.xml": GOOD})}
    (tmp_path / "release.zip").write_bytes(zipped(members | {"in/broken.zip": b"PK\3\4 not a zip"}))
    log = Log()
    assert [entry.product.ndc for entry in spl.entries(tmp_path / "release.zip", log)] == ["9999-001"]
    assert {fault.name for fault in log.rejected} == {f"release.zip/in/{name}" for name in BAD} | {
        "release.zip/in/broken.zip"
    }


def test_a_zip_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    bomb = zipped({"a.xml": b" " * (16 << 20), "z.xml": GOOD})
    assert len(bomb) < 100_000
    (tmp_path / "bomb.zip").write_bytes(bomb)
    log = Log()
    assert [entry.product.ndc for entry in spl.entries(tmp_path / "bomb.zip", log)] == ["9999-001"]
    assert "to 1" in log.rejected[0].reason


def test_a_member_larger_than_its_zip_says_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.xml": b"<x/>" * 100_000}))
    size = (400_000).to_bytes(4, "little")
    (tmp_path / "lies.zip").write_bytes(bytes(data).replace(size, (10).to_bytes(4, "little")))
    log = Log()
    assert list(spl.entries(tmp_path / "lies.zip", log)) == []
    assert log.rejected[0].name == "lies.zip/a.xml"


def test_zips_within_zips_end(tmp_path: Path) -> None:
    data = zipped({"good.xml": GOOD})
    for _ in range(archive.DEPTH_MAX + 1):
        data = zipped({"inner.zip": data})
    (tmp_path / "russian.zip").write_bytes(data)
    log = Log()
    assert list(spl.entries(tmp_path / "russian.zip", log)) == []
    assert "nested" in log.rejected[0].reason


def test_no_member_is_written_anywhere(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "evil.zip").write_bytes(zipped({"../../outside.xml": GOOD, "/tmp/outside-pillprint.xml": GOOD}))
    assert len(list(spl.entries(inside / "evil.zip", Log()))) == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "evil.zip"]
    assert not Path("/tmp/outside-pillprint.xml").exists()


def test_an_encrypted_member_is_reported(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.xml": GOOD}, zipfile.ZIP_STORED))
    data[6] |= 1
    at = data.find(b"PK\1\2")
    data[at + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(data))
    log = Log()
    assert list(spl.entries(tmp_path / "locked.zip", log)) == []
    assert len(log.rejected) == 1


def test_links_below_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "good.xml").write_bytes(GOOD)
    (tmp_path / "in/link.xml").symlink_to(tmp_path / "good.xml")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    assert list(spl.entries(tmp_path / "in", Log())) == []


def test_a_missing_path_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such file"):
        list(spl.entries(tmp_path / "none.zip", Log()))


HEADER = "ndc11,part,parts,generic_name,proprietary_name,imprint,imprint_type,color,shape,size_mm,score,symbol"


def _c3pi_row(number: int) -> str:
    return f"{number:05d}-0001-01,1,1,BACLOFEN,BACLOFEN 10MG,A;{number},DEBOSSED,WHITE,ROUND,7,2,FALSE"


@pytest.mark.parametrize(
    "bad",
    ['00009-0001-01,1,1,"never closed,x,y', "only,three,values", "x" * 300_000, '"""', "\0\0\0", ",,,,,,,,,,,"],
)
def test_a_bad_line_of_a_table_costs_itself_alone(tmp_path: Path, bad: str) -> None:
    lines = [HEADER, *map(_c3pi_row, range(10, 15)), bad, *map(_c3pi_row, range(20, 45))]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    log = Log()
    found = [entry.product.ndc for entry in c3pi.entries(tmp_path / "t.csv", log)]
    assert found == [f"{number:05d}-0001-01" for number in (*range(10, 15), *range(20, 45))]
    assert log.rejected_count >= 1 or bad.strip("\0") == ""


@pytest.mark.parametrize("bad", ['{"a": "never closed, "b": 1},', '{"ITEM_SEQ": ],', "{{{{", '"x', '{"ITEM_SEQ": 5 '])
def test_a_bad_object_of_a_json_list_costs_itself_alone(tmp_path: Path, bad: str) -> None:
    def item(number: int) -> str:
        return f'{{"ITEM_SEQ": "{number}", "ITEM_NAME": "x", "PRINT_FRONT": "A{number}", "PRINT_BACK": null}}'

    good = [item(number) for number in range(200000, 200012)]
    text = '{"body": {"items": [' + ",".join(good[:3]) + "," + bad + "\n" + ",".join(good[3:]) + "]}}"
    (tmp_path / "m.json").write_text(text)
    found = [entry.product.tokens for entry in mfds.entries(tmp_path / "m.json", Log())]
    assert found == [(f"A{number}",) for number in range(200000, 200012)]


def test_a_table_of_another_kind_is_refused_with_the_columns_it_needs(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("name,age\nx,1\n")
    with pytest.raises(CatalogError, match="ndc11"):
        list(c3pi.entries(tmp_path / "t.csv", Log()))
    (tmp_path / "t.json").write_text('[{"name": "x"}]')
    with pytest.raises(CatalogError, match="right file"):
        list(tfda.entries(tmp_path / "t.json", Log()))


def test_what_is_no_table_is_named_in_a_short_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_bytes(bytes(range(128, 256)) * 200)
    with pytest.raises(CatalogError, match=r"wrong\.csv: neither a catalog nor a known register") as error:
        importer_of(file)
    assert len(str(error.value)) < len(str(file)) + 1000
