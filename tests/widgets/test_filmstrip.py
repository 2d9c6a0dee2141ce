"""The filmstrip as a person uses it: drag, click, wheel, keys; and what it draws."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.ui import theme
from diffviz.ui.tokens import DARK, LIGHT
from diffviz.ui.widgets.branch_lane import Branch
from diffviz.ui.widgets.filmstrip import Filmstrip
from diffviz.ui.widgets.strip_painter import Strip
from diffviz.ui.widgets.time_axis import Evenly

LEFT = Qt.MouseButton.LeftButton
NOTHING_HELD = Qt.KeyboardModifier.NoModifier
RED = np.full((90, 90, 3), (200, 10, 20), np.uint8)


class Exposures(QObject):
    """Notes which parts of a widget are painted."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.rects: list[QRect] = []
        watched.installEventFilter(self)

    @override
    def eventFilter(self, _watched, event) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.rects.append(event.rect())
        return False


@pytest.fixture
def holder() -> QWidget:
    return QWidget()


@pytest.fixture
def strip(shown, holder) -> Filmstrip:
    made = Filmstrip(holder)
    made.set_strips([Strip("$x_t$ at each step", "{shown}")])
    made.set_alphas_cumprod(build_schedule(ScheduleSpec()).alphas_cumprod)
    made.set_t(270)
    made.resize(1440, made.height())
    shown(holder, 1440, 300)
    made.setFocus()
    return made


@pytest.fixture
def wishes(strip) -> list[int]:
    heard: list[int] = []
    strip.timestep_requested.connect(heard.append)
    return heard


def at(strip: Filmstrip, t: int) -> QPoint:
    return QPoint(round(strip.axis.x(t)), strip.layout_heights.pill_height + 20)


def turn(
    strip: Filmstrip, notches: float, x: float = 700.0, modifiers=Qt.KeyboardModifier.NoModifier
) -> None:
    place = QPointF(x, 60)
    event = QWheelEvent(
        place,
        strip.mapToGlobal(place),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(strip, event)


def test_a_click_jumps_to_the_time_under_it(qtbot, strip, wishes) -> None:
    qtbot.mouseClick(strip, LEFT, pos=at(strip, 540))
    assert strip.t == wishes[-1]
    assert abs(strip.t - 540) <= 1


def test_dragging_scrubs_and_keeps_within_the_chain(qtbot, strip, wishes) -> None:
    qtbot.mousePress(strip, LEFT, pos=at(strip, 270))
    qtbot.mouseMove(strip, at(strip, 400))
    qtbot.mouseMove(strip, QPoint(1439, 60))
    qtbot.mouseRelease(strip, LEFT, pos=QPoint(1439, 60))
    assert wishes[-1] == 1000
    assert any(abs(t - 400) <= 1 for t in wishes)


def test_a_drag_says_when_it_begins_and_ends(qtbot, strip) -> None:
    states: list[bool] = []
    strip.scrubbing_changed.connect(states.append)
    qtbot.mousePress(strip, LEFT, pos=at(strip, 100))
    qtbot.mouseRelease(strip, LEFT, pos=at(strip, 100))
    assert states == [True, False]


def test_the_wheel_moves_one_step_a_notch(strip, wishes) -> None:
    turn(strip, 1)
    turn(strip, -1)
    turn(strip, -1)
    assert wishes == [271, 270, 269]


def test_small_turns_of_a_smooth_wheel_add_up(strip, wishes) -> None:
    for _ in range(4):
        turn(strip, 0.25)
    assert wishes == [271]


def test_shift_and_wheel_zoom_around_the_pointer(strip, wishes) -> None:
    x = strip.axis.x(500)
    turn(strip, 4, x, Qt.KeyboardModifier.ShiftModifier)
    assert strip.axis.zoom == pytest.approx(1.25**4)
    assert strip.axis.x(500) == pytest.approx(x, abs=1.0)
    assert wishes == []


def test_a_zoomed_strip_follows_the_playhead(strip) -> None:
    turn(strip, 6, strip.axis.x(270), Qt.KeyboardModifier.ShiftModifier)
    strip.set_t(900)
    assert strip.axis.shows(900)


@pytest.mark.parametrize(
    ("key", "modifier", "wanted"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 271),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 269),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, 280),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier, 231),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier, 308),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 1000),
    ],
)
def test_keys_move_the_playhead(qtbot, strip, wishes, key, modifier, wanted) -> None:
    qtbot.keyClick(strip, key, modifier)
    assert wishes == [wanted]


def test_setters_stay_silent(strip, wishes) -> None:
    strip.set_t(10)
    strip.set_alphas_cumprod(np.linspace(1, 0, 101))
    strip.set_evenly(Evenly.LOG_SNR)
    assert wishes == []
    assert strip.t == 10


def test_shortening_the_chain_pulls_the_playhead_back(strip) -> None:
    strip.set_t(900)
    strip.set_alphas_cumprod(np.linspace(1, 0, 101))
    assert strip.t == 100


def test_cells_that_change_are_told_once(strip, qtbot) -> None:
    with qtbot.waitSignal(strip.cells_changed):
        strip.set_evenly(Evenly.LOG_SNR)
    told: list[int] = []
    strip.cells_changed.connect(lambda: told.append(1))
    strip.set_evenly(Evenly.LOG_SNR)
    assert told == []


def test_screen_readers_find_a_slider_with_its_step_and_signal(strip) -> None:
    strip.set_t(540)
    interface = QAccessible.queryAccessibleInterface(strip)
    assert interface.role() == QAccessible.Role.Slider
    assert interface.valueInterface().currentValue() == 540
    signal = build_schedule(ScheduleSpec()).alphas_cumprod[540]
    assert f"step 540 of 1000, signal {signal:.2f}" in interface.text(QAccessible.Text.Name)


def test_a_thumbnail_fills_its_cell(strip, color_at) -> None:
    strip.strips[0].pictures.put(strip.axis.cell_times[5], RED)
    strip.redraw(0)
    middle = at(strip, strip.axis.cell_times[5])
    assert color_at(strip, middle.x(), middle.y()).getRgb()[:3] == (200, 10, 20)


def test_a_cell_not_sampled_yet_shows_its_picture_faintly(strip, color_at) -> None:
    strip.strips[0].pictures.put(strip.axis.cell_times[5], RED)
    strip.strips[0].sampled = (900, 1000)
    strip.redraw()
    middle = at(strip, strip.axis.cell_times[5])
    red = color_at(strip, middle.x(), middle.y()).red()
    stage = DARK.color("stage").red()
    assert red == pytest.approx(stage + 0.3 * (200 - stage), abs=3)


def test_the_playhead_is_a_line_of_three_pixels_in_the_accent(strip, color_at) -> None:
    x, y = round(strip.axis.x(270)), strip.layout_heights.pill_height + 60
    row = [color_at(strip, column, y) for column in range(x - 6, x + 7)]
    assert sum(pixel == DARK.color("accent") for pixel in row) == 3


def test_moving_the_playhead_repaints_only_its_surroundings(qtbot, strip, qapp) -> None:
    qapp.processEvents()
    painted = Exposures(strip)
    strip.set_t(271)
    qtbot.waitUntil(lambda: bool(painted.rects))
    assert all(rect.width() <= 120 for rect in painted.rects)


def test_the_lane_is_amber_where_signal_is_and_blue_where_noise_is(strip, color_at) -> None:
    lane = strip.layout_heights.lane_rect(1440)
    signal = color_at(strip, 300, round(lane.bottom()) - 4)
    noise = color_at(strip, 1100, round(lane.top()) + 5)
    assert signal.red() > signal.blue() + 40
    assert noise.blue() > noise.red() + 40


def test_the_theme_recolours_the_strip(qapp, strip, color_at) -> None:
    theme.apply_theme(qapp, "light", reduce_motion=True)
    assert color_at(strip, 4, 4) == LIGHT.color("panel")


def test_two_strips_are_as_high_as_the_specification_says(strip) -> None:
    assert strip.height() == 162
    strip.set_strips([Strip("Forward"), Strip("Reverse")])
    assert strip.height() == 188
    assert strip.layout_heights.strip_height == 54
    strip.set_compact(True)
    assert strip.layout_heights.strip_height == 44
    strip.set_strips([Strip("Forward")])
    assert strip.layout_heights.strip_height == 64


@pytest.mark.parametrize("num_runs", [1, 2, 3])
def test_what_a_run_draws_step_by_step_is_what_is_drawn_at_once(strip, num_runs) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    strip.set_strips([Strip("Forward", "of my image"), Strip("Reverse", "no run yet", sampled=(1, 0))])
    reverse = strip.strips[1]
    for now in (900, 700, 430, 120, 0):
        forks = (Branch("B", 600, now, 0, label="fork"), Branch("C", 300, now, 0, label="other"))
        branches = (Branch("A", 1000, 200, active_until=min(600, now)), *forks)[:num_runs]
        strip.set_branches(branches)
        reverse.sampled, reverse.subtitle, reverse.unsampled_label = (now, 1000), f"at {now}", "not yet"
        reverse.pictures.put(strip.axis.cell_times[-1], noise)
        strip.redraw(1)
        strip.redraw_paths()
        bit_by_bit = strip.grab().toImage()
        strip.redraw()
        assert bit_by_bit == strip.grab().toImage(), now


def test_larger_text_gives_the_labels_more_room(qapp, strip) -> None:
    font = qapp.font()
    font.setPointSizeF(2 * font.pointSizeF())
    qapp.setFont(font)
    theme.apply_theme(qapp, "dark", reduce_motion=True)
    strip.set_compact(True)
    strip.resize(1440, strip.height())
    strip.reset_zoom()
    assert strip.axis.left == 304
    assert strip.axis.pitch >= 72


def test_pictures_of_cells_that_went_are_forgotten(strip) -> None:
    for t in strip.axis.cell_times:
        strip.strips[0].pictures.put(t, RED)
    turn(strip, 8, 700, Qt.KeyboardModifier.ShiftModifier)
    pictures = strip.strips[0].pictures
    assert sum(pictures.image(t, 80, 80) is not None for t in range(1001)) <= strip.axis.num_cells
