"""The colours of a map of bits over a picture, and the legend below it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric

_BRIGHTEST = 0.995


def ramp_colors() -> NDArray[np.float64]:
    """Colours from few bits to many, in the theme in force: shape (3, 3), 0…255."""
    tokens = current_tokens()
    colors = [tokens.color(role) for role in ("stage", "model", "text")]
    return np.array([(c.red(), c.green(), c.blue()) for c in colors], np.float64)


def map_pixels(bits: NDArray[np.float64]) -> NDArray[np.uint8]:
    """
    Colour a map.

    Parameters
    ----------
    bits
        Shape (H, W), from 0 up; the brightest half per cent have the last colour.
    """
    top = float(np.quantile(bits, _BRIGHTEST)) if bits.size else 0.0
    shares = np.clip(bits / top, 0.0, 1.0) if top > 0.0 else np.zeros_like(bits)
    ramp = ramp_colors()
    channels = [np.interp(shares, (0.0, 0.55, 1.0), ramp[:, channel]) for channel in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=-1)), np.uint8)


class MapLegend(QWidget):
    """The words "less" and "more bits" around the ramp, and at the right what the map is of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colours of the map, from fewer bits to more")
        self.setToolTip("Colours of the map: what each pixel costs at this step, averaged over its colours")

    def set_words(self, words: str) -> None:
        """Say at the right what the map is of, with the markup of ``rich_line``."""
        if words != self._words:
            self._words = words
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(200), metric(18))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        less, more, words = (RichLine(w, "label") for w in ("less", "more bits", self._words))
        baseline = round((self.height() - less.height()) / 2 + less.ascent())
        ink = tokens.color("text2")
        left = less.paint(painter, 0, baseline, ink, tokens) + metric(8)
        room = self.width() - left - more.width() - words.width() - metric(28)
        bar = QRectF(left, self.height() / 2 - metric(5), max(metric(24), min(metric(120), room)), metric(10))
        gradient = QLinearGradient(bar.topLeft(), QPointF(bar.right(), bar.top()))
        for place, role in ((0.0, "stage"), (0.55, "model"), (1.0, "text")):
            gradient.setColorAt(place, tokens.color(role))  # type: ignore[arg-type]
        painter.setPen(tokens.color("line"))
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2, 2)
        end = more.paint(painter, bar.right() + metric(8), baseline, ink, tokens)
        if end + metric(8) + words.width() <= self.width():
            words.paint(painter, self.width() - words.width(), baseline, ink, tokens)
