"""The schedule plot as a person works on it: drag the now line, drag, add and remove points on the curve."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from diffviz.core.schedules import NoiseSchedule, ScheduleSpec
from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.widgets.curve_handles import HandleError, Handles
from diffviz.ui.widgets.curve_view import CurveView

_FINE_SHARE = 1 / 200
_COARSE = 10
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


@dataclass
class _Gesture:
    """A drag or a run of key presses: the points it began with, and whether it changed them."""

    before: Handles
    grip: QPointF
    has_changed: bool = False
    is_by_key: bool = False


class CurveEditor(CurveView):
    """
    Plot of one schedule in one quantity, with a ghost, handles and the present time.

    Signals
    -------
    timestep_requested(int)
        The user dragged the now line, or the times below the plot.
    points_requested(object, str)
        The user moved, added or removed a point: all (u, value), and the quantity of the values.
    gesture_started
        The first change of a drag or of a run of key presses is about to be asked for.
    gesture_finished
        The gesture is over; what follows is another one.
    gesture_cancelled
        The user wants back what was there before the gesture.
    """

    timestep_requested = Signal(int)
    points_requested = Signal(object, str)
    gesture_started = Signal()
    gesture_finished = Signal()
    gesture_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gesture: _Gesture | None = None
        self._is_scrubbing = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, 8)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setMinimumHeight(140)

    @override
    def set_schedule(self, schedule: NoiseSchedule, spec: ScheduleSpec) -> None:
        count = len(self._handles)
        super().set_schedule(schedule, spec)
        if self._gesture is not None and len(self._handles) != count:
            # Something else than this drag has changed the schedule.
            self._gesture, self._is_held = None, False
            self.freeze_axis(False)

    # -- mouse --------------------------------------------------------------------------------

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        position = event.position()
        index = self._handle_at(position)
        self._select(index)
        if index is not None:
            self._begin(position - self.handle_position(index))
        elif self._is_on_now_line(position):
            self._is_scrubbing = True
            self._scrub(position)
        event.accept()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if self._gesture is not None and not self._gesture.is_by_key and self._selected is not None:
            self._drag(position)
        elif self._is_scrubbing:
            self._scrub(position)
        elif not event.buttons():
            self._hover(position)
        event.accept()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_scrubbing = False
            if self._gesture is not None and not self._gesture.is_by_key:
                self._end_gesture()
        event.accept()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if event.button() != Qt.MouseButton.LeftButton or self._handle_at(position) is not None:
            event.ignore()
            return
        if self.plot_rect.contains(position) or self._is_on_curve(position):
            self._add_point(self._time_under(position))
        event.accept()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._set_hovered(None)
        super().leaveEvent(event)

    # -- keyboard -----------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        # The window's own single-key shortcuts step aside while a point is in hand.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._wants(event)
        ):
            event.accept()
            return True
        return bool(super().event(event))

    @override
    def focusNextPrevChild(self, forwards: bool) -> bool:
        index = self._selected
        following = (
            (0 if forwards else len(self._handles) - 1) if index is None else index + (1 if forwards else -1)
        )
        if 0 <= following < len(self._handles):
            self._select(following)
            return True
        self._select(None)
        return bool(super().focusNextPrevChild(forwards))

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self._select(0)
        elif event.reason() == Qt.FocusReason.BacktabFocusReason:
            self._select(len(self._handles) - 1)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._gesture is not None and self._gesture.is_by_key:
            self._end_gesture()
        self.viewport().update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif key == Qt.Key.Key_Escape and self._gesture is not None:
            self._cancel_gesture()
        elif key == Qt.Key.Key_Escape and self._selected is not None:
            self._select(None)
        elif key in _ARROWS and self._selected is not None:
            self._nudge(*_ARROWS[key], coarse=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._selected is not None:
            self._remove_point(self._selected)
        elif key in (Qt.Key.Key_Insert, Qt.Key.Key_Plus):
            self._add_point(self._t)
        else:
            event.ignore()

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        is_ours = self._gesture is not None and self._gesture.is_by_key
        if is_ours and Qt.Key(event.key()) in _ARROWS and not event.isAutoRepeat():
            self._end_gesture()
        else:
            event.ignore()

    # -- inside -------------------------------------------------------------------------------

    def _select(self, index: int | None) -> None:
        if index != self._selected:
            if self._gesture is not None:
                self._end_gesture()
            self._selected = index
            self._describe()
        self.viewport().update()

    def _hover(self, position: QPointF) -> None:
        index = self._handle_at(position)
        self._set_hovered(index)
        if index is not None:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        elif self._is_on_now_line(position):
            self.viewport().setCursor(Qt.CursorShape.SizeHorCursor)
        else:
            self.viewport().unsetCursor()

    def _scrub(self, position: QPointF) -> None:
        t = self._time_under(position)
        if t != self._t:
            self.set_t(t)
            self.timestep_requested.emit(t)

    def _time_under(self, position: QPointF) -> int:
        return min(max(round(self.value_at(position)[0]), 0), self.num_timesteps)

    def _drag(self, position: QPointF) -> None:
        assert self._gesture is not None
        assert self._selected is not None
        self.freeze_axis(True)
        t, shown = self.value_at(position - self._gesture.grip)
        self._move_point(self._selected, t, shown)

    def _nudge(self, right: int, up: int, *, coarse: bool) -> None:
        assert self._selected is not None
        if self._gesture is None:
            self._begin()
        factor = _COARSE if coarse else 1
        shown = self._handles.shown(self._selected, self._view)
        if math.isinf(shown):
            shown = self.value_at(self.handle_position(self._selected))[1]
        reach = (self.axis.high - self.axis.low) * _FINE_SHARE * factor
        self._move_point(
            self._selected, self._handles.time(self._selected) + right * factor, shown + up * reach
        )

    def _move_point(self, index: int, t: float, shown: float) -> None:
        moved = self._handles.moved(index, t, shown, self._view)
        if moved != self._handles:
            self._ask_for(moved)

    def _add_point(self, t: int) -> None:
        try:
            more, index = self._handles.with_point(t, float(self.curve.values[t]), self._view)
        except HandleError:
            return
        self._begin()
        self._selected = index
        self._ask_for(more)
        self._end_gesture()

    def _remove_point(self, index: int) -> None:
        try:
            fewer = self._handles.without(index)
        except HandleError as problem:
            self.mark_invalid(index, f"{problem}")
            return
        self._end_gesture()
        self._begin()
        self._selected = index - 1
        self._ask_for(fewer)
        self._end_gesture()

    def _begin(self, grip: QPointF | None = None) -> None:
        """Begin a gesture: by mouse with the place where the handle was gripped, else by key."""
        self._gesture = _Gesture(self._handles, grip or QPointF(), is_by_key=grip is None)
        self._is_held = True

    def _ask_for(self, handles: Handles) -> None:
        gesture = self._gesture
        assert gesture is not None
        self._handles = handles
        self._invalid = None
        if not gesture.has_changed:
            gesture.has_changed = True
            self.gesture_started.emit()
        self.points_requested.emit(handles.points, handles.quantity)
        self._describe()
        self.viewport().update()

    def _end_gesture(self) -> None:
        gesture, self._gesture, self._is_held = self._gesture, None, False
        self.freeze_axis(False)
        if gesture is None or not gesture.has_changed:
            return
        problem = self._invalid
        self._take_handles()
        self._invalid = problem
        self._show()
        self.gesture_finished.emit()

    def _cancel_gesture(self) -> None:
        gesture, self._gesture, self._is_held = self._gesture, None, False
        self.freeze_axis(False)
        if gesture is not None and gesture.has_changed:
            self._handles = gesture.before
            self._invalid = None
            self.gesture_cancelled.emit()
        self.viewport().update()

    def _wants(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            return True
        in_hand = key in _ARROWS or key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Escape)
        return self._selected is not None and in_hand
