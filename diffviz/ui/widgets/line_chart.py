"""Several curves over one axis, on a log or a linear scale, with their names on them and a mark for now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.theme import Role, colours_for_print, current_tokens, metric
from diffviz.ui.typography import font_generation
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.curve_labels import place_label
from diffviz.ui.widgets.log_axis import linear_levels, log_levels
from diffviz.ui.widgets.plot_frame import paint_below, paint_levels, paint_well

FloatArray = NDArray[np.float64]
Dash: TypeAlias = Literal["solid", "dash", "dot"]
_DASHES: dict[Dash, list[float] | None] = {"solid": None, "dash": [4.0, 3.0], "dot": [1.2, 2.4]}
_ROOM = 0.06
_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


@dataclass(frozen=True, eq=False)
class Series:
    """One curve: name with the markup of ``rich_line``, colour, places, values, and how it is drawn.

    ``preferred`` is the share of the width where the name would best be, 0 to 1.
    """

    name: str
    role: Role
    xs: FloatArray
    ys: FloatArray
    dash: Dash = "solid"
    width: float = 2.0
    preferred: float = 0.5
    has_points: bool = False


@dataclass(frozen=True)
class ChartAxes:
    """Ranges and scales; ``x_ticks`` are places with words."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_ticks: tuple[tuple[float, str], ...] = ()
    log_x: bool = False
    log_y: bool = True


class LineChart(QWidget):
    """
    Curves in a well.

    Parameters
    ----------
    name
        What the chart shows, for screen readers.
    tooltip
        What can be done with it.

    Signals
    -------
    place_requested(float)
        The user clicked at this place of the axis, or went there by the arrow keys.
    """

    place_requested = Signal(float)

    def __init__(self, name: str, tooltip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._series: tuple[Series, ...] = ()
        self._axes = ChartAxes((0.0, 1.0), (0.1, 1.0))
        self._now: float | None = None
        self._hint = ""
        self._kept: tuple[object, QPixmap] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if tooltip else Qt.FocusPolicy.NoFocus)
        self.setProperty(RING_PROPERTY, 8)
        self.setToolTip(tooltip or name)
        self.setAccessibleName(name)
        self.chart = Chart(self, name, self._table)

    def _table(self) -> Table:
        columns: dict[str, FloatArray] = {}
        places: FloatArray | None = None
        for series in self._series:
            name = plain_text(series.name)
            if places is None or not np.array_equal(places, series.xs):
                head = f"x of {name}" if columns else "x"
                columns[head] = places = series.xs
            columns[name] = series.ys
        return columns

    @property
    def series(self) -> tuple[Series, ...]:
        """The curves shown."""
        return self._series

    @property
    def axes(self) -> ChartAxes:
        """Ranges and scales."""
        return self._axes

    def show_series(self, series: Sequence[Series], axes: ChartAxes, summary: str = "") -> None:
        """Draw other curves; the summary is added to the name for screen readers."""
        self._series, self._axes = tuple(series), axes
        self.setAccessibleName(f"{self._name}. {summary}" if summary else self._name)
        self.update()

    def set_hint(self, sentence: str) -> None:
        """Say what will stand here while there are no curves."""
        self._hint = sentence
        self.update()

    def set_now(self, place: float | None) -> None:
        """Mark a place of the axis; None: no mark."""
        if place != self._now:
            self._now = place
            self.update()

    def position(self, x: float, y: float) -> QPointF:
        """Place of a point in px; values out of range lie on the border."""
        area = self.plot_rect
        across = float(self._shares(np.array([x]), self._axes.x_range, self._axes.log_x)[0])
        up = float(self._shares(np.array([y]), self._axes.y_range, self._axes.log_y)[0])
        return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height())

    @property
    def plot_rect(self) -> QRectF:
        """Area between the axes in px."""
        left, top, right, bottom = metric(46), metric(14), metric(16), metric(26)
        return QRectF(left, top, max(10, self.width() - left - right), max(10, self.height() - top - bottom))

    @override
    def sizeHint(self) -> QSize:
        return QSize(360, metric(140))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(180), metric(130))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._ask(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._ask(event)

    def _ask(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton or not self._series or not self.toolTip():
            return
        area = self.plot_rect
        share = min(max((event.position().x() - area.left()) / area.width(), 0.0), 1.0)
        low, high = self._axes.x_range
        if self._axes.log_x:
            self.place_requested.emit(low * (high / low) ** share)
        else:
            self.place_requested.emit(low + share * (high - low))

    @override
    def event(self, event: QEvent) -> bool:
        # Arrow keys are shortcuts of the timeline; here, under the keyboard, they are the chart's.
        is_wish = event.type() == QEvent.Type.ShortcutOverride and self._now is not None
        if is_wish and isinstance(event, QKeyEvent) and Qt.Key(event.key()) in _KEYS:
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key not in _KEYS or self._now is None:
            super().keyPressEvent(event)
            return
        stride = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        low, high = self._axes.x_range
        self.place_requested.emit(min(max(self._now + _KEYS[key] * stride, low), high))

    def print_on(self, painter: QPainter) -> None:
        """Draw everything anew, in colours for paper."""
        with colours_for_print():
            self._paint_still(painter)
            if self._series:
                self._paint_now(painter, self.plot_rect)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        # What stands still is kept as pixels: while a person scrubs only the mark for now moves.
        ratio = self.devicePixelRatioF()
        looks = (
            self._series,
            self._axes,
            self._hint,
            self.size(),
            ratio,
            current_tokens(),
            font_generation(),
        )
        if self._kept is None or self._kept[0] != looks:
            pixels = QPixmap(self.size() * ratio)
            pixels.setDevicePixelRatio(ratio)
            pixels.fill(Qt.GlobalColor.transparent)
            with QPainter(pixels) as still:
                self._paint_still(still)
            self._kept = looks, pixels
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._kept[1])
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._series:
                self._paint_now(painter, self.plot_rect)

    def _paint_still(self, painter: QPainter) -> None:
        paint_well(painter, QRectF(self.rect()))
        if not self._series:
            self._paint_hint(painter)
            return
        area, axes = self.plot_rect, self._axes
        levels = (log_levels if axes.log_y else linear_levels)(*axes.y_range)
        paint_levels(painter, area, [(self.position(axes.x_range[0], y).y(), words) for y, words in levels])
        paint_below(
            painter, area, [(self.position(x, axes.y_range[0]).x(), words) for x, words in axes.x_ticks]
        )
        painter.save()
        painter.setClipRect(area.adjusted(-2, -3, 2, 3))
        for series in self._series:
            self._paint_curve(painter, series)
        painter.restore()
        self._paint_names(painter, area)

    def _paint_hint(self, painter: QPainter) -> None:
        tokens = current_tokens()
        line = RichLine(self._hint, "label")
        left = max(metric(10), (self.width() - line.width()) / 2)
        baseline = round((self.height() - line.height()) / 2 + line.ascent())
        line.paint(painter, left, baseline, tokens.color("text2"), tokens)

    def _paint_curve(self, painter: QPainter, series: Series) -> None:
        pen = QPen(current_tokens().color(series.role), series.width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        dashes = _DASHES[series.dash]
        if dashes is not None:
            pen.setDashPattern(dashes)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        xs, ys = self._pixels(series)
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist())]
        painter.drawPolyline(QPolygonF(points))
        if series.has_points:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current_tokens().color(series.role))
            for point in points:
                painter.drawEllipse(point, 2.5, 2.5)

    def _paint_names(self, painter: QPainter, area: QRectF) -> None:
        tokens = current_tokens()
        at = area.left() + np.arange(int(area.width()) + 2)
        heights = [np.interp(at, *self._pixels(series)) for series in self._series]
        taken: list[QRectF] = []
        for index, series in enumerate(self._series):
            line = RichLine(series.name, "label", QFont.Weight.DemiBold)
            others = heights[:index] + heights[index + 1 :]
            size = QSizeF(line.width(), line.height())
            spot = place_label(size, heights[index], others, area, taken, series.preferred)
            if spot is not None:
                line.paint(
                    painter, spot.left(), spot.top() + line.ascent(), tokens.color(series.role), tokens
                )
                taken.append(spot)

    def _paint_now(self, painter: QPainter, area: QRectF) -> None:
        if self._now is None:
            return
        tokens = current_tokens()
        x = self.position(self._now, self._axes.y_range[0]).x()
        painter.setPen(QPen(tokens.color("accent"), 1.5))
        painter.drawLine(QPointF(x, area.top() - metric(4)), QPointF(x, area.bottom()))
        painter.setPen(QPen(tokens.color("field"), 1.5))
        painter.setBrush(tokens.color("accent"))
        for series in self._series:
            y = float(np.interp(x, *self._pixels(series)))
            painter.drawEllipse(QPointF(x, y), 3.5, 3.5)

    def _pixels(self, series: Series) -> tuple[FloatArray, FloatArray]:
        """Places of the points of a curve in px."""
        area, axes = self.plot_rect, self._axes
        xs = area.left() + self._shares(series.xs, axes.x_range, axes.log_x) * area.width()
        ys = area.bottom() - self._shares(series.ys, axes.y_range, axes.log_y) * area.height()
        return xs, ys

    @staticmethod
    def _shares(values: FloatArray, ends: tuple[float, float], is_log: bool) -> FloatArray:
        """Where values lie between the ends, 0 to 1, a little beyond for those out of range."""
        low, high = ends
        if is_log:
            values = np.log(np.clip(np.nan_to_num(values, nan=low, posinf=high * 1e9), low * 1e-9, None))
            low, high = math.log(low), math.log(high)
        shares = (values - low) / max(high - low, 1e-300)
        return np.asarray(np.clip(np.nan_to_num(shares), -_ROOM, 1.0 + _ROOM))
