"""The one truth of the window: a state, its history, and one signal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from diffviz.core.schedules import build_schedule
from diffviz.engine.state import (
    OWN_CLASS,
    VIEW_FIELDS,
    SessionState,
    StartFrom,
    StateError,
    Workspace,
    settle,
)

__all__ = ["Session", "SessionState", "StartFrom", "StateError", "Workspace", "settle"]

_MOST_UNDO_STEPS = 200


def _classes_of_the_exact_denoiser(denoiser: str) -> int | None:
    return 0 if denoiser == "exact:pictures" else None


class Session(QObject):
    """Holds the present state and announces every change of it.

    Parameters
    ----------
    state
        Where to begin.
    num_classes
        How many classes the denoiser of a key has; None where unknown.

    Signals
    -------
    changed(old, new)
        Two settled states that differ. Changes made while it is announced are announced afterwards, so
        that every view hears them in the order in which they happened.
    followed(old, new)
        The same, once everybody who listens to `changed` has heard it: pictures come first, wherever and
        whenever their views were made, and what stands around them follows.
    history_changed()
        `can_undo` or `can_redo` may have changed.
    """

    changed = Signal(object, object)
    followed = Signal(object, object)
    history_changed = Signal()

    def __init__(
        self,
        state: SessionState | None = None,
        *,
        num_classes: Callable[[str], int | None] = _classes_of_the_exact_denoiser,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._num_classes = num_classes
        self._state = self._settled(state or SessionState())
        self._undo: list[SessionState] = []
        self._redo: list[SessionState] = []
        self._gesture: str | None = None
        self._home: tuple[SessionState, list[SessionState], list[SessionState]] | None = None
        self._announcements: deque[tuple[SessionState, SessionState]] = deque()
        self._announcing = False

    @property
    def state(self) -> SessionState:
        """The present state, settled."""
        return self._state

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back and nothing was done since."""
        return bool(self._redo)

    def update(self, *, merge: str | None = None, **changes: Any) -> None:
        """Change fields of the state, settle it, and announce it once if anything differs.

        A class belongs to its denoiser: naming another denoiser lets the class go unless one is named too.

        Parameters
        ----------
        merge
            Name of a gesture; consecutive changes of one gesture are one step for undo, until `end_gesture`
            or a change without it.
        **changes
            Fields of `SessionState`.

        Raises
        ------
        ScheduleError
            If the new schedule cannot be built; the old state stays.
        StateError
            If a value is impossible; the old state stays.
        """
        if changes.get("denoiser", self._state.denoiser) != self._state.denoiser:
            changes.setdefault("class_index", None)
            changes.setdefault("bound_class", OWN_CLASS)
        new = self._settled(replace(self._state, **changes))
        if _document(new) != _document(self._state):
            self._remember(merge)
        self._become(new)

    def end_gesture(self) -> None:
        """Close the gesture: the next change is a step of its own."""
        if self._gesture is None:
            return
        self._gesture = None
        if self._undo and _document(self._undo[-1]) == _document(self._state):
            # Dragged away and back again: nothing happened.
            self._undo.pop()
            self.history_changed.emit()

    def undo(self) -> None:
        """Take the last step back; how one looks at things stays as it is."""
        self.end_gesture()
        if self._undo:
            self._redo.append(self._state)
            self._return_to(self._undo.pop())

    def redo(self) -> None:
        """Do again what was taken back."""
        self.end_gesture()
        if self._redo:
            self._undo.append(self._state)
            self._return_to(self._redo.pop())

    @property
    def is_visiting(self) -> bool:
        """Whether the state is one of a visit, as in a lesson, and the person's own waits."""
        return self._home is not None

    def visit(self, state: SessionState) -> None:
        """Become another state for a while; the own one waits for `leave`, with all that can be undone there.

        On a visit what is done there can be undone; a visit within a visit begins anew.

        Raises
        ------
        ScheduleError, StateError
            If there can be no such state; nothing changes.
        """
        settled = self._settled(state)
        self.end_gesture()
        if self._home is None:
            self._home = (self._state, self._undo, self._redo)
        self._undo, self._redo = [], []
        self._become(settled)
        self.history_changed.emit()

    def leave(self) -> None:
        """End the visit: the own state comes back, and what could be undone before can be undone again."""
        if self._home is None:
            return
        self.end_gesture()
        state, self._undo, self._redo = self._home
        self._home = None
        self._become(self._settled(state))
        self.history_changed.emit()

    def _settled(self, state: SessionState) -> SessionState:
        build_schedule(state.schedule)
        return settle(state, self._num_classes(state.denoiser))

    def _remember(self, merge: str | None) -> None:
        """Make an undo entry of the present state, unless the gesture that goes on has made one."""
        self._redo.clear()
        if merge is None or merge != self._gesture:
            self.end_gesture()
            self._undo.append(self._state)
            del self._undo[:-_MOST_UNDO_STEPS]
        self._gesture = merge
        self.history_changed.emit()

    def _return_to(self, past: SessionState) -> None:
        looks = {name: getattr(self._state, name) for name in VIEW_FIELDS}
        self._become(self._settled(replace(past, **looks)))
        self.history_changed.emit()

    def _become(self, new: SessionState) -> None:
        if new == self._state:
            return
        self._announcements.append((self._state, new))
        self._state = new
        if self._announcing:
            return
        self._announcing = True
        try:
            while self._announcements:
                announcement = self._announcements.popleft()
                self.changed.emit(*announcement)
                self.followed.emit(*announcement)
        finally:
            self._announcing = False


def _document(state: SessionState) -> SessionState:
    """The state without how one looks at it."""
    defaults = SessionState()
    return replace(state, **{name: getattr(defaults, name) for name in VIEW_FIELDS})
