"""The palette: fuzzy search, keyboard, what cannot be used."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from diffviz.ui.widgets.command_palette import CommandPalette, PaletteCommand
from diffviz.ui.widgets.fuzzy import fuzzy_match


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def window(shown) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.addWidget(QLineEdit())
    shown(made, 900, 600)
    made.findChild(QLineEdit).setFocus()
    return made


@pytest.fixture
def palette(window, done) -> CommandPalette:
    made = CommandPalette(window)
    made.open(
        [
            PaletteCommand(
                "Open image…", lambda: done.append("open"), "Ctrl+O", keywords="file load picture"
            ),
            PaletteCommand("Export animation…", lambda: done.append("export"), "Ctrl+E"),
            PaletteCommand("Fork here", lambda: done.append("fork"), "F", "No run to fork"),
            PaletteCommand("Go to Reverse", lambda: done.append("reverse"), "Alt+2"),
        ]
    )
    return made


@pytest.mark.parametrize(
    ("query", "name", "positions"),
    [
        ("ea", "Export animation", (0, 7)),
        ("exp", "Export animation", (0, 1, 2)),
        ("g r", "Go to Reverse", (0, 6)),
        ("", "Anything", ()),
        ("or", "Go to Reverse", (1, 6)),
    ],
)
def test_letters_are_found_at_words_before_anywhere(query, name, positions) -> None:
    assert fuzzy_match(query, name).positions == positions


def test_missing_letters_match_nothing() -> None:
    assert fuzzy_match("xyz", "Export") is None
    assert fuzzy_match("tropxe", "Export") is None


def test_a_word_start_beats_a_letter_inside() -> None:
    assert fuzzy_match("eg", "Export GIF").score > fuzzy_match("eg", "Legend").score


def test_typing_narrows_the_list_and_enter_runs_the_first(qtbot, palette, done) -> None:
    assert len(palette.titles()) == 4
    qtbot.keyClicks(palette.search, "rev")
    assert palette.titles() == ("Go to Reverse",)
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert done == ["reverse"]
    assert palette.isHidden()


def test_other_words_for_a_command_find_it(qtbot, palette) -> None:
    qtbot.keyClicks(palette.search, "load")
    assert palette.titles() == ("Open image…",)


def test_arrows_move_without_leaving_the_search(qtbot, palette, done) -> None:
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    qtbot.keyClick(palette.search, Qt.Key.Key_Up)
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.search.hasFocus()
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert done == ["export"]


def test_what_cannot_be_used_stays_and_says_why(qtbot, palette, done) -> None:
    qtbot.keyClicks(palette.search, "fork")
    index = palette.list.model().index(0, 0)
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "No run to fork"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Fork here F No run to fork"
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert done == []
    assert palette.isVisible()


def test_escape_and_a_click_outside_close_and_give_the_keyboard_back(qtbot, window, palette) -> None:
    field = window.findChild(QLineEdit, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert palette.search.hasFocus()
    qtbot.keyClick(palette.search, Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert field.hasFocus()
    palette.open([])
    qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=QPoint(5, 590))
    assert palette.isHidden()


def test_a_click_on_a_row_runs_it(qtbot, palette, done) -> None:
    QApplication.processEvents()
    rect = palette.list.visualRect(palette.list.model().index(1, 0))
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert done == ["export"]
