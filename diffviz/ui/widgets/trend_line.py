"""A small curve of one number over time, without axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.plot_frame import paint_well


class TrendLine(QWidget):
    """The course of one number from its beginning to now, from 0 up to nearly its largest."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._values: NDArray[np.float64] = np.empty(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(name)
        self.setAccessibleName(name)
        self.chart = Chart(self, name, self._table)

    def _table(self) -> Table:
        return {"step": np.arange(1, len(self._values) + 1), self._name.lower(): self._values}

    def set_values(self, values: NDArray[np.float64]) -> None:
        """Show other values."""
        self._values = values
        if len(values):
            self.setAccessibleName(f"{self._name}, now {float(values[-1]):.3g}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, metric(48))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(80, metric(48))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_well(painter, QRectF(self.rect()))
        count = len(self._values)
        if count < 2:
            return
        area = QRectF(self.rect()).adjusted(8, 8, -8, -8)
        columns = min(count, max(2, round(area.width() / 2)))
        edges = np.linspace(0, count, columns + 1).astype(int)
        means = np.add.reduceat(np.nan_to_num(self._values), edges[:-1]) / np.maximum(np.diff(edges), 1)
        top = max(float(np.quantile(means, 0.98)), 1e-12) * 1.15
        ys = area.bottom() - np.minimum(means / top, 1.0) * area.height()
        xs = np.linspace(area.left(), area.right(), columns)
        painter.setPen(QPen(current_tokens().color("text2"), 1.5))
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist())]))
