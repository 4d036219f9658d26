"""What lies or stands beside pills and is none: axes, text, rulers, coins, fingers, cables, cards, blisters."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.random_grounds import Picture, Random, ground, mixed, paper, skin_color
from pipeline.draw.smooth_noise import quick_noise


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
    grain = quick_noise(rng, side, 2, 12)[:wide, :, None] * rng.uniform(0, 8)
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
    relief = quick_noise(rng, side, rng.uniform(2, 7)) * rng.uniform(10, 35) * (away < radius * 0.75)
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
    color = skin_color(rng) * (0.45 + 0.55 * shade) * (1 + quick_noise(rng, side, 6)[..., None] * 0.03)
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
    light = rng.uniform(150, 225) + quick_noise(rng, side, rng.uniform(1, 6)) * rng.uniform(4, 25)
    foil = np.repeat(light[..., None], 3, axis=2)
    pitch, radius = wide / rng.uniform(3, 6), rng.uniform(0.28, 0.42)
    rows, cols = np.mgrid[:side, :side].astype(np.float32) / pitch
    down, right = rows % 1 - 0.5, cols % 1 - 0.5
    away = np.hypot(down, right * rng.uniform(0.6, 1.0)) / radius
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.clip(1 - (away - 0.85) ** 2 / 0.02, 0, 1) * (down * np.sin(angle) + right * np.cos(angle)) / radius
    foil = foil * (1 + rng.uniform(0.1, 0.4) * slope[..., None]) - (away < 0.85)[..., None] * rng.uniform(-15, 40)
    picture[:] = picture * (1 - share) + foil * share
