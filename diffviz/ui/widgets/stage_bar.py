"""The bar above a stage: what is shown, and how."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, metric, paint_icon
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch


class StageBar(QWidget):
    """
    Icon, name and detail at the left; ways of showing at the right.

    Signals
    -------
    mode_selected(str)
        The user chose another way of showing.
    """

    mode_selected = Signal(str)

    def __init__(self, icon_name: str, modes: Sequence[Segment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self.setFixedHeight(metric(44))
        self._name = MathLabel("", "body", weight=QFont.Weight.DemiBold)
        self._detail = MathLabel("", "body", "text2")
        self._detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.modes = SegmentedSwitch(modes, "Way of showing")
        self.modes.selected.connect(self.mode_selected)
        row = QHBoxLayout(self)
        row.setContentsMargins(metric(40), 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self._name)
        row.addWidget(self._detail, 1)
        self._extras = QHBoxLayout()
        self._extras.setSpacing(8)
        row.addLayout(self._extras)
        row.addWidget(self.modes)

    def set_title(self, name: str, detail: str) -> None:
        """Show a name and a detail, plain text with the markup of ``rich_line``."""
        self._name.set_markup(name)
        self._detail.set_markup(detail)
        self._detail.setToolTip(self._detail.plain)

    def add_widget(self, widget: QWidget) -> None:
        """Put a widget before the ways of showing."""
        self._extras.addWidget(widget)

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, metric(44))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), color("stage"))
        side = metric(16)
        place = QRectF(16, (self.height() - side) / 2, side, side)
        paint_icon(painter, self._icon_name, place, color("text2"))
