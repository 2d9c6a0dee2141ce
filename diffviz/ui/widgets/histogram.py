"""Histogram of the pixel values of x_t against the bell curve of pure noise."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.kept_plot import KeptPlot

_REACH = 3.7
_BINS = 60
_BAR_SHARE = 0.86
_BAR_OPACITY = 0.62
_MOST_VALUES = 65_536
_BELL_TOP = 0.56
_HIGHEST_TOP = 1.7


class PixelHistogram(KeptPlot):
    """Bars of pixel values over −3 … 3 and N(0, 1) as a line, which the bars fill when only noise is left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edges = np.linspace(-_REACH, _REACH, _BINS + 1)
        self._density = np.zeros(_BINS)
        centres = (self._edges[1:] + self._edges[:-1]) / 2
        self._bars = pg.BarGraphItem(x=centres, height=self._density, width=_BAR_SHARE * (2 * _REACH / _BINS))
        self._bell = pg.PlotCurveItem(antialias=True, skipFiniteCheck=True)
        self.addItem(self._bars)
        self.addItem(self._bell)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.finish()

    @property
    def density(self) -> NDArray[np.float64]:
        """Height of every bar; the area of all bars is 1 where no value lies beyond the ends."""
        return self._density

    def set_values(self, values: NDArray[np.float32]) -> None:
        """
        Show how values are spread.

        Parameters
        ----------
        values
            Pixel values on the [-1, 1] scale, of any shape; at most 65 536, evenly picked, are counted.
        """
        flat = values.reshape(-1)
        # An odd stride visits every colour channel.
        stride = max(1, -(-flat.size // _MOST_VALUES)) | 1
        picked = flat[::stride]
        if not picked.size:
            return
        bins = np.floor((picked + _REACH) * (_BINS / (2 * _REACH)))
        inside = bins[(bins >= 0) & (bins < _BINS)].astype(np.intp)
        counts = np.bincount(inside, minlength=_BINS)
        self._density = counts / (picked.size * (2 * _REACH / _BINS))
        self._bars.setOpts(height=np.minimum(self._density, 2 * _HIGHEST_TOP))
        self._fit()
        mean, std = float(picked.mean()), float(picked.std())
        words = f"Histogram of pixel values, mean {mean:.2f}, standard deviation {std:.2f}, against N(0, 1)"
        self.setAccessibleName(words.replace("-", "−"))

    @override
    def sizeHint(self) -> QSize:
        return QSize(268, metric(124))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, metric(124))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    @override
    def lay_out(self) -> None:
        tokens = current_tokens()
        self.setFixedHeight(metric(124))
        options: dict[str, Any] = {"brush": tokens.color("noise", _BAR_OPACITY), "pen": None}
        self._bars.setOpts(**options)
        x = np.linspace(-_REACH, _REACH, 149)
        bell = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
        self._bell.setData(x, bell, pen=pg.mkPen(tokens.color("text"), width=1.75))
        self._fit()

    def _plot_rect(self) -> QRectF:
        side, top, bottom = metric(8), metric(12), metric(24)
        return QRectF(side, top, max(10, self.width() - 2 * side), max(10, self.height() - top - bottom))

    def _fit(self) -> None:
        """Give the bars room without losing sight of the bell."""
        rect = self._plot_rect()
        top = min(max(_BELL_TOP, 1.06 * float(self._density.max())), _HIGHEST_TOP)
        below = 2.0 / rect.height() * top
        self.place_view(rect.adjusted(0, 0, 0, 2), (-_REACH, _REACH), (-below, top))

    @override
    def paint_over(self, painter: QPainter) -> None:
        tokens = current_tokens()
        rect = self._plot_rect()
        baseline = round(rect.bottom() + metric(5) + RichLine("0", "tick").ascent())
        for value in (-3, 0, 3):
            line = RichLine(f"{value}".replace("-", "−"), "tick")
            x = rect.left() + (value + _REACH) / (2 * _REACH) * rect.width()
            line.paint(painter, x - line.width() / 2, baseline, tokens.color("text3"), tokens)
        pixels = RichLine("pixels of $x_t$", "label", QFont.Weight.DemiBold)
        noise = RichLine("N(0, 1)", "label", QFont.Weight.DemiBold)
        height = rect.top() + 0.30 * rect.height()
        pixels.paint(painter, rect.left() + metric(14), height, tokens.color("noise"), tokens)
        x = rect.left() + (1.25 + _REACH) / (2 * _REACH) * rect.width()
        noise.paint(painter, x, height + metric(8), tokens.color("text"), tokens)
