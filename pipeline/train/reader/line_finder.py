"""Trains the line head: from faces with their lines to the two maps' ONNX file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipeline.imprint.arcs import Arc
from pipeline.imprint.line_map import AXIS, CHANNELS, CORE, CORE_RADIUS, LOG_HEIGHT, WAY, lines_of
from pipeline.imprint.textboxes import TextBox
from pipeline.train.common.learning_curve import LearningCurve
from pipeline.train.common.loop import TrainingTask, keep_small
from pipeline.train.common.onnx_export import write_onnx
from pipeline.train.common.training_plan import TrainingPlan, run_planned
from pipeline.train.faces.boxes import clean_photos
from pipeline.train.faces.drawn import drawn_faces
from pipeline.train.faces.face_file import kept_faces
from pipeline.train.faces.labeled import CLASS, HEIGHT, IGNORED, TURN_DEG, WIDTH, LabeledFace, X, Y, canvas_of
from pipeline.train.faces.self_training import self_labeled
from pipeline.train.reader.character_network import STRIDE
from pipeline.train.reader.line_faces import boxed_line_faces, with_lines
from pipeline.train.reader.line_labels import Rows, by_line
from pipeline.train.reader.line_network import CharacterLineNetwork
from pipeline.train.reader.training import Batches, Source, marks_among

# Shares of the batches: boxed, boxed and blank, self-labeled, those blank, drawn, and of all those with marks.
_SHARES = (0.19, 0.04, 0.32, 0.07, 0.17, 0.21)
_BATCH = 16
_COLUMNS = ("step", "minutes", "rate", "core", "way", "axis", "height", "found", "invented", "right_way")
# A band is a labeled line if each one's middle lies on the other and they are turned by at most this.
_TURN_DEG_MAX = 25.0
# In heights. Way, axis and height are learned within the first distance of a line. Within the second it is learned that
# no other line is there, also beside a sign of unknown kind, around which nothing else is learned.
_GEOMETRY_RADIUS, _KNOWN_RADIUS = 0.45, 0.9
# How softly the middle of a line ends, in heights.
_EDGE = 0.08
# At most this many faces are used to measure the range of each layer's output.
_FITTED_TO = 240
# The line head's small checkpoint, beside the detector's.
LINE_HEAD = "line_head.pt"
# What the names of its weights begin with in `CharacterLineNetwork`.
HEAD = "lines."
_WEIGHTS = {"core": 1.0, "way": 1.0, "axis": 0.5, "height": 0.5}


def train_line_finder(plan: TrainingPlan, detector: Path, say: Callable[[str], None]) -> None:
    """Train the line head on a detector's trunk, or go on training it, and write both as one ONNX file.

    Args:
        plan: the training; ``begin`` is a small checkpoint of an earlier line head.
        detector: the small checkpoint of the character detector.
        say: told how it goes.

    Raises:
        PhotoSetError: the boxed photos are missing or broken.
    """
    cv2.setNumThreads(1)
    boxed, validation = (_boxed(plan, part) for part in (False, True))
    read = with_lines(self_labeled(plan.data, plan.work, say))
    drawn = with_lines(drawn_faces(plan.drawn, plan.drawn_count, plan.seed, plan.fonts)) if plan.drawn_count else []
    say(f"faces: {len(boxed)} boxed, {len(read)} read, {len(drawn)} drawn; {len(validation)} boxed for validation")
    weights = torch.load(detector, weights_only=True)["average"]
    checkpoint = plan.work / "line_finder.pt"
    if checkpoint.exists() and not stands_on(checkpoint, weights):
        begin_from_head(weights, checkpoint, checkpoint)
    if plan.begin is not None and not checkpoint.exists():
        begin_from_head(weights, plan.begin, checkpoint)
    trial = (lambda model: asdict(try_lines(model, validation))) if validation else None
    curve = LearningCurve(plan.work / "line-curve.csv", _COLUMNS, trial, say)
    run_planned(line_task(weights, line_sources(boxed, read, drawn)), checkpoint, plan, curve)
    export_line_finder(weights, checkpoint, [*boxed, *read, *drawn], plan.out)
    keep_small(checkpoint, plan.out.with_name(LINE_HEAD), HEAD)
    say(f"{plan.out}: {plan.out.stat().st_size:,} bytes")


def _boxed(plan: TrainingPlan, validation: bool) -> list[LabeledFace]:
    def faces() -> Iterator[LabeledFace]:
        photos = [photo for photo in clean_photos(plan.data) if photo.is_validation == validation]
        return boxed_line_faces(photos)

    return kept_faces(plan.work / f"boxed-lines-{'validation' if validation else 'training'}.npz", faces)


def line_sources(
    boxed: Sequence[LabeledFace], read: Sequence[LabeledFace], drawn: Sequence[LabeledFace]
) -> list[Source]:
    """The faces with their shares of the batches."""
    parts = [
        [face for face in faces if bool(len(face.characters)) == lined]
        for faces in (boxed, read)
        for lined in (True, False)
    ]
    parts += [list(drawn), marks_among([*boxed, *read, *drawn])]
    return [(faces, share) for faces, share in zip(parts, _SHARES, strict=True) if faces]


def export_line_finder(detector: dict[str, Tensor], checkpoint: Path, faces: Sequence[LabeledFace], out: Path) -> None:
    """Write the checkpoint's averaged line head and the detector as one ONNX file, fitted to some of the faces."""
    network = network_with_lines(detector)
    network.load_state_dict(_head(checkpoint), strict=False)
    few = faces[:: max(1, -(-len(faces) // _FITTED_TO))]
    write_onnx(network, out, ["map", "lines"], [canvas_of(face)[0] for face in few])


def _head(checkpoint: Path) -> dict[str, Tensor]:
    """The averaged line head of a checkpoint, which may hold a detector too."""
    average = torch.load(checkpoint, weights_only=True)["average"]
    return {name: tensor for name, tensor in average.items() if name.startswith(HEAD)}


def stands_on(checkpoint: Path, detector: dict[str, Tensor]) -> bool:
    """Whether a training's checkpoint is of a line head on that detector."""
    average = torch.load(checkpoint, weights_only=True)["average"]
    return all(
        torch.equal(average[f"detector.{name}"], tensor.to(torch.float))
        for name, tensor in detector.items()
        if tensor.is_floating_point()
    )


def begin_from_head(detector: dict[str, Tensor], head: Path, checkpoint: Path) -> None:
    """Make a checkpoint of the line head of another, or of what is kept of it; none of its optimizer or minutes."""
    step = torch.load(head, weights_only=True)["step"]
    network = network_with_lines(detector)
    network.load_state_dict(_head(head), strict=False)
    torch.save({"model": network.state_dict(), "average": network.state_dict(), "step": step}, checkpoint)


def line_targets(rows: Rows, size: tuple[int, int]) -> dict[str, NDArray[np.float32]]:
    """What the line head should say for a canvas of that size: maps at the network's stride.

    ``core`` (h, w) 0-1; ``care`` (h, w) 0 where nothing is known; ``told`` (CHANNELS, h, w) the other channels, with
    ``holds`` (CHANNELS, h, w) where they are known.
    """
    height, width = size[0] // STRIDE, size[1] // STRIDE
    y, x = (np.mgrid[:height, :width].astype(np.float32) + 0.5) * STRIDE
    core, care = np.zeros((height, width), np.float32), np.ones((height, width), np.float32)
    told, holds = (np.zeros((CHANNELS, height, width), np.float32) for _ in range(2))
    for row in rows[rows[:, CLASS] == IGNORED]:
        near = (np.abs(x - row[X]) < 0.75 * row[WIDTH]) & (np.abs(y - row[Y]) < 0.75 * row[HEIGHT])
        care[near] = 0
    nearest = np.full((height, width), np.inf, np.float32)
    for line in by_line(rows):
        distance, turn = _to_line(line, x, y)
        care[distance < _KNOWN_RADIUS] = 1
        core = np.maximum(core, 1 / (1 + np.exp(np.clip((distance - CORE_RADIUS) / _EDGE, -30, 30))))
        own = (distance < _GEOMETRY_RADIUS) & (distance < nearest)
        nearest = np.minimum(nearest, distance)
        is_way_known = not np.isnan(line[:, TURN_DEG]).any()
        is_axis_known = is_way_known or len(line) > 1
        values = [0, np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn), np.log2(max(line[0, HEIGHT], 2))]
        known = [0, is_way_known, is_way_known, is_axis_known, is_axis_known, 1]
        for channel in range(1, CHANNELS):
            told[channel][own] = np.broadcast_to(values[channel], own.shape)[own]
            holds[channel][own] = known[channel]
    return {"core": core.astype(np.float32), "care": care, "told": told, "holds": holds}


def _to_line(
    line: Rows, x: NDArray[np.float32], y: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The distance of places to the nearest stretch of a line, in heights, and the turn of the text there, radians."""
    height = max(float(line[0, HEIGHT]), 1.0)
    starts, ends = (line[:-1], line[1:]) if len(line) > 1 else (line, line)
    best = np.full(x.shape, np.inf, np.float32)
    turns = np.zeros(x.shape, np.float32)
    for first, second in zip(starts, ends, strict=True):
        step = second[[X, Y]] - first[[X, Y]]
        share = np.clip(((x - first[X]) * step[0] + (y - first[Y]) * step[1]) / max(float(step @ step), 1e-6), 0, 1)
        distance = np.hypot(x - first[X] - share * step[0], y - first[Y] - share * step[1]) / height
        own = np.arctan2(-step[1], step[0]) if step.any() else np.radians(np.nan_to_num(first[TURN_DEG]))
        turns[distance < best] = own
        best = np.minimum(best, distance)
    return best, turns


def line_loss(output: Tensor, target: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross entropy and overlap (dice) of the lines' middles; squared error of the rest.

    The squared error makes a way that cannot be told a short vector: the mean of both.
    """
    core, care = target["core"], target["care"]
    logit = output[:, CORE]
    each = functional.binary_cross_entropy_with_logits(logit, core, reduction="none")
    probability = torch.sigmoid(logit) * care
    overlap = 2 * (probability * core).sum() / (probability.sum() + (core * care).sum() + 1)
    # A cell on a line weighs as much as ten cells beside it.
    weight = care * (1 + 9 * core)
    parts = {"core": (each * weight).sum() / weight.sum() * 4 + 1 - overlap}
    square = (output - target["told"]) ** 2 * target["holds"]
    for name, channels in (("way", WAY), ("axis", AXIS), ("height", slice(LOG_HEIGHT, LOG_HEIGHT + 1))):
        parts[name] = square[:, channels].sum() / target["holds"][:, channels].sum().clamp(min=1)
    total = torch.stack([_WEIGHTS[name] * part for name, part in parts.items()]).sum()
    return total, {name: part.item() for name, part in parts.items()}


def line_task(detector: dict[str, Tensor], sources: Sequence[Source], batch: int = _BATCH) -> TrainingTask:
    """What `loop.run` trains: the line head on a detector's trunk, on these faces."""
    return TrainingTask(
        partial(network_with_lines, detector),
        lambda seed: Batches(sources, seed, batch, line_targets),
        _batch_loss,
        average_decay=0.997,
    )


def network_with_lines(detector: dict[str, Tensor]) -> CharacterLineNetwork:
    """The network that ships, of a detector's weights and a new line head; the detector's weights stay."""
    network = CharacterLineNetwork()
    network.detector.load_state_dict({name: tensor.float() for name, tensor in detector.items()})
    network.detector.requires_grad_(False)
    network.train()
    laid_out: CharacterLineNetwork = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return laid_out


def _batch_loss(model: nn.Module, items: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    assert isinstance(model, CharacterLineNetwork)
    return line_loss(model.line_map(items["image"].to(memory_format=torch.channels_last)), items)


@dataclass(frozen=True)
class LineTrial:
    """The share of lines found, bands besides for each line, and the share of those found that run the right way."""

    found: float
    invented: float
    right_way: float


def try_lines(model: nn.Module, faces: Sequence[LabeledFace]) -> LineTrial:
    """Try a network in training on labeled faces, each turned by a random angle."""
    assert isinstance(model, CharacterLineNetwork)
    wanted = found = bands = right = 0
    rng = np.random.default_rng(0)
    model.eval()
    for face in faces:
        if (face.characters[:, CLASS] == IGNORED).any():
            continue
        canvas, rows = canvas_of(face, rng)
        with torch.no_grad():
            output = model.line_map(torch.from_numpy(canvas[None]))[0].numpy()
        lines = lines_of(output, canvas[1])
        bands += len(lines)
        for line in by_line(rows):
            wanted += 1
            turn = _mean_turn(line)
            ways = [each.band if each.way >= 0 else each.band.back() for each in lines]
            over = [band for band in ways if _lies_on(band, line)]
            off = [abs((band.at(0.5)[2] - turn + 180.0) % 360.0 - 180.0) for band in over]
            found += any(min(each, 180.0 - each) < _TURN_DEG_MAX for each in off)
            right += any(each < _TURN_DEG_MAX for each in off)
    model.train()
    return LineTrial(found / max(wanted, 1), max(bands - found, 0) / max(wanted, 1), right / max(found, 1))


def _mean_turn(line: Rows) -> float:
    return float(np.degrees(np.angle(np.exp(1j * np.radians(line[:, TURN_DEG])).sum())))


def _lies_on(band: TextBox | Arc, line: Rows) -> bool:
    places = line[:, [X, Y]]
    return float(np.mean([band.holds(float(x), float(y)) for x, y in places])) > 0.7
