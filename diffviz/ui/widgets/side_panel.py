"""Frame of a side panel: a heading, sections that scroll, and a block that stays at the bottom."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.scroll_column import ScrollColumn


class SidePanel(QWidget):
    """
    A column of sections under a heading.

    Parameters
    ----------
    title
        Heading of the panel.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(16, 14, 16, 14)
        self._column.setSpacing(12)
        self._head = QHBoxLayout()
        self._head.addWidget(MathLabel(title, "heading"), 1)
        self._column.addLayout(self._head)
        self._column.addStretch(1)
        outer.addWidget(ScrollColumn(body), 1)
        self._footer = QVBoxLayout()
        self._footer.setContentsMargins(16, 8, 16, 14)
        self._footer.setSpacing(8)
        outer.addLayout(self._footer)

    def add_to_heading(self, widget: QWidget) -> None:
        """Put a widget at the right of the heading."""
        self._head.addWidget(widget)

    def add(self, widget: QWidget) -> None:
        """Add a widget below those there are."""
        self._column.insertWidget(self._column.count() - 1, widget)

    def add_pair(self, left: QWidget, right: QWidget, left_share: int = 1, right_share: int = 1) -> QWidget:
        """Add two widgets side by side; returns the row that holds them."""
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        # Labels with mathematics are a little higher; the fields below them stay level.
        layout.addWidget(left, left_share, Qt.AlignmentFlag.AlignBottom)
        layout.addWidget(right, right_share, Qt.AlignmentFlag.AlignBottom)
        self.add(row)
        return row

    def add_heading(self, markup: str) -> MathLabel:
        """Add the heading of a section."""
        label = MathLabel(markup, "label", "text2", weight=QFont.Weight.DemiBold)
        self.add(label)
        return label

    def add_divider(self) -> None:
        """Add a line between sections."""
        self.add(Divider())

    def pin(self, widget: QWidget) -> None:
        """Put a widget where it stays in sight however the panel scrolls."""
        self._footer.addWidget(widget)


class Divider(QWidget):
    """A hairline between sections."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(1)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), color("line"))
