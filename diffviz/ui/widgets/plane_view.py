"""The plane of the 2-D lab: density, arrows, particles and paths, and places to drag."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.widgets.plane_geometry import PlaneArea
from diffviz.ui.widgets.plane_painting import (
    GROUND,
    PlanePath,
    density_image,
    error_image,
    paint_arrows,
    paint_corner,
    paint_marker,
    paint_path,
    particle_image,
)

_RADIUS_PX = 8
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

Places = NDArray[np.floating]


class PlaneView(QWidget):
    """
    Shows layers over a square of the plane, and lets a person move places, look closer, or paint.

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
    hovered(object)
        Place under the pointer, (x, y), or None.
    view_changed()
        Another part of the plane is seen.
    """

    clicked = Signal(float, float)
    handle_moved = Signal(int, float, float)
    handle_removed = Signal(int)
    gesture_finished = Signal()
    painted = Signal(float, float)
    erased = Signal(float, float)
    hovered = Signal(object)
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._area = PlaneArea(0.0, 0.0, 1.0)
        self._density: QImage | None = None
        self._errors: QImage | None = None
        self._arrows: list[tuple[Places, Places, Role, float]] = []
        self._dots: list[tuple[Places, Role]] = []
        self._paths: tuple[PlanePath, ...] = ()
        self._markers: tuple[tuple[float, float], ...] = ()
        self._handles: tuple[tuple[float, float], ...] = ()
        self._remark = ""
        self._selected: int | None = None
        self._grip: QPointF | None = None
        self._pressed_at: QPointF | None = None
        self._panned = False
        self._paints = False
        self.setMouseTracking(True)
        # Every px is painted here: what lies below would be painted for nothing at each frame.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, _RADIUS_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Plane")

    # -- what it shows ------------------------------------------------------------------------

    @property
    def area(self) -> PlaneArea:
        """Which part of the plane lies where."""
        return self._area

    @property
    def selected(self) -> int | None:
        """Handle that has the keyboard."""
        return self._selected

    @property
    def paints(self) -> bool:
        """Whether dragging paints."""
        return self._paints

    def set_paints(self, paints: bool) -> None:
        """Paint with the pointer, or drag and click."""
        self._paints = paints
        self.setCursor(Qt.CursorShape.CrossCursor if paints else Qt.CursorShape.ArrowCursor)
        self.update()

    def set_density(self, shades: NDArray[np.uint8] | None, remark: str = "") -> None:
        """Show shades (n, n) over all that is seen, and a remark in the corner."""
        self._density = None if shades is None else density_image(shades)
        self._remark = remark
        self.update()

    def set_errors(self, errors: NDArray[np.float32] | None) -> None:
        """Show errors (n, n), 0 … 1, over all that is seen."""
        self._errors = None if errors is None else error_image(errors)
        self.update()

    def set_arrows(self, arrows: Sequence[tuple[Places, Places, Role, float]]) -> None:
        """Show arrows: feet (n, 2), shafts (n, 2) in units of the data, role, opacity."""
        self._arrows = list(arrows)
        self.update()

    def set_dots(self, dots: Sequence[tuple[Places, Role]]) -> None:
        """Show clouds of points (n, 2), each with its role, the last on top."""
        self._dots = list(dots)
        self.update()

    def set_paths(self, paths: Sequence[PlanePath], markers: Sequence[tuple[float, float]] = ()) -> None:
        """Show paths, and dots for where those who walk them are now."""
        self._paths, self._markers = tuple(paths), tuple(markers)
        self.update()

    def set_handles(self, handles: Sequence[tuple[float, float]]) -> None:
        """Show places that can be dragged, silently."""
        self._handles = tuple(handles)
        if self._selected is not None and self._selected >= len(self._handles):
            self._selected = None
        self._tell_readers()
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
            self._paint_at(spot, event)
            return
        handle = self._handle_at(spot)
        self._select(handle)
        if event.button() == Qt.MouseButton.RightButton and handle is not None:
            self.handle_removed.emit(handle)
            self._pressed_at = None
        elif event.button() == Qt.MouseButton.LeftButton and handle is not None:
            self._grip = spot

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        spot = event.position()
        place = self._area.place(spot.x(), spot.y())
        self.hovered.emit(place)
        if self._paints:
            if event.buttons() != Qt.MouseButton.NoButton:
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

    # -- painting -----------------------------------------------------------------------------

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(420), metric(420))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(200, 200)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = min(self.width(), self.height())
        here = self._area
        left, top = (self.width() - side) // 2, (self.height() - side) // 2
        self._area = PlaneArea(left, top, side, here.x, here.y, here.reach)
        self.view_changed.emit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        area, tokens = self._area, current_tokens()
        square = QRectF(area.left, area.top, area.side, area.side)
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), tokens.color("stage"))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.fillRect(square, GROUND)
            painter.setClipRect(square)
            for picture in (self._density, self._errors):
                if picture is not None:
                    painter.drawImage(square, picture)
            # Not before: pictures are drawn much slower with it.
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for feet, shafts, role, opacity in self._arrows:
                paint_arrows(
                    painter,
                    area.px(feet),
                    np.asarray(shafts, np.float64) * (area.scale, -area.scale),
                    role,
                    opacity,
                )
            for points, role in self._dots:
                self._paint_dots(painter, points, role)
            for path in self._paths:
                paint_path(painter, area, path)
            self._paint_places(painter)
            paint_corner(painter, area, self._remark)
            self._paint_edge(painter, square)

    def _paint_edge(self, painter: QPainter, square: QRectF) -> None:
        """Round the corners by painting over them: to clip everything by a curve takes too long."""
        tokens = current_tokens()
        edge, corners = QPainterPath(), QPainterPath()
        edge.addRoundedRect(square.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX, _RADIUS_PX)
        corners.addRect(square)
        painter.fillPath(corners.subtracted(edge), tokens.color("stage"))
        painter.setPen(QPen(tokens.color("accent" if self._paints else "line"), 1.0))
        painter.drawPath(edge)

    def _paint_dots(self, painter: QPainter, points: Places, role: Role) -> None:
        ratio, area = self.devicePixelRatioF(), self._area
        side = max(1, round(area.side * ratio))
        scale = np.float32(area.scale * ratio)
        middle = np.float32(side / 2)
        px = np.asarray(points, np.float32) * (scale, -scale)
        px += (middle - np.float32(area.x) * scale, middle + np.float32(area.y) * scale)
        painter.drawImage(QPointF(area.left, area.top), particle_image(px, side, side, ratio, role))

    def _paint_places(self, painter: QPainter) -> None:
        for x, y in self._area.px(np.array(self._markers).reshape(-1, 2)).tolist():
            paint_marker(painter, QPointF(x, y), "model", metric(4.5), is_ring=False)
        for index, (x, y) in enumerate(self._area.px(np.array(self._handles).reshape(-1, 2)).tolist()):
            radius = metric(8 if index == self._selected else 6)
            paint_marker(painter, QPointF(x, y), "accent", radius, is_ring=True)

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
        wipes = event.buttons() & Qt.MouseButton.RightButton or (
            event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        )
        (self.erased if wipes else self.painted).emit(*self._area.place(spot.x(), spot.y()))

    def _act_in_the_middle(self) -> None:
        """What a click in the middle of the view does, for the keyboard."""
        if self._paints:
            self.painted.emit(self._area.x, self._area.y)
            self.gesture_finished.emit()
        else:
            self.clicked.emit(self._area.x, self._area.y)

    def _tell_readers(self) -> None:
        words = f"{len(self._handles)} start points"
        if self._selected is not None:
            x, y = self._handles[self._selected]
            words += f", number {self._selected + 1} at {x:.2f}, {y:.2f}"
        self.setAccessibleDescription(words.replace("-", "\u2212"))
