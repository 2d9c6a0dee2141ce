"""The still part of the schedule plot: curve, ghost, grid, ticks and names, drawn by pyqtgraph and kept."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QFont, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.typography import font_generation
from diffviz.ui.widgets.curve_labels import place_label
from diffviz.ui.widgets.curve_quantity import QUANTITIES, Quantity, ValueAxis, time_ticks, value_axis
from diffviz.ui.widgets.kept_plot import KeptPlot

FloatArray = NDArray[np.float64]

_BLEED_PX = 6.0
_FILL_OPACITY, _LEFT_OPACITY = 0.10, 0.20
_HATCH_OPACITY = 0.55
_LEAST_HATCH_PX = 5.0
_MOST_POINTS = 320
_SIGNAL_WORTH_NAMING = 0.02


@dataclass(frozen=True)
class Curve:
    """One schedule on the plot: its name and its values for t = 0 … T of its own chain."""

    name: str
    values: FloatArray


class CurvePlot(KeptPlot):
    """Draws one quantity of a schedule over t, and that of a second one as a ghost."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quantity = QUANTITIES["alpha_cumprod"]
        self._curve = Curve("", np.linspace(1.0, 0.0, 1001))
        self._ghost: Curve | None = None
        self._frozen_axis: ValueAxis | None = None
        self._axis = value_axis("alpha_cumprod", self._curve.values)
        self._names: list[QRectF] = []
        self._known_times: tuple[int, int] | None = None
        self._plot_rect: tuple[tuple[int, int, int, ValueAxis], QRectF] | None = None
        self._line = pg.PlotCurveItem(antialias=True, skipFiniteCheck=True)
        self._ghost_line = pg.PlotCurveItem(antialias=True, skipFiniteCheck=True)
        self.addItem(self._ghost_line)
        self.addItem(self._line)
        self.finish()

    @property
    def quantity(self) -> Quantity:
        """The quantity shown."""
        return self._quantity

    @property
    def curve(self) -> Curve:
        """The schedule shown."""
        return self._curve

    @property
    def axis(self) -> ValueAxis:
        """Range and ticks of the values."""
        return self._axis

    @property
    def num_timesteps(self) -> int:
        """T."""
        return len(self._curve.values) - 1

    @property
    def plot_rect(self) -> QRectF:
        """Area between the axes in px of the viewport."""
        fits = (self.width(), self.height(), font_generation(), self._axis)
        if self._plot_rect is None or self._plot_rect[0] != fits:
            widest = max(RichLine(text, "tick").width() for _, text in self._axis.ticks)
            left = max(float(metric(31)), widest + metric(14))
            top, right, bottom = float(metric(13)), float(metric(13)), float(metric(24))
            width, height = self.width() - left - right, self.height() - top - bottom
            self._plot_rect = fits, QRectF(left, top, max(10.0, width), max(10.0, height))
        return QRectF(self._plot_rect[1])

    def show_curves(self, quantity: str, curve: Curve, ghost: Curve | None) -> None:
        """Draw other curves."""
        self._quantity = QUANTITIES[quantity]
        self._curve = curve
        self._ghost = ghost
        self.lay_out()

    def set_known_times(self, known: tuple[int, int] | None) -> None:
        """Mark the times outside first…last, whose noise a network was not trained at; None: none."""
        if known != self._known_times:
            self._known_times = known
            self.redraw()

    def freeze_axis(self, frozen: bool) -> None:
        """Keep the range while a point is dragged, so that the ground does not move under the pointer."""
        was_frozen = self._frozen_axis is not None
        if frozen and not was_frozen:
            self._frozen_axis = self._axis
        elif was_frozen and not frozen:
            self._frozen_axis = None
            self.lay_out()

    def position(self, t: float, value: float) -> QPointF:
        """Place of a value at a time; what is out of range, or infinite, lies on the border."""
        rect = self.plot_rect
        share = (value - self._axis.low) / (self._axis.high - self._axis.low)
        y = rect.bottom() - min(max(share, 0.0), 1.0) * rect.height()
        return QPointF(rect.left() + t / self.num_timesteps * rect.width(), y)

    def value_at(self, position: QPointF) -> tuple[float, float]:
        """Time and value under a place, beyond the axes too."""
        rect = self.plot_rect
        t = (position.x() - rect.left()) / rect.width() * self.num_timesteps
        share = (rect.bottom() - position.y()) / rect.height()
        return t, self._axis.low + share * (self._axis.high - self._axis.low)

    def curve_position(self, t: int) -> QPointF:
        """Place of the curve at a time."""
        return self.position(t, float(self._curve.values[t]))

    def label_obstacles(self) -> tuple[list[QRectF], list[QRectF]]:
        """Rectangles that names of curves keep clear of always, and where they can; for subclasses."""
        return [], []

    @override
    def lay_out(self) -> None:
        self._axis = self._frozen_axis or value_axis(self._quantity.key, self._curve.values)
        rect = self.plot_rect
        # The view reaches a little over the plot area, or its border would cut the lines that run along it.
        view = rect.adjusted(-_BLEED_PX, -_BLEED_PX, _BLEED_PX, _BLEED_PX)
        x_bleed = _BLEED_PX / rect.width() * self.num_timesteps
        y_bleed = _BLEED_PX / rect.height() * (self._axis.high - self._axis.low)
        self._dress_lines()
        self.place_view(
            view,
            (-x_bleed, self.num_timesteps + x_bleed),
            (self._axis.low - y_bleed, self._axis.high + y_bleed),
        )

    def _dress_lines(self) -> None:
        tokens = current_tokens()
        quantity = self._quantity
        width = 2.5 if quantity.role == "signal" else 2.0
        pen = pg.mkPen(tokens.color(quantity.role), width=self.pen_width(width))
        times, values = self._sampled(self._curve)
        options: dict[str, Any] = {"pen": pen, "fillLevel": None, "brush": None}
        if quantity.key == "alpha_cumprod":
            options.update(fillLevel=0.0, brush=tokens.color("signal", _FILL_OPACITY))
        self._line.setData(times, values, **options)
        if self._ghost is None:
            self._ghost_line.clear()
            return
        ghost_pen = pg.mkPen(tokens.color("text3"), width=self.pen_width(1.5))
        ghost_pen.setDashPattern([4 / 1.5, 4 / 1.5])
        ghost_pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        self._ghost_line.setData(*self._sampled(self._ghost), pen=ghost_pen)

    def _sampled(self, curve: Curve) -> tuple[FloatArray, FloatArray]:
        """Times and finite values to draw, thinned without losing a peak."""
        count = len(curve.values)
        times: FloatArray = np.arange(count, dtype=np.float64) * (self.num_timesteps / (count - 1))
        far = 3 * (self._axis.high - self._axis.low)
        finite = np.where(np.isfinite(curve.values), curve.values, 0.0)
        values: FloatArray = np.clip(finite, self._axis.low - far, self._axis.high + far)
        values[np.isposinf(curve.values)] = self._axis.high
        values[np.isneginf(curve.values)] = self._axis.low
        if self._quantity.key == "beta":
            # There is no step 0; its β of 0 would be a cliff at the axis.
            values[0] = values[1]
        if count <= _MOST_POINTS:
            return times, values
        size = -(-count // (_MOST_POINTS // 2))
        rows = np.pad(values, (0, -count % size), mode="edge").reshape(-1, size)
        firsts = np.arange(len(rows)) * size
        kept = np.concatenate(([0], firsts + rows.argmin(axis=1), firsts + rows.argmax(axis=1), [count - 1]))
        # Not np.unique: it would load all of numpy.ma, a twentieth of the time that the window takes to open.
        order = np.sort(np.minimum(kept, count - 1))
        order = order[np.flatnonzero(np.diff(order, prepend=-1))]
        return times[order], values[order]

    # -- the kept picture ---------------------------------------------------------------------

    @override
    def paint_below(self, painter: QPainter) -> None:
        self._paint_unknown(painter)
        self._paint_grid(painter)
        self._names = self._paint_signal_left(painter)

    @override
    def paint_over(self, painter: QPainter) -> None:
        self._paint_infinities(painter)
        self._paint_names(painter)

    def _paint_grid(self, painter: QPainter) -> None:
        tokens = current_tokens()
        rect = self.plot_rect
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(tokens.color("line"), 1.0))
        for place in self._axis.grid:
            y = round(self.position(0, place).y())
            painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = tokens.color("text3")
        for value, text in self._axis.ticks:
            line = RichLine(text, "tick", tabular=True)
            baseline = round(self.position(0, value).y() - line.height() / 2 + line.ascent())
            line.paint(painter, rect.left() - metric(8) - line.width(), baseline, ink, tokens)
        for t in time_ticks(self.num_timesteps):
            line = RichLine(str(t), "tick", tabular=True)
            x = self.position(t, 0.0).x() - line.width() / 2
            x = min(max(x, rect.left() - 2), self.width() - metric(6) - line.width())
            line.paint(painter, x, round(rect.bottom() + metric(5) + line.ascent()), ink, tokens)

    def _paint_unknown(self, painter: QPainter) -> None:
        """Hatch the times at which the network is told another noise level than there is."""
        if self._known_times is None:
            return
        rect = self.plot_rect
        first, last = (self.position(t, 0.0).x() for t in self._known_times)
        hatch = QBrush(current_tokens().color("warn", _HATCH_OPACITY), Qt.BrushStyle.BDiagPattern)
        # At least wide enough to be seen: with 1000 steps one of them is a fraction of a px.
        if self._known_times[0] > 1:
            right = max(first, rect.left() + _LEAST_HATCH_PX)
            painter.fillRect(QRectF(rect.left(), rect.top(), right - rect.left(), rect.height()), hatch)
        if self._known_times[1] < self.num_timesteps:
            left = min(last, rect.right() - _LEAST_HATCH_PX)
            painter.fillRect(QRectF(left, rect.top(), rect.right() - left, rect.height()), hatch)

    def _paint_signal_left(self, painter: QPainter) -> list[QRectF]:
        """Mark signal that the chain never removes; returns what its words cover."""
        left = float(self._curve.values[-1])
        if self._quantity.key != "alpha_cumprod" or left < _SIGNAL_WORTH_NAMING:
            return []
        tokens = current_tokens()
        rect = self.plot_rect
        top = self.position(0, left).y()
        band = QRectF(rect.left(), top, rect.width(), rect.bottom() - top)
        painter.fillRect(band, tokens.color("signal", _LEFT_OPACITY))
        line = RichLine(f"never removed: $ᾱ$(T) = {left:.3f}", "label", QFont.Weight.DemiBold)
        inside = band.height() > line.height() + 4
        y = rect.bottom() - line.height() - 3 if inside else top - line.height() - 3
        words = QRectF(rect.left() + metric(7), y, line.width(), line.height())
        line.paint(painter, words.left(), words.top() + line.ascent(), tokens.color("signal"), tokens)
        return [words]

    def _paint_infinities(self, painter: QPainter) -> None:
        """Arrow heads where the curve runs along the border because its values are infinite."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current_tokens().color(self._quantity.role))
        for sign in (1, -1):
            infinite = np.flatnonzero(np.isinf(self._curve.values) & (np.sign(self._curve.values) == sign))
            if not infinite.size:
                continue
            runs = np.split(infinite, np.flatnonzero(np.diff(infinite) > 1) + 1)
            for run in runs:
                for t in {int(run[0]), int(run[run.size // 2]), int(run[-1])}:
                    tip = self.position(t, sign * np.inf) - QPointF(0, 5.0 * sign)
                    base = tip.y() + 7.0 * sign
                    painter.drawPolygon(
                        QPolygonF([tip, QPointF(tip.x() - 4.5, base), QPointF(tip.x() + 4.5, base)])
                    )

    def _paint_names(self, painter: QPainter) -> None:
        tokens = current_tokens()
        rect = self.plot_rect
        hard, soft = self.label_obstacles()
        curve_heights = self._heights(self._curve)
        ghost_heights = [self._heights(self._ghost)] if self._ghost is not None else []
        jobs: list[tuple[Curve, Role, QFont.Weight, float]] = [
            (self._curve, self._quantity.role, QFont.Weight.DemiBold, 0.2)
        ]
        if self._ghost is not None:
            jobs.append((self._ghost, "text3", QFont.Weight.Normal, 0.7))
        for curve, role, weight, preferred in jobs:
            line = RichLine(curve.name, "label", weight)
            is_ghost = curve is self._ghost
            own = ghost_heights[0] if is_ghost else curve_heights
            others = [curve_heights] if is_ghost else ghost_heights
            size = QSizeF(line.width(), line.height())
            taken = [*hard, *self._names]
            spot = place_label(size, own, others, rect, [*taken, *soft], preferred)
            spot = spot or place_label(size, own, others, rect, taken, preferred)
            if spot is not None:
                line.paint(painter, spot.left(), spot.top() + line.ascent(), tokens.color(role), tokens)
                self._names.append(spot)

    def _heights(self, curve: Curve) -> FloatArray:
        """Height of a curve in px at every whole px across the plot."""
        rect = self.plot_rect
        times, values = self._sampled(curve)
        at = np.arange(int(rect.width()) + 2) / rect.width() * self.num_timesteps
        share = (np.interp(at, times, values) - self._axis.low) / (self._axis.high - self._axis.low)
        return np.asarray(rect.bottom() - np.clip(share, 0.0, 1.0) * rect.height())
