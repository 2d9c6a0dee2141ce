"""The loss of a training run: every batch, smoothed, and the floor that no network can go below."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.plot_frame import paint_below, paint_levels, paint_well

FloatArray = NDArray[np.float64]
_RAW_OPACITY, _DENSE_OPACITY = 0.8, 0.45
_LEAST_SPAN = 1.15
_FEWEST_LEVELS = 3
_FAR = 1e6
_KEYS = {Qt.Key.Key_Left: -0.01, Qt.Key.Key_Right: 0.01}


class LossPlot(QWidget):
    """
    Loss over steps on a log scale; it is painted directly, because it is new with every step.

    Signals
    -------
    step_requested(int)
        The user clicked at this step, or went to it by the arrow keys.
    """

    step_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, name: str = "Loss over steps") -> None:
        super().__init__(parent)
        self._loss: FloatArray = np.empty(0)
        self._smoothed: FloatArray = np.empty(0)
        self._floor: float | None = None
        self._floor_words = ""
        self._now: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty(RING_PROPERTY, 8)
        self.setToolTip("Click, or Tab and arrow keys: the sheet of samples nearest to a step")
        self.chart = Chart(self, name, self._table)
        self._tell_readers()

    def _table(self) -> Table:
        steps = np.arange(1, self.num_steps + 1)
        losses = {"step": steps, "loss": self._loss, "smoothed": self._smoothed}
        return losses if self._floor is None else losses | {"floor": np.full(self.num_steps, self._floor)}

    @property
    def floor(self) -> float | None:
        """Height of the floor; None while it is not known."""
        return self._floor

    @property
    def num_steps(self) -> int:
        """How many steps are shown."""
        return len(self._loss)

    def set_losses(self, loss: FloatArray, smoothed: FloatArray) -> None:
        """Show the losses of steps 1, 2, …; of equal length."""
        self._loss, self._smoothed = loss, smoothed
        self._tell_readers()
        self.update()

    def set_floor(self, floor: float | None, words: str = "") -> None:
        """Draw the floor with words on it; None: it is not known."""
        self._floor, self._floor_words = floor, words
        self._tell_readers()
        self.update()

    def set_now(self, step: int | None) -> None:
        """Mark the step that is looked at; None: no mark."""
        if step != self._now:
            self._now = step
            self.update()

    def x_of(self, step: float) -> float:
        """Place of a step in px."""
        area = self._area()
        return area.left() + step / max(1, self.num_steps) * area.width()

    def y_of(self, loss: float) -> float:
        """Place of a loss in px; what is out of range lies on the border."""
        low, high = self._range()
        area = self._area()
        value = math.log10(min(max(loss, 1.0 / _FAR), _FAR)) if math.isfinite(loss) else high
        return area.bottom() - min(max((value - low) / (high - low), 0.0), 1.0) * area.height()

    @override
    def sizeHint(self) -> QSize:
        return QSize(600, metric(198))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(240, metric(112))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.num_steps:
            self._ask(event.position().x())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.num_steps:
            self._ask(event.position().x())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _KEYS and self.num_steps:
            now = self.num_steps if self._now is None else self._now
            share = _KEYS[key] * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            step = now + (math.ceil if share > 0 else math.floor)(share * self.num_steps)
            self.step_requested.emit(min(max(step, 0), self.num_steps))
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        tokens = current_tokens()
        paint_well(painter, QRectF(self.rect()))
        area = self._area()
        low, high = self._range()
        paint_levels(painter, area, [(self.y_of(v), words) for v, words in _levels(low, high)])
        if not self.num_steps:
            words = "The loss appears here, one point for every step"
            self._paint_words(painter, words, area.center(), "text2")
            return
        paint_below(painter, area, [(self.x_of(step), words) for step, words in _steps(self.num_steps)])
        is_dense = self.num_steps > area.width()
        painter.setPen(QPen(tokens.color("noise", _DENSE_OPACITY if is_dense else _RAW_OPACITY), 1.0))
        painter.drawPolyline(self._line(self._loss, keeps_peaks=True))
        if self._floor is not None:
            pen = QPen(tokens.color("signal"), 1.5, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            y = self.y_of(self._floor)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        pen = QPen(tokens.color("model"), 2.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(self._line(self._smoothed, keeps_peaks=False))
        self._paint_names(painter, area)
        self._paint_now(painter, area)

    def _paint_names(self, painter: QPainter, area: QRectF) -> None:
        height = RichLine("0", "label").height()
        middle = self._smoothed[len(self._smoothed) * 45 // 100]
        top = float(np.max(self._loss[len(self._loss) * 35 // 100 : len(self._loss) * 55 // 100 + 1]))
        above = max(area.top() + height / 2, self.y_of(top) - height)
        self._paint_words(painter, "each batch", QPointF(area.left() + 0.45 * area.width(), above), "noise")
        y = self.y_of(float(middle))
        floor_y = None if self._floor is None else self.y_of(self._floor)
        below = y + 1.3 * height
        if floor_y is None or floor_y - below > height:
            spot = QPointF(area.left() + 0.7 * area.width(), min(below, area.bottom() - height / 2))
            self._paint_words(painter, "smoothed", spot, "model")
        if floor_y is not None:
            line = RichLine(self._floor_words, "label", QFont.Weight.DemiBold)
            under = floor_y + 0.65 * height + 2
            spot_y = under if under + height / 2 < area.bottom() else floor_y - 0.65 * height - 2
            left = area.left() + metric(6) + line.width() / 2
            self._paint_words(painter, self._floor_words, QPointF(left, spot_y), "signal")

    def _paint_words(self, painter: QPainter, words: str, center: QPointF, role: Role) -> None:
        tokens = current_tokens()
        line = RichLine(words, "label", QFont.Weight.DemiBold)
        if line.width() > self.width() - metric(60):
            return
        top = center.y() - line.height() / 2
        ground = QRectF(center.x() - line.width() / 2 - 3, top, line.width() + 6, line.height())
        painter.fillRect(ground, tokens.color("field", 0.8))
        line.paint(painter, ground.left() + 3, round(top + line.ascent()), tokens.color(role), tokens)

    def _paint_now(self, painter: QPainter, area: QRectF) -> None:
        if self._now is None or not 0 <= self._now <= self.num_steps:
            return
        tokens = current_tokens()
        x = self.x_of(self._now)
        painter.setPen(QPen(tokens.color("accent"), 1.5))
        painter.drawLine(QPointF(x, area.top() - metric(4)), QPointF(x, area.bottom()))
        y = self.y_of(float(self._smoothed[max(0, self._now - 1)]))
        painter.setPen(QPen(tokens.color("field"), 1.5))
        painter.setBrush(tokens.color("accent"))
        painter.drawEllipse(QPointF(x, y), 4.5, 4.5)

    def _line(self, values: FloatArray, *, keeps_peaks: bool) -> QPolygonF:
        """Points of a curve, at most two for each px across."""
        steps, shown = _thinned(values, max(2, round(self._area().width())), keeps_peaks=keeps_peaks)
        low, high = self._range()
        area = self._area()
        logs = np.log10(np.clip(np.nan_to_num(shown, nan=_FAR, posinf=_FAR), 1.0 / _FAR, _FAR))
        ys = area.bottom() - np.clip((logs - low) / (high - low), 0.0, 1.0) * area.height()
        xs = area.left() + steps / max(1, self.num_steps) * area.width()
        return QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist())])

    def _range(self) -> tuple[float, float]:
        """Decimal logarithms of the lowest and the highest loss that are shown."""
        shown = self._smoothed[np.isfinite(self._smoothed) & (self._smoothed > 0)]
        low, high = (float(shown.min()), float(shown.max())) if shown.size else (0.03, 1.0)
        if self._floor is not None and self._floor > 0:
            low = min(low, self._floor)
        raw = self._loss[np.isfinite(self._loss) & (self._loss > 0)]
        if raw.size:
            high = max(high, float(np.quantile(raw, 0.995)))
            low = min(low, float(np.quantile(raw, 0.02)))
        room = max(high / low, _LEAST_SPAN) ** 0.12
        return math.log10(low / room), math.log10(max(high, low * _LEAST_SPAN) * room)

    def _area(self) -> QRectF:
        left, top, right, bottom = metric(48), metric(14), metric(18), metric(26)
        return QRectF(left, top, max(10, self.width() - left - right), max(10, self.height() - top - bottom))

    def _ask(self, x: float) -> None:
        area = self._area()
        share = min(max((x - area.left()) / area.width(), 0.0), 1.0)
        self.step_requested.emit(round(share * self.num_steps))

    def _tell_readers(self) -> None:
        words = "Loss, no step yet"
        if self.num_steps:
            words = f"Loss after {self.num_steps} steps, smoothed {float(self._smoothed[-1]):.4f}"
        if self._floor is not None:
            words += f", floor {self._floor:.4f}"
        self.setAccessibleName(words)


def _thinned(values: FloatArray, columns: int, *, keeps_peaks: bool) -> tuple[FloatArray, FloatArray]:
    """Steps from 1 on and values; in long runs lowest and highest, or last, of each column of px."""
    count = len(values)
    if count <= 2 * columns:
        return np.arange(1, count + 1, dtype=np.float64), values
    size = -(-count // columns)
    rows = np.pad(values, (0, -count % size), mode="edge").reshape(-1, size)
    firsts = np.arange(len(rows)) * size
    if keeps_peaks:
        order = np.sort(np.concatenate((firsts + rows.argmin(axis=1), firsts + rows.argmax(axis=1))))
    else:
        order = firsts + size - 1
    order = np.minimum(order, count - 1)
    return order + 1.0, values[order]


def _levels(low: float, high: float) -> list[tuple[float, str]]:
    """Losses to draw lines at: round ones, as few as tell the scale."""
    for factors in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)):
        decades = range(math.floor(low), math.ceil(high) + 1)
        values = [factor * 10.0**exponent for exponent in decades for factor in factors]
        inside = [value for value in values if low <= math.log10(value) <= high]
        if len(inside) >= _FEWEST_LEVELS:
            return [(value, f"{value:g}") for value in inside]
    bottom, top = 10.0**low, 10.0**high
    step = 10.0 ** math.floor(math.log10((top - bottom) / 2))
    count = int((top - bottom) / step)
    step *= 1 if count <= 4 else 2 if count <= 8 else 5
    first = math.ceil(bottom / step)
    return [(k * step, f"{k * step:.4g}") for k in range(first, math.floor(top / step) + 1)]


def _steps(count: int) -> list[tuple[float, str]]:
    """Steps to write under the plot."""
    size = 10 ** math.floor(math.log10(max(1, count)))
    size = next(part for part in (size // 2, size, 2 * size, 5 * size) if part and count / part <= 5)
    return [(0, "step 0"), *((step, f"{step:,}") for step in range(size, count + 1, size))]
