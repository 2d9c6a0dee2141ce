"""Cards of data sets, several to a row, each a small picture over its name; one is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY, RING_RECT_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.pixels import picture_from_array

_LEAST_CARD_PX = 46
_GAP_PX = 6
_RADIUS_PX = 6
_LONGEST_ROW = 5
_MOVES = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)


class DataCards(QWidget):
    """
    A grid of cards to choose one of.

    Signals
    -------
    chosen(str)
        The user chose the card of that key, another than before. Setters stay silent.
    """

    chosen = Signal(str)

    def __init__(self, accessible_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: tuple[tuple[str, str], ...] = ()
        self._pictures: dict[str, QImage] = {}
        self._current = ""
        self.setAccessibleName(accessible_name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setProperty(RING_PROPERTY, _RADIUS_PX)

    @property
    def current(self) -> str:
        """Key of the chosen card."""
        return self._current

    def set_cards(self, cards: Sequence[tuple[str, str, NDArray[np.uint8]]]) -> None:
        """Show these cards, each with key, name and picture (n, n, 3), silently."""
        self._cards = tuple((key, name) for key, name, _ in cards)
        self._pictures = {key: picture_from_array(picture) for key, _, picture in cards}
        self.updateGeometry()
        self._tell_readers()
        self.update()

    def set_current(self, key: str) -> None:
        """Show a card as chosen, silently; an unknown key chooses none."""
        self._current = key
        self._tell_readers()
        self.update()

    def card_rect(self, key: str) -> QRect:
        """Where the picture of a card lies in this widget."""
        return self._rect([known for known, _ in self._cards].index(key))

    @override
    def sizeHint(self) -> QSize:
        width = _LONGEST_ROW * metric(_LEAST_CARD_PX + _GAP_PX)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(_LEAST_CARD_PX), self.heightForWidth(max(self.width(), metric(_LEAST_CARD_PX))))

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        columns, side = self._grid(width)
        rows = -(-max(1, len(self._cards)) // columns)
        return rows * (side + self._caption_height()) + (rows - 1) * metric(_GAP_PX)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index_at(event.pos())
            QToolTip.showText(event.globalPos(), self._cards[index][1] if index >= 0 else "", self)
            return True
        # Under the keyboard the arrows choose a card; elsewhere they move t.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and Qt.Key(event.key()) in _MOVES
        ):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = Qt.Key(event.key()), len(self._cards)
        if key not in _MOVES or not count:
            super().keyPressEvent(event)
            return
        columns, _ = self._grid(self.width())
        here = next((i for i, (known, _) in enumerate(self._cards) if known == self._current), 0)
        steps = dict(zip(_MOVES, (-1, 1, -columns, columns, -count, count), strict=True))
        self._choose(min(max(here + steps[key], 0), count - 1))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._choose(index)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_over = self._index_at(event.position().toPoint()) >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_over else Qt.CursorShape.ArrowCursor)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index, (key, name) in enumerate(self._cards):
            rect, is_chosen = QRectF(self._rect(index)), key == self._current
            edge = QPainterPath()
            edge.addRoundedRect(rect.adjusted(1, 1, -1, -1), _RADIUS_PX, _RADIUS_PX)
            painter.setClipPath(edge)
            painter.drawImage(rect, self._pictures[key])
            painter.setClipping(False)
            painter.setPen(QPen(tokens.color("accent" if is_chosen else "line"), 2.0 if is_chosen else 1.0))
            painter.drawPath(edge)
            line = RichLine(name, "tick")
            left = max(rect.left() - metric(3), rect.center().x() - line.width() / 2)
            baseline = round(rect.bottom() + metric(4) + line.ascent())
            painter.setClipRect(rect.adjusted(-metric(3), 0, metric(4), self._caption_height()))
            line.paint(painter, left, baseline, tokens.color("text" if is_chosen else "text2"), tokens)
            painter.setClipping(False)

    def _grid(self, width: int) -> tuple[int, int]:
        """How many cards to a row, and the side of each picture."""
        gap = metric(_GAP_PX)
        columns = min(_LONGEST_ROW, max(1, (width + gap) // (metric(_LEAST_CARD_PX) + gap)))
        return columns, min((width - (columns - 1) * gap) // columns, metric(_LEAST_CARD_PX) * 5 // 4)

    def _caption_height(self) -> int:
        return metric(6) + round(RichLine("Ag", "tick").height())

    def _rect(self, index: int) -> QRect:
        columns, side = self._grid(self.width())
        row, column = divmod(index, columns)
        gap = metric(_GAP_PX)
        return QRect(column * (side + gap), row * (side + gap + self._caption_height()), side, side)

    def _index_at(self, spot: QPoint) -> int:
        for index in range(len(self._cards)):
            if self._rect(index).adjusted(0, 0, 0, self._caption_height()).contains(spot):
                return index
        return -1

    def _choose(self, index: int) -> None:
        key = self._cards[index][0]
        if key != self._current:
            self.set_current(key)
            self.chosen.emit(key)

    def _tell_readers(self) -> None:
        names = dict(self._cards)
        self.setAccessibleDescription(f"{names.get(self._current, 'none')} chosen of {len(names)}")
        if self._current in names:
            self.setProperty(RING_RECT_PROPERTY, self.card_rect(self._current))
