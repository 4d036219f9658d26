"""``python -m pipeline.evaluate.retakes``: at which figure a photo's reading falls apart, and whether the advice helps.

Photos that are answered rightly are spoilt by known amounts: blurred, made smaller, darkened with a small sensor's
noise, outshone, cut by the border. ``--fit`` goes through all amounts and fits the curves of ``pipeline.match.retake``.
Without it each photo is spoilt in one way, and in two, at random; what the advice names is undone, and the photo is
asked about again.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.answer import Answer
from pipeline.evaluate.product_groups import ProductGroups
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.geometry.axes import long_box
from pipeline.geometry.lab import linear_of_pixels, pixels_of_linear
from pipeline.identifier import Identifier
from pipeline.load import load
from pipeline.measure import conditions_of
from pipeline.records import Conditions, Decision, Photo, Pixels
from reference.store.catalog import open_catalog

_SEED = 3
# Variance of a dark photo's noise in linear light (0-1): shot noise for each unit of light, and read noise of the
# sensor. A photo drawn with a tenth of the light is then as noisy as a phone's photo of a dim room.
_GRAIN, _READING = 2e-4, 1.5e-3**2


@dataclass(frozen=True)
class Case:
    """A photo that is answered rightly: its pixels, the imprint, and the face with text.

    ``length_px`` is the face's length, ``text`` its middle ``(x, y)``, ``sides`` the face's left and right column;
    ``is_right`` says whether the face lies to the right of the other.
    """

    pixels: Pixels
    imprint_key: str
    length_px: float
    text: tuple[float, float]
    sides: tuple[int, int]
    is_right: bool


def outshone(pixels: Pixels, case: Case, level: float, rng: np.random.Generator) -> Pixels:
    """A white spot on the text; its sigma is ``level`` lengths, and it is plain white over a sigma."""
    rows, cols = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    away = ((cols - case.text[0]) ** 2 + (rows - case.text[1]) ** 2) / (level * case.length_px) ** 2
    share = np.clip(1.6 * np.exp(-away / 2), 0, 1)[..., None]
    return np.asarray(np.rint(pixels + (255 - pixels.astype(np.float64)) * share), np.uint8)


def cut(pixels: Pixels, case: Case, level: float, rng: np.random.Generator) -> Pixels:
    """Without ``level`` of the face's width."""
    left, right = case.sides
    if case.is_right:
        return pixels[:, : round(right - (right - left) * level)]
    return pixels[:, round(left + (right - left) * level) :]


def blurred(pixels: Pixels, case: Case, level: float, rng: np.random.Generator) -> Pixels:
    """With a Gaussian whose sigma is ``level`` lengths."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), level * case.length_px), np.uint8)


def smaller(pixels: Pixels, case: Case, level: float, rng: np.random.Generator) -> Pixels:
    """The photo made smaller, until the face is ``level`` pixels long."""
    factor = min(level / case.length_px, 1.0)
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def darkened(pixels: Pixels, case: Case, level: float, rng: np.random.Generator) -> Pixels:
    """With ``level`` of the light, and a small sensor's noise."""
    linear = linear_of_pixels(pixels) * level
    return pixels_of_linear(linear + rng.normal(0, 1, linear.shape) * np.sqrt(linear * _GRAIN + _READING))


Spoils = Callable[[Pixels, Case, float, np.random.Generator], Pixels]


@dataclass(frozen=True)
class Way:
    """One way to spoil a photo, by amounts; ``figure`` is what of the conditions shows it, None where nothing does."""

    spoils: Spoils
    levels: tuple[float, ...]
    figure: Callable[[Conditions], float | None]


# How a photo is spoilt, by the advice that should follow, in the order in which it is done.
WAYS = {
    "NO_GLARE": Way(outshone, (0.03, 0.05, 0.08, 0.13, 0.2), lambda seen: seen.saturated),
    "WHOLE_PILL": Way(cut, (0.1, 0.25, 0.4), lambda seen: None),
    "SHARPER": Way(blurred, (0.006, 0.01, 0.015, 0.02, 0.03, 0.045), lambda seen: seen.elements),
    "LARGER": Way(smaller, (80.0, 60.0, 48.0, 38.0, 30.0, 24.0), lambda seen: seen.elements),
    "MORE_LIGHT": Way(darkened, (0.6, 0.4, 0.25, 0.16, 0.1, 0.03, 0.01), lambda seen: seen.brightness),
}


def spoilt(case: Case, amounts: dict[str, float], seed: int) -> Pixels:
    """The photo, spoilt in these ways by these amounts."""
    rng, pixels = np.random.default_rng(seed), case.pixels
    for name, way in WAYS.items():
        if name in amounts:
            pixels = way.spoils(pixels, case, amounts[name], rng)
    return np.ascontiguousarray(pixels)


def cases(photos: Sequence[LabeledPhoto], identifier: Identifier) -> Iterator[Case]:
    """The photos that are answered rightly, in random order."""
    groups = ProductGroups(identifier.catalog)
    for photo in random.Random(_SEED).sample(photos, len(photos)):
        answer, rows = identifier.identify(photo.path), groups.table.rows(photo.truth)
        if rows and _is_right(answer, rows[0].imprint_key):
            yield _case(load(photo.path), answer)


def _is_right(answer: Answer, imprint_key: str) -> bool:
    return answer.decision is Decision.IDENTIFIED and answer.candidates[0].product.imprint_key == imprint_key


def _case(photo: Photo, answer: Answer) -> Case:
    face = max(answer.faces, key=lambda face: len(face.reading.characters))
    letters = face.reading.characters
    left, right = face.region.left, face.region.box[3]
    return Case(
        pixels=photo.pixels,
        imprint_key=answer.candidates[0].product.imprint_key,
        length_px=long_box(face.region.outline[:, ::-1]).length,
        text=(float(np.mean([one.col for one in letters])), float(np.mean([one.row for one in letters]))),
        sides=(left, right),
        is_right=all(other.region.left <= left for other in answer.faces),
    )


@dataclass(frozen=True)
class PhotoOutcome:
    """What came of one photo: whether it is answered rightly, with which advice, and how well it shows the pill."""

    is_right: bool
    advice: str
    seen: Conditions


def ask(case: Case, amounts: dict[str, float], seed: int, identifier: Identifier) -> PhotoOutcome:
    """Spoil the photo, and ask."""
    pixels = spoilt(case, amounts, seed)
    answer, photo = identifier.identify(pixels), load(pixels)
    seen = conditions_of([photo], [(photo, face.region) for face in answer.faces])
    return PhotoOutcome(_is_right(answer, case.imprint_key), answer.advice.code if answer.advice else "", seen)


def fitted(values: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Half and slope of the logistic curve over the values' logarithm that fits best (Newton's method)."""
    design = np.stack([np.ones(len(values)), np.log(np.maximum(values, 1e-4))], axis=1)
    weights = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        curvature = (design.T * (chance * (1 - chance))) @ design + 1e-6 * np.eye(2)
        weights = weights + np.linalg.solve(curvature, design.T @ (right - chance))
    return float(np.exp(-weights[0] / weights[1])), float(weights[1])


def fall_apart(some: Sequence[Case], identifier: Identifier) -> Iterator[str]:
    """For each way and amount how many are answered and the median figure; then the fitted curves."""
    of_figure: dict[str, list[tuple[float, bool]]] = {}
    whole = [ask(case, {}, 0, identifier) for case in some]
    for name, way in WAYS.items():
        for level in (None, *way.levels):
            asked = ((case, {name: level}, seed, identifier) for seed, case in enumerate(some) if level is not None)
            told = [ask(*each) for each in asked] or whole
            pairs = [(value, each.is_right) for each in told if (value := way.figure(each.seen)) is not None]
            # Blurred and small photos have one curve: what counts is how fine the smallest detail is.
            of_figure.setdefault("elements" if name in ("SHARPER", "LARGER") else name, []).extend(pairs)
            figure = f", figure {np.median([value for value, _ in pairs]):.3f}" if pairs else ""
            right = sum(each.is_right for each in told)
            yield f"{name} {'as it is' if level is None else f'{level:g}'}: {right} of {len(told)}{figure}"
    for name, found in of_figure.items():
        if found:
            half, slope = fitted(np.array([value for value, _ in found]), np.array([right for _, right in found]))
            yield f"curve of {name}: half at {half:.4g}, slope {slope:.2f}"


def helped(some: Sequence[Case], identifier: Identifier, count: int) -> Iterator[str]:
    """For each advice: how often photos spoilt in so many ways get it, it names one of them, and helps if heeded."""
    rng, told = random.Random(_SEED), Counter[tuple[str, str]]()
    for seed, case in enumerate(some):
        for name in WAYS:
            names = {name, *rng.sample([each for each in WAYS if each != name], count - 1)}
            amounts = {each: rng.choice(WAYS[each].levels) for each in WAYS if each in names}
            first = ask(case, amounts, seed, identifier)
            kind = "answered" if first.is_right else first.advice or "none"
            left = {each: amount for each, amount in amounts.items() if each != first.advice}
            told[kind, "given"] += 1
            told[kind, "names one"] += len(left) < len(amounts)
            told[kind, "helps"] += len(left) < len(amounts) and ask(case, left, seed, identifier).is_right
    for kind in dict.fromkeys(kind for kind, _ in told):
        given, named, answered = (told[kind, key] for key in ("given", "names one", "helps"))
        yield f"{count} ways, {kind}: {given}; it names what was done {named}; answered once that is undone {answered}"


@click.command()
@click.argument("photo_set", metavar="SET", type=click.Path(path_type=Path))
@click.option("--catalog", metavar="TABLE", type=click.Path(path_type=Path), required=True)
@click.option("--part", type=click.Choice(["training", "validation"]), default="validation", show_default=True)
@click.option("--photos", "most", type=click.IntRange(min=1), default=40, show_default=True)
@click.option("--fit", is_flag=True, help="Go through all amounts and fit the curves.")
def main(photo_set: Path, catalog: Path, part: str, most: int, fit: bool) -> None:
    """Measure at which figure of a photo reading fails, and whether the advice helps."""
    cv2.setNumThreads(1)
    identifier = Identifier(open_catalog(catalog))
    some = list(itertools.islice(cases(open_set(photo_set).part(part).photos, identifier), most))
    rows = [fall_apart(some, identifier)] if fit else [helped(some, identifier, count) for count in (1, 2)]
    for lines in rows:
        for line in lines:
            click.echo(line)


if __name__ == "__main__":
    main()
