"""A row of small pictures of which one is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY, RING_RECT_PROPERTY
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.picture_painting import paint_picture
from diffviz.ui.widgets.pixels import picture_from_array, scaled_picture

THUMBNAIL_PX = 56
_GAP_PX = 8
_RING_PX = 4
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
_KEYS = (*_MOVES, Qt.Key.Key_Home, Qt.Key.Key_End)


@dataclass(frozen=True)
class Thumbnail:
    """Key, name for people, and picture of one entry."""

    key: str
    name: str
    picture: QImage


class ThumbnailStrip(QWidget):
    """
    Small pictures side by side; it scrolls where they do not fit.

    Signals
    -------
    chosen(str)
        The user chose the picture of that key. Setters stay silent.
    """

    chosen = Signal(str)

    def __init__(self, accessible_name: str = "Images", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails: tuple[Thumbnail, ...] = ()
        self._scaled: dict[tuple[str, float], QImage] = {}
        self._current = ""
        self._hovered = -1
        self._scroll = 0.0
        self.setAccessibleName(accessible_name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setProperty(RING_PROPERTY, 8)

    @property
    def current(self) -> str:
        """Key of the chosen picture."""
        return self._current

    def keys(self) -> tuple[str, ...]:
        """Keys in their order."""
        return tuple(thumbnail.key for thumbnail in self._thumbnails)

    def set_pictures(self, pictures: Sequence[tuple[str, str, NDArray[np.uint8] | QImage]]) -> None:
        """Show these pictures, each with key and name, silently."""
        self._thumbnails = tuple(
            Thumbnail(key, name, image if isinstance(image, QImage) else picture_from_array(image))
            for key, name, image in pictures
        )
        self._scaled.clear()
        self.updateGeometry()
        self.set_current(self._current)

    def set_current(self, key: str) -> None:
        """Show a picture as chosen, silently; an unknown key chooses none."""
        self._current = key
        self._reveal()
        self._tell_readers()
        self.update()

    def thumbnail_rect(self, key: str) -> QRectF:
        """Where a picture lies in this widget."""
        return self._rect(self.keys().index(key))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._reveal()

    @override
    def sizeHint(self) -> QSize:
        side, gap, ring = metric(THUMBNAIL_PX), metric(_GAP_PX), _RING_PX
        count = max(1, len(self._thumbnails))
        return QSize(count * side + (count - 1) * gap + 2 * ring, side + 2 * ring)

    @override
    def minimumSizeHint(self) -> QSize:
        side = metric(THUMBNAIL_PX) + 2 * _RING_PX
        return QSize(side, side)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index_at(event.pos())
            name = self._thumbnails[index].name if index >= 0 else ""
            QToolTip.showText(event.globalPos(), name, self)
            return True
        # Under the keyboard the arrows choose a picture; elsewhere they move t.
        asks_for_key = event.type() == QEvent.Type.ShortcutOverride
        if asks_for_key and isinstance(event, QKeyEvent) and Qt.Key(event.key()) in _KEYS:
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = Qt.Key(event.key()), self.keys()
        if not keys:
            super().keyPressEvent(event)
            return
        here = keys.index(self._current) if self._current in keys else -1
        if key in _MOVES:
            self._choose(min(max(here + _MOVES[key], 0), len(keys) - 1))
        elif key == Qt.Key.Key_Home:
            self._choose(0)
        elif key == Qt.Key.Key_End:
            self._choose(len(keys) - 1)
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._choose(index)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._index_at(event.position().toPoint()))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._overflow() <= 0:
            event.ignore()
            return
        turned = event.angleDelta().y() or event.angleDelta().x()
        self._scroll = min(max(self._scroll - turned / 2, 0.0), self._overflow())
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, thumbnail in enumerate(self._thumbnails):
            rect = self._rect(index)
            if not rect.intersects(QRectF(self.rect())):
                continue
            if thumbnail.key == self._current:
                # Ring 2, gap 2: as far from the picture as the focus ring is from a button.
                painter.setPen(QPen(tokens.color("accent"), 2.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), 9, 9)
            is_dimmed = index != self._hovered and thumbnail.key != self._current
            painter.setOpacity(0.9 if is_dimmed else 1.0)
            ratio = self.devicePixelRatioF()
            paint_picture(painter, rect.topLeft(), self._square(thumbnail, ratio), ratio)
            painter.setOpacity(1.0)

    def _square(self, thumbnail: Thumbnail, ratio: float) -> QImage:
        """Middle square of a picture at thumbnail size."""
        found = self._scaled.get((thumbnail.key, ratio))
        if found is None:
            picture = thumbnail.picture
            side = min(picture.width(), picture.height())
            left, top = (picture.width() - side) // 2, (picture.height() - side) // 2
            target = round(metric(THUMBNAIL_PX) * ratio)
            found = scaled_picture(
                picture.copy(left, top, side, side), target, target, is_sharp=side <= target // 2
            )
            self._scaled[thumbnail.key, ratio] = found
        return found

    def _rect(self, index: int) -> QRectF:
        side = metric(THUMBNAIL_PX)
        left = _RING_PX + index * (side + metric(_GAP_PX)) - self._scroll
        return QRectF(left, (self.height() - side) / 2, side, side)

    def _index_at(self, spot: QPoint) -> int:
        for index in range(len(self._thumbnails)):
            if self._rect(index).adjusted(-2, -2, 2, 2).contains(spot):
                return index
        return -1

    def _choose(self, index: int) -> None:
        key = self._thumbnails[index].key
        changes = key != self._current
        self.set_current(key)
        if changes:
            self.chosen.emit(key)

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self.setCursor(Qt.CursorShape.PointingHandCursor if index >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def _overflow(self) -> float:
        return max(0.0, float(self.sizeHint().width() - self.width()))

    def _reveal(self) -> None:
        """Scroll until the chosen picture is in sight."""
        self._scroll = min(self._scroll, self._overflow())
        if self._current in self.keys():
            rect = self.thumbnail_rect(self._current).adjusted(-_RING_PX, 0, _RING_PX, 0)
            if rect.left() < 0:
                self._scroll += rect.left()
            elif rect.right() > self.width() > 0:
                self._scroll += rect.right() - self.width()
            self._scroll = max(0.0, min(self._scroll, self._overflow()))
        shown = min(self.width(), self.sizeHint().width())
        self.setProperty(RING_RECT_PROPERTY, QRect(0, 0, shown, self.height()))

    def _tell_readers(self) -> None:
        names = {thumbnail.key: thumbnail.name for thumbnail in self._thumbnails}
        self.setAccessibleDescription(f"{names.get(self._current, 'none')} chosen of {len(names)}")
