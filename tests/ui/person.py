"""A person at the window: mouse, wheel, keys and drops as the window system delivers them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from diffviz.ui.main_window import MainWindow
from diffviz.ui.widgets.pixels import array_from_picture

Pixels = npt.NDArray[np.uint8]
_COPY, _LEFT, _PLAIN = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Person:
    """Uses one window; every place is in px of the widget named with it, its centre by default."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window = window
        self.qtbot = qtbot

    # Mouse

    def click(self, widget: QWidget, x: float | None = None, y: float | None = None) -> None:
        handle, spot = self._place(widget, x, y)
        QTest.mouseClick(handle, _LEFT, _PLAIN, spot)

    def double_click(self, widget: QWidget, x: float, y: float) -> None:
        handle, spot = self._place(widget, x, y)
        QTest.mouseDClick(handle, _LEFT, _PLAIN, spot)

    def hover(self, widget: QWidget, x: float | None = None, y: float | None = None) -> None:
        handle, spot = self._place(widget, x, y)
        QTest.mouseMove(handle, spot + QPoint(1, 0))
        QTest.mouseMove(handle, spot)

    def press(self, widget: QWidget, x: float, y: float) -> None:
        handle, spot = self._place(widget, x, y)
        QTest.mousePress(handle, _LEFT, _PLAIN, spot)

    def move(self, widget: QWidget, x: float, y: float) -> None:
        handle, spot = self._place(widget, x, y)
        QTest.mouseMove(handle, spot)

    def release(self, widget: QWidget, x: float, y: float) -> None:
        handle, spot = self._place(widget, x, y)
        QTest.mouseRelease(handle, _LEFT, _PLAIN, spot)

    def drag(self, widget: QWidget, start: QPointF, end: QPointF, moves: int = 6) -> None:
        """Press at one place, move in a straight line and let go at the other."""
        self.press(widget, start.x(), start.y())
        for index in range(1, moves + 1):
            spot = start + (end - start) * (index / moves)
            self.move(widget, spot.x(), spot.y())
        self.release(widget, end.x(), end.y())

    def turn_wheel(self, widget: QWidget, notches: int, modifiers: Qt.KeyboardModifier = _PLAIN) -> None:
        handle, spot = self._place(widget, None, None)
        QTest.wheelEvent(handle, QPointF(spot), QPoint(0, 120 * notches), stateKey=modifiers)

    # Keys

    def key(self, key: Qt.Key | str, modifiers: Qt.KeyboardModifier = _PLAIN) -> None:
        """Strike a key in the window; the control that has the keyboard or a shortcut gets it."""
        QTest.keyClick(self._handle(self.window), key, modifiers)

    def hold_no_control(self) -> None:
        """Take the keyboard from every control, as after a click into nowhere."""
        self.window.setFocus()

    def type(self, words: str) -> None:
        for letter in words:
            self.key(letter)

    def set_number(self, field: QWidget, text: str) -> None:
        """Type a number into a field and finish with Enter."""
        self.click(field, 20.0)
        self.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.type(text)
        self.key(Qt.Key.Key_Return)

    def choose(self, field: QComboBox, label: str) -> None:
        """Open a list and take the entry of that label."""
        self.click(field)
        labels = [field.itemText(row) for row in range(field.count())]
        view = field.view()
        self.qtbot.waitUntil(view.isVisible)
        for _ in range(labels.index(label) - field.currentIndex()):
            QTest.keyClick(view, Qt.Key.Key_Down)
        for _ in range(field.currentIndex() - labels.index(label)):
            QTest.keyClick(view, Qt.Key.Key_Up)
        QTest.keyClick(view, Qt.Key.Key_Return)

    # Drops

    def hold_over(self, files: Sequence[Path], widget: QWidget | None = None) -> "Drag":
        """Drag files over a widget, as a file manager offers them."""
        return Drag(*self._place(widget or self.window, None, None), files)

    def drop(self, files: Sequence[Path], widget: QWidget | None = None) -> None:
        """Drag files over a widget and let go."""
        self.hold_over(files, widget).let_go()

    # Eyes

    def sees(self, widget: QWidget) -> QImage:
        """Draw a widget as it is; not ``grab``: a virtual screen may have only 16 bits per pixel."""
        picture = QImage(widget.size(), QImage.Format.Format_RGB32)
        picture.fill(widget.palette().window().color())
        # A plot's own ``render`` draws a scene without its surroundings.
        QWidget.render(widget, picture)
        return picture

    # Inside

    def _place(self, widget: QWidget, x: float | None, y: float | None) -> tuple[QWindow, QPoint]:
        """Window and the place in it, scrolled into sight."""
        place = QPointF(widget.width() / 2 if x is None else x, widget.height() / 2 if y is None else y)
        ancestor = widget.parentWidget()
        while ancestor is not None:
            if isinstance(ancestor, QScrollArea):
                area = ancestor
                spot = widget.mapTo(area.widget(), place.toPoint())
                area.ensureVisible(spot.x(), spot.y(), 24, 24)
                break
            ancestor = ancestor.parentWidget()
        top = widget.window()
        return self._handle(top), widget.mapTo(top, place.toPoint())

    def _handle(self, top: QWidget) -> QWindow:
        handle = top.windowHandle()
        assert handle is not None, "the window is not shown"
        return handle


class Drag:
    """Files in the air above a window."""

    def __init__(self, handle: QWindow, spot: QPoint, files: Sequence[Path]) -> None:
        self._handle, self._spot = handle, spot
        self._mime = QMimeData()
        self._mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        # File managers offer the names as text too, which a text field would take.
        self._mime.setText("\n".join(str(file) for file in files))
        self._send(QDragEnterEvent(spot, _COPY, self._mime, _LEFT, _PLAIN))
        self._send(QDragMoveEvent(spot, _COPY, self._mime, _LEFT, _PLAIN))

    def let_go(self) -> bool:
        """Drop; whether the window took it."""
        event = QDropEvent(QPointF(self._spot), _COPY, self._mime, _LEFT, _PLAIN)
        self._send(event)
        return event.isAccepted()

    def _send(self, event: QDragMoveEvent | QDropEvent) -> None:
        QCoreApplication.sendEvent(self._handle, event)


def pixels(picture: QImage | None) -> Pixels:
    """A shown picture as uint8 (H, W, 3)."""
    assert picture is not None, "no picture is shown"
    return array_from_picture(picture)


def write_picture(path: Path, width: int = 48, height: int = 32, seed: int = 0) -> Path:
    """A small RGB picture file with structure in it, another one for each seed."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [np.sin((k + 1) * columns / 7 + seed) + np.cos((k + 2) * rows / 9 - seed) for k in range(3)]
    Image.fromarray(np.uint8(127.5 + 60 * np.stack(waves, -1))).save(path)
    return path


def visible_widgets(top: QWidget) -> list[QWidget]:
    return [widget for widget in top.findChildren(QWidget) if widget.isVisible()]


def is_in_sight(widget: QWidget) -> bool:
    """Whether a widget is seen, not scrolled away, but for a few px where it is higher than the room."""
    seen = widget.visibleRegion().boundingRect()
    return seen.width() >= widget.width() - 2 and seen.height() >= min(widget.height() - 2, 100)


def focused() -> QWidget | None:
    return QApplication.focusWidget()
