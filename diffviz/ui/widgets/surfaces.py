"""Grounds that panels are built on: wells, cards, rules, thin progress."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import current_tokens, metric


def make_well(layout: QLayout | None = None) -> QFrame:
    """Make a sunken frame for plots and lists; without a layout it gets a column."""
    return _framed("well", layout)


def make_card(layout: QLayout | None = None) -> QFrame:
    """Make a raised frame for a thought of its own; without a layout it gets a column."""
    return _framed("card", layout)


def make_rule() -> QFrame:
    """Make a 1 px line between groups."""
    rule = QFrame()
    rule.setProperty("surface", "rule")
    rule.setFixedHeight(1)
    return rule


def _framed(surface: str, layout: QLayout | None) -> QFrame:
    frame = QFrame()
    frame.setProperty("surface", surface)
    frame.setLayout(layout if layout is not None else QVBoxLayout())
    return frame


class ProgressLine(QWidget):
    """A thin bar of progress, 6 px high; its state is also told in words by what stands beside it."""

    def __init__(self, accessible_name: str = "Progress", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setAccessibleName(accessible_name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def share(self) -> float:
        """Part that is done, 0 to 1."""
        return self._share

    def set_share(self, share: float) -> None:
        """Show which part is done, 0 to 1."""
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self._share = share
            self.setAccessibleDescription(f"{share:.0%}")
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(80), metric(6))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        rect = QRectF(self.rect())
        radius = rect.height() / 2
        painter.setBrush(tokens.color("line"))
        painter.drawRoundedRect(rect, radius, radius)
        if self._share > 0.0:
            painter.setBrush(tokens.color("accent"))
            rect.setWidth(max(rect.height(), rect.width() * self._share))
            painter.drawRoundedRect(rect, radius, radius)
