"""How the plane’s layers are painted; the ground is dark in every theme, as the density’s colours are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import DARK, Role, metric
from diffviz.ui.widgets.density_ramp import density_colors
from diffviz.ui.widgets.plane_geometry import PlaneArea, scale_bar

GROUND = QColor(*density_colors()[0])
_RINGED_MOST = 4_000
_FARTHEST = 1e4
_PRINTED_SCALE = 2
_HEAD_SHARE, _HEAD_TURN = 0.3, math.radians(154)
# Radius in px and opacity of a dot, where there are at most so many.
_DOTS = ((800, 2.4, 1.0), (4_000, 1.6, 1.0), (40_000, 1.1, 0.85), (math.inf, 0.5, 0.6))


@dataclass(frozen=True, eq=False)
class PlanePath:
    """
    A line through the plane.

    Parameters
    ----------
    places
        (n, 2) in units of the data.
    role
        Its colour.
    width_px, is_dotted, opacity
        Its form.
    marks_steps
        Whether a dot stands at every place.
    """

    places: NDArray[np.float64]
    role: Role = "model"
    width_px: float = 1.8
    is_dotted: bool = False
    opacity: float = 1.0
    marks_steps: bool = False


def density_image(shades: NDArray[np.uint8]) -> QImage:
    """Picture of shades (n, n) in the colours of a density."""
    height, width = shades.shape
    kept = np.ascontiguousarray(shades)
    image = QImage(kept.data, width, height, kept.strides[0], QImage.Format.Format_Indexed8)
    image.setColorTable(_color_table())
    # A copy owns its memory; Qt smooths pictures of 32 bits alone.
    return image.convertToFormat(QImage.Format.Format_RGB32)


@cache
def _color_table() -> list[int]:
    return [0xFF000000 | int(r) << 16 | int(g) << 8 | int(b) for r, g, b in density_colors()]


def error_image(errors: NDArray[np.float32]) -> QImage:
    """Picture of errors (n, n): more pink the larger, full at 1."""
    share = np.clip(errors, 0.0, 1.0)
    color = DARK.color("model")
    pixels = np.empty((*share.shape, 4), np.uint8)
    for channel, value in enumerate((color.blue(), color.green(), color.red(), 255)):
        pixels[..., channel] = np.round(value * 0.9 * share)
    height, width = share.shape
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()


def for_print(picture: QImage | None, size: QSizeF) -> QImage | None:
    """A picture of cells that fills ``size``, smoothed as on the screen: on paper each would be a tile."""
    if picture is None:
        return None
    side, mode = (size * _PRINTED_SCALE).toSize(), Qt.TransformationMode.SmoothTransformation
    return picture.scaled(side, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


def paint_arrows(
    painter: QPainter, feet: NDArray[np.float64], shafts: NDArray[np.float64], role: Role, opacity: float
) -> None:
    """Arrows from feet (n, 2) along shafts (n, 2), both in px; those shorter than a px are left out."""
    lengths = np.hypot(shafts[:, 0], shafts[:, 1])
    long_enough = lengths > 1.0
    feet, shafts = feet[long_enough], shafts[long_enough]
    tips = feet + shafts
    cos, sin = math.cos(_HEAD_TURN), math.sin(_HEAD_TURN)
    lines = [np.hstack([feet, tips])]
    for side in (sin, -sin):
        turned = np.stack(
            [cos * shafts[:, 0] - side * shafts[:, 1], side * shafts[:, 0] + cos * shafts[:, 1]], axis=1
        )
        lines.append(np.hstack([tips, tips + _HEAD_SHARE * turned]))
    painter.setPen(QPen(DARK.color(role, opacity), metric(1.2)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    ends = np.concatenate(lines).reshape(-1, 2)
    painter.drawPath(pg.arrayToQPath(ends[:, 0], ends[:, 1], connect="pairs", finiteCheck=False))


def paint_path(painter: QPainter, area: PlaneArea, path: PlanePath) -> None:
    """A path over the plane."""
    seen = path.places[np.abs(path.places).max(axis=1, initial=0.0) < _FARTHEST]
    if len(seen) < 2:
        return
    pen = QPen(DARK.color(path.role, path.opacity), metric(path.width_px))
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if path.is_dotted:
        pen.setDashPattern([1.0, 2.5])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    places = area.px(seen)
    painter.drawPath(pg.arrayToQPath(places[:, 0], places[:, 1], finiteCheck=False))
    if path.marks_steps:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(DARK.color(path.role, path.opacity))
        for x, y in places.tolist():
            painter.drawEllipse(QPointF(x, y), metric(2.2), metric(2.2))


def dots_image(clouds: Sequence[tuple[NDArray[np.floating], Role]], side: int, ratio: float) -> QImage:
    """
    Points as dots in a transparent picture, by writing pixels: a hundred thousand in a few ms.

    Parameters
    ----------
    clouds
        (n, 2) in device px and their colour, the last on top.
    side
        Of the picture in device px.
    ratio
        Device px per px; dots grow with it, and shrink the more there are in a cloud.
    """
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    pixels = np.frombuffer(image.bits(), np.uint32)
    pixels[:] = 0
    for px, role in clouds:
        _write_dots(pixels, px, side, ratio, role)
    image.setDevicePixelRatio(ratio)
    return image


def _write_dots(
    pixels: NDArray[np.uint32], px: NDArray[np.floating], side: int, ratio: float, role: Role
) -> None:
    radius, opacity = next((r * ratio, alpha) for most, r, alpha in _DOTS if len(px) <= most)
    reach = math.ceil(radius + 1)
    x, y = px[:, 0], px[:, 1]
    # Asked before they become whole numbers, which what a bad network makes of points may not fit into.
    inside = (x >= reach) & (x < side - reach) & (y >= reach) & (y < side - reach)
    places = y[inside].astype(np.int32) * side + x[inside].astype(np.int32)
    if len(px) <= _RINGED_MOST:
        for offset in _disc(radius + ratio, side):
            pixels[places + offset] = 0xFF0D1014
    core = _premultiplied(DARK.color(role), opacity)
    for offset in _disc(radius, side):
        pixels[places + offset] = core


def draw_dots(painter: QPainter, area: PlaneArea, points: NDArray[np.floating], role: Role) -> None:
    """Points as curves, for print: slower than pixels, and sharp at any size."""
    radius, opacity = next((r, alpha) for most, r, alpha in _DOTS if len(points) <= most)
    rim = QPen(QColor(13, 16, 20), 0.8) if len(points) <= _RINGED_MOST else QPen(Qt.PenStyle.NoPen)
    painter.setPen(rim)
    painter.setBrush(DARK.color(role, opacity))
    for x, y in zip(*area.px(points).T.tolist(), strict=True):
        painter.drawEllipse(QPointF(x, y), radius, radius)


def paint_marker(painter: QPainter, spot: QPointF, role: Role, radius: float, *, is_ring: bool) -> None:
    """A filled dot, or a ring, with a dark edge that sets it off from any ground."""
    ratio = painter.device().devicePixelRatioF()
    picture = _marker(role, radius, is_ring, ratio)
    half = picture.width() / ratio / 2
    painter.drawImage(QPointF(spot.x() - half, spot.y() - half), picture)


@cache
def _marker(role: Role, radius: float, is_ring: bool, ratio: float) -> QImage:
    """A marker on nothing; to draw the curves of each anew takes longer than all particles."""
    half = radius + metric(4)
    side = round(2 * half * ratio)
    picture = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(side / ratio / 2, side / ratio / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush if is_ring else DARK.color(role))
        painter.setPen(QPen(QColor(13, 16, 20, 220), metric(4.0 if is_ring else 1.4)))
        painter.drawEllipse(middle, radius, radius)
        if is_ring:
            painter.setPen(QPen(DARK.color(role), metric(2)))
            painter.drawEllipse(middle, radius, radius)
    return picture


def paint_corner(painter: QPainter, area: PlaneArea, remark: str) -> None:
    """A scale bar with its length in the lower left corner, and a remark beside it or, if need be, above.

    Where the plane is narrower than the remark, it is left out.
    """
    length = scale_bar(area, min(metric(110), 0.35 * area.side))
    y, left = area.top + area.side - metric(16), area.left + metric(14)
    right = left + length * area.scale
    painter.setPen(QPen(DARK.color("text"), metric(1.6)))
    ends = [QLineF(x, y - metric(4), x, y + metric(4)) for x in (left, right)]
    painter.drawLines([QLineF(left, y, right, y), *ends])
    line = RichLine(f"{length:g} unit{'s' if length != 1 else ''}", "label")
    baseline = round(y - line.height() / 2 + line.ascent())
    end = line.paint(painter, right + metric(8), baseline, DARK.color("text"), DARK)
    words = RichLine(remark, "label")
    place = area.left + area.side - words.width() - metric(14)
    if place < end + metric(16):
        baseline -= round(words.height()) + metric(6)
    if remark and place > area.left:
        words.paint(painter, place, baseline, DARK.color("text2"), DARK)


def _disc(radius: float, width: int) -> list[int]:
    """Offsets in a flat picture of the pixels within a radius."""
    reach = math.ceil(radius)
    return [
        row * width + column
        for row in range(-reach, reach + 1)
        for column in range(-reach, reach + 1)
        if row * row + column * column <= radius * radius
    ]


def _premultiplied(color: QColor, opacity: float) -> int:
    alpha = round(255 * opacity)
    red, green, blue = (round(value * opacity) for value in (color.red(), color.green(), color.blue()))
    return alpha << 24 | red << 16 | green << 8 | blue
