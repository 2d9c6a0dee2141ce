"""The order in which the keyboard goes through the window, for what joins the window late."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def last_in_tab_order(widget: QWidget) -> QWidget:
    """Return the last one in a widget that takes the keyboard; the widget itself where there is none."""
    return [widget, *_stops_in(widget)][-1]


def follow_in_tab_order(place: QWidget, part: QWidget) -> None:
    """
    Let the keyboard come to a part of the window, and through it, right after a place in the window.

    Qt puts what joins a window behind everything that is there already.

    Parameters
    ----------
    place, part
        Widgets of one window; the place is not in the part.
    """
    # Qt orders only what takes the keyboard.
    before = place
    while not _takes_keyboard(before):
        before = before.previousInFocusChain() or place
        if before is place:
            return
    for widget in _stops_in(part):
        QWidget.setTabOrder(before, widget)
        before = widget


def _takes_keyboard(widget: QWidget) -> bool:
    return widget.focusPolicy() != Qt.FocusPolicy.NoFocus


def _stops_in(part: QWidget) -> list[QWidget]:
    """What takes the keyboard, of a widget and all that is in it."""
    window = part.window()
    missing = {widget for widget in part.findChildren(QWidget) if widget.window() is window}
    stops = [part] if _takes_keyboard(part) else []
    widget = part.nextInFocusChain()
    while missing and widget is not None and widget is not part:
        if widget in missing:
            missing.remove(widget)
            if _takes_keyboard(widget):
                stops.append(widget)
        widget = widget.nextInFocusChain()
    return stops
