"""The window as drop target: real drag events, offers, refusals."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from diffviz.ui.tokens import DARK
from diffviz.ui.widgets.drop_overlay import DropOffer, DropOverlay


def judge(data: QMimeData) -> DropOffer:
    name = data.urls()[0].fileName()
    if name.endswith(".png"):
        return DropOffer(f"Drop to open {name}", ("It replaces the image.",), np.zeros((20, 30, 3), np.uint8))
    return DropOffer(f"{name} cannot be opened", ("It is not a picture.",), accepted=False)


@pytest.fixture
def window(shown) -> QWidget:
    return shown(QWidget(), 600, 400)


@pytest.fixture
def overlay(window) -> DropOverlay:
    return DropOverlay(window, judge)


def file_data(name: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(f"/pictures/{name}")])
    return data


def enter(window: QWidget, data: QMimeData) -> bool:
    event = QDragEnterEvent(
        QPoint(9, 9),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def drop(window: QWidget, data: QMimeData) -> bool:
    event = QDropEvent(
        QPointF(9, 9),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.setAccepted(False)
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def test_a_picture_over_the_window_is_named_with_what_will_happen(window, overlay, color_at) -> None:
    data = file_data("astronaut.png")
    assert enter(window, data)
    assert overlay.isVisible()
    assert overlay.geometry() == window.rect()
    assert overlay.offer.headline == "Drop to open astronaut.png"
    border = {color_at(window, x, 13).name().upper() for x in range(100, 140)}
    assert DARK.accent in border


def test_letting_go_hands_the_data_on_and_uncovers_the_window(qtbot, window, overlay) -> None:
    data = file_data("astronaut.png")
    enter(window, data)
    with qtbot.waitSignal(overlay.dropped) as dropped:
        assert drop(window, data)
    assert dropped.args[0].urls()[0].fileName() == "astronaut.png"
    assert overlay.isHidden()


def test_another_kind_of_file_is_refused_with_the_reason(qtbot, window, overlay, color_at) -> None:
    data = file_data("notes.pdf")
    enter(window, data)
    assert overlay.offer.lines == ("It is not a picture.",)
    assert DARK.bad in {color_at(window, x, 13).name().upper() for x in range(100, 140)}
    with qtbot.assertNotEmitted(overlay.dropped):
        assert not drop(window, data)
    assert overlay.isHidden()


def test_leaving_uncovers_the_window(window, overlay) -> None:
    enter(window, file_data("astronaut.png"))
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert overlay.isHidden()


def test_the_overlay_grows_with_its_window_and_takes_no_mouse(window, overlay) -> None:
    overlay.show_offer(DropOffer("Drop to open a.png"))
    window.resize(700, 500)
    QApplication.processEvents()
    assert overlay.geometry() == window.rect()
    assert overlay.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
