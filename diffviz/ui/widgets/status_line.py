"""The line at the bottom: what is set, and the last thing that happened."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import color, current_tokens, font_for, metric, paint_icon

_GAP_PX = 12


class StatusLine(QWidget):
    """Facts at the left, divided by lines; the last message at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts: tuple[str, ...] = ()
        self._message = ""
        self._icon = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def message(self) -> str:
        """The last message."""
        return self._message

    def set_facts(self, facts: Sequence[str]) -> None:
        """Show facts such as "Linear schedule", "T = 1000", "CPU"."""
        if tuple(facts) != self._facts:
            self._facts = tuple(facts)
            self._name()

    def set_message(self, message: str, icon: str = "") -> None:
        """Show what happened last, after an icon of that name."""
        self._message, self._icon = message, icon
        self._name()

    def _name(self) -> None:
        words = " · ".join(RichLine(fact).plain for fact in self._facts)
        self.setAccessibleName(f"{words}. {self._message}" if self._message else words)
        self.setToolTip(self._message)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, metric(26))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("panel"))
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(0, 0, self.width(), 0)
        left = float(metric(14))
        for index, fact in enumerate(self._facts):
            line = RichLine(fact, "label")
            baseline = round(self.height() / 2 - line.height() / 2 + line.ascent())
            if index:
                painter.setPen(QPen(color("line"), 1))
                painter.drawLine(round(left), metric(7), round(left), self.height() - metric(7))
                left += _GAP_PX
            left = line.paint(painter, left, baseline, color("text2"), tokens) + _GAP_PX
        self._paint_message(painter, left + _GAP_PX)

    def _paint_message(self, painter: QPainter, left: float) -> None:
        font = font_for("label")
        room = self.width() - left - metric(14) - (metric(20) if self._icon else 0)
        words = QFontMetricsF(font).elidedText(self._message, Qt.TextElideMode.ElideRight, room)
        width = QFontMetricsF(font).horizontalAdvance(words)
        start = self.width() - metric(14) - width
        painter.setFont(font)
        painter.setPen(color("text2"))
        place = QRectF(start, 0, width + 2, self.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), words)
        if self._icon and words:
            side = metric(13)
            paint_icon(
                painter,
                self._icon,
                QRectF(start - side - 5, (self.height() - side) / 2, side, side),
                color("text2"),
            )
