"""The plane of the 2-D lab: density, arrows, particles and paths, and places to drag."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.theme import metric
from diffviz.ui.widgets.plane_geometry import PlaneArea
from diffviz.ui.widgets.plane_picture import RADIUS_PX, PlanePicture

_GRAB_PX = 14
_CLICK_PX = 4
_WHEEL_FACTOR = 1.15
_KEY_STEP = 0.05
_NUDGES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class PlaneView(PlanePicture):
    """
    The picture of the plane, which lets a person move places, look closer, or paint.

    Signals
    -------
    clicked(float, float)
        The user clicked a place where nothing is to be dragged.
    handle_moved(int, float, float)
        The user has a handle at another place.
    handle_removed(int)
        The user wants a handle gone.
    gesture_finished()
        The user let go, or moved on.
    painted(float, float), erased(float, float)
        The user paints, or wipes, at a place; while ``paints``.
    painting_ended()
        The user lays the brush down.
    hovered(object)
        Place under the pointer, (x, y), or None.
    """

    clicked = Signal(float, float)
    handle_moved = Signal(int, float, float)
    handle_removed = Signal(int)
    gesture_finished = Signal()
    painted = Signal(float, float)
    erased = Signal(float, float)
    painting_ended = Signal()
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grip: QPointF | None = None
        self._pressed_at: QPointF | None = None
        self._panned = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, RADIUS_PX)

    def set_paints(self, paints: bool) -> None:
        """Paint with the pointer, or drag and click."""
        self._paints = paints
        self.setCursor(Qt.CursorShape.CrossCursor if paints else Qt.CursorShape.ArrowCursor)
        self.update()

    def show_all(self) -> None:
        """See the whole plane again."""
        self._see(PlaneArea(self._area.left, self._area.top, self._area.side))

    # -- what a person does -------------------------------------------------------------------

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = event.position()
        self._pressed_at, self._panned = spot, False
        if self._paints:
            if event.button() == Qt.MouseButton.LeftButton:
                self._paint_at(spot, event)
            return
        handle = self._handle_at(spot)
        self._select(handle)
        if event.button() == Qt.MouseButton.LeftButton and handle is not None:
            self._grip = spot

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        handle = None if self._paints else self._handle_at(event.position())
        if handle is None:
            self.mousePressEvent(event)
        else:
            self._pressed_at = self._grip = None
            self.handle_removed.emit(handle)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        spot = event.position()
        place = self._area.place(spot.x(), spot.y())
        self.hovered.emit(place)
        if self._paints:
            if event.buttons() & Qt.MouseButton.LeftButton:
                self._paint_at(spot, event)
            return
        if self._grip is not None and self._selected is not None:
            self.handle_moved.emit(self._selected, *place)
        elif self._pressed_at is not None and event.buttons() & Qt.MouseButton.LeftButton:
            moved = spot - self._pressed_at
            if self._panned or moved.manhattanLength() > _CLICK_PX:
                self._panned, self._pressed_at = True, spot
                self._see(self._area.panned(moved.x(), moved.y()))
        else:
            grabs = self._handle_at(spot) is not None
            self.setCursor(Qt.CursorShape.OpenHandCursor if grabs else Qt.CursorShape.ArrowCursor)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_press, self._pressed_at = self._pressed_at, None
        if self._paints or self._grip is not None:
            self._grip = None
            self.gesture_finished.emit()
        elif (
            was_press is not None
            and not self._panned
            and event.button() == Qt.MouseButton.LeftButton
            and self._handle_at(event.position()) is None
        ):
            self.clicked.emit(*self._area.place(event.position().x(), event.position().y()))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches:
            self._see(self._area.zoomed(_WHEEL_FACTOR**notches, event.position().x(), event.position().y()))
        event.accept()

    @override
    def event(self, event: QEvent) -> bool:
        # With a handle under the keyboard the arrows move it; elsewhere they move t.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self._selected is not None
            and Qt.Key(event.key()) in (*_NUDGES, *_DELETES)
        ):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _NUDGES and self._selected is not None:
            step = _KEY_STEP * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            (x, y), (right, up) = self._handles[self._selected], _NUDGES[key]
            self.handle_moved.emit(self._selected, x + right * step, y + up * step)
        elif key in _DELETES and self._selected is not None:
            self.handle_removed.emit(self._selected)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Insert):
            self._act_in_the_middle()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Equal):
            factor = 1 / _WHEEL_FACTOR if key == Qt.Key.Key_Minus else _WHEEL_FACTOR
            middle = self._area.side / 2
            self._see(self._area.zoomed(factor, self._area.left + middle, self._area.top + middle))
        elif key == Qt.Key.Key_0:
            self.show_all()
        elif key == Qt.Key.Key_Escape and self._paints:
            self.painting_ended.emit()
        else:
            super().keyPressEvent(event)

    @override
    def focusNextPrevChild(self, forwards: bool) -> bool:
        index = self._selected
        first = 0 if forwards else len(self._handles) - 1
        following = first if index is None else index + (1 if forwards else -1)
        if 0 <= following < len(self._handles):
            self._select(following)
            return True
        self._select(None)
        return bool(super().focusNextPrevChild(forwards))

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._select(None)
        self.gesture_finished.emit()

    # -- inside -------------------------------------------------------------------------------

    def _see(self, area: PlaneArea) -> None:
        if area != self._area:
            self._area = area
            self.update()
            self.view_changed.emit()

    def _handle_at(self, spot: QPointF) -> int | None:
        """Nearest handle within reach of the pointer."""
        if not self._handles:
            return None
        distances = np.hypot(*(self._area.px(np.array(self._handles)) - (spot.x(), spot.y())).T)
        nearest = int(distances.argmin())
        return nearest if distances[nearest] <= metric(_GRAB_PX) else None

    def _select(self, index: int | None) -> None:
        if index != self._selected:
            self._selected = index
            self._tell_readers()
            self.update()

    def _paint_at(self, spot: QPointF, event: QMouseEvent) -> None:
        wipes = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        (self.erased if wipes else self.painted).emit(*self._area.place(spot.x(), spot.y()))

    def _act_in_the_middle(self) -> None:
        """What a click in the middle of the view does, for the keyboard."""
        if self._paints:
            self.painted.emit(self._area.x, self._area.y)
            self.gesture_finished.emit()
        else:
            self.clicked.emit(self._area.x, self._area.y)
