"""The bar above a stage: what is shown, and how."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import color, current_tokens, font_for, metric, paint_icon
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch

_GAP_PX = 8
_DIVIDER = " · "


class StageTitle(QWidget):
    """Icon, name and detail in one line; facts that do not fit are left to the tooltip."""

    def __init__(self, icon_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._name = ""
        self._detail = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_title(self, name: str, detail: str) -> None:
        """Show a name and a detail, plain text."""
        self._name, self._detail = name, detail
        words = f"{name}  {detail}".strip()
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, metric(44))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(40, metric(30))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        side = metric(16)
        paint_icon(
            painter, self._icon_name, QRectF(0, (self.height() - side) / 2, side, side), color("text2")
        )
        left = side + _GAP_PX
        strong = font_for("body", QFont.Weight.DemiBold)
        name = QFontMetricsF(strong).elidedText(self._name, Qt.TextElideMode.ElideMiddle, self.width() - left)
        line = RichLine(name, "body", QFont.Weight.DemiBold)
        baseline = round(self.height() / 2 - line.height() / 2 + line.ascent())
        end = line.paint(painter, left, baseline, color("text"), tokens) + _GAP_PX
        detail = self.detail_within(self.width() - end)
        RichLine(detail, "body").paint(painter, end, baseline, color("text2"), tokens)

    def detail_within(self, room: float) -> str:
        """As many facts, which dots divide, as have room: half a number would be a wrong one."""
        facts = self._detail.split(_DIVIDER)
        measure = QFontMetricsF(font_for("body"))
        while facts and measure.horizontalAdvance(_DIVIDER.join(facts)) > room:
            facts.pop()
        return _DIVIDER.join(facts)


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
        self.title = StageTitle(icon_name)
        self.modes = SegmentedSwitch(modes, "Way of showing")
        self.modes.selected.connect(self.mode_selected)
        if not modes:
            # Shown before it has a parent it would be a window of its own for a moment.
            self.modes.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        row.addWidget(self.title, 1)
        self._box = QWidget()
        self._extras = QHBoxLayout(self._box)
        self._extras.setContentsMargins(0, 0, 0, 0)
        self._extras.setSpacing(8)
        row.addWidget(self._box)
        row.addWidget(self.modes)

    def set_title(self, name: str, detail: str) -> None:
        """Show a name and a detail, plain text."""
        self.title.set_title(name, detail)

    def add_widget(self, widget: QWidget) -> None:
        """Put a widget before the ways of showing; with large text it gives its room to them."""
        self._extras.addWidget(widget)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        taken = self.modes.sizeHint().width() + self.title.minimumSizeHint().width() + 2 * 16 + 2 * 12
        self._box.setVisible(self._extras.sizeHint().width() <= self.width() - taken)

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, metric(44))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))
