"""Histogram of the pixel values of x_t against the bell curve of pure noise."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.chart import Chart, Table

_REACH = 3.7
_BINS = 60
_BIN_WIDTH = 2 * _REACH / _BINS
_BAR_OPACITY = 0.62
_MOST_VALUES = 32_768
_BELL_TOP = 0.56
_HIGHEST_TOP = 1.7
_WELL_RADIUS_PX = 8
_BELL_X = np.linspace(-_REACH, _REACH, 121)
_BELL_Y = np.exp(-0.5 * _BELL_X**2) / np.sqrt(2 * np.pi)


class PixelHistogram(QWidget):
    """
    Bars of pixel values over −3 … 3 and N(0, 1) as a line, which the bars fill when only noise is left.

    It is new with every t while a person scrubs, so it is painted directly and not through a plot's scene.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._density = np.zeros(_BINS)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Histogram of pixel values")
        theme.notifier.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.chart = Chart(self, "Pixel values", self._table)

    def _table(self) -> Table:
        edges = -_REACH + _BIN_WIDTH * np.arange(_BINS + 1)
        middles = (edges[:-1] + edges[1:]) / 2
        bell = np.exp(-0.5 * middles**2) / np.sqrt(2 * np.pi)
        return {"from": edges[:-1], "to": edges[1:], "density of pixels": self._density, "N(0, 1)": bell}

    @property
    def density(self) -> NDArray[np.float64]:
        """Height of every bar; the area of all bars is 1 where no value lies beyond the ends."""
        return self._density

    @property
    def top(self) -> float:
        """Density at the upper edge: room for the bars as long as the bell stays in sight."""
        return min(max(_BELL_TOP, 1.06 * float(self._density.max())), _HIGHEST_TOP)

    def set_values(self, values: NDArray[np.float32]) -> None:
        """
        Show how values are spread.

        Parameters
        ----------
        values
            Pixel values on the [-1, 1] scale, of any shape; at most 32 768, evenly picked, are counted.
        """
        flat = values.reshape(-1)
        stride = max(1, -(-flat.size // _MOST_VALUES))
        # A stride that shares no factor with the channels visits every one of them.
        picked = flat[:: stride + (stride % 3 == 0)]
        if not picked.size:
            return
        bins = np.floor((picked + np.float32(_REACH)) * np.float32(1 / _BIN_WIDTH))
        inside = bins[(bins >= 0) & (bins < _BINS)].astype(np.intp)
        self._density = np.bincount(inside, minlength=_BINS) / (picked.size * _BIN_WIDTH)
        mean, std = float(picked.mean()), float(picked.std())
        words = f"Histogram of pixel values, mean {mean:.2f}, standard deviation {std:.2f}, against N(0, 1)"
        self.setAccessibleName(words.replace("-", "−"))
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(268, metric(124))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, metric(124))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.setBrush(tokens.color("field"))
        well = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(well, _WELL_RADIUS_PX, _WELL_RADIUS_PX)
        area = self._plot_rect()
        self._paint_bars(painter, area)
        painter.setPen(QPen(tokens.color("text"), 1.75))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        xs, ys = self._x(_BELL_X, area), area.bottom() - _BELL_Y / self.top * area.height()
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist())]))
        self._paint_words(painter, area)

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        """Bars on whole device px with a gap of one between them."""
        ratio = self.devicePixelRatioF()
        edges = np.rint(self._x(-_REACH + _BIN_WIDTH * np.arange(_BINS + 1), area) * ratio) / ratio
        heights = np.minimum(self._density / self.top, 1.0) * area.height()
        gap = 1.0 / ratio
        color = current_tokens().color("noise", _BAR_OPACITY)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for left, right, height in zip(edges[:-1].tolist(), edges[1:].tolist(), heights.tolist()):
            if height > 0:
                painter.fillRect(QRectF(left, area.bottom() - height, right - left - gap, height), color)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_words(self, painter: QPainter, area: QRectF) -> None:
        tokens = current_tokens()
        baseline = round(area.bottom() + metric(5) + RichLine("0", "tick").ascent())
        for value in (-3, 0, 3):
            line = RichLine(f"{value}".replace("-", "−"), "tick")
            x = float(self._x(np.array(float(value)), area))
            line.paint(painter, x - line.width() / 2, baseline, tokens.color("text3"), tokens)
        pixels = RichLine("pixels of $x_t$", "label", QFont.Weight.DemiBold)
        noise = RichLine("N(0, 1)", "label", QFont.Weight.DemiBold)
        height = area.top() + 0.30 * area.height()
        pixels.paint(painter, area.left() + metric(14), height, tokens.color("noise"), tokens)
        x = float(self._x(np.array(1.25), area))
        noise.paint(painter, x, height + metric(8), tokens.color("text"), tokens)

    def _plot_rect(self) -> QRectF:
        side, top, bottom = metric(8), metric(12), metric(24)
        return QRectF(side, top, max(10, self.width() - 2 * side), max(10, self.height() - top - bottom))

    def _x(self, values: NDArray[np.floating], area: QRectF) -> NDArray[np.float64]:
        return np.asarray(area.left() + (values + _REACH) / (2 * _REACH) * area.width())

    @Slot()
    def _on_theme_changed(self) -> None:
        self.setFixedHeight(metric(124))
        self.update()
