"""A small picture as a denoiser gets it, with its size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import color, current_tokens, metric
from diffviz.ui.widgets.pixels import picture_from_array

_SIDE_PX = 56


class FitPreview(QWidget):
    """The picture at the left, what it is at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("The picture as the denoiser gets it")

    @property
    def has_picture(self) -> bool:
        """Whether there is anything to show."""
        return self.picture is not None

    def set_picture(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show a picture, uint8 (H, W, C), or nothing."""
        self.picture = None if pixels is None else picture_from_array(pixels)
        self.setAccessibleName(" ".join(self._lines()))
        self.update()

    def _lines(self) -> tuple[str, str]:
        if self.picture is None:
            return "", ""
        return "As the denoiser gets it:", f"{self.picture.width()} × {self.picture.height()} pixels"

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(200), metric(_SIDE_PX))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self.picture is None:
            return
        painter = QPainter(self)
        side = metric(_SIDE_PX)
        size = self.picture.size()
        scale = side / max(size.width(), size.height())
        room = QRectF(0, 0, size.width() * scale, size.height() * scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        painter.drawImage(room, self.picture)
        painter.setPen(QPen(color("line"), 1))
        painter.drawRect(room.adjusted(0.5, 0.5, -0.5, -0.5))
        tokens = current_tokens()
        top = side / 2 - metric(16)
        for words in self._lines():
            line = RichLine(words, "label")
            line.paint(painter, side + metric(12), round(top + line.ascent()), color("text2"), tokens)
            top += line.height() + 1
