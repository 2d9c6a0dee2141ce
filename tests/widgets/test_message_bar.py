"""Messages: errors stay, notes leave, actions act, the bar takes no room when empty."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from diffviz.ui.tokens import DARK
from diffviz.ui.widgets import message_bar
from diffviz.ui.widgets.message_bar import MessageBar


@pytest.fixture
def page(shown) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(MessageBar())
    column.addWidget(QLabel("content"), 1)
    return shown(made, 700, 300)


@pytest.fixture
def bar(page) -> MessageBar:
    return page.findChild(MessageBar)


def settle(page: QWidget) -> None:
    for _ in range(3):
        QApplication.processEvents()
    page.layout().activate()


def test_an_empty_bar_takes_no_room(page, bar) -> None:
    assert bar.isHidden()
    assert page.findChild(QLabel, options=Qt.FindChildOption.FindDirectChildrenOnly).y() == 0


def test_an_error_pushes_the_content_down_and_stays(page, bar, color_at) -> None:
    bar.show_message(
        "error", "photo.png could not be read:", "the file is truncated. Still showing chelsea.png."
    )
    settle(page)
    content = page.findChild(QLabel, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert content.y() == bar.height() >= 40
    assert color_at(page, 4, 4).name().upper() == DARK.badbg
    assert color_at(page, 4, bar.height() - 1).name().upper() == DARK.bad
    assert not bar._rows[0]._timer.isActive()


def test_a_note_leaves_by_itself(qtbot, bar, monkeypatch) -> None:
    assert message_bar.NOTE_MS == 6000
    monkeypatch.setattr(message_bar, "NOTE_MS", 20)
    with qtbot.waitSignal(bar.emptied):
        bar.show_message("note", "Opened chelsea.png")
    assert bar.isHidden()
    assert bar.messages == ()


def test_a_note_stays_while_it_is_being_read(bar, page) -> None:
    bar.show_message("note", "Opened chelsea.png")
    settle(page)
    row, spot = bar._rows[0], QPointF(3, 3)
    assert row._timer.isActive()
    QApplication.sendEvent(row, QEnterEvent(spot, spot, spot))
    assert not row._timer.isActive()
    QApplication.sendEvent(row, QEvent(QEvent.Type.Leave))
    assert row._timer.isActive()


def test_an_action_acts_and_closes_its_message(qtbot, bar) -> None:
    done: list[str] = []
    actions = [
        ("Choose another", lambda: done.append("choose")),
        ("Show folder", lambda: done.append("folder")),
    ]
    bar.show_message("error", "photo.png could not be read:", "the file is truncated.", actions)
    qtbot.mouseClick(bar._rows[0].buttons[1], Qt.MouseButton.LeftButton)
    assert done == ["folder"]
    assert bar.messages == ()


def test_the_same_message_is_shown_once_and_three_at_most(bar) -> None:
    for number in (1, 2, 2, 3, 4):
        bar.show_message("error", f"Error {number}")
    assert [headline for _, headline, _ in bar.messages] == ["Error 4", "Error 3", "Error 2"]


def test_escape_and_the_cross_close(qtbot, bar) -> None:
    bar.show_message("warn", "First")
    bar.show_message("warn", "Second")
    qtbot.keyClick(bar._rows[0].close_button, Qt.Key.Key_Escape)
    assert [headline for _, headline, _ in bar.messages] == ["First"]
    qtbot.mouseClick(bar._rows[0].close_button, Qt.MouseButton.LeftButton)
    assert bar.isHidden()


def test_one_level_can_be_cleared(bar) -> None:
    bar.show_message("error", "stays")
    bar.show_message("note", "goes")
    bar.clear("note")
    assert [level for level, _, _ in bar.messages] == ["error"]


def test_long_messages_wrap_instead_of_widening_the_window(page, bar) -> None:
    bar.show_message("error", "A very long file name that goes on.png could not be read:", "because " * 40)
    settle(page)
    row = bar._rows[0]
    assert page.width() == 700
    assert row.label.height() >= row.label.heightForWidth(row.label.width())
