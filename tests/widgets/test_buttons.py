"""Buttons: names, shortcuts in words, drawing of each kind, compact form."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication

from diffviz.ui import theme
from diffviz.ui.tokens import DARK
from diffviz.ui.widgets.buttons import make_button


def test_an_icon_button_has_name_tooltip_and_shortcut(qtbot) -> None:
    button = make_button("tool", icon="repeat", tooltip="Loop", shortcut="L", checkable=True)
    qtbot.addWidget(button)
    assert button.accessibleName() == "Loop"
    assert button.toolTip() == "Loop  (L)"
    assert button.accessibleDescription() == "L"
    assert min(button.sizeHint().width(), button.sizeHint().height()) >= 24


def test_the_text_button_is_named_by_its_words(qtbot) -> None:
    button = make_button("plain", "Frozen $ε$", "dice-5")
    qtbot.addWidget(button)
    assert button.text() == "Frozen ε"
    assert button.accessibleName() == "Frozen ε"


@pytest.mark.parametrize(
    ("kind", "ground"), [("plain", "raised"), ("primary", "accent"), ("outline", "panel")]
)
def test_each_kind_has_its_ground(shown, color_at, kind: str, ground: str) -> None:
    button = shown(make_button(kind, "Run"), 120, 30)
    assert color_at(button, 9, 15).name().upper() == getattr(DARK, ground)


def test_the_mouse_lifts_a_plain_button_six_percent_towards_text(shown, color_at) -> None:
    button = shown(make_button("plain", "Run"), 120, 30)
    spot = QPointF(5, 5)
    QApplication.sendEvent(button, QEnterEvent(spot, spot, spot))
    lifted = color_at(button, 9, 15)
    expected = DARK.blend("raised", "text", 0.06)
    assert lifted.red() == pytest.approx(expected.red(), abs=1)
    QApplication.sendEvent(button, QEvent(QEvent.Type.Leave))
    assert color_at(button, 9, 15).name().upper() == DARK.raised


def test_a_disabled_button_is_drawn_at_55_percent(shown, color_at) -> None:
    button = shown(make_button("primary", "Run"), 120, 30)
    button.setEnabled(False)
    accent, panel = theme.color("accent"), theme.color("panel")
    assert color_at(button, 9, 15).green() == pytest.approx(
        0.55 * accent.green() + 0.45 * panel.green(), abs=3
    )


def test_a_checked_tool_is_tinted(shown, color_at) -> None:
    button = shown(make_button("tool", icon="repeat", tooltip="Loop", checkable=True), 30, 30)
    assert color_at(button, 4, 15).name().upper() == DARK.panel
    button.setChecked(True)
    assert color_at(button, 4, 15).name().upper() == DARK.accsoft


def test_in_a_small_window_the_icon_remains_and_the_name_too(qtbot) -> None:
    button = make_button("plain", "Export", "upload", "Export", "Ctrl+E")
    qtbot.addWidget(button)
    wide = button.sizeHint().width()
    button.set_compact(True)
    assert button.sizeHint().width() < wide
    assert button.sizeHint().width() >= 24
    assert button.accessibleName() == "Export"


def test_space_and_click_press_it(qtbot, shown) -> None:
    button = shown(make_button("primary", "Run", "play"), 120, 30)
    pressed = []
    button.clicked.connect(lambda: pressed.append(1))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert len(pressed) == 2
