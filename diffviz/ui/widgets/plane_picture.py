"""The picture of the 2-D lab's plane: layers over one another in a square."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.theme import Role, colours_for_print, current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.plane_geometry import PlaneArea
from diffviz.ui.widgets.plane_painting import (
    GROUND,
    PlanePath,
    density_image,
    dots_image,
    draw_dots,
    error_image,
    for_print,
    paint_arrows,
    paint_corner,
    paint_marker,
    paint_path,
)

RADIUS_PX = 8

Places = NDArray[np.floating]


class PlanePicture(QWidget):
    """
    Density, arrows, dots, paths and handles over a square of the plane.

    Signals
    -------
    view_changed()
        Another part of the plane is seen, or it has another size.
    """

    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._area = PlaneArea(0.0, 0.0, 1.0)
        self._density: QImage | None = None
        self._errors: QImage | None = None
        self._arrows: list[tuple[Places, Places, Role, float]] = []
        self._dots: list[tuple[Places, Role]] = []
        self._paths: tuple[PlanePath, ...] = ()
        self._markers: tuple[tuple[float, float], ...] = ()
        self._handles: tuple[tuple[float, float], ...] = ()
        self._remark = ""
        self._selected: int | None = None
        self._paints = False
        # Every px is painted here: what lies below would be painted for nothing at each frame.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Plane")
        self.chart = Chart(self, "Plane of the lab", self._table)

    @property
    def area(self) -> PlaneArea:
        """Which part of the plane lies where."""
        return self._area

    @property
    def selected(self) -> int | None:
        """Handle that has the keyboard."""
        return self._selected

    @property
    def paints(self) -> bool:
        """Whether dragging paints."""
        return self._paints

    def set_density(self, shades: NDArray[np.uint8] | None, remark: str = "") -> None:
        """Show shades (n, n) over all that is seen, and a remark in the corner."""
        self._density = None if shades is None else density_image(shades)
        self._remark = remark
        self.update()

    def set_errors(self, errors: NDArray[np.float32] | None) -> None:
        """Show errors (n, n), 0 … 1, over all that is seen."""
        self._errors = None if errors is None else error_image(errors)
        self.update()

    def set_arrows(self, arrows: Sequence[tuple[Places, Places, Role, float]]) -> None:
        """Show arrows: feet (n, 2), shafts (n, 2) in units of the data, role, opacity."""
        self._arrows = list(arrows)
        self.update()

    def set_dots(self, dots: Sequence[tuple[Places, Role]]) -> None:
        """Show clouds of points (n, 2), each with its role, the last on top."""
        self._dots = list(dots)
        self.update()

    def set_paths(self, paths: Sequence[PlanePath], markers: Sequence[tuple[float, float]] = ()) -> None:
        """Show paths, and dots for where those who walk them are now."""
        self._paths, self._markers = tuple(paths), tuple(markers)
        self.update()

    def set_handles(self, handles: Sequence[tuple[float, float]]) -> None:
        """Show places that can be dragged, silently."""
        self._handles = tuple(handles)
        if self._selected is not None and self._selected >= len(self._handles):
            self._selected = None
        self._tell_readers()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(420), metric(420))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(200, 200)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = min(self.width(), self.height())
        here = self._area
        left, top = (self.width() - side) // 2, (self.height() - side) // 2
        self._area = PlaneArea(left, top, side, here.x, here.y, here.reach)
        self.view_changed.emit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter, self._paint_dots, [self._density, self._errors])

    def print_on(self, painter: QPainter) -> None:
        """Draw on something else in colours for paper, dots as curves where they are pixels on screen."""
        size = QSizeF(self._area.side, self._area.side)
        finer = [for_print(picture, size) for picture in (self._density, self._errors)]
        with colours_for_print():
            self._paint(painter, self._draw_dots, finer)

    def _paint(
        self, painter: QPainter, paint_dots: Callable[[QPainter], None], pictures: Sequence[QImage | None]
    ) -> None:
        area = self._area
        square = QRectF(area.left, area.top, area.side, area.side)
        painter.fillRect(self.rect(), current_tokens().color("stage"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(square, GROUND)
        painter.setClipRect(square)
        for picture in pictures:
            if picture is not None:
                painter.drawImage(square, picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for feet, shafts, role, opacity in self._arrows:
            in_px = np.asarray(shafts, np.float64) * (area.scale, -area.scale)
            paint_arrows(painter, area.px(feet), in_px, role, opacity)
        if self._dots:
            paint_dots(painter)
        for path in self._paths:
            paint_path(painter, area, path)
        self._paint_places(painter)
        paint_corner(painter, area, self._remark)
        self._paint_edge(painter, square)

    def _paint_edge(self, painter: QPainter, square: QRectF) -> None:
        """Round the corners by painting over them: to clip everything by a curve takes too long."""
        tokens = current_tokens()
        edge, corners = QPainterPath(), QPainterPath()
        edge.addRoundedRect(square.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)
        corners.addRect(square)
        painter.fillPath(corners.subtracted(edge), tokens.color("stage"))
        # What was painted before may have filled its shapes.
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tokens.color("accent" if self._paints else "line"), 1.0))
        painter.drawPath(edge)

    def _paint_dots(self, painter: QPainter) -> None:
        ratio, area = self.devicePixelRatioF(), self._area
        side = max(1, round(area.side * ratio))
        scale = np.float32(area.scale * ratio)
        middle = np.float32(side / 2)
        corner = (middle - np.float32(area.x) * scale, middle + np.float32(area.y) * scale)
        clouds = [
            (np.asarray(points, np.float32) * (scale, -scale) + corner, role) for points, role in self._dots
        ]
        painter.drawImage(QPointF(area.left, area.top), dots_image(clouds, side, ratio))

    def _draw_dots(self, painter: QPainter) -> None:
        for points, role in self._dots:
            draw_dots(painter, self._area, points, role)

    def _paint_places(self, painter: QPainter) -> None:
        for x, y in self._area.px(np.array(self._markers).reshape(-1, 2)).tolist():
            paint_marker(painter, QPointF(x, y), "model", metric(4.5), is_ring=False)
        for index, (x, y) in enumerate(self._area.px(np.array(self._handles).reshape(-1, 2)).tolist()):
            radius = metric(8 if index == self._selected else 6)
            paint_marker(painter, QPointF(x, y), "accent", radius, is_ring=True)

    def _table(self) -> Table:
        columns: dict[str, Places] = {}
        for (points, role), name in zip(reversed(self._dots), ("particles", "data"), strict=False):
            words = name if role == "text" else "data"
            columns[f"x of {words}"], columns[f"y of {words}"] = points.T
        for number, path in enumerate(self._paths, start=1):
            columns[f"x of path {number}"], columns[f"y of path {number}"] = path.places.T
        return columns

    def _tell_readers(self) -> None:
        words = f"{len(self._handles)} start points"
        if self._selected is not None:
            x, y = self._handles[self._selected]
            words += f", number {self._selected + 1} at {x:.2f}, {y:.2f}"
        self.setAccessibleDescription(words.replace("-", "\u2212"))
