"""The sample's one picture, drawn by us: ``python -m tests.tools.sample_picture`` writes it anew.

A border and four belts along it, each wider than the last; no words, so that it serves every language.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

FILE = Path(__file__).resolve().parents[2] / "src" / "mailer" / "sample" / "latest" / "border-strip.png"
_WIDTH, _HEIGHT, _FINER = 1120, 520, 2
_PAPER, _BEYOND, _BORDER, _ROAD = "#f4f0e6", "#dfe3e6", "#1f2933", "#8c7f6a"
# Widths of the belt, in pixels, and its shades, the oldest the darkest.
_BELTS = ((320, "#f2d3c2"), (230, "#e7ab90"), (140, "#d67c5e"), (60, "#b5482f"))
_ROADS = (
    ((1140, 110), (880, 150), (640, 110), (420, 70)),
    ((880, 150), (760, 330), (410, 300), (240, 350)),
    ((1140, 450), (960, 400), (760, 330)),
)
_TOWNS = ((880, 150), (640, 110), (420, 70), (760, 330), (410, 300), (960, 400))


def draw() -> Image.Image:
    """Return the picture."""
    image = Image.new("RGB", (_WIDTH * _FINER, _HEIGHT * _FINER), _PAPER)
    pen = ImageDraw.Draw(image)
    border = [(_border(y), y) for y in range(-20, _HEIGHT + 20, 4)]
    for width, shade in _BELTS:
        _area(pen, border, [(x + width + _unevenness(y, width), y) for x, y in border], shade)
    _area(pen, border, [(-10, y) for _, y in border], _BEYOND)
    for road in _ROADS:
        pen.line(_scaled(road), fill=_ROAD, width=3 * _FINER, joint="curve")
    pen.line(_scaled(border), fill=_BORDER, width=7 * _FINER, joint="curve")
    for x, y in _scaled(_TOWNS):
        pen.ellipse((x - 14, y - 14, x + 14, y + 14), fill=_PAPER, outline=_BORDER, width=6)
    return image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).quantize(32)


def _border(y: float) -> float:
    return 170 + 55 * math.sin(y / 75) + 22 * math.sin(y / 23)


def _unevenness(y: float, width: float) -> float:
    return 0.09 * width * math.sin(y / 41 + width)


def _area(
    pen: ImageDraw.ImageDraw,
    one: Sequence[tuple[float, float]],
    other: Sequence[tuple[float, float]],
    shade: str,
) -> None:
    pen.polygon(_scaled([*one, *reversed(other)]), fill=shade)


def _scaled(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * _FINER, y * _FINER) for x, y in points]


if __name__ == "__main__":
    draw().save(FILE, "PNG", optimize=True)
