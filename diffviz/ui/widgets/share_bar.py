"""A whole cut into its parts, as one bar of coloured pieces."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.theme import Role, current_tokens, metric


class ShareBar(QWidget):
    """Pieces side by side, as wide as their shares; what is said of them stands beside it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[tuple[Role, float], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setToolTip(name)

    def set_parts(self, parts: Sequence[tuple[Role, float]]) -> None:
        """Show other parts: colours, and sizes from 0 up."""
        self._parts = tuple((role, max(0.0, size)) for role, size in parts)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(120), metric(12))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), 3, 3)
        painter.setClipPath(outline)
        painter.fillRect(self.rect(), tokens.color("raised"))
        whole = sum(size for _, size in self._parts)
        if whole <= 0.0:
            return
        left = 0.0
        for role, size in self._parts:
            width = self.width() * size / whole
            painter.fillRect(QRectF(left, 0, max(0.0, width - 1.0), self.height()), tokens.color(role))
            left += width
