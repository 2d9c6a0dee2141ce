"""The timeline: transport, playing, thumbnails, spacing, and the two strips of the reverse process."""

import numpy as np
import pytest
from PySide6.QtCore import QElapsedTimer, QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.ui.widgets.labelled_control import LabelledControl
from diffviz.ui.widgets.segmented import SegmentedSwitch
from diffviz.ui.widgets.timeline import Timeline

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def holder() -> QWidget:
    return QWidget()


@pytest.fixture
def timeline(shown, holder) -> Timeline:
    made = Timeline(holder)
    made.set_alphas_cumprod(build_schedule(ScheduleSpec()).alphas_cumprod)
    made.set_t(270)
    made.resize(1440, made.sizeHint().height())
    shown(holder, 1440, 300)
    return made


@pytest.fixture
def wishes(timeline) -> list[int]:
    heard: list[int] = []
    timeline.timestep_requested.connect(heard.append)
    return heard


def button(timeline: Timeline, name: str) -> QPushButton:
    return next(b for b in timeline.findChildren(QPushButton) if b.accessibleName().startswith(name))


def test_the_heights_are_those_of_the_specification(timeline) -> None:
    assert timeline.sizeHint().height() == 206
    timeline.set_strips([("Forward", "of my image", "text"), ("Reverse", "23 of 50", "model")])
    assert timeline.sizeHint().height() == 232


def test_first_and_last_go_to_the_ends(qtbot, timeline, wishes) -> None:
    qtbot.mouseClick(button(timeline, "To t = T"), LEFT)
    qtbot.mouseClick(button(timeline, "To t = 0"), LEFT)
    assert wishes == [1000, 0]


def test_setters_stay_silent(timeline, wishes) -> None:
    timeline.set_t(5)
    timeline.set_range(100)
    timeline.set_even_in("log_snr")
    timeline.set_speed(4.0)
    timeline.set_loop(False)
    assert wishes == []
    assert timeline.t == 5


def test_playing_moves_t_and_says_so(qtbot, timeline, wishes) -> None:
    states: list[bool] = []
    timeline.playing_changed.connect(states.append)
    qtbot.mouseClick(button(timeline, "Play"), LEFT)
    qtbot.waitUntil(lambda: len(wishes) >= 5)
    qtbot.mouseClick(button(timeline, "Pause"), LEFT)
    assert wishes == sorted(wishes)
    assert wishes[0] > 270
    assert states == [True, False]
    assert timeline.t == wishes[-1]


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_playing_keeps_to_the_clock_and_not_to_frames(qtbot, timeline, speed) -> None:
    timeline.set_t(0)
    timeline.set_speed(speed)
    clock = QElapsedTimer()
    clock.start()
    timeline.toggle_play()
    qtbot.waitUntil(lambda: timeline.t >= 100)
    expected = clock.elapsed() / 6000 * 1000 * speed
    assert timeline.t == pytest.approx(expected, abs=40 * speed)


def test_without_loop_playing_stops_and_begins_again_from_the_start(qtbot, timeline, wishes) -> None:
    timeline.set_loop(False)
    timeline.set_t(990)
    timeline.toggle_play()
    qtbot.waitUntil(lambda: not timeline.is_playing)
    assert wishes[-1] == 1000
    timeline.toggle_play()
    assert wishes[-1] == 0
    assert timeline.is_playing
    timeline.stop()


def test_with_loop_playing_begins_again(qtbot, timeline, wishes) -> None:
    timeline.set_t(990)
    timeline.toggle_play()
    qtbot.waitUntil(lambda: wishes[-1:] != [] and wishes[-1] < 500)
    assert timeline.is_playing
    timeline.stop()


def test_the_reverse_process_plays_towards_the_image(qtbot, timeline, wishes) -> None:
    timeline.set_play_direction(-1)
    timeline.toggle_play()
    qtbot.waitUntil(lambda: len(wishes) >= 4)
    timeline.stop()
    assert wishes == sorted(wishes, reverse=True)


def test_a_drag_holds_the_clock(qtbot, timeline) -> None:
    timeline.toggle_play()
    strip = timeline.filmstrip
    place = QPoint(round(strip.axis.x(600)), 60)
    qtbot.mousePress(strip, LEFT, pos=place)
    held = timeline.t
    clock = QElapsedTimer()
    clock.start()
    qtbot.waitUntil(lambda: clock.elapsed() > 100)
    assert timeline.t == held
    qtbot.mouseRelease(strip, LEFT, pos=place)
    qtbot.waitUntil(lambda: timeline.t > held)
    timeline.stop()


def test_what_the_program_shows_in_answer_does_not_disturb_playing(qtbot, timeline) -> None:
    timeline.timestep_requested.connect(timeline.set_t)
    timeline.set_t(0)
    clock = QElapsedTimer()
    clock.start()
    timeline.toggle_play()
    qtbot.waitUntil(lambda: timeline.t >= 60)
    assert timeline.t == pytest.approx(clock.elapsed() / 6, abs=40)
    timeline.stop()


def test_slower_and_faster_walk_through_the_speeds(timeline) -> None:
    for wanted in (2.0, 4.0, 4.0):
        timeline.faster()
        assert timeline.speed == wanted
    for wanted in (2.0, 1.0, 0.5, 0.5):
        timeline.slower()
        assert timeline.speed == wanted


def test_cells_before_and_after(timeline, wishes) -> None:
    timeline.next_cell()
    timeline.previous_cell()
    timeline.step_by(10)
    assert wishes == [308, 231, 241]


def test_spacing_by_log_snr_tells_the_program_and_changes_the_cells(qtbot, timeline) -> None:
    told: list[str] = []
    timeline.even_in_changed.connect(told.append)
    before = timeline.cell_times()
    switch = next(w for w in timeline.findChildren(QWidget) if w.accessibleName() == "log-SNR")
    with qtbot.waitSignal(timeline.cells_changed):
        qtbot.mouseClick(switch, LEFT)
    assert told == ["log_snr"]
    assert timeline.cell_times() != before


def test_a_widget_of_a_workspace_stands_at_the_right(timeline) -> None:
    own = QLabel("x̂₀")
    timeline.add_right_widget(own, "Reverse strip shows")
    assert timeline.transport.isAncestorOf(own)


def test_thumbnails_are_asked_for_at_the_size_they_are_shown(timeline) -> None:
    assert timeline.thumbnail_size(512, 512) == (91, 91)
    width, height = timeline.thumbnail_size(451, 300)
    assert height == 89 or width == 91
    assert timeline.thumbnail_size(28, 28) == (28, 28)


def test_a_thumbnail_of_a_cell_that_went_is_passed_over(timeline) -> None:
    timeline.set_range(3)
    timeline.set_thumbnail(0, 13, np.zeros((8, 8, 3), np.uint8))
    assert len(timeline.cell_times()) == 4


def test_thumbnails_take_grey_and_colour_of_any_shape(timeline) -> None:
    for cell, shape in enumerate([(8, 8, 1), (300, 20, 3), (20, 300, 3), (1, 1, 3), (91, 89, 3)]):
        timeline.set_thumbnail(0, cell, np.zeros(shape, np.uint8))
    timeline.set_thumbnail(0, 1, None)
    assert timeline.grab().width() > 0


def test_a_run_draws_its_path_in_pink(timeline, color_at) -> None:
    timeline.set_strips([("Forward", "", "text"), ("Reverse", "", "model")])
    timeline.set_sampled(1, (540, 1000), "not sampled yet")
    strip = timeline.filmstrip
    heights = strip.layout_heights
    column = [
        color_at(strip, round(strip.axis.x(800)), heights.path_top + y) for y in range(heights.path_height)
    ]
    assert any(pixel.red() > 200 and pixel.green() < 140 and pixel.blue() > 120 for pixel in column)


def test_zoom_shows_a_button_that_ends_it(qtbot, timeline) -> None:
    strip = timeline.filmstrip
    strip.take_axis(strip.axis.zoomed(3.0, 700))
    ending = button(timeline, "Show the whole chain")
    assert ending.isVisible()
    qtbot.mouseClick(ending, LEFT)
    assert not strip.axis.is_zoomed
    assert not ending.isVisible()


def test_words_before_a_switch_give_way_in_a_narrow_row_and_come_back(timeline, qtbot) -> None:
    row = timeline.findChild(LabelledControl)
    switch = row.findChild(SegmentedSwitch)
    wide = timeline.minimumSizeHint().width()
    timeline.resize(wide, timeline.height())
    qtbot.waitUntil(row.label.isHidden)
    qtbot.waitUntil(lambda: switch.width() >= switch.minimumSizeHint().width())
    timeline.resize(1440, timeline.height())
    qtbot.waitUntil(row.label.isVisible)
    qtbot.waitUntil(lambda: row.label.width() >= row.label.sizeHint().width())
