"""Two pictures of one size, one over the other, with a line between them that the user drags."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY, RING_RECT_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric, paint_icon
from diffviz.ui.widgets.picture_fit import fit_picture
from diffviz.ui.widgets.picture_painting import MARGIN_PX, PICTURE_RADIUS_PX, paint_picture
from diffviz.ui.widgets.pixels import picture_from_array, scaled_picture

_KNOB_PX = 28
_STRIDE = 0.01


class CompareView(QWidget):
    """
    A on the left of the divider, B on its right.

    Signals
    -------
    divider_moved(float)
        The user moved the divider to this share (0 to 1) of the width.
    """

    divider_moved = Signal(float)

    def __init__(self, left_label: str = "A", right_label: str = "B", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = (left_label, right_label)
        self._sources: list[QImage | None] = [None, None]
        self._scaled: list[QImage | None] = [None, None]
        self._share = 0.5
        self._is_dragged = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setProperty(RING_PROPERTY, PICTURE_RADIUS_PX)
        self.setToolTip("Drag the line to compare. Tab, then arrows: one hundredth at a time.")
        self._tell_readers()

    @property
    def divider(self) -> float:
        """Share (0 to 1) of the width at which the divider stands."""
        return self._share

    def set_divider(self, share: float) -> None:
        """Put the divider at a share of the width, silently."""
        self._share = min(max(share, 0.0), 1.0)
        self._tell_readers()
        self.update()

    def set_labels(self, left: str, right: str) -> None:
        """Name the two pictures, with the markup of ``rich_line``."""
        self._labels = (left, right)
        self._tell_readers()
        self.update()

    def set_pictures(self, left: NDArray[np.uint8] | None, right: NDArray[np.uint8] | None) -> None:
        """Show two pictures, uint8 of shape (H, W[, C]); None leaves that side as it is."""
        self.show_pictures(
            None if left is None else picture_from_array(left),
            None if right is None else picture_from_array(right),
        )

    def show_pictures(self, left: QImage | None, right: QImage | None) -> None:
        """Show two pictures that Qt already holds; None leaves that side as it is."""
        for index, given in enumerate((left, right)):
            if given is not None:
                self._sources[index] = given
                self._scaled[index] = None
        self._place_ring()
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the pictures lie in this widget."""
        shown = self._sources[1] or self._sources[0]
        room = QRectF(self.rect()).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)
        if shown is None:
            return room
        ratio = self.devicePixelRatioF()
        fit = fit_picture((shown.width(), shown.height()), (room.width(), room.height()), ratio)
        left = room.left() + (room.width() - fit.width) / 2
        top = room.top() + (room.height() - fit.height) / 2
        return QRectF(round(left * ratio) / ratio, round(top * ratio) / ratio, fit.width, fit.height)

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(400), metric(400))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scaled = [None, None]
        self._place_ring()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_dragged = True
            self._move_to(event.position().x())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_near = abs(event.position().x() - self._divider_x()) < _KNOB_PX / 2
        self.setCursor(
            Qt.CursorShape.SplitHCursor if is_near or self._is_dragged else Qt.CursorShape.ArrowCursor
        )
        if self._is_dragged:
            self._move_to(event.position().x())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_dragged = False

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -_STRIDE, Qt.Key.Key_Right: _STRIDE}
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        stride = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self.set_divider(self._share + stride * move)
        self.divider_moved.emit(self._share)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.picture_rect()
        divider = self._divider_x()
        sides = (
            QRectF(rect.left(), rect.top(), divider - rect.left(), rect.height()),
            QRectF(divider, rect.top(), rect.right() - divider, rect.height()),
        )
        for index, side in enumerate(sides):
            scaled = self._scaled_to(index, rect)
            if scaled is not None and side.width() > 0:
                painter.save()
                painter.setClipRect(side)
                paint_picture(painter, rect.topLeft(), scaled, self.devicePixelRatioF())
                painter.restore()
                self._paint_label(painter, index, side)
        self._paint_divider(painter, rect, divider)

    def _scaled_to(self, index: int, rect: QRectF) -> QImage | None:
        source = self._sources[index]
        if source is None:
            return None
        found = self._scaled[index]
        if found is None:
            ratio = self.devicePixelRatioF()
            width, height = round(rect.width() * ratio), round(rect.height() * ratio)
            found = scaled_picture(source, width, height, is_sharp=width >= source.width())
            self._scaled[index] = found
        return found

    def _paint_label(self, painter: QPainter, index: int, side: QRectF) -> None:
        line = RichLine(self._labels[index], "label", QFont.Weight.DemiBold)
        box_width, box_height = line.width() + 16, line.height() + 8
        if side.width() < box_width + 24:
            return
        left = side.left() + 10 if index == 0 else side.right() - 10 - box_width
        box = QRectF(left, side.top() + 10, box_width, box_height)
        tokens = current_tokens()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color("panel", 0.88))
        painter.drawRoundedRect(box, 6, 6)
        line.paint(
            painter, box.left() + 8, round(box.top() + 4 + line.ascent()), tokens.color("text"), tokens
        )

    def _paint_divider(self, painter: QPainter, rect: QRectF, x: float) -> None:
        tokens = current_tokens()
        top, bottom = QPointF(x, rect.top()), QPointF(x, rect.bottom())
        painter.setPen(QPen(tokens.color("stage"), 4.0))
        painter.drawLine(top, bottom)
        painter.setPen(QPen(tokens.color("accent"), 2.0))
        painter.drawLine(top, bottom)
        knob = QRectF(0, 0, _KNOB_PX, _KNOB_PX)
        knob.moveCenter(QPointF(x, rect.center().y()))
        painter.setPen(QPen(tokens.color("stage"), 2.0))
        painter.setBrush(tokens.color("accent"))
        painter.drawEllipse(knob)
        for name, shift in (("chevron-left", -5.0), ("chevron-right", 5.0)):
            spot = QRectF(0, 0, 12, 12)
            spot.moveCenter(knob.center() + QPointF(shift, 0))
            paint_icon(painter, name, spot, tokens.color("onacc"))

    def _divider_x(self) -> float:
        rect = self.picture_rect()
        return rect.left() + self._share * rect.width()

    def _move_to(self, x: float) -> None:
        rect = self.picture_rect()
        self.set_divider((x - rect.left()) / max(1.0, rect.width()))
        self.divider_moved.emit(self._share)

    def _place_ring(self) -> None:
        self.setProperty(RING_RECT_PROPERTY, self.picture_rect().toAlignedRect())

    def _tell_readers(self) -> None:
        names = tuple(RichLine(label).plain for label in self._labels)
        self.setAccessibleName(f"{names[0]} beside {names[1]}")
        self.setAccessibleDescription(f"Divider at {self._share:.0%}")
