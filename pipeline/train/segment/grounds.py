"""Grounds that pills lie on, drawn: paper with axes and text, wood, cloth, skin, laminate, trays, metal rulers.

Every function takes a random generator and a side in pixels and returns ``(side, side, 3)`` float32 RGB, 0-255.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Random = np.random.Generator


def noise(rng: Random, side: int, grain_px: float, stretch: float = 1.0) -> NDArray[np.float32]:
    """Smooth noise ``(side, side)`` of unit deviation; ``stretch`` > 1 draws it out along the rows."""
    rows = max(2, int(side / grain_px))
    cols = max(2, int(side / (grain_px * stretch)))
    small = rng.normal(0, 1, (rows, cols)).astype(np.float32)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _flat(rng: Random, side: int, color: NDArray[np.float64]) -> Picture:
    return np.tile(color.astype(np.float32), (side, side, 1))


def _turned(rng: Random, picture: Picture) -> Picture:
    side = picture.shape[0]
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), float(rng.uniform(0, 360)), 1.45)
    return np.asarray(cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REFLECT), np.float32)


def paper(rng: Random, side: int) -> Picture:
    """Plain paper, card or plastic in any light color, sometimes gray or strongly colored."""
    kind = rng.random()
    if kind < 0.35:
        color = np.full(3, rng.uniform(190, 255)) + rng.normal(0, 4, 3)
    elif kind < 0.75:
        color = np.full(3, rng.uniform(80, 215)) + rng.normal(0, 8, 3)
    else:
        color = rng.uniform(20, 255, 3)
    picture = _flat(rng, side, color)
    if rng.random() < 0.6:
        picture += noise(rng, side, rng.uniform(1, 4))[..., None] * rng.uniform(0, 5)
    return picture


def wood(rng: Random, side: int) -> Picture:
    """Planks: drawn-out grain, rings, gaps between boards."""
    base = np.array([rng.uniform(70, 215), 0, 0])
    base[1] = base[0] * rng.uniform(0.6, 0.9)
    base[2] = base[1] * rng.uniform(0.5, 0.9)
    grain = noise(rng, side, rng.uniform(2, 5), rng.uniform(8, 20)) * 0.6
    rows = np.linspace(0, 1, side, dtype=np.float32)[:, None]
    warp = noise(rng, side, side / 3, 2.0) * rng.uniform(0.02, 0.2)
    grain += np.sin((rows + warp) * rng.uniform(20, 120)) * rng.uniform(0.2, 1.0)
    picture = base.astype(np.float32) * (1 + grain[..., None] * rng.uniform(0.03, 0.14))
    for _ in range(int(rng.integers(0, 4))):
        at = int(rng.integers(0, side))
        picture[at : at + int(rng.integers(1, 3))] *= rng.uniform(0.3, 0.8)
    return _turned(rng, picture.astype(np.float32))


def cloth(rng: Random, side: int) -> Picture:
    """Woven threads, stripes or checks, folds."""
    color = rng.uniform(20, 250, 3)
    cols, rows = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    period = rng.uniform(2.5, 8)
    weave = np.sin(cols * 2 * np.pi / period) * np.sin(rows * 2 * np.pi / period)
    picture = _flat(rng, side, color) * (1 + weave[..., None] * rng.uniform(0.02, 0.15))
    if rng.random() < 0.5:
        other = rng.uniform(20, 250, 3).astype(np.float32)
        wide = rng.uniform(8, 50)
        stripes = np.sin(cols * 2 * np.pi / wide) > rng.uniform(-0.5, 0.9)
        if rng.random() < 0.5:
            stripes = stripes ^ (np.sin(rows * 2 * np.pi / wide) > 0.3)
        picture = np.where(stripes[..., None], picture * 0.3 + other * 0.7, picture)
    picture *= 1 + noise(rng, side, side / rng.uniform(2, 6))[..., None] * rng.uniform(0, 0.15)
    picture += rng.normal(0, rng.uniform(1, 8), (side, side, 1))
    return _turned(rng, picture.astype(np.float32))


def _skin_color(rng: Random) -> NDArray[np.float64]:
    red = rng.uniform(95, 240)
    green = red * rng.uniform(0.62, 0.85)
    return np.array([red, green, green * rng.uniform(0.7, 0.98)])


def skin(rng: Random, side: int) -> Picture:
    """A palm: blotches, creases, and fingers with shade between them."""
    color = _skin_color(rng)
    blotch = noise(rng, side, side / rng.uniform(3, 7)) * 0.07 + noise(rng, side, rng.uniform(2, 5)) * 0.025
    picture = color.astype(np.float32) * (1 + blotch[..., None])
    picture[..., 1:] *= 1 - 0.06 * np.abs(noise(rng, side, side / 4))[..., None]
    for _ in range(int(rng.integers(2, 8))):
        points = np.cumsum(rng.normal(rng.normal(0, 6, 2), 7, (12, 2)), axis=0) + rng.uniform(0, side, 2)
        crease = np.zeros((side, side), np.uint8)
        cv2.polylines(crease, [points.astype(np.int32)], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
        soft = cv2.GaussianBlur(crease, (0, 0), rng.uniform(0.6, 2)).astype(np.float32) / 255
        picture *= 1 - soft[..., None] * np.array([0.15, 0.25, 0.28]) * rng.uniform(0.5, 2)
    return picture.astype(np.float32)


def laminate(rng: Random, side: int) -> Picture:
    """Speckled laminate or granite: flecks of several colors and sizes."""
    picture = paper(rng, side)
    for _ in range(int(rng.integers(1, 5))):
        grain = noise(rng, side, float(np.exp(rng.uniform(np.log(1.2), np.log(24)))))
        sharp = float(np.exp(rng.uniform(np.log(6), np.log(40))))
        fleck = 1 / (1 + np.exp(np.clip(-(grain - rng.uniform(0.6, 1.8)) * sharp, -60, 60)))
        color = np.full(3, rng.uniform(0, 255)) + rng.normal(0, 25, 3)
        share = fleck[..., None] * rng.uniform(0.2, 1.0)
        picture = picture * (1 - share) + color.astype(np.float32) * share
    return np.asarray(picture, np.float32)


def tray(rng: Random, side: int) -> Picture:
    """A counting tray: plastic of one color with ridges, a raised wall, gloss."""
    color = (
        rng.uniform(30, 250, 3) if rng.random() < 0.6 else np.array([40, rng.uniform(90, 160), rng.uniform(150, 230)])
    )
    picture = _flat(rng, side, color)
    rows = np.arange(side, dtype=np.float32)[:, None, None]
    if rng.random() < 0.7:
        picture *= 1 + np.sin(rows * 2 * np.pi / rng.uniform(12, 50)) ** int(rng.choice([1, 3, 9])) * rng.uniform(
            0.03, 0.2
        )
    at = int(rng.integers(-side, side))
    if at > 0:
        picture[at:] *= rng.uniform(0.6, 1.25)
        picture[at : at + int(rng.integers(2, 8))] *= rng.uniform(0.5, 1.5)
    return _turned(rng, picture.astype(np.float32))


def mixed(rng: Random, side: int) -> Picture:
    """A smooth wandering of colors, as a screen, a printed card or a blurred room."""
    fields = [noise(rng, side, side / rng.uniform(1.5, 8)) for _ in range(3)]
    return np.asarray(np.stack(fields, axis=-1) * rng.uniform(10, 60) + rng.uniform(40, 220, 3), np.float32)


KINDS: tuple[tuple[Callable[[Random, int], Picture], float], ...] = (
    (paper, 0.46),
    (wood, 0.09),
    (cloth, 0.08),
    (skin, 0.1),
    (laminate, 0.16),
    (tray, 0.06),
    (mixed, 0.05),
)


def ground(rng: Random, side: int) -> Picture:
    """A ground of a random kind under uneven light."""
    chances = np.array([chance for _, chance in KINDS])
    picture = KINDS[int(rng.choice(len(KINDS), p=chances / chances.sum()))][0](rng, side)
    return np.clip(picture, 0, 255)


def plain(rng: Random, side: int) -> Picture:
    """A sheet of paper or a gray studio ground, white to middling gray, with some tint and grain."""
    light = rng.uniform(200, 255) if rng.random() < 0.5 else rng.uniform(95, 215)
    picture = _flat(rng, side, np.clip(light + rng.normal(0, 6, 3) - [rng.uniform(0, 14), 4, 0], 0, 255))
    picture += noise(rng, side, rng.uniform(1, 3))[..., None] * rng.uniform(0, 4)
    across = np.linspace(-1, 1, side, dtype=np.float32)
    fall = across[:, None] * rng.normal(0, 0.08) + across[None] * rng.normal(0, 0.08)
    return np.clip(picture * (1 + fall[..., None]), 0, 255)


def _ink(rng: Random) -> NDArray[np.float64]:
    kind = rng.random()
    if kind < 0.65:
        return np.full(3, rng.uniform(0, 90))
    return np.full(3, rng.uniform(150, 255)) if kind < 0.8 else rng.uniform(0, 200, 3)


def draw_axes(rng: Random, picture: Picture, place: tuple[int, int]) -> None:
    """A mm axis along one or two sides of ``place`` (row, col), with ticks and numbers, in place."""
    ink = tuple(float(value) for value in _ink(rng))
    row, col = place
    step = rng.uniform(1.6, 9)
    thick = int(rng.choice([1, 1, 1, 2]))
    long_tick, short_tick = rng.uniform(5, 14), rng.uniform(2, 8)
    size = rng.uniform(0.2, 0.6) if rng.random() < 0.75 else rng.uniform(0.6, 1.3)
    bold = 1 if size < 0.6 else int(rng.integers(1, 5))
    sign = -1 if rng.random() < 0.7 else 1
    layer = np.clip(picture, 0, 255).astype(np.uint8)
    count = int(rng.integers(20, 60))
    numbered = int(rng.choice([5, 10, 10]))
    unit = int(rng.choice([1, 5, 10]))

    def point(along: float, across: float, upright: bool) -> tuple[int, int]:
        return (round(col - across), round(row - along)) if upright else (round(col + along), round(row + across))

    for upright in [True, False] if rng.random() < 0.75 else [bool(rng.random() < 0.5)]:
        cv2.line(layer, point(0, 0, upright), point(step * count, 0, upright), ink, thick, cv2.LINE_AA)
        for tick in range(count + 1):
            high = long_tick if tick % numbered == 0 else short_tick
            cv2.line(
                layer,
                point(tick * step, 0, upright),
                point(tick * step, -sign * high, upright),
                ink,
                thick,
                cv2.LINE_AA,
            )
            if tick % numbered == 0:
                at = point(tick * step + 3, -sign * (high + 8), upright)
                cv2.putText(
                    layer, str(tick // numbered * unit), at, cv2.FONT_HERSHEY_SIMPLEX, size, ink, bold, cv2.LINE_AA
                )
    share = rng.uniform(0.35, 1.0)
    picture[:] = picture * (1 - share) + layer * share


def draw_text(rng: Random, picture: Picture) -> None:
    """Lines of text or a logo, in place."""
    side = picture.shape[0]
    ink = tuple(float(value) for value in _ink(rng))
    size, row = rng.uniform(0.25, 1.4), rng.uniform(0, side)
    fonts = (
        cv2.FONT_HERSHEY_SIMPLEX,
        cv2.FONT_HERSHEY_DUPLEX,
        cv2.FONT_HERSHEY_COMPLEX,
        cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    )
    layer = np.clip(picture, 0, 255).astype(np.uint8)
    letters = "ABCDEFGHIKLMNOPRSTUVWXYZ0123456789abcdeghmnoprstu.:-     "
    for _ in range(int(rng.integers(1, 4))):
        text = "".join(rng.choice(list(letters), int(rng.integers(1, 22))))
        where = (int(rng.uniform(-40, side * 0.7)), int(row))
        cv2.putText(layer, text, where, int(rng.choice(fonts)), size, ink, int(rng.integers(1, 3)), cv2.LINE_AA)
        row += 30 * size
    picture[:] = layer


def draw_clutter(rng: Random, picture: Picture) -> None:
    """What is not a pill, in place: a sheet, a plate, a ruler, a coin, a finger, a cable, a card, a blister, lines."""
    side = picture.shape[0]
    kind = int(rng.integers(0, 9))
    if kind == 0:
        other = ground(rng, side)
        center, size = rng.uniform(0, side, 2), rng.uniform(0.5, 1.5, 2) * side
        place = tuple(center), tuple(size), rng.uniform(0, 90)
        mask = np.zeros((side, side), np.float32)
        if rng.random() < 0.3:
            cv2.ellipse(mask, place, 1.0, cv2.FILLED, cv2.LINE_AA)
        else:
            cv2.fillPoly(mask, [cv2.boxPoints(place).astype(np.int32)], 1.0, cv2.LINE_AA)
        picture[:] = picture * (1 - mask[..., None]) + other * mask[..., None]
    elif kind == 1:
        _draw_ruler(rng, picture)
    elif kind == 2:
        ink = tuple(float(value) for value in _ink(rng))
        gap, thick = rng.uniform(15, 80), int(rng.integers(1, 4))
        for place in np.arange(rng.uniform(0, gap), side, gap).astype(int).tolist():
            cv2.line(picture, (place, 0), (place, side), ink, thick, cv2.LINE_AA)
            cv2.line(picture, (0, place), (side, place), ink, thick, cv2.LINE_AA)
    elif kind == 3:
        _draw_coin(rng, picture)
    elif kind == 4:
        _draw_finger(rng, picture)
    elif kind == 5:
        points = np.cumsum(rng.normal(rng.normal(0, 8, 2), 8, (20, 2)), axis=0) + rng.uniform(0, side, 2)
        ink = tuple(float(value) for value in rng.uniform(0, 255, 3))
        cv2.polylines(picture, [points.astype(np.int32)], False, ink, int(rng.integers(1, 7)), cv2.LINE_AA)
    elif kind == 6:
        _draw_card(rng, picture)
    elif kind == 7:
        _draw_blister(rng, picture)
    else:
        ink = tuple(float(value) for value in _ink(rng))
        start = rng.uniform(0, side, 2).astype(int)
        end = start + (rng.uniform(0.3, 1.0, 2) * side).astype(int)
        corners = tuple(int(v) for v in start), tuple(int(v) for v in end)
        cv2.rectangle(picture, corners[0], corners[1], ink, int(rng.integers(1, 4)), cv2.LINE_AA)


def _draw_ruler(rng: Random, picture: Picture) -> None:
    """A strip of metal, wood or white plastic with ticks and numbers along one side, level or upright."""
    side = picture.shape[0]
    wide, at = int(rng.uniform(25, 80)), int(rng.uniform(-30, side))
    light = rng.uniform(225, 250) if rng.random() < 0.4 else rng.uniform(110, 235)
    grain = noise(rng, side, 2, 12)[:wide, :, None] * rng.uniform(0, 8)
    bar = np.clip(np.repeat(light + grain, 3, axis=2), 0, 255).astype(np.uint8)
    step, thick = rng.uniform(3, 12), int(rng.integers(1, 3))
    for tick, col in enumerate(np.arange(rng.uniform(0, 5), side, step)):
        high = wide // 2 if tick % 10 == 0 else wide * 2 // 5 if tick % 5 == 0 else wide // 4
        bar[:high, int(col) : int(col) + thick] //= 5
        if tick % 10 == 0:
            place = int(col) - 4, int(wide * 0.85)
            cv2.putText(bar, str(tick), place, cv2.FONT_HERSHEY_SIMPLEX, wide / 90, (30.0,) * 3, thick, cv2.LINE_AA)
    first, last = round(rng.uniform(-side, side / 3)), round(rng.uniform(side * 2 / 3, 2 * side))
    bar = bar[:, max(0, first) : last]
    rows = slice(max(0, at), min(side, at + wide))
    view = picture if rng.random() < 0.5 else picture.transpose(1, 0, 2)
    part = view[rows, max(0, first) : last]
    part[:] = bar[: part.shape[0]]


def _draw_coin(rng: Random, picture: Picture) -> None:
    side = picture.shape[0]
    radius = rng.uniform(0.08, 0.25) * side
    center = rng.uniform(0, side, 2)
    rows, cols = np.mgrid[:side, :side].astype(np.float32)
    away = np.hypot(rows - center[0], cols - center[1])
    hue = np.array([[150, 150, 155], [175, 145, 85], [150, 95, 60]][int(rng.integers(0, 3))]) * rng.uniform(0.6, 1.35)
    angle = np.arctan2(rows - center[0], cols - center[1])
    relief = noise(rng, side, rng.uniform(2, 7)) * rng.uniform(10, 35) * (away < radius * 0.75)
    rim = 30 * np.exp(-(((away - radius * 0.93) / (0.04 * radius)) ** 2)) * np.cos(angle - rng.uniform(0, 6))
    sheen = 1 + 0.25 * np.cos(2 * (angle - rng.uniform(0, 3)))
    coin = hue * sheen[..., None] + (relief + rim)[..., None]
    share = np.clip(radius - away + 0.5, 0, 1)[..., None]
    picture[:] = picture * (1 - share) + coin * share


def _draw_finger(rng: Random, picture: Picture) -> None:
    side = picture.shape[0]
    wide = rng.uniform(0.12, 0.5) * side
    start = rng.uniform(0, side, 2)
    angle = rng.uniform(0, 2 * np.pi)
    end = start + side * 1.5 * np.array([np.cos(angle), np.sin(angle)])
    mask = np.zeros((side, side), np.uint8)
    ends = tuple(int(v) for v in start), tuple(int(v) for v in end)
    cv2.line(mask, ends[0], ends[1], 255, max(2, int(wide)))
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 3) / (wide / 2)
    shade = np.sqrt(np.clip(distance, 0, 1))[..., None]
    color = _skin_color(rng) * (0.45 + 0.55 * shade) * (1 + noise(rng, side, 6)[..., None] * 0.03)
    share = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32)[..., None] / 255
    picture[:] = picture * (1 - share) + color * share


def _sheet(rng: Random, side: int, wide: float, high: float, corner: float) -> NDArray[np.float32]:
    """The share of each pixel that a turned rectangle with round corners covers, ``(side, side)`` 0-1."""
    mask = np.zeros((side, side), np.uint8)
    inner = max(wide - 2 * corner, 1.0), max(high - 2 * corner, 1.0)
    box = cv2.boxPoints((tuple(rng.uniform(0, side, 2)), inner, rng.uniform(0, 90)))
    cv2.fillPoly(mask, [box.astype(np.int32)], 255)
    radius = max(1, round(corner))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    share = cv2.GaussianBlur(cv2.dilate(mask, kernel), (0, 0), 0.7)[..., None]
    return np.asarray(share / 255, np.float32)


def _draw_card(rng: Random, picture: Picture) -> None:
    """A card such as banks give, with print on it."""
    side = picture.shape[0]
    wide = rng.uniform(0.4, 1.2) * side
    share = _sheet(rng, side, wide, wide * 0.63, wide * 0.037)
    face = mixed(rng, side) if rng.random() < 0.5 else paper(rng, side)
    draw_text(rng, face)
    picture[:] = picture * (1 - share) + face * share


def _draw_blister(rng: Random, picture: Picture) -> None:
    """A sheet of foil with rows of clear or empty pockets."""
    side = picture.shape[0]
    wide = rng.uniform(0.4, 1.1) * side
    share = _sheet(rng, side, wide, wide * rng.uniform(0.4, 0.7), 0.04 * wide)
    light = rng.uniform(150, 225) + noise(rng, side, rng.uniform(1, 6)) * rng.uniform(4, 25)
    foil = np.repeat(light[..., None], 3, axis=2)
    pitch, radius = wide / rng.uniform(3, 6), rng.uniform(0.28, 0.42)
    rows, cols = np.mgrid[:side, :side].astype(np.float32) / pitch
    down, right = rows % 1 - 0.5, cols % 1 - 0.5
    away = np.hypot(down, right * rng.uniform(0.6, 1.0)) / radius
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.clip(1 - (away - 0.85) ** 2 / 0.02, 0, 1) * (down * np.sin(angle) + right * np.cos(angle)) / radius
    foil = foil * (1 + rng.uniform(0.1, 0.4) * slope[..., None]) - (away < 0.85)[..., None] * rng.uniform(-15, 40)
    picture[:] = picture * (1 - share) + foil * share
