"""Shaping the schedule by hand: handles, now line, fields, fixes, undo; the picture follows."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.schedule_files import read_schedule
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import current_tokens
from diffviz.ui.widgets.buttons import Button
from tests.ui import expected
from tests.ui.person import Person, pixels, visible_widgets

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def shows_its_own_schedule(window: MainWindow) -> bool:
    shown = pixels(window.forward.stage.hero.picture)
    return np.array_equal(shown, expected.x_t(window.session.state))


def drag_a_handle(window: MainWindow, person: Person, index: int, by: QPointF) -> None:
    curve = window.schedule_panel.curve
    start = curve.handle_position(index)
    person.drag(curve.viewport(), start, start + by)


def take_from_menu(window: MainWindow, person: Person, words: str) -> None:
    """Open the panel's menu and choose an entry of it or of its submenus."""
    person.click(window.schedule_panel._more)
    menu = window.schedule_panel.menu
    person.qtbot.waitUntil(menu.isVisible)
    menus = [menu, *menu.findChildren(QMenu)]
    action = next(action for m in menus for action in m.actions() if action.text() == words)
    menu.close()
    action.trigger()


def test_dragging_a_handle_makes_the_schedule_custom_and_changes_the_picture(
    window: MainWindow, person: Person
) -> None:
    before = pixels(window.forward.stage.hero.picture)
    drag_a_handle(window, person, 2, QPointF(10, 40))
    state = window.session.state
    assert state.schedule.kind == "custom"
    assert window.schedule_panel.fields.field("kind").currentText() == "Custom"
    assert not np.array_equal(pixels(window.forward.stage.hero.picture), before)
    assert shows_its_own_schedule(window)
    alphas_cumprod = build_schedule(state.schedule).alphas_cumprod
    assert np.all(np.diff(alphas_cumprod) <= 0)


@pytest.mark.parametrize("quantity", ["beta", "log_snr", "sigma"])
def test_a_curve_shown_anew_runs_where_its_points_and_ticks_are(
    window: MainWindow, person: Person, quantity: str
) -> None:
    curve = window.schedule_panel.curve
    person.click(window.schedule_panel.quantities.button(quantity))
    person.qtbot.waitUntil(lambda: curve.quantity.key == quantity)
    picture = pixels(person.sees(curve)).astype(int)
    ink = np.array(current_tokens().color(curve.quantity.role).getRgb()[:3])
    for t in (150, 450, 850):
        spot = curve.curve_position(t)
        column = picture[round(spot.y()) - 1 : round(spot.y()) + 2, round(spot.x())]
        assert np.abs(column - ink).max(-1).min() < 30


def test_one_drag_is_one_undo_step_and_redo_brings_it_back(window: MainWindow, person: Person) -> None:
    before = window.session.state.schedule
    drag_a_handle(window, person, 3, QPointF(0, -30))
    dragged = window.session.state.schedule
    assert window.header.undo.isEnabled()
    person.key(Qt.Key.Key_Z, CTRL)
    assert window.session.state.schedule == before
    assert not window.session.can_undo
    assert window.schedule_panel.fields.field("kind").currentText() == "Linear"
    assert shows_its_own_schedule(window)
    person.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert window.session.state.schedule == dragged
    assert shows_its_own_schedule(window)


def test_a_dragged_handle_stays_under_the_pointer(window: MainWindow, person: Person) -> None:
    curve = window.schedule_panel.curve
    start = curve.handle_position(2)
    drag_a_handle(window, person, 2, QPointF(12, 20))
    moved = curve.handle_position(2) - start
    assert moved.x() == pytest.approx(12, abs=1.5)
    assert moved.y() == pytest.approx(20, abs=1.5)


def test_a_handle_stops_at_its_neighbours_however_far_it_is_dragged(
    window: MainWindow, person: Person
) -> None:
    drag_a_handle(window, person, 3, QPointF(800, -250))
    points = window.session.state.schedule.points
    assert [u for u, _ in points] == sorted({u for u, _ in points})
    assert np.all(np.diff([value for _, value in points]) < 0)
    assert shows_its_own_schedule(window)


def test_escape_during_a_drag_brings_the_schedule_before_back(window: MainWindow, person: Person) -> None:
    curve = window.schedule_panel.curve
    start = curve.handle_position(2)
    person.press(curve.viewport(), start.x(), start.y())
    person.move(curve.viewport(), start.x() + 5, start.y() + 30)
    assert window.session.state.schedule.kind == "custom"
    person.key(Qt.Key.Key_Escape)
    person.release(curve.viewport(), start.x() + 5, start.y() + 30)
    assert window.session.state.schedule == ScheduleSpec()
    assert not window.session.can_undo


@pytest.mark.parametrize("quantity", ["beta", "log_snr", "sigma"])
def test_the_curve_can_be_dragged_in_every_quantity(
    window: MainWindow, person: Person, quantity: str
) -> None:
    person.click(window.schedule_panel.quantities.button(quantity))
    assert window.session.state.quantity == quantity
    drag_a_handle(window, person, 3, QPointF(0, 12))
    assert window.session.state.schedule.kind == "custom"
    assert shows_its_own_schedule(window)


def test_a_double_click_adds_a_point_and_delete_removes_it(window: MainWindow, person: Person) -> None:
    curve = window.schedule_panel.curve
    count = len(curve.handles)
    spot = curve.curve_position(350)
    person.double_click(curve.viewport(), spot.x(), spot.y())
    assert len(window.session.state.schedule.points) == count + 1
    assert curve.selected is not None
    person.key(Qt.Key.Key_Delete)
    assert len(window.session.state.schedule.points) == count
    person.key(Qt.Key.Key_Z, CTRL)
    assert len(window.session.state.schedule.points) == count + 1


def test_tab_selects_a_handle_and_arrow_keys_move_it_without_moving_t(
    window: MainWindow, person: Person
) -> None:
    curve = window.schedule_panel.curve
    curve.setFocus(Qt.FocusReason.TabFocusReason)
    person.key(Qt.Key.Key_Tab)
    person.key(Qt.Key.Key_Tab)
    assert curve.selected == 2
    before = curve.handles.points[2]
    person.key(Qt.Key.Key_Down, SHIFT)
    person.key(Qt.Key.Key_Right, SHIFT)
    after = window.session.state.schedule.points[2]
    assert after[0] > before[0]
    assert after[1] < before[1]
    assert window.session.state.t == 270


def test_dragging_the_now_line_moves_t(window: MainWindow, person: Person) -> None:
    curve = window.schedule_panel.curve
    start = QPointF(curve.curve_position(270).x(), curve.plot_rect.bottom() - 8)
    end = QPointF(curve.curve_position(600).x(), start.y())
    person.drag(curve.viewport(), start, end)
    assert abs(window.session.state.t - 600) <= 3
    assert window.forward.timeline.t == window.session.state.t
    assert window.session.state.schedule == ScheduleSpec()
    assert not window.session.can_undo
    assert shows_its_own_schedule(window)


def test_choosing_another_kind_changes_schedule_picture_and_status(
    window: MainWindow, person: Person
) -> None:
    person.choose(window.schedule_panel.fields.field("kind"), "Cosine")
    assert window.session.state.schedule == ScheduleSpec("cosine")
    assert shows_its_own_schedule(window)
    assert "Cosine schedule" in window.status.accessibleName()


def test_a_parameter_typed_into_its_field_counts_when_enter_is_struck(
    window: MainWindow, person: Person
) -> None:
    person.set_number(window.schedule_panel.fields.field("beta_max"), "0.03")
    assert window.session.state.schedule.value("beta_max") == pytest.approx(0.03)
    assert shows_its_own_schedule(window)


def test_shortening_the_chain_pulls_the_playhead_back(window: MainWindow, person: Person) -> None:
    window.session.update(t=800)
    person.set_number(window.schedule_panel.fields.field("num_timesteps"), "100")
    state = window.session.state
    assert (state.num_timesteps, state.t) == (100, 100)
    assert window.forward.timeline.t == 100
    assert "step 100 of 100" in window.forward.timeline.filmstrip.accessibleName()
    assert state.ghost.num_timesteps == 100
    assert shows_its_own_schedule(window)


def test_an_illegal_length_says_why_and_the_old_schedule_stays(window: MainWindow, person: Person) -> None:
    fields = window.schedule_panel.fields
    person.set_number(fields.field("num_timesteps"), "10")
    assert fields.problem.startswith("With T = 10 the scaled β would reach 2")
    assert window.session.state.schedule == ScheduleSpec()
    shown = [w.text() for w in visible_widgets(fields) if hasattr(w, "text") and "T = 10" in str(w.text())]
    assert shown, "the sentence is not on the screen"
    person.set_number(fields.field("num_timesteps"), "50")
    assert fields.problem == ""
    assert window.session.state.num_timesteps == 50


@pytest.mark.parametrize("text", ["0", "4001"])
def test_lengths_outside_1_to_4000_are_refused_with_a_sentence(
    window: MainWindow, person: Person, text: str
) -> None:
    fields = window.schedule_panel.fields
    person.choose(fields.field("kind"), "Cosine")
    person.set_number(fields.field("num_timesteps"), text)
    assert "4000" in fields.problem
    assert window.session.state.num_timesteps == 1000


def test_a_fix_of_the_lint_line_takes_its_warning_away_and_can_be_undone(
    window: MainWindow, person: Person
) -> None:
    panel = window.schedule_panel
    person.set_number(panel.fields.field("num_timesteps"), "100")
    person.click(panel.fields.field("rescale"))
    spoiled = window.session.state.schedule
    assert panel.lint.findings[0].title == "Signal left at T"
    fix = next(b for b in panel.lint.findChildren(Button) if b.text() == "Rescale to zero SNR")
    person.click(fix)
    assert window.session.state.schedule.zero_terminal_snr
    assert "Signal left at T" not in [finding.title for finding in panel.lint.findings]
    person.key(Qt.Key.Key_Z, CTRL)
    assert window.session.state.schedule == spoiled
    assert panel.lint.findings[0].title == "Signal left at T"


def test_zero_terminal_snr_leaves_nothing_of_the_picture_at_t_end(window: MainWindow, person: Person) -> None:
    person.click(window.schedule_panel.fields.field("zero_terminal_snr"))
    person.hold_no_control()
    person.key(Qt.Key.Key_End)
    read_outs = window.forward.panel.read_outs
    assert read_outs.value("SNR") == "−∞"
    assert read_outs.value("Signal left $ᾱ_t$") == "0.0000"
    assert shows_its_own_schedule(window)


def test_another_schedule_can_be_laid_under_the_curve_and_taken_away(
    window: MainWindow, person: Person
) -> None:
    panel = window.schedule_panel
    with_cosine = pixels(person.sees(panel.curve))
    person.choose(panel.ghost, "Sigmoid")
    assert window.session.state.ghost == ScheduleSpec("sigmoid_abar")
    with_sigmoid = pixels(person.sees(panel.curve))
    person.choose(panel.ghost, "Nothing")
    assert window.session.state.ghost is None
    assert not np.array_equal(with_cosine, with_sigmoid)
    assert not np.array_equal(pixels(person.sees(panel.curve)), with_sigmoid)
    assert not window.session.can_undo


def test_a_small_view_becomes_the_large_one_when_clicked(window: MainWindow, person: Person) -> None:
    spark = next(s for s in window.schedule_panel.sparks if s.quantity == "log_snr")
    person.click(spark)
    assert window.session.state.quantity == "log_snr"
    assert window.schedule_panel.quantities.current == "log_snr"
    assert {s.quantity for s in window.schedule_panel.sparks} == {"beta", "alpha_cumprod", "sigma"}


def test_a_preset_from_the_menu_replaces_the_schedule(window: MainWindow, person: Person) -> None:
    take_from_menu(window, person, "Improved DDPM, cosine")
    assert window.session.state.schedule == ScheduleSpec("cosine")


@pytest.mark.parametrize(
    ("kind", "name"), [("csv", "table.csv"), ("json", "mine.json"), ("diffusers", "scheduler_config.json")]
)
def test_a_schedule_written_to_a_file_and_read_again_is_the_same(
    window: MainWindow, person: Person, tmp_path: Path, kind: str, name: str
) -> None:
    drag_a_handle(window, person, 2, QPointF(8, 25))
    mine = build_schedule(window.session.state.schedule)
    window.schedule.export_file(tmp_path / name, kind)
    assert window.status.message == f"Saved {name}"
    take_from_menu(window, person, "DDPM, linear")
    person.drop([tmp_path / name])
    assert window.status.message.startswith(f"Imported {name}")
    back = build_schedule(window.session.state.schedule)
    np.testing.assert_allclose(back.betas, mine.betas, rtol=1e-9, atol=1e-15)
    assert shows_its_own_schedule(window)
    assert read_schedule(tmp_path / name) == window.session.state.schedule


@pytest.mark.parametrize(("kind", "name"), [("csv", "mine.csv"), ("diffusers", "mine.json")])
def test_a_schedule_saved_under_a_bare_name_gets_its_ending_before_a_file_is_replaced(
    window: MainWindow, tmp_path: Path, kind: str, name: str
) -> None:
    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(20, answer)
            return
        dialog.setDirectory(str(tmp_path))
        dialog.selectFile("mine")
        dialog.accept()

    QTimer.singleShot(0, answer)
    window.schedule.choose_export(kind)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert window.status.message == f"Saved {name}"
    assert read_schedule(tmp_path / name) == window.session.state.schedule


def test_a_broken_schedule_file_says_why_and_changes_nothing(
    window: MainWindow, person: Person, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text('{"kind": "linear", "num_timesteps": "many"}')
    person.drop([tmp_path / "bad.json"])
    level, headline, reason = window.message_bar.messages[0]
    assert (level, headline) == ("error", "The schedule was not imported")
    assert len(reason) > 10
    assert window.session.state.schedule == ScheduleSpec()


def test_stepping_a_field_several_times_is_one_undo_step(window: MainWindow, qtbot: QtBot) -> None:
    field = window.schedule_panel.fields.field("num_timesteps")
    field.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(window.schedule_panel.gesture_finished):
        for _ in range(5):
            QTest.keyClick(field, Qt.Key.Key_Down)
    assert window.session.state.num_timesteps == 995
    window.session.undo()
    assert window.session.state.num_timesteps == 1000
