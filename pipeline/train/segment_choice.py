"""Fits how outlines are chosen: from the signs of a proposal, how well it fits the pill it is of.

The truth is a polygon where there is one; elsewhere it is what one source found by itself to be two faces alike.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.segmentation import iou, is_validation_file, outlines_of
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.load import load
from pipeline.records import Photo
from pipeline.segment import group_faces
from pipeline.segment.choose import Looks, Proposal, signs_of
from pipeline.segment.find import SegmentSettings, by_edges, proposals_of
from pipeline.segment.network import pill_maps
from pipeline.segment.regions import content_box

Array = NDArray[np.float64]

_SOURCES = ("EDGES", "FINE", "COARSE")
# The training photos of each set that are looked at, and how strongly weights are held small.
_SETS = (("masks", 50), ("tfda", 50), ("rximage300", 60))
_RIDGE = 4.0
# An outline with this IoU is worth nothing, one with 0.95 all.
_WORTHLESS = 0.5


def fit_choice(data: Path) -> tuple[tuple[float, ...], float]:
    """The weights of ``choose.SIGNS`` and the bias, from the training parts of the sets below ``data``."""
    signs, targets = [], []
    for name, count in _SETS:
        for labeled in _training(data / name, count):
            photo = load(labeled.path)
            settings = SegmentSettings()
            box = content_box(photo.pixels)
            pixels = photo.pixels[box[0] : box[2], box[1] : box[3]]
            fine, coarse = pill_maps(pixels, settings.fine_px), pill_maps(pixels, settings.coarse_px)
            looks = Looks(fine, coarse, (box[0], box[1]))
            proposals = proposals_of(photo, box, by_edges(photo, box, settings), looks)
            truth = _truth(photo, labeled, proposals)
            if truth and proposals:
                signs.append(signs_of(photo.pixels, proposals, looks))
                fits = np.array([max(iou(pill, one.region.outline) for pill in truth) for one in proposals])
                targets.append(np.clip((fits - _WORTHLESS) / (0.95 - _WORTHLESS), 0, 1))
    return _logistic(np.concatenate(signs), np.concatenate(targets))


def _training(folder: Path, count: int) -> list[LabeledPhoto]:
    photos = list(open_set(folder).photos)
    if any(photo.truth.polygons for photo in photos):
        photos = [photo for photo in photos if not is_validation_file(photo.name)]
    else:
        photos = list(open_set(folder).part("training").photos)
    random.Random(1).shuffle(photos)
    return photos[:count]


def _truth(photo: Photo, labeled: LabeledPhoto, proposals: Sequence[Proposal]) -> list[NDArray[np.float32]]:
    if labeled.truth.polygons:
        return list(outlines_of(labeled.truth.polygons, photo.pixels.shape[1], photo.pixels.shape[0]))
    truth = []
    for source in _SOURCES:
        regions = tuple(one.region for one in proposals if one.source == source)
        if len(regions) == 2 and len(group_faces(photo, regions)) == 1:
            truth += [region.outline for region in regions]
    return truth


def _logistic(signs: Array, targets: Array) -> tuple[tuple[float, ...], float]:
    """Newton's steps for a logistic model with targets 0-1, on signs of unit deviation; weights for the plain signs."""
    middle, scale = signs.mean(axis=0), signs.std(axis=0) + 1e-6
    rows = np.column_stack([(signs - middle) / scale, np.ones(len(signs))])
    held = _RIDGE * np.diag([*np.ones(signs.shape[1]), 0.0])
    weights = np.zeros(rows.shape[1])
    for _ in range(60):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (chance - targets) + held @ weights
        bend = (rows * (chance * (1 - chance) + 1e-4)[:, None]).T @ rows + held
        weights -= np.linalg.solve(bend, slope)
    plain = weights[:-1] / scale
    return tuple(round(float(weight), 3) for weight in plain), round(float(weights[-1] - plain @ middle), 3)
