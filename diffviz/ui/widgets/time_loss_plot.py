"""The loss at each noise level: of the network at one moment of its training, and of the exact denoiser."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.plot_frame import paint_below, paint_levels, paint_well

_LOWEST = 1e-9
_MOST_DECADES = 5.0


class TimeLossPlot(QWidget):
    """Bars of the network's loss from t = 1 to T on a log scale, and a dashed line of the floor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._losses: NDArray[np.float64] | None = None
        self._floor: NDArray[np.float64] | None = None
        self._num_timesteps = 1000
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Where along the chain the network still errs, measured on fixed examples and noise")
        self.chart = Chart(self, "Loss by noise level", self._table)
        self._tell_readers()

    def _table(self) -> Table:
        count = 0 if self._losses is None else len(self._losses)
        edges = np.linspace(0, self._num_timesteps, count + 1)
        known = {"loss": self._losses, "floor": self._floor}
        columns = {name: values for name, values in known.items() if values is not None}
        return {"after t": edges[:-1], "up to t": edges[1:], **columns}

    def show_losses(
        self, losses: NDArray[np.floating] | None, floor: NDArray[np.floating] | None, num_timesteps: int
    ) -> None:
        """
        Show losses.

        Parameters
        ----------
        losses, floor
            Loss in equal parts of the chain; None: not known.
        num_timesteps
            T.
        """
        self._losses = None if losses is None else np.asarray(losses, np.float64)
        self._floor = None if floor is None else np.asarray(floor, np.float64)
        self._num_timesteps = num_timesteps
        self._tell_readers()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, metric(128))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, metric(128))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_well(painter, QRectF(self.rect()))
        tokens = current_tokens()
        left, top, side, bottom = metric(46), metric(12), metric(10), metric(24)
        area = QRectF(left, top, self.width() - left - side, self.height() - top - bottom)
        if self._losses is None:
            line = RichLine("measured with every sheet", "label")
            center = QRectF(self.rect()).center()
            baseline = round(center.y() - line.height() / 2 + line.ascent())
            line.paint(painter, center.x() - line.width() / 2, baseline, tokens.color("text2"), tokens)
            return
        low, high = self._range()
        decades = [10.0**k for k in range(math.ceil(low), math.floor(high) + 1)]
        levels = [(_height(value, low, high, area), f"{value:g}") for value in decades[-4:]]
        paint_levels(painter, area, levels)
        paint_below(painter, area, [(area.left(), "$t$ = 1"), (area.right(), f"{self._num_timesteps:,}")])
        self._paint_bars(painter, area, low, high)
        if self._floor is not None:
            self._paint_floor(painter, area, low, high, self._floor)

    def _paint_bars(self, painter: QPainter, area: QRectF, low: float, high: float) -> None:
        assert self._losses is not None
        color = current_tokens().color("model", 0.7)
        width = area.width() / len(self._losses)
        for index, loss in enumerate(self._losses.tolist()):
            top = _height(loss, low, high, area)
            painter.fillRect(
                QRectF(area.left() + index * width, top, width - 1.5, area.bottom() - top), color
            )

    def _paint_floor(
        self, painter: QPainter, area: QRectF, low: float, high: float, floor: NDArray[np.float64]
    ) -> None:
        tokens = current_tokens()
        width = area.width() / len(floor)
        points = []
        for index, loss in enumerate(floor.tolist()):
            y = _height(loss, low, high, area)
            points += [
                QPointF(area.left() + index * width, y),
                QPointF(area.left() + (index + 1) * width - 1.5, y),
            ]
        painter.setPen(QPen(tokens.color("signal"), 1.75, Qt.PenStyle.DashLine))
        painter.drawPolyline(QPolygonF(points))
        line = RichLine("floor", "label", QFont.Weight.DemiBold)
        spot = QRectF(area.right() - line.width() - 8, area.top(), line.width() + 6, line.height())
        painter.fillRect(spot, tokens.color("field", 0.8))
        line.paint(painter, spot.left() + 3, spot.top() + line.ascent(), tokens.color("signal"), tokens)

    def _range(self) -> tuple[float, float]:
        parts = [values for values in (self._losses, self._floor) if values is not None]
        values = np.concatenate(parts)
        values = values[np.isfinite(values) & (values > _LOWEST)]
        if not values.size:
            return -3.0, 0.0
        high = math.log10(float(values.max())) + 0.12
        return max(math.log10(float(values.min())) - 0.25, high - _MOST_DECADES), high

    def _tell_readers(self) -> None:
        words = "Loss by noise level, not measured yet"
        if self._losses is not None:
            low, high = float(self._losses[0]), float(self._losses[-1])
            words = f"Loss by noise level, {low:.3g} near the image, {high:.3g} near the noise"
        self.setAccessibleName(words)


def _height(value: float, low: float, high: float, area: QRectF) -> float:
    log = math.log10(max(value, _LOWEST)) if math.isfinite(value) else high
    return area.bottom() - min(max((log - low) / (high - low), 0.0), 1.0) * area.height()
