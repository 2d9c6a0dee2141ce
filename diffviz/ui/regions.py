"""Moving the keyboard from region to region of the window."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def focus_next_region(regions: Sequence[QWidget]) -> None:
    """Give the keyboard to the first control of the region after the one that has it."""
    focused = QApplication.focusWidget()
    here = next((i for i, region in enumerate(regions) if focused and region.isAncestorOf(focused)), -1)
    for offset in range(1, len(regions) + 1):
        target = _first_focusable(regions[(here + offset) % len(regions)])
        if target is not None:
            target.setFocus(Qt.FocusReason.TabFocusReason)
            return


def _first_focusable(region: QWidget) -> QWidget | None:
    for widget in region.findChildren(QWidget):
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            return widget
    return None
