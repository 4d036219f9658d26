"""The labels' photos: from an archive of labels to the pages that show them."""

from __future__ import annotations

import io
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import click.testing
import pytest
from examples import identification
from PIL import Image
from spl_documents import characteristic, document, look, product, zipped

from pipeline.answer import Answer
from pipeline.cli import cli
from pipeline.report.page import BatchView, answers_page
from pipeline.report.page.write import About, PageWriter
from reference.store.build import build_catalog
from reference.store.catalog import open_catalog
from reference.store.product_pictures import SIDE_PX, pictures_path, small_picture, write_pictures


def photo(color: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (900, 600)) -> bytes:
    packed = io.BytesIO()
    Image.new("RGB", size, color).save(packed, "JPEG")
    return packed.getvalue()


def label(name: str = "a.jpg", number: int = 1, version: int = 1) -> bytes:
    value = f'<value xsi:type="ED" mediaType="image/jpeg"><reference value="{name}"/></value>'
    marks = look() + characteristic("SPLIMAGE", value)
    set_id = f"aaaaaaaa-0000-4000-8000-{number:012d}"
    return document(product(ndc=f"1234-{number:03d}", marks=marks), set_id=set_id, version=version)


def built(folder: Path, *archives: dict[str, bytes], pictures: bool = True) -> Path:
    release = folder / "release.zip"
    release.write_bytes(zipped({f"{number}.zip": zipped(files) for number, files in enumerate(archives)}))
    report = build_catalog([("spl", release)], folder / "c.sqlite", builtin=False, pictures=pictures)
    assert report.products
    return report.path


def color_of(webp: bytes) -> tuple[int, ...]:
    with Image.open(io.BytesIO(webp), formats=("WEBP",)) as image:
        assert image.size == (SIDE_PX, 171)
        return tuple(round(value / 50) for value in image.convert("RGB").getpixel((100, 100)))  # type: ignore[union-attr]


def test_the_photo_of_a_label_comes_small(tmp_path: Path) -> None:
    blue = photo((10, 10, 200))
    path = built(tmp_path, {"x/a.xml": label(), "x/a.jpg": photo()}, {"b.xml": label("p q.JPG", 2), "p q.JPG": blue})
    with open_catalog(path) as catalog:
        ids = [each.product_id for each in catalog.products()]
        found = [catalog.picture(each) for each in ids]
        assert [color_of(webp) for webp in found if webp] == [(4, 1, 1), (0, 0, 4)]
        assert catalog.picture_of(["none", ids[1]]) == (ids[1], found[1])
        assert catalog.without("1").picture(ids[0]) == found[0]
        assert catalog.picture("none") is None


def test_without_the_wish_there_is_none_and_old_ones_go(tmp_path: Path) -> None:
    files = {"a.xml": label(), "a.jpg": photo()}
    path = built(tmp_path, files)
    assert pictures_path(path).is_file()
    built(tmp_path, files, pictures=False)
    assert not pictures_path(path).exists()
    with open_catalog(path) as catalog:
        assert catalog.picture(next(catalog.products()).product_id) is None


def test_the_newest_label_has_the_picture(tmp_path: Path) -> None:
    path = built(
        tmp_path,
        {"a.xml": label(version=2), "a.jpg": photo((10, 10, 200))},
        {"a.xml": label(version=1), "a.jpg": photo()},
    )
    with open_catalog(path) as catalog:
        webp = catalog.picture(next(catalog.products()).product_id)
        assert webp and color_of(webp) == (0, 0, 4)


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "..\\a.jpg", "C:a.jpg", "a.png", "b.jpg", ""])
def test_names_that_lead_elsewhere_give_no_picture(tmp_path: Path, name: str) -> None:
    path = built(tmp_path, {"x/a.xml": label(name), "a.jpg": photo(), "a.png": photo()})
    with open_catalog(path) as catalog:
        assert catalog.picture(next(catalog.products()).product_id) is None


@pytest.mark.parametrize("data", [b"", b"GIF89a", photo()[:300], b"\xff\xd8\xff" + b"0" * 500], ids=range(4))
def test_damaged_pictures_cost_themselves_alone(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        small_picture(data)
    path = built(tmp_path, {"a.xml": label(), "a.jpg": data})
    with open_catalog(path) as catalog:
        assert catalog.picture(next(catalog.products()).product_id) is None


def test_pictures_of_another_build_or_damaged_ones_are_not_shown(tmp_path: Path) -> None:
    path = built(tmp_path, {"a.xml": label(), "a.jpg": photo()})
    with open_catalog(path) as catalog:
        product_id = next(catalog.products()).product_id
        write_pictures([(product_id, small_picture(photo()))], path, "another")
        assert catalog.picture(product_id) is None
        write_pictures([(product_id, b"<script>")], path, catalog.fingerprint)
        assert catalog.picture(product_id) is None
        pictures_path(path).write_bytes(b"damage" * 1000)
        assert catalog.picture(product_id) is None


def test_the_pages_show_it_as_the_labels(tmp_path: Path) -> None:
    path = built(tmp_path, {"a.xml": label(), "a.jpg": photo()})
    page = tmp_path / "page.html"
    done = click.testing.CliRunner().invoke(
        cli, ["search", "--imprint", "AB 12", "--catalog", str(path), "--html", str(page)]
    )
    assert done.exit_code == 0, done.output
    text = page.read_text("utf-8")
    assert "data:image/webp;base64," in text and "Photo of the label of Test Labs" in text


def test_candidates_of_an_answer_have_it() -> None:
    answer = identification(("024",), ())
    wanted = answer.candidates[0].product.product_id
    webp = small_picture(photo())
    page = answers_page([answer], picture_of=lambda ids: (wanted, webp) if wanted in list(ids) else None)
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    pictures = [one["picture"] for one in json.loads(found[1])["views"][0]["candidates"]]
    assert pictures[0]["src"].startswith("data:image/webp;base64,")
    assert pictures[0]["title"].startswith("Photo of the label")
    assert not any(pictures[1:])


def test_a_batch_s_page_has_it_beside_the_candidates(tmp_path: Path) -> None:
    path = built(tmp_path, {"a.xml": label(), "a.jpg": photo()})
    with open_catalog(path) as catalog:
        found = identification(("024",), ())
        first = replace(found.candidates[0], products=(next(catalog.products()),))
        answer = replace(found, candidates=(first,))
        (text,) = pickle.loads(pickle.dumps(BatchView(catalog=catalog)))([], [answer])
        picture = json.loads(text)["candidates"][0]["picture"]
        assert picture["product"] == first.product.product_id and "src" not in picture
        row = {"photo": "a.jpg", "decision": "IDENTIFIED", "key": "a"}
        with PageWriter(tmp_path / "page.html", About("Pills", "run"), catalog) as writer:
            for number in range(3):
                writer.add({**row, "photo": f"{number}.jpg"}, json.loads(text))
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/webp;base64,") == 1
    data, views, labels = (json_of(page, name) for name in ("data", "shard-0", "shard-1"))
    assert data["shards"]["count"] == 1
    assert [view["candidates"][0]["picture"]["label"] for view in views] == [0, 0, 0]
    assert labels[0].startswith("data:image/webp;base64,") and len(labels) == 1


def test_a_picture_that_is_gone_when_the_page_is_made_is_left_out(tmp_path: Path) -> None:
    view = {**json.loads(BatchView()([], [identification(("024",), ())])[0])}
    view["candidates"][0]["picture"] = {"product": "gone", "title": "Photo of the label", "url": "", "day": ""}
    with PageWriter(tmp_path / "page.html", About("Pills", "run")) as writer:
        writer.add({"photo": "a.jpg", "decision": "IDENTIFIED"}, view)
    assert json_of((tmp_path / "page.html").read_text(), "shard-0")[0]["candidates"][0]["picture"] is None


def json_of(page: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_an_answer_saves_it_with_its_page_and_needs_no_open_catalog(tmp_path: Path) -> None:
    path = built(tmp_path, {"a.xml": label(), "a.jpg": photo()})
    with open_catalog(path) as catalog:
        found = identification(("024",), ())
        first = replace(found.candidates[0], products=(next(catalog.products()),))
        pictures = catalog.pictures
    shown = replace(found, candidates=(first,), photos=(), again=(), labels=pictures)
    assert isinstance(shown, Answer)
    for number, answer in enumerate((shown, pickle.loads(pickle.dumps(shown)))):
        answer.save_html(tmp_path / f"{number}.html")
        (view,) = json_of((tmp_path / f"{number}.html").read_text("utf-8"), "data")["views"]
        assert view["candidates"][0]["picture"]["src"].startswith("data:image/webp;base64,")
    assert "labels" not in shown.to_dict("full")
