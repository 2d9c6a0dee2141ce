"""The posterior microscope: two Gaussians of one value, their means, and where the sample fell."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.log_axis import linear_levels
from diffviz.ui.widgets.plot_frame import paint_below, paint_well

FloatArray = NDArray[np.float64]
_REACH = 3.6
_NUM_POINTS = 161
_FILL = 0.16
_HALF_LEVEL = 1.0 / 255.0
_LEAST_SPAN = 1e-6


@dataclass(frozen=True)
class BellPair:
    """q and p_θ of one value of x_{t−1}: means, variances, and the draw from p_θ.

    A variance of 0 is a point. ``is_decoder`` says that q is the true grey level and p_θ the decoder.
    """

    mean_q: float
    variance_q: float
    mean_p: float
    variance_p: float
    sample: float
    is_decoder: bool = False


class BellPlot(QWidget):
    """q solid and filled, p_θ dashed, the draw as a dot on the axis; heights are relative to q's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pair: BellPair | None = None
        self._hint = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip("Where the value of this pixel is one step nearer to the image")
        self.setAccessibleName("Posterior microscope")
        self.chart = Chart(self, "Posterior microscope", self._table)

    def _table(self) -> Table:
        if self._pair is None:
            return {"value": [], "q": [], "p": []}
        values = np.linspace(*self.reach, _NUM_POINTS)
        pair = self._pair
        laws = {"q": (pair.mean_q, pair.variance_q), "p": (pair.mean_p, pair.variance_p)}
        densities = {
            name: np.exp(-((values - mean) ** 2) / (2.0 * variance)) / math.sqrt(2.0 * math.pi * variance)
            for name, (mean, variance) in laws.items()
            if variance > 0.0
        }
        return {"value": values, **densities}

    @property
    def pair(self) -> BellPair | None:
        """What is shown."""
        return self._pair

    @property
    def reach(self) -> tuple[float, float]:
        """Ends of the axis: both bells and the draw are inside."""
        pair = self._pair
        if pair is None:
            return 0.0, 1.0
        spreads = [_REACH * math.sqrt(v) for v in (pair.variance_q, pair.variance_p)]
        least = max(*spreads, 2.0 * _HALF_LEVEL if pair.is_decoder else 0.0, _LEAST_SPAN)
        lows = [pair.mean_q - spreads[0], pair.mean_p - spreads[1], pair.sample]
        highs = [pair.mean_q + spreads[0], pair.mean_p + spreads[1], pair.sample]
        low, high = min(lows), max(highs)
        room = max(0.04 * (high - low), (2.0 * least - (high - low)) / 2.0, 0.0)
        return low - room, high + room

    def show_pair(self, pair: BellPair | None) -> None:
        """Show the two laws of another value, or none."""
        self._pair = pair
        words = "Posterior microscope"
        if pair is not None:
            words += (
                f": true mean {pair.mean_q:.4f}, model's mean {pair.mean_p:.4f}, standard deviations "
                f"{math.sqrt(pair.variance_q):.4f} and {math.sqrt(pair.variance_p):.4f}"
            ).replace("-", "−")
        self.setAccessibleName(words)
        self.update()

    def set_hint(self, sentence: str) -> None:
        """Say what will stand here while there is nothing to show."""
        self._hint = sentence
        self.update()

    def x_of(self, value: float) -> float:
        """Place of a value in px."""
        low, high = self.reach
        area = self._area()
        return area.left() + (value - low) / (high - low) * area.width()

    @override
    def sizeHint(self) -> QSize:
        return QSize(360, metric(130))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(180), metric(110))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_well(painter, QRectF(self.rect()))
        pair = self._pair
        if pair is None:
            self._paint_hint(painter)
            return
        area, tokens = self._area(), current_tokens()
        low, high = self.reach
        paint_below(painter, area, [(self.x_of(v), words) for v, words in linear_levels(low, high)])
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.drawLine(QPointF(area.left(), area.bottom()), QPointF(area.right(), area.bottom()))
        if pair.is_decoder:
            left, right = (self.x_of(pair.mean_q + side * _HALF_LEVEL) for side in (-1, 1))
            painter.fillRect(
                QRectF(left, area.top(), max(2.0, right - left), area.height()), tokens.color("signal", _FILL)
            )
        self._paint_bell(painter, pair.mean_q, pair.variance_q, is_model=False)
        self._paint_bell(painter, pair.mean_p, pair.variance_p, is_model=True)
        self._paint_names(painter, pair, area)
        self._paint_sample(painter, pair, area)

    def _height(self, value: FloatArray, mean: float, variance: float) -> FloatArray:
        """Density over that of the narrower bell at its top."""
        assert self._pair is not None
        narrow = min(v for v in (self._pair.variance_q, self._pair.variance_p, math.inf) if v > 0.0)
        return np.asarray(math.sqrt(narrow / variance) * np.exp(-((value - mean) ** 2) / (2.0 * variance)))

    def _paint_bell(self, painter: QPainter, mean: float, variance: float, *, is_model: bool) -> None:
        tokens, area = current_tokens(), self._area()
        role: Role = "model" if is_model else "signal"
        pen = QPen(tokens.color(role), 2.0)
        if is_model:
            pen.setDashPattern([4.0, 3.0])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        top = area.top() + metric(22)
        x = self.x_of(mean)
        if variance <= 0.0:
            painter.setPen(pen)
            painter.drawLine(QPointF(x, top), QPointF(x, area.bottom()))
            return
        low, high = self.reach
        spread = math.sqrt(variance)
        values = np.clip(np.linspace(mean - 4.5 * spread, mean + 4.5 * spread, _NUM_POINTS), low, high)
        xs = area.left() + (values - low) / (high - low) * area.width()
        ys = area.bottom() - self._height(values, mean, variance) * (area.bottom() - top)
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist())]
        if not is_model:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color(role, _FILL))
            ends = [QPointF(points[0].x(), area.bottom()), QPointF(points[-1].x(), area.bottom())]
            painter.drawPolygon(QPolygonF([ends[0], *points, ends[1]]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(points))
        peak = area.bottom() - float(self._height(np.array([mean]), mean, variance)[0]) * (
            area.bottom() - top
        )
        thin = QPen(tokens.color(role, 0.7), 1.0)
        painter.setPen(thin)
        painter.drawLine(QPointF(x, peak), QPointF(x, area.bottom()))

    def _paint_names(self, painter: QPainter, pair: BellPair, area: QRectF) -> None:
        """Name the bells at the outer sides of their tops."""
        tokens = current_tokens()
        true = "grey level" if pair.is_decoder else "$q$ true posterior"
        model = "$p_θ$ decoder" if pair.is_decoder else "$p_θ$ model"
        is_q_left = pair.mean_q <= pair.mean_p
        names: list[tuple[str, Role, float, bool]] = [
            (true, "signal", pair.mean_q, is_q_left),
            (model, "model", pair.mean_p, not is_q_left),
        ]
        for words, role, mean, is_left in names:
            line = RichLine(words, "label", QFont.Weight.DemiBold)
            gap = metric(10)
            x = self.x_of(mean) - gap - line.width() if is_left else self.x_of(mean) + gap
            x = min(max(x, area.left()), area.right() - line.width())
            line.paint(painter, x, round(area.top() + line.ascent()), tokens.color(role), tokens)

    def _paint_sample(self, painter: QPainter, pair: BellPair, area: QRectF) -> None:
        tokens = current_tokens()
        x = self.x_of(pair.sample)
        line = RichLine("drawn", "tick", QFont.Weight.DemiBold)
        stem = metric(20)
        painter.setPen(QPen(tokens.color("accent"), 1.5))
        painter.drawLine(QPointF(x, area.bottom() - stem), QPointF(x, area.bottom()))
        left = x + metric(6) if x + metric(8) + line.width() < area.right() else x - metric(6) - line.width()
        ground = QRectF(left - 2, area.bottom() - stem - 2, line.width() + 4, line.height())
        painter.fillRect(ground, tokens.color("field", 0.75))
        baseline = round(ground.top() + line.ascent())
        line.paint(painter, left, baseline, tokens.color("accent"), tokens)
        painter.setPen(QPen(tokens.color("field"), 1.5))
        painter.setBrush(tokens.color("accent"))
        painter.drawEllipse(QPointF(x, area.bottom()), 4.5, 4.5)

    def _paint_hint(self, painter: QPainter) -> None:
        tokens = current_tokens()
        line = RichLine(self._hint, "label")
        left = max(metric(10), (self.width() - line.width()) / 2)
        baseline = round((self.height() - line.height()) / 2 + line.ascent())
        line.paint(painter, left, baseline, tokens.color("text2"), tokens)

    def _area(self) -> QRectF:
        side, top, bottom = metric(14), metric(10), metric(26)
        return QRectF(side, top, max(10, self.width() - 2 * side), max(10, self.height() - top - bottom))
