"""One playhead: by mouse, wheel and keys, playing and looping; pictures and figures follow it."""

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from typing_extensions import override

from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.images import to_uint8
from diffviz.ui.main_window import MainWindow
from tests.ui import expected
from tests.ui.person import Person, Pixels, pixels

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def shown_x_t(window: MainWindow) -> Pixels:
    return pixels(window.forward.stage.hero.picture)


def test_dragging_the_playhead_moves_t_picture_figures_and_curves_together(
    window: MainWindow, person: Person
) -> None:
    strip = window.forward.timeline.filmstrip
    axis = strip.axis
    height = strip.layout_heights.strip_rect(0, strip.width()).center().y()
    person.press(strip, axis.x(270), height)
    person.move(strip, axis.x(400), height)
    person.move(strip, axis.x(500), height)
    t = window.session.state.t
    assert abs(t - 500) <= 1
    np.testing.assert_array_equal(shown_x_t(window), expected.x_t(window.session.state))
    person.move(strip, axis.x(700), height)
    person.release(strip, axis.x(700), height)
    t = window.session.state.t
    assert abs(t - 700) <= 1
    level = build_schedule(ScheduleSpec()).level(t)
    read_outs = window.forward.panel.read_outs
    assert read_outs.value("Noise level $σ_t$") == f"{level.sqrt_one_minus_alpha_cumprod:.3f}"
    assert window.forward.timeline.t == t
    assert f"at t {t}" in window.schedule_panel.curve.accessibleName()
    assert f"step {t} of 1000" in strip.accessibleName()
    np.testing.assert_array_equal(shown_x_t(window), expected.x_t(window.session.state))


class PaintOrder(QObject):
    """Notes what is painted, and in which order."""

    def __init__(self, **watched: QWidget) -> None:
        super().__init__()
        self._watched = watched
        self.painted: list[str] = []
        for widget in watched.values():
            widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.painted += [name for name, widget in self._watched.items() if widget is watched]
        return False


def test_x_t_is_painted_before_what_follows_t(window: MainWindow, qtbot: QtBot) -> None:
    order = PaintOrder(
        x_t=window.forward.stage.hero,
        curves=window.schedule_panel.curve,
        read_outs=window.forward.panel.read_outs,
    )

    def everything_is_painted() -> bool:
        order.painted.clear()
        QApplication.processEvents()
        return not order.painted

    qtbot.waitUntil(everything_is_painted)
    window.session.update(t=600)
    assert order.painted == ["x_t"]
    qtbot.waitUntil(lambda: {"curves", "read_outs"} <= set(order.painted))
    np.testing.assert_array_equal(shown_x_t(window), expected.x_t(window.session.state))


def test_a_click_on_the_strip_jumps_there(window: MainWindow, person: Person) -> None:
    strip = window.forward.timeline.filmstrip
    person.click(strip, strip.axis.x(0), 60)
    assert window.session.state.t == 0
    clean = to_uint8(expected.clean_picture(window.session.state))
    np.testing.assert_array_equal(shown_x_t(window), clean)
    person.click(strip, strip.axis.x(1000), 60)
    assert window.session.state.t == 1000


def test_the_wheel_over_the_strip_moves_one_step_a_notch(window: MainWindow, person: Person) -> None:
    strip = window.forward.timeline.filmstrip
    person.turn_wheel(strip, 1)
    assert window.session.state.t == 271
    person.turn_wheel(strip, -3)
    assert window.session.state.t == 268


def test_the_wheel_with_shift_zooms_the_strip_and_leaves_t(window: MainWindow, person: Person) -> None:
    strip = window.forward.timeline.filmstrip
    before = strip.axis.cell_times
    person.turn_wheel(strip, 2, SHIFT)
    assert strip.axis.is_zoomed
    assert strip.axis.cell_times != before
    assert window.session.state.t == 270


def test_arrow_keys_step_by_one_ten_and_a_frame_of_the_strip(window: MainWindow, person: Person) -> None:
    steps = []
    for key, modifiers in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Right, SHIFT),
        (Qt.Key.Key_Left, SHIFT),
        (Qt.Key.Key_Right, CTRL),
        (Qt.Key.Key_Left, CTRL),
    ):
        person.key(key, modifiers)
        steps.append(window.session.state.t)
    assert steps == [271, 270, 280, 270, 308, 231]


def test_home_and_end_go_to_image_and_noise_and_further_steps_stay_there(
    window: MainWindow, person: Person
) -> None:
    person.key(Qt.Key.Key_End)
    assert window.session.state.t == 1000
    person.key(Qt.Key.Key_Right)
    assert window.session.state.t == 1000
    person.key(Qt.Key.Key_Home)
    assert window.session.state.t == 0
    person.key(Qt.Key.Key_Left)
    assert window.session.state.t == 0
    assert not window.message_bar.messages


def test_space_plays_towards_noise_and_pauses(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    timeline = window.forward.timeline
    person.key(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state.t > 280)
    assert timeline.is_playing
    person.key(Qt.Key.Key_Space)
    paused_at = window.session.state.t
    assert not timeline.is_playing
    person.key(Qt.Key.Key_Right)
    assert window.session.state.t == min(paused_at + 1, 1000)


def test_playing_begins_again_at_the_image_only_while_looping(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    timeline = window.forward.timeline
    window.session.update(t=990)
    person.key(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state.t < 400)
    person.key(Qt.Key.Key_Space)
    person.key(Qt.Key.Key_L)
    window.session.update(t=990)
    with qtbot.waitSignal(timeline.playing_changed, check_params_cb=lambda playing: not playing):
        person.key(Qt.Key.Key_Space)
    assert window.session.state.t == 1000


def test_bracket_keys_change_the_speed(window: MainWindow, person: Person) -> None:
    timeline = window.forward.timeline
    person.key("]")
    assert timeline.speed == 2.0
    for _ in range(3):
        person.key("[")
    assert timeline.speed == 0.5


def test_scrubbing_while_it_plays_goes_on_from_where_the_person_let_go(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    strip = window.forward.timeline.filmstrip
    person.key(Qt.Key.Key_Space)
    person.drag(strip, QPointF(strip.axis.x(300), 60), QPointF(strip.axis.x(700), 60))
    assert 698 <= window.session.state.t <= 760
    qtbot.waitUntil(lambda: window.session.state.t > 710 or window.session.state.t < 300)


def test_every_frame_of_the_strip_is_drawn(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    strip = window.forward.timeline.filmstrip
    axis, rows = strip.axis, strip.layout_heights.strip_rect(0, strip.width()).toRect()

    def emptiest_cell() -> float:
        drawn = pixels(person.sees(strip))[rows.top() + 4 : rows.bottom() - 4]
        half = int(axis.pitch / 2) - 4
        centres = [round(axis.x(t)) for t in axis.cell_times]
        # The playhead stands in one cell; what is left and right of it is the picture.
        return min(float(drawn[:, x - half : x + half].std()) for x in centres)

    qtbot.waitUntil(lambda: emptiest_cell() > 30)


def test_frames_evenly_in_log_snr_show_other_times_and_keep_the_ends(
    window: MainWindow, person: Person
) -> None:
    timeline = window.forward.timeline
    by_step = timeline.cell_times()
    switch = timeline._even_in
    person.click(switch.button("log_snr"))
    by_log_snr = timeline.cell_times()
    assert by_log_snr != by_step
    assert (by_log_snr[0], by_log_snr[-1]) == (0, 1000)
