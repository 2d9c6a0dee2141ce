"""The row of sample images and opened pictures below the stage."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.buttons import native_keys
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.thumbnail_strip import ThumbnailStrip

GALLERY_HEIGHT_PX = 76
_LABEL = "Sample images"


class Gallery(QWidget):
    """
    A label, the pictures, and a hint how to bring one's own; the words give way where room is short.

    Signals
    -------
    picture_chosen(str)
        The user chose the picture of that key. Setters stay silent.
    """

    picture_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint_lines = ("Drop an image anywhere", f"or press {native_keys('Ctrl+O')}")
        self._label = MathLabel(_LABEL, "label", "text2", wraps=True)
        self._hint = MathLabel(" ".join(self._hint_lines), "label", "text2", wraps=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.strip = ThumbnailStrip("Sample images and opened pictures")
        self.strip.chosen.connect(self.picture_chosen)
        row = QHBoxLayout(self)
        row.setContentsMargins(metric(16), 0, metric(16), 0)
        row.setSpacing(metric(12))
        row.addWidget(self._label)
        row.addWidget(self.strip, 1)
        row.addWidget(self._hint)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._share_room()

    @property
    def current(self) -> str:
        """Key of the chosen picture."""
        return self.strip.current

    def set_pictures(self, pictures: Sequence[tuple[str, str, NDArray[np.uint8] | QImage]]) -> None:
        """Show these pictures, each with key and name, silently."""
        self.strip.set_pictures(pictures)
        self._share_room()

    def set_current(self, key: str) -> None:
        """Show a picture as chosen, silently."""
        self.strip.set_current(key)

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(460), metric(GALLERY_HEIGHT_PX))

    @override
    def hasHeightForWidth(self) -> bool:
        # The wrapping labels would otherwise decide, and cut the pictures.
        return False

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(160), metric(GALLERY_HEIGHT_PX))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), tokens.color("panel"))
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.drawLine(QLineF(0, 0.5, self.width(), 0.5))

    def _share_room(self) -> None:
        """Give words their room only after the pictures have theirs."""
        gap = metric(12)
        label = round(max(RichLine(word, "label").width() for word in _LABEL.split())) + 2
        hint = round(max(RichLine(line, "label").width() for line in self._hint_lines)) + 2
        self._label.setFixedWidth(label)
        self._hint.setFixedWidth(hint)
        free = self.width() - 2 * metric(16) - self.strip.sizeHint().width()
        self._label.setVisible(free >= label + gap)
        self._hint.setVisible(free >= label + hint + 2 * gap)
