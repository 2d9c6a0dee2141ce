"""How close a reverse run comes to the picture it started from, step by step, beside the way in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, color, current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table

Curve = Sequence[tuple[int, float]]
_HIGHEST_DB = 60.0


class PsnrCard(QWidget):
    """PSNR to the starting picture over t: forward x_t in amber, reverse x_t in blue, x̂_0 in pink."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forward: Curve = ()
        self._reverse: Curve = ()
        self._predicted: Curve = ()
        self._num_timesteps = 1000
        self._t = 0
        self._way_in_db = np.inf
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("PSNR in dB to your picture at each step; higher is closer. Noise is at the right.")
        self.chart = Chart(self, "PSNR on the way in and back", self._table)

    def _table(self) -> Table:
        curves = {"x_t in": self._forward, "x_t back": self._reverse, "predicted x_0": self._predicted}
        table: dict[str, list[float]] = {}
        for name, curve in curves.items():
            table[f"t, {name}"] = [t for t, _ in curve]
            table[f"PSNR in dB, {name}"] = [value for _, value in curve]
        return table

    def set_curves(self, forward: Curve, reverse: Curve, predicted: Curve, num_timesteps: int) -> None:
        """Show (t, dB) of the noised picture on the way in, of x_t on the way back, and of x̂_0."""
        self._forward, self._reverse, self._predicted = forward, reverse, predicted
        self._num_timesteps = num_timesteps
        self._name()

    def set_t(self, t: int, way_in_db: float) -> None:
        """Move the line that marks now, where the way in has this value; its curve is thinned out."""
        self._t, self._way_in_db = t, way_in_db
        self._name()

    def _name(self) -> None:
        words = "Forward against reverse"
        if self._predicted:
            words += f": predicted image at {self._value(self._predicted):.1f} dB at step {self._t}"
        self.setAccessibleName(words)
        self.setAccessibleDescription(f"x_t on the way in: {_decibels(self._way_in_db)}")
        self.update()

    def _value(self, curve: Curve) -> float:
        return min(curve, key=lambda point: abs(point[0] - self._t))[1]

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, metric(104))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(240, metric(104))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color("line"), 1))
        painter.setBrush(color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        self._paint_words(painter)
        values = [v for curve in (self._forward, self._reverse, self._predicted) for _, v in curve]
        finite = [min(v, _HIGHEST_DB) for v in values if np.isfinite(v)]
        if not finite:
            return
        plot = QRectF(
            metric(236), metric(12), self.width() - metric(236) - metric(16), self.height() - metric(26)
        )
        low, high = min(0.0, *finite), max(10.0, *finite)

        def place(t: float, value: float) -> QPointF:
            share = (min(value, high) - low) / (high - low)
            return QPointF(
                plot.left() + t / self._num_timesteps * plot.width(), plot.bottom() - share * plot.height()
            )

        painter.setPen(QPen(color("line"), 1))
        for value in (low, (low + high) / 2, high):
            painter.drawLine(
                QPointF(plot.left(), place(0, value).y()), QPointF(plot.right(), place(0, value).y())
            )
        self._paint_curve(painter, self._forward, "signal", Qt.PenStyle.SolidLine, place)
        self._paint_curve(painter, self._reverse, "noise", Qt.PenStyle.SolidLine, place)
        self._paint_curve(painter, self._predicted, "model", Qt.PenStyle.DashLine, place)
        now = place(self._t, low).x()
        painter.setPen(QPen(color("accent"), 1.5))
        painter.drawLine(QPointF(now, plot.top()), QPointF(now, plot.bottom()))
        for words, at, flag in (
            (f"{high:.0f} dB", plot.topLeft(), Qt.AlignmentFlag.AlignRight),
            (f"{low:.0f}", plot.bottomLeft(), Qt.AlignmentFlag.AlignRight),
        ):
            line = RichLine(words, "tick")
            line.paint(painter, at.x() - line.width() - 6, at.y() + 4, color("text3"), current_tokens())
            del flag

    def _paint_words(self, painter: QPainter) -> None:
        tokens = current_tokens()
        head = RichLine("Forward against reverse", "label", QFont.Weight.DemiBold)
        top = metric(14) + head.ascent()
        head.paint(painter, metric(14), top, color("text"), tokens)
        rows: tuple[tuple[Role, str, Curve], ...] = (
            ("signal", "$x_t$ on the way in", self._forward),
            ("noise", "$x_t$ on the way back", self._reverse),
            ("model", "predicted $x̂_0$", self._predicted),
        )
        shown = [row for row in rows if row[2]]
        for row, (role, words, curve) in enumerate(shown):
            y = top + metric(22) + row * metric(19)
            line = RichLine(words, "label")
            line.paint(painter, metric(14), y, color(role), tokens)
            if curve:
                value = self._way_in_db if curve is self._forward else self._value(curve)
                text = RichLine(_decibels(value), "label", tabular=True)
                text.paint(painter, metric(196) - text.width(), y, color("text"), tokens)

    def _paint_curve(
        self,
        painter: QPainter,
        curve: Curve,
        role: Role,
        style: Qt.PenStyle,
        place: Callable[[float, float], QPointF],
    ) -> None:
        points = [place(t, v) for t, v in curve if not np.isnan(v)]
        if len(points) > 1:
            painter.setPen(QPen(color(role), 2.0, style))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(points))


def _decibels(value: float) -> str:
    return f"{value:.1f} dB" if np.isfinite(value) else "∞"
