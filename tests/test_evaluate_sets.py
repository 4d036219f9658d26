"""Labels as they come, and as they should not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.errors import PhotoSetError
from pipeline.evaluate.photo_truth import CharacterBox
from pipeline.evaluate.set_layouts import SetKind
from pipeline.evaluate.sets import open_set
from pipeline.evaluate.split import is_validation

RXIMAGE = "file,ndc11,imprint,imprint_type,color,shape,size_mm,score,symbol,generic_name,labeler\n"
DATA = Path(__file__).parents[2] / "shared" / "data"


def write(folder: Path, text: str) -> Path:
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    return folder


def test_reference_photos(tmp_path: Path) -> None:
    row = "photos/a.jpg,00002-3228-30,Lilly;25;mg,PRINTED,WHITE;BLUE,HEXAGON (6 sided),16,1,FALSE,ATOMOXETINE,LILLY\n"
    photos = open_set(write(tmp_path, RXIMAGE + row))
    truth = photos.photos[0].truth
    assert photos.kind is SetKind.RXIMAGE
    assert photos.photos[0].path == tmp_path / "photos/a.jpg"
    assert (truth.imprint, truth.shown, truth.row_key) == ("Lilly;25;mg", "Lilly;25;mg", "00002-3228-30")
    assert (truth.shape, truth.colors) == ("HEXAGON (6 SIDED)", {"WHITE", "BLUE"})
    assert (truth.size_mm, truth.score, truth.faces, truth.drug) == (16.0, 1, 2, "ATOMOXETINE")


def test_photos_beside_a_ruler(tmp_path: Path) -> None:
    header = "file,licence_id,name_en,mark1,mark2,shape,color,score,size_mm\n"
    rows = "b.webp,L1,Two,SYN 201,SYN 202,ROUND,PINK;PINK,1,8;8\na.webp,L2,None,,,OTHER,CLEAR;RED,,7;9\n"
    first, second = open_set(write(tmp_path, header + rows)).photos
    assert first.name == "a.webp"
    assert (first.truth.imprint, first.truth.shape, first.truth.colors) == (None, None, frozenset())
    assert (first.truth.score, first.truth.size_mm) == (None, None)
    assert (second.truth.imprint, second.truth.colors, second.truth.size_mm) == ("SYN 201;SYN 202", {"PINK"}, 8.0)


def test_the_marks_of_several_tablets_of_one_license_are_read_once(tmp_path: Path) -> None:
    header = "file,licence_id,name_en,mark1,mark2,shape,color,score,size_mm\n"
    rows = "a.webp,L1,Two,LITA;;;LITA,CT;;;CT,ROUND,PINK,1,8\nb.webp,L2,Two,logo 27;;;27,,ROUND,PINK,1,8\n"
    first, second = open_set(write(tmp_path, header + rows)).photos
    assert (first.truth.imprint, first.truth.shown) == ("LITA;;;LITA;CT;;;CT", "LITA;CT")
    assert (second.truth.imprint, second.truth.shown) == ("logo 27;;;27", "27")


def test_hand_taken_photos_show_one_face(tmp_path: Path) -> None:
    header = "file,imprint,imprint_this_face,imprint_type,color,shape,size_mm,ndc,drug,notes\n"
    rows = "a.jpg,93;148,148,DEBOSSED,ORANGE,OVAL,14,00093-0148-01,Naproxen,crop\nb.jpg,SB;4,,,,,,1-2-3,,\n"
    first, second = open_set(write(tmp_path, header + rows)).photos
    assert (first.truth.imprint, first.truth.shown, first.truth.faces) == ("93;148", "148", None)
    assert (second.truth.imprint, second.truth.shown) == ("SB;4", None)


def test_character_boxes_are_gathered_by_photo(tmp_path: Path) -> None:
    header = "file,label,x,y,w,h,batch,imprint,color,shape,size_mm\n"
    rows = "a.jpg,m,0.5,0.25,0.1,0.2,b,,,,\na.jpg,5,0.6,0.25,0.1,0.2,b,,,,\n"
    photos = open_set(write(tmp_path, header + rows))
    assert photos.kind is SetKind.BOXES
    assert photos.photos[0].truth.boxes == (
        CharacterBox("M", 0.5, 0.25, 0.1, 0.2),
        CharacterBox("5", 0.6, 0.25, 0.1, 0.2),
    )


def test_polygons(tmp_path: Path) -> None:
    photos = open_set(write(tmp_path, "file,bbox,notes\na.jpg,1 0 0 0 1 1 1|1 .5 .5 .5 1 1 1,2 objects\n"))
    assert photos.kind is SetKind.MASKS
    assert photos.photos[0].truth.faces == 2
    assert photos.photos[0].truth.polygons[0] == ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "fit no known layout"),
        ("file,name\na.jpg,x\n", "fit no known layout"),
        (RXIMAGE, "has no rows"),
        (RXIMAGE + ",00002-3228-30,A,,,,,,,,\n", "line 2 names no file"),
        (RXIMAGE + "a.jpg,1,A,,,,eight,1,,,\n", "'a.jpg' makes no sense"),
        (RXIMAGE + "../a.jpg,1,A,,,,8,1,,,\n", "lies outside"),
        (RXIMAGE + "/etc/passwd,1,A,,,,8,1,,,\n", "lies outside"),
        ("file,bbox\na.jpg,1 0 0 1\n", "makes no sense"),
        ("file,label,x,y,w,h\na.jpg,A,left,0,1,1\n", "makes no sense"),
    ],
)
def test_labels_that_do_not_fit(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PhotoSetError, match=message) as caught:
        open_set(write(tmp_path, text))
    assert "labels.csv" in str(caught.value)


def test_no_folder_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(PhotoSetError, match=r"labels\.csv: cannot be read"):
        open_set(tmp_path / "missing")
    (tmp_path / "labels.csv").write_bytes(b"file,ndc11\n\xff\xfe,1\n")
    with pytest.raises(PhotoSetError, match="cannot be read"):
        open_set(tmp_path)


def test_samples_and_parts(tmp_path: Path) -> None:
    rows = "".join(f"{number:03}.jpg,1-2,{number},,,,,,,,\n" for number in range(200))
    photos = open_set(write(tmp_path, RXIMAGE + rows))
    sample = photos.sample(20, seed=7)
    assert len(sample.photos) == 20
    assert sample == photos.sample(20, seed=7) != photos.sample(20, seed=8)
    assert [photo.name for photo in sample.photos] == sorted(photo.name for photo in sample.photos)
    assert photos.sample(None, 7) is photos.sample(999, 7) is photos
    validation = photos.part("validation").photos
    assert {photo.name for photo in validation} == {f"{n:03}.jpg" for n in range(200) if is_validation(str(n))}
    assert len(validation) + len(photos.part("training").photos) == len(photos.part("all").photos) == 200


@pytest.mark.skipif(
    not DATA.exists() and "CI" not in os.environ, reason="the evaluation photos of ../shared/data are not here"
)
@pytest.mark.parametrize(
    ("name", "kind", "photos"),
    [
        ("rximage300", SetKind.RXIMAGE, 2912),
        ("tfda", SetKind.TFDA, 1314),
        ("consumer", SetKind.CONSUMER, 68),
        ("imprint_boxes", SetKind.BOXES, 1590),
        ("masks", SetKind.MASKS, 273),
    ],
)
def test_the_sets_at_hand(name: str, kind: SetKind, photos: int) -> None:
    opened = open_set(DATA / name)
    assert opened.kind is kind
    assert len(opened.photos) == photos


SAMPLES = Path(__file__).parents[1] / "samples"


def test_the_samples_manifest_is_a_file_of_labels() -> None:
    photos = open_set(SAMPLES)
    truths = {photo.name: photo.truth for photo in photos.photos}
    assert photos.kind is SetKind.MANIFEST and photos.labels == SAMPLES / "manifest.csv" and len(truths) == 51
    both = truths["flecainide_both.jpg"]
    assert (both.shown, both.row_key, both.faces) == ("54;024", "00054-0010-25", 2)
    assert (both.shape, both.colors, both.size_mm, both.score) == ("ROUND", {"WHITE"}, 6.0, 1)
    assert both.decisions == {"IDENTIFIED", "AMBIGUOUS"}
    assert (truths["024_back_paper.jpg"].shown, truths["024_back_paper.jpg"].faces) == (None, 1)
    assert (truths["empty_wood.jpg"].faces, truths["empty_wood.jpg"].decisions) == (0, {"NO_PILL"})
    assert (truths["three_024.jpg"].faces, truths["three_024.jpg"].row_key) == (None, None)
    assert truths["one_pixel.png"] == truths["truncated.jpg"] and truths["truncated.jpg"].decisions == {"ERROR"}


def test_labels_go_before_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,expected\nb.jpg,NO_PILL\n", encoding="utf-8")
    assert open_set(tmp_path).photos[0].truth.decisions == {"NO_PILL"}
    assert open_set(write(tmp_path, "file,ndc11\na.jpg,1-2-3\n")).photos[0].name == "a.jpg"


def test_a_folder_without_labels_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PhotoSetError, match=r"labels\.csv: cannot be read .* docs/evaluation\.md"):
        open_set(tmp_path)
