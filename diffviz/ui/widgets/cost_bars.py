"""What every stretch of the chain costs in bits per dimension, as bars from the image to the noise."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.log_axis import linear_levels, log_levels, number_words
from diffviz.ui.widgets.plot_frame import paint_below, paint_levels, paint_well

FloatArray = NDArray[np.float64]
_MOST_BARS = 50
_MOST_DECADES = 6.0
_LOWEST = 1e-9
_DIM = 0.55
_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class CostBars(QWidget):
    """
    One bar for L_0, one for each stretch of steps, one for L_T, and the running sum from the noise on.

    Signals
    -------
    timestep_requested(int)
        The user clicked at this t, or went there by the arrow keys.
    """

    timestep_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._costs: FloatArray = np.full(1001, np.nan)
        self._is_log = True
        self._bars = self._summed()
        self._range = self._fitting_range()
        self._t = 0
        self._hint = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty(RING_PROPERTY, 8)
        self.setToolTip("Click a bar, or Tab and arrow keys: go to its t")
        self.chart = Chart(self, "Where the bits go", self._table)
        self._tell_readers()

    def _table(self) -> Table:
        if np.isnan(self._costs[1:]).all():
            return {"t": [], "bits per dimension": []}
        times = np.arange(1, self.num_timesteps + 1)
        running = np.cumsum(self._costs[:0:-1])[::-1] + self._costs[0]
        return {"t": times, "bits per dimension": self._costs[1:], "running sum with L_T": running}

    @property
    def steps_per_bar(self) -> int:
        """How many steps a bar stands for."""
        return max(1, -(-(self.num_timesteps - 1) // _MOST_BARS))

    @property
    def num_timesteps(self) -> int:
        """T."""
        return len(self._costs) - 1

    @property
    def bars(self) -> FloatArray:
        """Bits per dimension of L_0, of every stretch and of L_T; NaN where not all is known yet."""
        return self._bars

    @property
    def running_sum(self) -> FloatArray:
        """Bits per dimension of each bar and all nearer to the noise; NaN where not all is known."""
        return np.asarray(np.cumsum(self._bars[::-1])[::-1])

    def set_costs(self, costs: FloatArray) -> None:
        """
        Show other costs.

        Parameters
        ----------
        costs
            Bits per dimension of the term of each t, shape (T+1,): L_T at [0], L_0 at [1], L_{t−1} at [t];
            NaN where it is not known yet.
        """
        self._costs = costs
        self._bars = self._summed()
        self._range = self._fitting_range()
        self._tell_readers()
        self.update()

    def set_log(self, is_log: bool) -> None:
        """Draw on a log scale, or a linear one."""
        self._is_log = is_log
        self._range = self._fitting_range()
        self.update()

    def set_t(self, t: int) -> None:
        """Mark a time."""
        if t != self._t:
            self._t = t
            self.update()

    def set_hint(self, sentence: str) -> None:
        """Say what will stand here while nothing is known."""
        self._hint = sentence
        self.update()

    def bar_of(self, t: int) -> int:
        """Index of the bar that a time of 1…T belongs to."""
        return 0 if t <= 1 else 1 + (t - 2) // self.steps_per_bar

    def times_of(self, bar: int) -> tuple[int, int]:
        """First and last time of a bar; (0, 0) for L_T."""
        if bar == 0:
            return 1, 1
        if bar >= len(self.bars) - 1:
            return 0, 0
        first = 2 + (bar - 1) * self.steps_per_bar
        return first, min(first + self.steps_per_bar - 1, self.num_timesteps)

    def x_of(self, t: int) -> float:
        """Place of a time in px: within its bar as far as it is within its stretch."""
        if t <= 1:
            return self._slot(0).left() + (0.5 * t * self._pitch())
        within = (t - 2 - (self.bar_of(t) - 1) * self.steps_per_bar + 0.5) / self.steps_per_bar
        return self._slot(self.bar_of(t)).left() + within * self._pitch()

    def bar_rect(self, bar: int) -> QRectF:
        """Where a bar is drawn; without height where it is not known."""
        slot, top = self._slot(bar), float(self._ys(self.bars)[bar])
        gap = min(2.0, 0.2 * slot.width())
        return QRectF(slot.left(), top, slot.width() - gap, slot.bottom() - top)

    @override
    def sizeHint(self) -> QSize:
        return QSize(600, metric(120))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(180), metric(110))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._ask(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._ask(event)

    def _ask(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        place = (event.position().x() - self._area().left()) / self._pitch()
        bar = min(max(int(place), 0), len(self.bars) - 2)
        first, last = self.times_of(bar)
        within = min(max(place - bar, 0.0), 1.0)
        self.timestep_requested.emit(min(first + int(within * self.steps_per_bar), last))

    @override
    def event(self, event: QEvent) -> bool:
        # Arrow keys are shortcuts of the timeline; here, under the keyboard, they go from bar to bar.
        is_wish = event.type() == QEvent.Type.ShortcutOverride
        if is_wish and isinstance(event, QKeyEvent) and Qt.Key(event.key()) in _KEYS:
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _KEYS:
            bar = min(max(self.bar_of(max(self._t, 1)) + _KEYS[key], 0), len(self.bars) - 2)
            first, last = self.times_of(bar)
            self.timestep_requested.emit((first + last) // 2)
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_well(painter, QRectF(self.rect()))
        area, bars = self._area(), self.bars
        low, high = self._range
        levels = (log_levels if self._is_log else linear_levels)(low, high)
        paint_levels(painter, area, [(self._y(value), words) for value, words in levels])
        paint_below(painter, area, self._places())
        here = self.bar_of(self._t) if self._t > 0 else -1
        pitch, last = self._pitch(), len(bars) - 1
        width = pitch - min(2.0, 0.2 * pitch)
        for bar, top in enumerate(self._ys(bars).tolist()):
            role: Role = "signal" if bar == 0 else "noise" if bar == last else "model"
            color = current_tokens().color(role, 1.0 if bar == here else _DIM)
            painter.fillRect(QRectF(area.left() + bar * pitch, top, width, area.bottom() - top), color)
        if np.isnan(self._costs[1:]).all():
            self._paint_words(painter, self._hint, area.center().x(), area.center().y(), "text2")
            return
        spot = self._paint_running_sum(painter, area)
        self._paint_now(painter, area, here, spot)

    def _paint_running_sum(self, painter: QPainter, area: QRectF) -> QRectF | None:
        """Draw what all has cost from the noise down to each t; returns where its name stands."""
        running = self.running_sum
        known = np.flatnonzero(np.isfinite(running))
        if known.size < 2:
            return None
        tokens = current_tokens()
        pitch, points = self._pitch(), []
        for bar, y in zip(known.tolist(), self._ys(running[known]).tolist(), strict=True):
            left = area.left() + bar * pitch
            points += [QPointF(left, y), QPointF(left + pitch, y)]
        painter.setPen(QPen(tokens.color("text2"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        middle = int(known[int(0.62 * (known.size - 1))])
        y = self._y(float(running[middle])) - 0.8 * RichLine("0", "label").height()
        x = self._slot(middle).center().x()
        return self._paint_words(painter, "running sum from the noise", x, max(y, area.top()), "text2")

    def _paint_now(self, painter: QPainter, area: QRectF, here: int, taken: QRectF | None) -> None:
        tokens = current_tokens()
        x = self.x_of(self._t)
        painter.setPen(QPen(tokens.color("accent"), 1.5))
        painter.drawLine(QPointF(x, area.top() - metric(4)), QPointF(x, area.bottom()))
        value = float(self.bars[here]) if here >= 0 else math.nan
        words = f"$t$ {self._t}" + (f" · {bits_words(value)} bits/dim" if math.isfinite(value) else "")
        line = RichLine(words, "label", QFont.Weight.DemiBold, tabular=True)
        left = x + metric(6) if x + metric(12) + line.width() < area.right() else x - metric(6) - line.width()
        y = area.top() + line.height() / 2 - metric(4)
        spot = QRectF(left, y - line.height() / 2, line.width(), line.height())
        if taken is not None and taken.intersects(spot):
            y = taken.bottom() + line.height() / 2
        self._paint_words(painter, words, left + line.width() / 2, y, "accent")

    def _paint_words(self, painter: QPainter, words: str, x: float, y: float, role: Role) -> QRectF:
        tokens = current_tokens()
        line = RichLine(words, "label", QFont.Weight.DemiBold, tabular=True)
        left = min(max(x - line.width() / 2, metric(6)), self.width() - metric(6) - line.width())
        ground = QRectF(left - 3, y - line.height() / 2, line.width() + 6, line.height())
        painter.fillRect(ground, tokens.color("field", 0.75))
        line.paint(painter, left, round(ground.top() + line.ascent()), tokens.color(role), tokens)
        return ground

    def _places(self) -> list[tuple[float, str]]:
        """Words below: L_0, round times, L_T."""
        total = self.num_timesteps
        step = max(1, round(total / 4))
        middles = [(self.x_of(t), str(t)) for t in range(step, total - step // 2, step)]
        ends = [(self._slot(0).center().x(), "$L_0$ · image"), (self._slot(-1).center().x(), "noise · $L_T$")]
        return [ends[0], *middles, ends[1]]

    def _summed(self) -> FloatArray:
        steps = self._costs[2:]
        size = self.steps_per_bar
        sums = np.pad(steps, (0, -len(steps) % size)).reshape(-1, size).sum(axis=1)
        return np.concatenate((self._costs[1:2], sums, self._costs[:1]))

    def _fitting_range(self) -> tuple[float, float]:
        known = np.concatenate((self.bars, self.running_sum))
        known = known[np.isfinite(known) & (known > _LOWEST)]
        if not known.size:
            return (1e-4, 1.0) if self._is_log else (0.0, 1.0)
        high = float(known.max()) * (2.2 if self._is_log else 1.15)
        if not self._is_log:
            return 0.0, high
        steps = self.bars[:-1]
        steps = steps[np.isfinite(steps) & (steps > _LOWEST)]
        low = float(steps.min()) / 2.0 if steps.size else high / 100.0
        return max(min(low, high / 30.0), high / 10.0**_MOST_DECADES), high

    def _y(self, value: float) -> float:
        return float(self._ys(np.array([value]))[0])

    def _ys(self, values: FloatArray) -> FloatArray:
        """Heights in px, those of unknown values at the bottom."""
        low, high = self._range
        area = self._area()
        known = np.where(np.isfinite(values), values, 0.0)
        if self._is_log:
            shares = np.log(np.maximum(known, low) / low) / math.log(high / low)
        else:
            shares = known / high
        return np.asarray(area.bottom() - np.clip(shares, 0.0, 1.0) * area.height())

    def _area(self) -> QRectF:
        left, top, right, bottom = metric(46), metric(16), metric(16), metric(26)
        return QRectF(left, top, max(10, self.width() - left - right), max(10, self.height() - top - bottom))

    def _pitch(self) -> float:
        return self._area().width() / len(self.bars)

    def _slot(self, bar: int) -> QRectF:
        area, pitch = self._area(), self._pitch()
        index = bar % len(self.bars)
        return QRectF(area.left() + index * pitch, area.top(), pitch, area.height())

    def _tell_readers(self) -> None:
        known = np.isfinite(self._costs[1:])
        words = "Where the bits go, nothing known yet"
        if known.any():
            words = f"Where the bits go: {bits_words(float(np.nansum(self._costs)))} bits per dimension"
            words += "" if known.all() else f" in {known.sum()} of {self.num_timesteps} terms"
        self.setAccessibleName(words)


def bits_words(bits: float) -> str:
    """Bits with as many digits as mean something, "< 10⁻⁸" where there are hardly any."""
    if not math.isfinite(bits):
        return "∞" if bits > 0 else "–"
    if abs(bits) < 1e-8:
        return "< 10⁻⁸" if bits != 0.0 else "0"
    if abs(bits) >= 1e-3:
        return f"{bits:.4f}" if abs(bits) < 1.0 else f"{bits:.3f}" if abs(bits) < 100.0 else f"{bits:,.0f}"
    return number_words(bits)
