"""Exclusive choices: mouse, keyboard, silence of setters, reasons."""

import pytest
from PySide6.QtCore import Qt

from diffviz.ui import theme
from diffviz.ui.tokens import DARK
from diffviz.ui.widgets.segmented import SegmentedSwitch

KEYS = ("b", "a", "l", "s")


@pytest.fixture
def switch(shown) -> SegmentedSwitch:
    made = SegmentedSwitch(
        [("b", "$β$", "Noise added per step"), ("a", "$ᾱ$"), ("l", "log-SNR"), ("s", "$σ$")], "Quantity"
    )
    return shown(made, 320, theme.control_height())


@pytest.fixture
def heard(switch) -> list[str]:
    keys: list[str] = []
    switch.selected.connect(keys.append)
    return keys


def test_the_first_option_is_chosen_at_the_start(switch) -> None:
    assert switch.current == "b"


def test_setting_from_the_program_is_silent(switch, heard) -> None:
    switch.set_current("l")
    assert switch.current == "l"
    assert heard == []


def test_a_click_chooses_and_tells_once(qtbot, switch, heard) -> None:
    qtbot.mouseClick(switch.button("s"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(switch.button("s"), Qt.MouseButton.LeftButton)
    assert switch.current == "s"
    assert heard == ["s"]


def test_arrows_move_the_choice_and_wrap(qtbot, switch, heard) -> None:
    switch.button("b").setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(switch.button("b"), Qt.Key.Key_Right)
    assert switch.button("a").hasFocus()
    qtbot.keyClick(switch.button("a"), Qt.Key.Key_End)
    qtbot.keyClick(switch.button("s"), Qt.Key.Key_Right)
    qtbot.keyClick(switch.button("b"), Qt.Key.Key_Left)
    assert heard == ["a", "s", "b", "s"]


def test_tab_reaches_the_chosen_option_alone(switch) -> None:
    switch.set_current("a")
    policies = {key: switch.button(key).focusPolicy() for key in KEYS}
    assert [key for key, policy in policies.items() if policy & Qt.FocusPolicy.TabFocus] == ["a"]


def test_an_option_that_cannot_be_used_says_why_and_is_passed_over(qtbot, switch, heard) -> None:
    switch.set_unavailable("a", "The schedule has no ᾱ.")
    qtbot.mouseClick(switch.button("a"), Qt.MouseButton.LeftButton)
    assert heard == []
    assert switch.button("a").toolTip() == "The schedule has no ᾱ."
    switch.button("b").setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(switch.button("b"), Qt.Key.Key_Right)
    assert heard == ["l"]
    switch.set_unavailable("a", None)
    assert switch.button("a").isEnabled()
    assert switch.button("a").toolTip() == "ᾱ"


def test_the_chosen_option_is_raised_and_underlined(switch, color_at) -> None:
    switch.set_current("l")
    spot = switch.button("l").geometry()
    assert color_at(switch, spot.center().x(), spot.bottom()).name().upper() == DARK.accent
    assert color_at(switch, spot.left() + 8, spot.center().y()).name().upper() == DARK.raised
    other = switch.button("s").geometry()
    assert color_at(switch, other.left() + 8, other.bottom() - 2).name().upper() == DARK.field


def test_an_unknown_key_is_an_error(switch) -> None:
    with pytest.raises(KeyError):
        switch.set_current("nothing")


def test_options_have_names_for_screen_readers(switch) -> None:
    assert switch.button("b").accessibleName() == "β"
    assert switch.button("b").accessibleDescription() == "Noise added per step"
    assert min(switch.button(key).width() for key in KEYS) >= 24


def test_words_of_different_lengths_get_the_room_that_each_asks_for(shown) -> None:
    switch = SegmentedSwitch(
        [("triptych", "Triptych"), ("single", "Single"), ("strip", "Strip"), ("ab", "A / B")]
    )
    shown(switch, switch.sizeHint().width(), switch.sizeHint().height())
    buttons = [switch.button(key) for key in ("triptych", "single", "strip", "ab")]
    assert all(button.width() >= button.sizeHint().width() - 1 for button in buttons)
    switch.resize(switch.minimumSizeHint())
    assert all(button.width() >= button.minimumSizeHint().width() - 1 for button in buttons)
