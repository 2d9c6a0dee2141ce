"""The ring of 2 px around whatever has the keyboard, 2 px outside it, drawn above its neighbours.

One overlay serves the whole application, so that no widget has to keep room for a ring of its own.
"""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QWidget,
)
from shiboken6 import isValid
from typing_extensions import override

RING_PROPERTY = "focusRingRadius"
"""Dynamic property by which a widget asks for the ring: its corner radius in px; negative: no ring."""
RING_RECT_PROPERTY = "focusRingRect"
"""Dynamic property by which a widget has the ring around a part of itself: a QRect in its own px."""
_OFFSET_PX = 2
_WIDTH_PX = 2
_REACH_PX = _OFFSET_PX + _WIDTH_PX
_PLACING_EVENTS = (
    QEvent.Type.Move,
    QEvent.Type.Resize,
    QEvent.Type.Show,
    QEvent.Type.Hide,
    QEvent.Type.DynamicPropertyChange,
)
_RINGED = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QAbstractSlider)


class FocusRing(QObject):
    """Follows the keyboard focus of an application and shows where it is."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._ring: _Ring | None = None
        self._watched: list[QWidget] = []
        self._target: QWidget | None = None
        app.focusChanged.connect(self._on_focus_changed)

    @property
    def target(self) -> QWidget | None:
        """Widget that carries the ring now."""
        return self._target

    @Slot("QWidget*", "QWidget*")
    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:  # noqa: ARG002
        self._release()
        if new is not None and ring_radius(new) >= 0:
            self._surround(new)

    def _surround(self, target: QWidget) -> None:
        holder = _holder_of(target)
        if holder is None:
            return
        self._target = target
        self._ring = _Ring(holder, ring_radius(target))
        self._ring.destroyed.connect(self._on_ring_destroyed)
        widget: QWidget | None = target
        while widget is not None and widget is not holder:
            widget.installEventFilter(self)
            self._watched.append(widget)
            widget = widget.parentWidget()
        self._place()

    def _release(self) -> None:
        for widget in self._watched:
            if isValid(widget):
                widget.removeEventFilter(self)
        self._watched.clear()
        self._target = None
        if self._ring is not None:
            ring, self._ring = self._ring, None
            if isValid(ring):
                ring.destroyed.disconnect(self._on_ring_destroyed)
                ring.hide()
                ring.deleteLater()

    def _place(self) -> None:
        if self._ring is None or self._target is None:
            return
        # A widget sends its last events while it is being destroyed.
        if not isValid(self._target):
            self._release()
            return
        holder = self._ring.parentWidget()
        assert holder is not None
        spot = _ringed_part(self._target)
        spot.moveTopLeft(self._target.mapTo(holder, spot.topLeft()))
        self._ring.setGeometry(spot.adjusted(-_REACH_PX, -_REACH_PX, _REACH_PX, _REACH_PX))
        self._ring.setVisible(self._target.isVisible())
        self._ring.raise_()

    @Slot()
    def _on_ring_destroyed(self) -> None:
        self._ring = None
        self._target = None
        self._watched.clear()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _PLACING_EVENTS:
            self._place()
        elif event.type() == QEvent.Type.ParentChange:
            self._release()
        return False


class _Ring(QWidget):
    """The overlay itself: takes no mouse, no focus, and no part in layouts."""

    def __init__(self, holder: QWidget, radius: int) -> None:
        super().__init__(holder)
        self._radius = radius
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().highlight().color(), _WIDTH_PX))
        half = _WIDTH_PX / 2
        rect = QRectF(self.rect()).adjusted(half, half, -half, -half)
        radius = min(self._radius + _OFFSET_PX + half, rect.height() / 2, rect.width() / 2)
        painter.drawRoundedRect(rect, radius, radius)


def ring_radius(widget: QWidget) -> int:
    """Corner radius of the ring around a widget; negative: it wants none."""
    asked = widget.property(RING_PROPERTY)
    if isinstance(asked, int):
        return asked
    if isinstance(widget.parentWidget(), QAbstractSpinBox):
        return -1
    return 6 if isinstance(widget, _RINGED) else -1


def _ringed_part(target: QWidget) -> QRect:
    """Part of a widget that the ring goes around, in its own px."""
    part = target.property(RING_RECT_PROPERTY)
    return QRect(part) if isinstance(part, QRect) and part.isValid() else target.rect()


def _holder_of(target: QWidget) -> QWidget | None:
    """Nearest ancestor with room for the ring, no further out than the scrolled surface it lies on."""
    holder = target.parentWidget()
    while holder is not None:
        spot = QRect(target.mapTo(holder, QPoint(0, 0)), target.size())
        room = holder.rect().adjusted(_REACH_PX, _REACH_PX, -_REACH_PX, -_REACH_PX)
        outer = holder.parentWidget()
        if room.contains(spot) or holder.isWindow() or outer is None:
            return holder
        if isinstance(outer, QAbstractScrollArea):
            return holder
        holder = outer
    return None
