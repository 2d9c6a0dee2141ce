"""The window without a mouse: Tab, single keys, the palette, regions; and words for screen readers."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from diffviz.core.schedules import ScheduleSpec
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import current_tokens
from tests.ui.person import Person, focused, is_in_sight, visible_widgets

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
WORKSPACES = ("forward", "reverse", "train", "lab", "theory")


def is_reached_by_tab(widget: QWidget) -> bool:
    """Whether Tab should stop here: it can be used, and no composite takes the keyboard for it."""
    return bool(
        widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None
    )


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_tab_reaches_everything_that_can_be_used_and_comes_round(
    window: MainWindow, person: Person, workspace: str
) -> None:
    window.show_workspace(workspace)
    wanted = {widget for widget in visible_widgets(window) if is_reached_by_tab(widget)}
    # A spin box has the keyboard for the line edit inside it.
    wanted -= {w for w in wanted if isinstance(w, QLineEdit) and isinstance(w.parent(), QAbstractSpinBox)}
    person.hold_no_control()
    reached = set()
    for _ in range(4 * len(wanted)):
        person.key(Qt.Key.Key_Tab)
        reached.add(focused())
        if wanted <= reached:
            break
    missed = [f"{type(w).__name__} {w.accessibleName()}" for w in wanted - reached]
    assert not missed


def test_everything_that_can_be_used_has_a_name_for_screen_readers(window: MainWindow) -> None:
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
    inside = (QAbstractSpinBox, QComboBox)
    nameless = []
    for workspace in WORKSPACES:
        window.show_workspace(workspace)
        nameless += [
            f"{type(widget).__name__} in {workspace}"
            for widget in visible_widgets(window)
            if (isinstance(widget, kinds) or is_reached_by_tab(widget))
            and not isinstance(widget.parent(), inside)
            and not widget.accessibleName()
            and not (isinstance(widget, QAbstractButton) and widget.text())
        ]
    assert not nameless


def test_every_button_of_an_icon_alone_says_what_it_does(window: MainWindow) -> None:
    for workspace in WORKSPACES:
        window.show_workspace(workspace)
        buttons = [w for w in visible_widgets(window) if isinstance(w, QAbstractButton) and not w.text()]
        assert not [b.accessibleName() for b in buttons if not b.toolTip()]


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_what_tab_reaches_is_scrolled_into_sight(window: MainWindow, person: Person, workspace: str) -> None:
    window.resize(1100, 700)
    window.show_workspace(workspace)
    if workspace == "train":
        # What is said of the network comes from a thread and takes room when it comes.
        person.qtbot.waitUntil(lambda: bool(window.train.left.network_words.markup))
    person.hold_no_control()
    hidden = []
    for keys in [Qt.Key.Key_Tab] * 40 + [Qt.Key.Key_Backtab] * 40:
        person.key(keys)
        if not is_in_sight(focused()):
            hidden.append(f"{type(focused()).__name__} {focused().accessibleName()}")
    assert not hidden


def test_single_keys_are_letters_in_a_number_field(window: MainWindow, person: Person) -> None:
    seed = window.forward.panel.seed
    person.click(seed, 20)
    for key in ("n", "l", "r", "."):
        person.key(key)
    person.key(Qt.Key.Key_Space)
    person.key(Qt.Key.Key_Left)
    person.key(Qt.Key.Key_Home)
    state = window.session.state
    assert (state.seed, state.t) == (7, 270)
    assert not window.forward.timeline.is_playing
    assert window.reverse.history.current is None


def test_after_a_click_on_a_button_the_arrow_keys_still_steer_the_timeline(
    window: MainWindow, person: Person
) -> None:
    person.click(window.forward.panel.modes.button("redraw"))
    person.key(Qt.Key.Key_Right)
    assert window.session.state.t == 271
    assert window.session.state.noise_mode == "redraw"


def test_a_switch_that_was_reached_by_tab_takes_the_arrow_keys(window: MainWindow, person: Person) -> None:
    window.forward.panel.modes.button("frozen").setFocus(Qt.FocusReason.TabFocusReason)
    person.key(Qt.Key.Key_Right)
    assert window.session.state.noise_mode == "markov"
    assert window.session.state.t == 270


def test_a_button_that_was_reached_by_tab_is_pressed_by_space(window: MainWindow, person: Person) -> None:
    window.forward.panel.new_noise.setFocus(Qt.FocusReason.TabFocusReason)
    person.key(Qt.Key.Key_Space)
    assert window.session.state.seed != 7
    assert not window.forward.timeline.is_playing


def test_a_list_can_be_opened_and_chosen_from_without_a_mouse(window: MainWindow, person: Person) -> None:
    field = window.schedule_panel.fields.field("kind")
    field.setFocus(Qt.FocusReason.TabFocusReason)
    person.key(Qt.Key.Key_Down, ALT)
    person.qtbot.waitUntil(field.view().isVisible)
    popup = Person(window, person.qtbot)
    popup.window = field.view().window()
    popup.key(Qt.Key.Key_Down)
    popup.key(Qt.Key.Key_Return)
    person.qtbot.waitUntil(lambda: not field.view().isVisible())
    assert window.session.state.schedule.kind == field.current != "linear"


def test_control_k_finds_a_command_and_enter_runs_it(window: MainWindow, person: Person) -> None:
    person.key(Qt.Key.Key_K, CTRL)
    assert window.palette_popup.isVisible()
    person.type("go to rev")
    assert window.palette_popup.titles()[0] == "Go to Reverse"
    person.key(Qt.Key.Key_Return)
    assert not window.palette_popup.isVisible()
    assert window.session.state.workspace == "reverse"


def test_the_palette_finds_schedules_by_their_names(window: MainWindow, person: Person) -> None:
    person.key(Qt.Key.Key_K, CTRL)
    person.type("cosine")
    person.key(Qt.Key.Key_Return)
    assert window.session.state.schedule == ScheduleSpec("cosine")
    person.key(Qt.Key.Key_Z, CTRL)
    assert window.session.state.schedule == ScheduleSpec()


def test_escape_closes_the_palette_without_doing_anything_and_gives_the_keyboard_back(
    window: MainWindow, person: Person
) -> None:
    window.forward.panel.new_noise.setFocus(Qt.FocusReason.TabFocusReason)
    before = window.session.state
    person.key(Qt.Key.Key_K, CTRL)
    person.type("new noise")
    person.key(Qt.Key.Key_Escape)
    assert not window.palette_popup.isVisible()
    assert window.session.state == before
    assert focused() is window.forward.panel.new_noise


def test_the_palette_lists_every_command_once_and_says_what_cannot_be_done_now(
    window: MainWindow, person: Person
) -> None:
    person.key(Qt.Key.Key_K, CTRL)
    titles = window.palette_popup.titles()
    assert len(titles) == len(set(titles))
    assert {command.title for command in window.commands if command.key != "view.palette"} <= set(titles)
    person.type("undo")
    person.key(Qt.Key.Key_Return)
    assert window.session.state.t == 270
    assert window.palette_popup.isVisible(), "a command that cannot run leaves the list open"


def test_no_two_commands_share_a_key(window: MainWindow) -> None:
    keys = [key for command in window.commands for key in command.shortcuts]
    assert len(keys) == len(set(keys))


def test_f6_goes_through_the_regions_and_comes_round(window: MainWindow, person: Person) -> None:
    person.hold_no_control()
    regions = [window.schedule_panel, window.forward.centre, window.forward.panel, window.forward.timeline]
    visited = []
    for _ in range(6):
        person.key(Qt.Key.Key_F6)
        visited += [next((i for i, r in enumerate(regions) if r.isAncestorOf(focused())), "header")]
    assert visited == [0, 1, 2, 3, "header", 0]


def test_alt_and_a_digit_go_to_a_workspace(window: MainWindow, person: Person) -> None:
    person.key(Qt.Key.Key_2, ALT)
    assert window.session.state.workspace == "reverse"
    assert window.reverse.centre.isVisible()
    assert not window.forward.centre.isVisible()
    person.key(Qt.Key.Key_1, ALT)
    assert window.forward.centre.isVisible()


def test_control_and_a_digit_fold_the_side_panels_and_bring_them_back(
    window: MainWindow, person: Person
) -> None:
    widths = window.panels.sizes()
    person.key(Qt.Key.Key_1, CTRL)
    assert window.panels.sizes()[0] == 0
    person.key(Qt.Key.Key_2, CTRL)
    assert window.panels.sizes()[::2] == [0, 0]
    assert window.forward.stage.hero.isVisible()
    person.key(Qt.Key.Key_1, CTRL)
    person.key(Qt.Key.Key_2, CTRL)
    assert window.panels.sizes() == widths


def test_the_keyboard_ring_is_drawn_around_what_has_the_keyboard(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    button = window.header.export
    button.setFocus(Qt.FocusReason.TabFocusReason)
    accent = current_tokens().color("accent").rgb()
    corner = button.mapTo(window, button.rect().topLeft())

    def ring_colours() -> set[int]:
        picture = person.sees(window)
        middle = corner.x() + button.width() // 2
        return {picture.pixel(middle, corner.y() - offset) for offset in range(1, 5)}

    qtbot.waitUntil(lambda: accent in ring_colours())
    person.click(window.forward.timeline.filmstrip, 400, 60)
    qtbot.waitUntil(lambda: accent not in ring_colours())


def test_a_picture_is_read_pixel_by_pixel_with_the_arrow_keys(window: MainWindow, person: Person) -> None:
    stage = window.forward.stage
    stage.hero.setFocus(Qt.FocusReason.TabFocusReason)
    column, row = stage.pixel
    person.key(Qt.Key.Key_Right)
    person.key(Qt.Key.Key_Down, SHIFT)
    assert stage.pixel == (column + 1, row + 10)
    assert stage.pill.plain.startswith(f"Pixel ({column + 1}, {row + 10})")
    assert window.session.state.t == 270
