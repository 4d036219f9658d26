"""The sample photos: the tablet 024, what can be mistaken for it, and deliberately bad photos, with a manifest."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np

from pipeline.draw.looks import looks
from pipeline.draw.random_face import random_face
from pipeline.draw.sample_list import Sample, sample_list
from pipeline.draw.scenes import DrawnRuler, DrawnScene, ScenePill, SceneSpec, crowd, draw_scene
from pipeline.draw.spec import Body, Camera, FaceSpec

QUALITY = 84
COLUMNS = (
    "file",
    "group",
    "what",
    "product_id",
    "expected",
    "expected_group",
    "pills",
    "imprint",
    "colors",
    "shape",
    "size_mm",
    "score",
    "mm_per_px",
    "ruler",
    "background",
    "notes",
)


def write_samples(out: Path, seed: int = 0) -> Iterator[Path]:
    """Draw every sample photo and the manifest into ``out``; yields each path when it is written."""
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, str]] = []
    for sample in sample_list():
        path = out / f"{sample.name}.jpg"
        scene = draw_sample(sample, seed)
        path.write_bytes(encode(scene))
        rows.append(_row(sample, scene))
        yield path
    for name, content, row in [*_special_scenes(seed), *_broken_files(seed)]:
        (out / name).write_bytes(content)
        rows.append({"file": name, **row})
        yield out / name
    with (out / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    yield out / "manifest.csv"


def encode(scene: DrawnScene) -> bytes:
    """A drawn photo as JPEG."""
    return bytes(cv2.imencode(".jpg", scene.pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])


def draw_sample(sample: Sample, seed: int) -> DrawnScene:
    """Draw one sample; the same on every run, whatever else is drawn."""
    rng = np.random.default_rng([seed, crc32(sample.name.encode())])
    known = looks()
    height, width = sample.size_mm
    count = len(sample.looks)
    pills = []
    for index, (name, side, turn) in enumerate(sample.looks):
        look = known[name]
        col = width * (index + 1) / (count + 1) + sample.offset_mm[1]
        row = height * (0.29 if sample.ruler else 0.5) + sample.offset_mm[0]
        pills.append(ScenePill(look.front if side == "F" else look.back, look.length_mm, row, col, turn, 2.8))
    ruler = DrawnRuler(height - 12.6, 4.0, int(width - 8), 1.0) if sample.ruler else None
    return draw_scene(
        SceneSpec(height, width, sample.px_per_mm, sample.background, tuple(pills), ruler, sample.light, sample.camera),
        rng,
    )


def _row(sample: Sample, scene: DrawnScene) -> dict[str, str]:
    known = looks()
    shown = list(dict.fromkeys(name for name, _, _ in sample.looks))
    look = known[shown[0]] if len(shown) == 1 else None
    faces = [known[name].front if side == "F" else known[name].back for name, side, _ in sample.looks]
    row = {
        "file": f"{sample.name}.jpg",
        "group": sample.group,
        "what": sample.what,
        "expected": sample.expected,
        "expected_group": sample.expected_group,
        "pills": str(len(sample.looks)),
        "imprint": "|".join(_imprint(face) for face in faces),
        "mm_per_px": f"{scene.mm_per_px:.5f}",
        "ruler": "yes" if sample.ruler else "no",
        "background": sample.background,
        "notes": sample.notes,
    }
    if look is not None:
        row |= {
            "product_id": look.product_id,
            "colors": look.colors,
            "shape": look.front.body.shape,
            "size_mm": f"{look.length_mm:g}",
            "score": str(look.score),
        }
    else:
        row["product_id"] = ";".join(known[name].product_id for name in shown)
    return row


def _imprint(face: FaceSpec) -> str:
    return " ".join(line.text.upper() for line in face.lines)


def _special_scenes(seed: int) -> list[tuple[str, bytes, dict[str, str]]]:
    rng = np.random.default_rng([seed, 7])
    empty = draw_scene(SceneSpec(27.0, 36.0, 16.0, "WOOD", camera=Camera(jpeg_quality=0)), rng)
    fingers = draw_scene(
        SceneSpec(40.0, 54.0, 12.0, "PAPER", _fingers(), camera=Camera(blur_px=1.0, jpeg_quality=0)), rng
    )
    faces = [(random_face(rng), float(rng.uniform(6.0, 16.0))) for _ in range(40)]
    heap = draw_scene(
        SceneSpec(
            96.0, 120.0, 9.0, "WOOD", crowd(faces, (48.0, 60.0), rng), camera=Camera(blur_px=0.6, jpeg_quality=0)
        ),
        rng,
    )
    return [
        (
            "empty_wood.jpg",
            encode(empty),
            {"what": "no pill: wood only", "expected": "NO_PILL", "pills": "0", "background": "WOOD"},
        ),
        (
            "fingers_only.jpg",
            encode(fingers),
            {
                "what": "no pill: two fingers on paper",
                "expected": "NO_PILL;UNREADABLE",
                "pills": "0",
                "background": "PAPER",
            },
        ),
        (
            "heap_of_40.jpg",
            encode(heap),
            {
                "what": "40 touching and overlapping pills on wood",
                "expected": "AMBIGUOUS;UNKNOWN;UNREADABLE",
                "pills": "40",
                "mm_per_px": f"{heap.mm_per_px:.5f}",
                "ruler": "no",
                "background": "WOOD",
                "notes": "for counting; random pills",
            },
        ),
    ]


def _fingers() -> tuple[ScenePill, ...]:
    skin = Body(
        shape="CAPSULE",
        aspect=3.2,
        profile="CONVEX",
        dome=0.5,
        edge=0.2,
        color=(214.0, 166.0, 140.0),
        grain=0.02,
        gloss=0.08,
    )
    finger = FaceSpec(100.0, skin)
    return (ScenePill(finger, 58.0, 16.0, 6.0, 12.0, 12.0), ScenePill(finger, 62.0, 33.0, 10.0, -8.0, 12.0))


def _broken_files(seed: int) -> list[tuple[str, bytes, dict[str, str]]]:
    whole = encode(draw_sample(sample_list()[0], seed))
    dot = bytes(cv2.imencode(".png", np.full((1, 1, 3), 200, np.uint8))[1])
    return [
        ("truncated.jpg", whole[: len(whole) // 2], {"what": "a JPEG cut off in the middle", "expected": "ERROR"}),
        ("text_named.jpg", b"This is no photo.\n", {"what": "a text file named .jpg", "expected": "ERROR"}),
        ("empty_file.jpg", b"", {"what": "an empty file", "expected": "ERROR"}),
        ("one_pixel.png", dot, {"what": "a photo of one pixel", "expected": "ERROR", "pills": "0"}),
    ]
