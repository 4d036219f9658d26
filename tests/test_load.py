"""Loading: what is accepted, turned, reduced and refused."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from pipeline.errors import EngineMissingError, InputError, PhotoError
from pipeline.load import detail, details, display_name, load, sources_of
from pipeline.settings import LoadSettings

WHITE = (255, 255, 255)


def encode(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)


def smooth(height: int, width: int) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.dstack([rows * 200 // height, columns * 200 // width, np.full_like(rows, 50)]).astype(np.uint8)


def test_every_kind_of_source_gives_the_same_pixels(tmp_path: Path, gradient: NDArray[np.uint8]) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encode(Image.fromarray(gradient)))
    for source in (path, str(path), path.read_bytes(), Image.fromarray(gradient), gradient):
        photo = load(source)
        assert np.array_equal(photo.pixels, gradient)
        assert photo.reduction == 1.0
        assert not photo.pixels.flags.writeable
    assert gradient.flags.writeable, "the caller's array stays the caller's"
    assert load(path).name == str(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone_and_detail_finds_the_same_place(
    orientation: int, gradient: NDArray[np.uint8]
) -> None:
    large = np.repeat(np.repeat(gradient, 4, axis=0), 4, axis=1)
    # What a camera stores for a scene: the scene taken through the inverse of the turn a viewer applies.
    inverse = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = Image.fromarray(large)
    if inverse is not None:
        stored = stored.transpose(Image.Transpose(inverse))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(stored, "PNG", exif=exif.tobytes())
    photo = load(data, LoadSettings(long_side_px_max=64))
    assert np.array_equal(photo.pixels, gradient)
    pixels, factor = detail(photo, (10, 20, 30, 50))
    assert factor == 4.0
    assert np.array_equal(pixels, large[40:120, 80:200])


def test_a_large_jpeg_is_decoded_reduced_and_detail_whole() -> None:
    scene = smooth(1200, 1600)
    photo = load(encode(Image.fromarray(scene), "JPEG", quality=95), LoadSettings(long_side_px_max=300))
    assert photo.pixels.shape == (225, 300, 3)
    assert photo.reduction == pytest.approx(1600 / 300)
    pixels, factor = detail(photo, (100, 100, 160, 150))
    assert factor == photo.reduction
    assert abs(pixels.shape[0] - 60 * factor) <= 1
    assert np.abs(pixels.astype(int) - scene[533:853, 533:800][: pixels.shape[0]]).mean() < 3


@pytest.mark.parametrize(("stored", "loaded"), [(400, 400), (500, 400), (600, 300), (3000, 375)])
def test_what_the_decoder_gives_is_taken_where_it_is_nearly_as_large_as_allowed(stored: int, loaded: int) -> None:
    photo = load(encode(Image.new("RGB", (200, stored), WHITE), "JPEG"), LoadSettings(long_side_px_max=400))
    assert photo.pixels.shape[0] == loaded


def test_a_thread_of_a_jpeg_is_too_small() -> None:
    with pytest.raises(PhotoError, match="too small"):
        load(encode(Image.new("RGB", (3000, 1), WHITE), "JPEG"))


def test_the_last_row_of_detail_is_of_the_photo() -> None:
    photo = load(encode(Image.new("RGB", (3000, 1999), WHITE), "JPEG"))
    height, width = photo.pixels.shape[:2]
    pixels, _ = detail(photo, (height - 5, width - 5, height, width))
    assert pixels.min() > 200


def test_details_decodes_several_boxes_and_cuts_at_the_border(gradient: NDArray[np.uint8]) -> None:
    photo = load(gradient)
    parts, factor = details(photo, ((-5, -5, 4, 4), (40, 60, 900, 900)))
    assert factor == 1.0
    assert np.array_equal(parts[0], gradient[:4, :4])
    assert np.array_equal(parts[1], gradient[40:, 60:])
    with pytest.raises(PhotoError, match="outside"):
        detail(photo, (50, 0, 60, 10))


def test_detail_works_on_a_large_array() -> None:
    scene = noise(400, 200)
    photo = load(scene, LoadSettings(long_side_px_max=100))
    assert np.array_equal(detail(photo, (0, 0, 50, 50))[0], scene[:200, :200])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "F"])
def test_every_mode_becomes_srgb(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.full((20, 30), 65535, np.uint16))
    elif mode == "F":
        image = Image.fromarray(np.full((20, 30), 1.0, np.float32))
    else:
        image = Image.new("RGB", (30, 20), WHITE).convert(mode)
    photo = load(encode(image, "TIFF"))
    assert photo.pixels.shape == (20, 30, 3)
    assert photo.pixels.min() >= 254


def test_sixteen_bits_keep_their_scale() -> None:
    ramp = np.linspace(0, 65535, 256 * 20, dtype=np.uint16).reshape(20, 256)
    pixels = load(encode(Image.fromarray(ramp), "PNG")).pixels
    assert np.abs(pixels[..., 0] - ramp / 257.0).max() <= 1


def test_cmyk_jpeg_has_its_colors() -> None:
    photo = load(encode(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG"))
    assert photo.pixels[20, 20, 0] > 220 and photo.pixels[20, 20, 1:].max() < 60


def test_transparency_is_laid_over_white() -> None:
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert (load(encode(image)).pixels == 255).all()
    palette = Image.new("RGB", (20, 20), "red").quantize(2)
    assert (load(encode(palette, transparency=palette.getpixel((5, 5)))).pixels == 255).all()


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ((250, 0, 0), (0, 250, 0))]
    photo = load(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert tuple(photo.pixels[5, 5]) == (250, 0, 0)


def test_a_color_profile_is_applied_and_a_damaged_one_told() -> None:
    image = Image.new("RGB", (20, 20), (120, 200, 40))
    lab_like = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert tuple(load(encode(image, icc_profile=lab_like)).pixels[0, 0]) == (120, 200, 40)
    photo = load(encode(image, icc_profile=b"no profile"))
    assert tuple(photo.pixels[0, 0]) == (120, 200, 40)
    assert any("profile" in warning for warning in photo.warnings)


def test_a_wide_gamut_profile_changes_the_pixels() -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # Swap the red and green primaries and hide the name: a profile whose red is our green.
    at_red, at_green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[at_red : at_red + 4], profile[at_green : at_green + 4] = b"gXYZ", b"rXYZ"
    damaged_name = bytes(profile).replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
    photo = load(encode(Image.new("RGB", (20, 20), (255, 0, 0)), icc_profile=damaged_name))
    assert photo.pixels[0, 0, 1] > 200 and photo.pixels[0, 0, 0] < 80


def damaged_jpeg() -> bytes:
    return encode(Image.fromarray(noise(200, 200)), "JPEG")[:6000]


def damaged_png() -> bytes:
    return encode(Image.fromarray(noise(200, 200)))[:6000]


def claims_to_be_huge(width: int, height: int) -> bytes:
    """A 24-bit BMP header that announces more pixels than there are."""
    header = b"BM" + (54).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    return header + width.to_bytes(4, "little") + height.to_bytes(4, "little") + b"\1\0\x18\0" + bytes(24)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: b"", "is empty"),
        (lambda: b"this is a shopping list, not a photo\n" * 10, "no photo that can be opened; it must be JPEG"),
        (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no photo that can be opened"),
        (lambda: b"\xff\xd8\xff\xe0", "no photo that can be opened"),
        (damaged_jpeg, "damaged or cut off"),
        (damaged_png, "damaged or cut off"),
        (lambda: encode(Image.new("RGB", (1, 1))), "too small"),
        (lambda: encode(Image.new("RGB", (5000, 20)), "JPEG"), "too small"),
        (lambda: claims_to_be_huge(0, 0), "no photo|damaged"),
        (lambda: claims_to_be_huge(60_000, 60_000), "reduce it first"),
        (lambda: claims_to_be_huge(13_350, 13_350), "above the limit of 178 million; reduce it"),
    ],
)
def test_bad_files_are_refused_by_name(tmp_path: Path, make: Callable[[], bytes], told: str) -> None:
    path = tmp_path / "bad.jpg"
    path.write_bytes(make())
    with pytest.raises(PhotoError, match=told) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(loop)
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    for path, told in (
        (tmp_path / "none.jpg", "no such file"),
        (tmp_path, "is a folder"),
        (loop, "symbolic link"),
        (pipe, "no regular file"),
        (tmp_path / ("n" * 300), "too long"),
    ):
        with pytest.raises(PhotoError, match=told):
            load(path)
    with pytest.raises(PhotoError, match="null"):
        load("a\0b.jpg")


def test_an_unreadable_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(b"x")

    def refuse(*arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # root reads everything, so the mode bits alone test nothing
    with pytest.raises(PhotoError, match=r"may not be read; allow it with `chmod \+r`"):
        load(path)


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(300 * 2**20)
    with pytest.raises(PhotoError, match="300 MiB is above the limit of 256 MiB"):
        load(path)


@pytest.mark.parametrize(
    "array", [np.zeros((5, 5, 2), np.uint8), np.zeros((20, 20, 3), np.complex128), np.zeros((0, 9, 3), np.uint8)]
)
def test_arrays_that_are_no_photo_are_refused(array: NDArray[Any]) -> None:
    with pytest.raises(PhotoError, match="hand over"):
        load(array)


def test_names_are_shown_safely(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/a\nb\"'\xff\x1b[31m.jpg"
    with open(raw, "wb"):
        pass
    with pytest.raises(PhotoError, match="is empty") as caught:
        load(os.fsdecode(raw))
    assert "a\\nb\"'\\xff\\x1b[31m.jpg" in str(caught.value)
    str(caught.value).encode("utf-8")


@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_a_shown_name_is_one_printable_line(name: bytes) -> None:
    shown = display_name(os.fsdecode(name))
    assert shown.isprintable()
    shown.encode("utf-8")


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"BM"])
)
def test_hostile_bytes_raise_nothing_but_photo_errors(rest: bytes, magic: bytes) -> None:
    with pytest.raises(PhotoError):
        load(magic + rest)


def test_heic_without_its_reader_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(EngineMissingError, match="pip install pillow-heif"):
        load(b"\0\0\0\x18ftypheic" + bytes(40))


def test_heic_is_loaded_upright(gradient: NDArray[np.uint8]) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs the extra `heif`")
    scene = smooth(96, 128)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image = Image.fromarray(scene)
    pillow_heif.from_pillow(image).save(buffer, quality=95, exif=exif.tobytes())
    photo = load(buffer.getvalue())
    assert photo.pixels.shape == (128, 96, 3)
    upright = np.rot90(scene, -1)
    assert np.abs(photo.pixels.astype(int) - upright).mean() < 4
    with pytest.raises(PhotoError, match="damaged HEIC"):
        load(buffer.getvalue()[:60] + bytes(100))


def test_loading_says_nothing_on_standard_error(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(Image.fromarray(smooth(300, 400)), "JPEG"))
    command = [sys.executable, "-c", f"from pipeline.load import load; load({str(path)!r})"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def linear_profile(name: str) -> bytes:
    """A matrix profile of sRGB's primaries whose curves are straight, with that description."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag in (b"rTRC", b"gTRC", b"bTRC"):
        at = profile.index(tag)
        start = int.from_bytes(profile[at + 4 : at + 8], "big")
        profile[start : start + 12] = b"curv" + bytes(8)  # a curve of no entries is the identity (ICC.1, 10.6)
        profile[at + 8 : at + 12] = (12).to_bytes(4, "big")
    return bytes(profile).replace("sRGB built-in".encode("utf-16-be"), name.encode("utf-16-be"))


@pytest.mark.parametrize("name", ["sRGB built-in", "Linear colors"])
def test_a_profile_counts_by_what_it_does_and_not_by_its_name(name: str) -> None:
    """Half the light is 188 in sRGB (IEC 61966-2-1)."""
    photo = load(encode(Image.new("RGB", (20, 20), (128, 128, 128)), icc_profile=linear_profile(name)))
    assert np.abs(photo.pixels[0, 0].astype(int) - 188).max() <= 1
    assert photo.warnings == ()


def test_a_png_with_megabytes_of_text_is_a_photo(gradient: NDArray[np.uint8]) -> None:
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "x" * 3_000_000, zip=True)
    assert np.array_equal(load(encode(Image.fromarray(gradient), pnginfo=text)).pixels, gradient)


@pytest.mark.parametrize(("bits", "step"), [(10, 4), (12, 16), (14, 64), (16, 257)])
@pytest.mark.parametrize("as_array", [False, True])
def test_cameras_give_ten_to_fourteen_bits_in_sixteen(bits: int, step: int, as_array: bool) -> None:
    gray = smooth(60, 80)[..., 0] + np.uint8(55)
    wide = gray.astype(np.uint16) * np.uint16(step)
    photo = load(wide if as_array else encode(Image.fromarray(wide), "TIFF"))
    assert np.abs(photo.pixels[..., 0].astype(int) - gray).max() <= 1
    assert [f"{bits} bits" in warning for warning in photo.warnings] == [True] * (bits != 16)


def test_arrays_of_floats_and_in_opencv_s_order(gradient: NDArray[np.uint8]) -> None:
    assert np.abs(load(gradient / 255.0).pixels.astype(int) - gradient).max() <= 1
    assert np.abs(load((gradient / 255.0).astype(np.float32)).pixels.astype(int) - gradient).max() <= 1
    assert np.array_equal(load(gradient.astype(np.int64)).pixels, gradient)
    assert np.array_equal(load(gradient[..., ::-1], channels="bgr").pixels, gradient)
    assert np.array_equal(load(encode(Image.fromarray(gradient)), channels="bgr").pixels, gradient)
    shaded = np.dstack([gradient, np.full(gradient.shape[:2], 255, np.uint8)])
    assert np.array_equal(load(shaded).pixels, gradient)
    with pytest.raises(InputError, match="say rgb, or bgr"):
        load(gradient, channels="grb")


def test_streams_and_views_are_read_and_left_as_they_were(tmp_path: Path, gradient: NDArray[np.uint8]) -> None:
    data = encode(Image.fromarray(gradient))
    stream = io.BytesIO(data)
    for _ in range(2):
        assert np.array_equal(load(stream).pixels, gradient)
    assert np.array_equal(load(memoryview(data)).pixels, gradient)
    (tmp_path / "a.png").write_bytes(data)
    with (tmp_path / "a.png").open("rb") as file:
        assert load(file).name == str(tmp_path / "a.png")
    with (tmp_path / "a.png").open(encoding="utf-8") as text, pytest.raises(TypeError, match="'rb'"):
        load(text)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'rb'"):
        load(io.StringIO("x"))  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [None, {}, 3, 1.5, [1], object()])
def test_what_is_no_photo_by_its_type_is_told_with_what_is(source: Any) -> None:
    with pytest.raises(TypeError, match=r"a photo is a path, the bytes of a file.* not \w+; hand over"):
        load(source)


def test_several_photos_come_in_any_iterable() -> None:
    assert sources_of(path for path in "ab") == ["a", "b"]
    assert sources_of("ab") == ["ab"]
    with pytest.raises(InputError, match="the list is empty"):
        sources_of([])
    for wrong in (None, {"a": 1}, 3):
        with pytest.raises(TypeError, match="a photo is a path"):
            sources_of(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("https://example.org/a.jpg", "is an address"),
        ("s3:/bucket/a.jpg", "is an address"),
        ("a\ud800b.jpg", "no file's name can hold"),
        ("/proc/kmsg", "is empty|may not be read|no such file"),
        ("/dev/zero", "no regular file"),
    ],
)
def test_odd_paths_are_told(path: str, told: str) -> None:
    with pytest.raises(PhotoError, match=told) as caught:
        load(path)
    str(caught.value).encode("utf-8")


def test_an_array_that_only_looks_large_is_refused_before_it_is_copied() -> None:
    with pytest.raises(PhotoError, match="above the limit of 178 million"):
        load(np.broadcast_to(np.uint8(200), (100_000, 100_000)))
    with pytest.raises(PhotoError, match="GB of memory to open"):
        load(np.zeros((100, 100, 3), np.uint8), LoadSettings(memory_max=1_000_000))


def test_a_damaged_tiff_is_told_by_us_alone(tmp_path: Path) -> None:
    data = encode(Image.fromarray(noise(200, 300)), "TIFF", compression="tiff_lzw")
    (tmp_path / "cut.tif").write_bytes(data[:90] + bytes(3000) + data[3090:])
    code = f"from pipeline.load import load\ntry: load({str(tmp_path / 'cut.tif')!r})\nexcept Exception as e: print(e)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "damaged or cut off" in done.stdout


PEAK = """
import re, sys
from pipeline.load import load
print(load(sys.argv[1]).pixels.shape)
print(1024 * int(re.search("VmHWM: *\\t*(\\d+)", open("/proc/self/status").read().replace(" ", ""))[1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["I;16", "F", "RGBA", "RGB", "P"])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_no_photo_takes_more_than_a_gigabyte(mode: str, tmp_path: Path) -> None:
    made = {"I;16": np.uint16, "F": np.float32}
    size = (14_000, 12_500)
    image = Image.fromarray(np.full(size[::-1], 300, made[mode])) if mode in made else Image.new(mode, size)
    image.save(tmp_path / "large.tif", compression="tiff_lzw")
    command = [sys.executable, "-c", PEAK, str(tmp_path / "large.tif")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    shape, peak = done.stdout.splitlines()
    assert shape == "(1829, 2048, 3)"
    assert int(peak) <= 1e9


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_photo_whose_decoder_would_take_more_is_refused() -> None:
    data = encode(Image.new("RGB", (11_000, 10_000)), "JPEG", progressive=True, subsampling=0)
    assert load(data).pixels.shape == (1862, 2048, 3)
    with pytest.raises(PhotoError, match=r"take 1\.1 GB of memory to open, above the limit of 1\.0 GB"):
        load(encode(Image.new("RGB", (15_000, 10_400)), "JPEG", progressive=True, subsampling=0))


def test_a_large_photo_is_reduced_in_parts_as_well_as_at_once() -> None:
    scene = smooth(1800, 2600)
    settings = LoadSettings(long_side_px_max=300)
    photo = load(encode(Image.fromarray(scene)), settings)
    wanted = np.asarray(Image.fromarray(scene).resize((300, 208), Image.Resampling.BOX))
    assert photo.pixels.shape == wanted.shape
    assert np.abs(photo.pixels.astype(int) - wanted).max() <= 2
    same = load(scene, settings)
    assert np.array_equal(same.pixels, photo.pixels) and same.reduction == photo.reduction
    assert np.array_equal(detail(same, (10, 10, 30, 40))[0], detail(photo, (10, 10, 30, 40))[0])
