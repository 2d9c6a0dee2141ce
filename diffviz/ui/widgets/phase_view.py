"""One coordinate of the plane over time: the exact density of it, and paths that lead through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import DARK, Role, colours_for_print, current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.plane_painting import GROUND, density_image, for_print
from diffviz.ui.widgets.plot_frame import paint_below, paint_levels

_LEFT_PX, _BOTTOM_PX, _RIGHT_PX = 36, 24, 8


@dataclass(frozen=True, eq=False)
class Track:
    """A line over time: positions 0 … 1 from data to noise, values, and how it is drawn."""

    positions: NDArray[np.float64]
    values: NDArray[np.float64]
    role: Role
    width_px: float = 1.8
    is_dotted: bool = False


class PhaseView(QWidget):
    """
    Density over time with paths, the data at the left and the noise at the right.

    Signals
    -------
    position_requested(float)
        The user wants the time at this position, 0 … 1.
    """

    position_requested = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._density: QImage | None = None
        self._tracks: tuple[Track, ...] = ()
        self._dots: NDArray[np.floating] = np.empty(0)
        self._now = 0.0
        self._reach = 3.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("First coordinate over time")
        self.chart = Chart(self, "Coordinate over time", self._table)
        self.setToolTip("Density of the coordinate across, over time; press or drag to move the playhead")

    @property
    def area(self) -> QRectF:
        """The plot without its labels, in px."""
        edges = (metric(_LEFT_PX), 1, -metric(_RIGHT_PX), -metric(_BOTTOM_PX))
        return QRectF(self.rect()).adjusted(*edges)

    def set_density(self, shades: NDArray[np.uint8] | None, reach: float) -> None:
        """Show shades (n, m) from `reach` at the top to −`reach`, from data to noise."""
        self._density, self._reach = None if shades is None else density_image(shades), reach
        self.update()

    def set_tracks(self, tracks: Sequence[Track]) -> None:
        """Show lines."""
        self._tracks = tuple(tracks)
        self.update()

    def set_now(self, position: float, values: NDArray[np.floating]) -> None:
        """Mark the present time, and where the particles are on it."""
        self._now, self._dots = position, values
        self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._ask(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event)

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(420), metric(420))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(200, 200)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter, self._density)

    def print_on(self, painter: QPainter) -> None:
        """Draw on something else in colours for paper."""
        with colours_for_print():
            self._paint(painter, for_print(self._density, self.area.size()))

    def _paint(self, painter: QPainter, density: QImage | None) -> None:
        area, tokens = self.area, current_tokens()
        painter.fillRect(self.rect(), tokens.color("stage"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        levels = [(self._y(value), f"{value:g}".replace("-", "\u2212")) for value in (-2, -1, 0, 1, 2)]
        paint_levels(painter, area, [(float(y), words) for y, words in levels])
        paint_below(painter, area, [(area.left(), "data"), (area.right(), "noise")])
        painter.fillRect(area, GROUND)
        painter.setClipRect(area)
        if density is not None:
            painter.drawImage(area, density)
        for track in self._tracks:
            self._paint_track(painter, track)
        x = self._x(self._now)
        painter.setPen(QPen(DARK.color("accent"), metric(1.5)))
        painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        painter.setPen(QPen(DARK.color("text", 0.8), metric(3)))
        ys = self._ys(np.asarray(self._dots, np.float64)).tolist()
        painter.drawPoints(QPolygonF([QPointF(x, y) for y in ys]))
        line = RichLine("$x$ of $x_t$", "label")
        place = area.left() + metric(10)
        line.paint(painter, place, area.top() + metric(10) + line.ascent(), DARK.color("text"), DARK)

    def _table(self) -> Table:
        columns: dict[str, NDArray[np.float64]] = {}
        for number, track in enumerate(self._tracks, start=1):
            columns[f"position of path {number}"] = track.positions
            columns[f"x of path {number}"] = track.values
        return columns

    def _paint_track(self, painter: QPainter, track: Track) -> None:
        pen = QPen(DARK.color(track.role), metric(track.width_px))
        if track.is_dotted:
            pen.setDashPattern([1.0, 2.5])
        painter.setPen(pen)
        area = self.area
        xs = area.left() + track.positions * area.width()
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), self._ys(track.values).tolist(), strict=True)]
        painter.drawPolyline(QPolygonF(points))

    def _x(self, position: float) -> float:
        return self.area.left() + position * self.area.width()

    def _y(self, value: float) -> float:
        return float(self._ys(np.array([value], np.float64))[0])

    def _ys(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        area = self.area
        return np.asarray(area.center().y() - values / self._reach * area.height() / 2)

    def _ask(self, event: QMouseEvent) -> None:
        area = self.area
        share = (event.position().x() - area.left()) / area.width()
        self.position_requested.emit(min(max(share, 0.0), 1.0))
