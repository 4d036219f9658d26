"""Drawn photo sets that ``pillprint evaluate`` measures, for what real photos rarely show or nobody has labeled.

They are laid out as the sets in ``../shared/data``: ``labels.csv`` beside ``photos/``. Their figures say how the
program does on drawings, which are easier than photos. The face network learns from such sets too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from pipeline.draw.backgrounds import BACKGROUNDS
from pipeline.draw.random_body import score_layout
from pipeline.draw.random_face import random_body, random_face
from pipeline.draw.samples import encode
from pipeline.draw.scenes import DrawnScene, ScenePill, SceneSpec, crowd, draw_scene
from pipeline.draw.spec import Body, Camera, FaceSpec, Light

_PIECES = {"": "1", "LEVEL": "2", "UPRIGHT": "2", "THIRDS": "3", "QUARTER": "4"}
_COLUMNS = (
    "file",
    "ndc11",
    "imprint",
    "imprint_type",
    "color",
    "shape",
    "size_mm",
    "score",
    "symbol",
    "generic_name",
    "labeler",
    "part",
    "front",
    "back",
)
# A pill is this long in the photo, in px: that of the public reference photos at full width.
_LENGTH_PX = 200.0


def write_face_set(out: Path, count: int, seed: int, printed: bool, turned: bool) -> Iterator[Path]:
    """Photos of both faces of one pill on gray, with ``labels.csv`` and the table ``catalog.csv`` of the same pills.

    Yields each path when it is written. Colors stay empty: a drawn color has no register to name it.
    """
    (out / "photos").mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        rng = np.random.default_rng([seed, number, int(printed)])
        front, back = _two_faces(rng, printed)
        path = out / "photos" / f"drawn-{number:05d}.jpg"
        length = float(rng.integers(6, 20))
        path.write_bytes(encode(_both(front, back, length, turned, rng)))
        rows.append(_label(path.name, number, front, back, length))
        yield path
    for name in ("labels.csv", "catalog.csv"):
        with (out / name).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        yield out / name


def _two_faces(rng: np.random.Generator, printed: bool) -> tuple[FaceSpec, FaceSpec]:
    body = random_body(rng)
    while printed is False and body.profile == "SHELL":
        body = random_body(rng)
    front = random_face(rng, blank=0.0, body=body, printed=printed)
    while not front.lines:
        front = random_face(rng, blank=0.0, body=body, printed=printed)
    return front, random_face(rng, blank=0.5, body=body, printed=printed)


def _both(front: FaceSpec, back: FaceSpec, length_mm: float, turned: bool, rng: np.random.Generator) -> DrawnScene:
    """Side by side, long pills one above the other, as in reference photos."""
    step = length_mm * 1.12 if front.body.aspect < 1.3 else 1.3 * length_mm / front.body.aspect
    if turned:
        step = 1.25 * length_mm * max(1.0, 1.0 / front.body.aspect)
    level = front.body.aspect < 1.3 or turned
    wide, high = (1.4 * length_mm + step, 1.45 * length_mm) if level else (1.3 * length_mm, step + 1.2 * length_mm)
    pills = []
    for side, face in ((-0.5, front), (0.5, back)):
        turn = float(rng.uniform(-180, 180)) if turned else float(rng.normal(0, 2))
        row, col = (high / 2, wide / 2 + side * step) if level else (high / 2 + side * step, wide / 2)
        pills.append(ScenePill(replace(face, tilt=0.0), length_mm, row, col, turn, 0.3 * length_mm))
    camera = Camera(blur_px=float(rng.uniform(0.3, 0.9)), noise=float(rng.uniform(0.5, 3)), jpeg_quality=0)
    light = Light(float(rng.uniform(-180, 180)), float(rng.uniform(25, 60)), float(rng.uniform(0.4, 0.7)))
    return draw_scene(SceneSpec(high, wide, _LENGTH_PX / length_mm, "GRAY", tuple(pills), None, light, camera), rng)


def _label(name: str, number: int, front: FaceSpec, back: FaceSpec, length_mm: float) -> dict[str, str]:
    sides = [[token for line in face.lines for token in line.text.upper().split()] for face in (front, back)]
    pieces = max(_PIECES[score_layout(face.scores)] for face in (front, back))
    return {
        "file": f"photos/{name}",
        "ndc11": f"99999-{number:04d}-00",
        "imprint": ";".join(sides[0] + sides[1]),
        "imprint_type": front.imprint.relief if _is_of_one_relief(front, back) else "",
        "shape": _spl_shape(front.body),
        "size_mm": f"{length_mm:g}",
        "score": pieces,
        "symbol": "TRUE" if front.logos or back.logos else "FALSE",
        "generic_name": f"drawn {number}",
        "part": "1",
        "front": ";".join(sides[0]),
        "back": ";".join(sides[1]),
    }


def _is_of_one_relief(front: FaceSpec, back: FaceSpec) -> bool:
    return not (back.lines or back.logos) or back.imprint.relief == front.imprint.relief


def _spl_shape(body: Body) -> str:
    """SPL calls two-part capsules CAPSULE, capsule-shaped tablets OVAL."""
    return "OVAL" if body.shape == "CAPSULE" and body.profile != "SHELL" else body.shape


def write_heap_set(out: Path, count: int, seed: int, pills: int, background: str | None = None) -> Iterator[Path]:
    """Photos of touching and overlapping pills with the polygon of what is seen of each; yields each path."""
    (out / "photos").mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        faces = [(random_face(rng), float(rng.uniform(6.0, 18.0))) for _ in range(pills)]
        side = 16.0 * max(pills, 4) ** 0.5
        kind = background or str(rng.choice(BACKGROUNDS))
        light = Light(float(rng.uniform(-180, 180)), float(rng.uniform(28, 60)))
        camera = Camera(blur_px=float(rng.uniform(0.3, 1.0)), noise=float(rng.uniform(1, 4)), jpeg_quality=0)
        heap = crowd(faces, (side / 2, side * 0.65), rng)
        scene = draw_scene(SceneSpec(side, side * 1.3, 1100.0 / (side * 1.3), kind, heap, None, light, camera), rng)
        path = out / "photos" / f"heap-{number:04d}.jpg"
        path.write_bytes(encode(scene))
        rows.append({"file": f"photos/{path.name}", "bbox": "|".join(_polygons(scene)), "notes": kind})
        yield path
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ("file", "bbox", "notes"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    yield out / "labels.csv"


def _polygons(scene: DrawnScene) -> Iterator[str]:
    height, width = scene.labels.shape
    for index in range(len(scene.pills)):
        seen = (scene.labels == index + 1).astype(np.uint8)
        contours, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if contours:
            points = max(contours, key=cv2.contourArea)[:, 0] + 0.5
            yield " ".join(["1", *(f"{x / width:.5f} {y / height:.5f}" for x, y in points)])
