"""Rings around the controls that a lesson speaks of, above everything, wherever they move."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid
from typing_extensions import override

from diffviz.ui.targets import Target, bring_into_sight, seen_part
from diffviz.ui.theme import color

_OFFSET_PX = 5
_WIDTH_PX = 3
_GLOW_PX = 4
_REACH_PX = _OFFSET_PX + _WIDTH_PX + _GLOW_PX
_RADIUS_PX = 10
_MOVING = (
    QEvent.Type.Move,
    QEvent.Type.Resize,
    QEvent.Type.Show,
    QEvent.Type.Hide,
    QEvent.Type.LayoutRequest,
)


class Spotlight(QObject):
    """
    Rings places of one window.

    Signals
    -------
    moved()
        A ring is somewhere else now.
    """

    moved = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._targets: tuple[Target, ...] = ()
        self._rings: list[_Ring] = []
        self._watched: list[QWidget] = []
        self._placing = QTimer(self)
        self._placing.setSingleShot(True)
        self._placing.setInterval(0)
        self._placing.timeout.connect(self._place)

    def show(self, targets: Sequence[Target]) -> None:
        """Ring these places and scroll them into sight."""
        self.clear()
        self._targets = tuple(targets)
        for target in self._targets:
            bring_into_sight(target.widget, target.rect())
            self._watch(target.widget)
        self._rings = [_Ring(self._window) for _ in self._targets]
        self._place()

    def clear(self) -> None:
        """Take all rings away."""
        for widget in self._watched:
            if isValid(widget):
                widget.removeEventFilter(self)
        for ring in self._rings:
            ring.hide()
            ring.deleteLater()
        self._watched, self._rings, self._targets = [], [], ()

    def places(self) -> tuple[QRect, ...]:
        """Where the rings are, in px of the window, without those that are out of sight."""
        return tuple(ring.geometry() for ring in self._rings if ring.isVisible())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVING:
            self._placing.start()
        return False

    def _watch(self, widget: QWidget) -> None:
        here: QWidget | None = widget
        while here is not None and here is not self._window.parentWidget():
            if here not in self._watched:
                here.installEventFilter(self)
                self._watched.append(here)
            here = here.parentWidget()

    @Slot()
    def _place(self) -> None:
        before = self.places()
        for ring, target in zip(self._rings, self._targets):
            ring.surround(seen_place(target, self._window))
        if self.places() != before:
            self.moved.emit()


class _Ring(QWidget):
    """One ring; takes no mouse, no focus and no part in layouts, and is open inside."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def surround(self, place: QRect) -> None:
        """Lie around a place of the window; nowhere where that is empty."""
        if place.isEmpty():
            self.hide()
            return
        window = self.parentWidget()
        assert window is not None
        outer = place.adjusted(-_REACH_PX, -_REACH_PX, _REACH_PX, _REACH_PX).intersected(window.rect())
        whole = QRect(QPoint(0, 0), outer.size())
        inner = whole.adjusted(_REACH_PX, _REACH_PX, -_REACH_PX, -_REACH_PX).adjusted(2, 2, -2, -2)
        # Without a hole every picture under it would be drawn through the ring at each frame.
        self.setMask(QRegion(whole).subtracted(QRegion(inner)))
        self.setGeometry(outer)
        if self.isHidden():
            self.show()
            self.raise_()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, opacity in ((_WIDTH_PX + 2 * _GLOW_PX, 0.22), (_WIDTH_PX, 1.0)):
            painter.setPen(QPen(color("accent", opacity), width))
            inset = _GLOW_PX + _WIDTH_PX / 2
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), _RADIUS_PX, _RADIUS_PX
            )


def seen_place(target: Target, window: QWidget) -> QRect:
    """Where a target is seen in a window, in the window's px; empty where it is hidden or scrolled away."""
    if not isValid(target.widget) or not target.widget.isVisible():
        return QRect()
    part = seen_part(target.widget) if target.part is not None else target.widget
    seen = target.rect().intersected(part.visibleRegion().boundingRect() if target.part else target.rect())
    place = QRect(part.mapTo(window, seen.topLeft()), seen.size())
    ancestor = part.parentWidget()
    while ancestor is not None and ancestor is not window:
        place = place.intersected(QRect(ancestor.mapTo(window, QPoint(0, 0)), ancestor.size()))
        ancestor = ancestor.parentWidget()
    return place
