"""Every command of the window, once: for shortcuts, the palette and tooltips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from typing_extensions import override

_TEXT_FIELDS = (QLineEdit, QAbstractSpinBox, QTextEdit, QPlainTextEdit, QComboBox)
_PRESSED_BY_KEYS = (QAbstractButton, QAbstractSlider)
_CONTROL_KEYS = frozenset(
    {
        Qt.Key.Key_Space,
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
    }
)
_BY_KEYBOARD = frozenset(
    {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason}
)


@dataclass(frozen=True)
class Command:
    """
    One thing the window can do.

    Parameters
    ----------
    key
        Its name in code.
    title
        Its name for people, an imperative.
    run
        What it does.
    shortcuts
        Keys, the first of which is shown.
    is_enabled
        Whether it can be done now.
    """

    key: str
    title: str
    run: Callable[[], object]
    shortcuts: tuple[str, ...] = ()
    is_enabled: Callable[[], bool] = lambda: True


def bind_commands(window: QMainWindow, commands: Sequence[Command]) -> dict[str, QAction]:
    """Give the window an action for each command; keys that repeat while held do so only for movement."""
    actions = {}
    for command in commands:
        action = QAction(command.title, window)
        action.setObjectName(command.key)
        action.setShortcuts([QKeySequence(keys) for keys in command.shortcuts])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setAutoRepeat(command.key.startswith("time."))
        action.triggered.connect(_runner(command))
        window.addAction(action)
        actions[command.key] = action
    return actions


def _runner(command: Command) -> Callable[[], None]:
    def run() -> None:
        if command.is_enabled():
            command.run()

    return run


class KeyGuard(QObject):
    """
    Leaves keys to the control that has the focus where the person expects that.

    Single keys are off while a text or number field has the focus. Space, arrows, Home and End belong to a
    button or slider that was reached by keyboard; after a mouse click they steer the timeline.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._came_by_keyboard = False
        app.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Every event of the program comes by here: those that do not matter must go on at once.
        if isinstance(event, QFocusEvent):
            # Coming back from another window keeps the way in which the control was reached.
            is_return = event.reason() == Qt.FocusReason.ActiveWindowFocusReason
            if event.type() == QEvent.Type.FocusIn and not is_return:
                self._came_by_keyboard = event.reason() in _BY_KEYBOARD
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            focused = QApplication.focusWidget()
            # An open list or menu looks at its keys here itself, and no shortcut works beside it.
            has_popup = QApplication.activePopupWidget() is not None
            if focused is not None and not has_popup and self._belongs_to(focused, event):
                event.accept()
                return True
        return False

    def _belongs_to(self, widget: QWidget, event: QKeyEvent) -> bool:
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if not plain or event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F6):
            return False
        if isinstance(widget, _TEXT_FIELDS):
            return True
        is_control_key = Qt.Key(event.key()) in _CONTROL_KEYS
        return isinstance(widget, _PRESSED_BY_KEYS) and is_control_key and self._came_by_keyboard
