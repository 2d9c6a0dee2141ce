"""Widgets in the dark theme, without movement, as real windows."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from diffviz.ui import theme


@pytest.fixture(autouse=True)
def _dark_theme(qapp: QApplication) -> Iterator[None]:
    font = qapp.font()
    theme.apply_theme(qapp, "dark", reduce_motion=True)
    yield
    qapp.setFont(font)


@pytest.fixture
def shown(qtbot: QtBot) -> Callable[..., QWidget]:
    """Show a widget at a size and wait until it has the keyboard."""

    def show(widget: QWidget, width: int = 0, height: int = 0) -> QWidget:
        qtbot.addWidget(widget)
        if width and height:
            widget.resize(width, height)
        with qtbot.waitActive(widget):
            widget.show()
            widget.activateWindow()
        return widget

    return show


@pytest.fixture
def color_at() -> Callable[[QWidget, int, int], QColor]:
    """Colour of a pixel of a widget as it is drawn, at logical px."""

    def at(widget: QWidget, x: int, y: int) -> QColor:
        # Not grab(): a virtual screen may have only 16 bits per pixel.
        picture = QImage(widget.size(), QImage.Format.Format_RGB32)
        picture.fill(widget.palette().window().color())
        widget.render(picture)
        return picture.pixelColor(x, y)

    return at
