"""A control with a few words before it, which give way where there is no room for both."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import metric
from diffviz.ui.widgets.math_label import MathLabel

_GAP_PX = 10


class LabelledControl(QWidget):
    """
    Words and a control in a row.

    Parameters
    ----------
    words
        Name of the control, with the markup of ``rich_line``; hidden in a narrow row, where the control's own
        tooltip says it.
    control
        What is named.
    """

    def __init__(self, words: str, control: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = MathLabel(words, "label", "text3")
        self._control = control
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(metric(_GAP_PX))
        row.addWidget(self.label)
        row.addWidget(control)

    @override
    def sizeHint(self) -> QSize:
        # The words count though they may be hidden, or they would never come back.
        words, control = self.label.sizeHint(), self._control.sizeHint()
        width = words.width() + metric(_GAP_PX) + control.width()
        return QSize(width, max(words.height(), control.height()))

    @override
    def minimumSizeHint(self) -> QSize:
        return self._control.minimumSizeHint()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.label.setVisible(self.width() >= self.sizeHint().width())
