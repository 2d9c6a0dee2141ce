"""The schedule plot worked on with mouse and keyboard."""

import warnings

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.ui import theme
from diffviz.ui.tokens import DARK, LIGHT
from diffviz.ui.widgets.curve_editor import CurveEditor
from diffviz.ui.widgets.curve_quantity import QUANTITIES

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def editor(shown) -> CurveEditor:
    """Editor that shows what it asks for, as the program does."""
    made = CurveEditor()
    made.set_t(270)

    def obey(points, quantity) -> None:
        spec = ScheduleSpec("custom", 1000, quantity=quantity, points=points)
        made.set_schedule(build_schedule(spec), spec)

    made.points_requested.connect(obey)
    return shown(made, 288, 195)


@pytest.fixture
def asked(editor) -> list[tuple]:
    heard: list[tuple] = []
    editor.points_requested.connect(lambda points, quantity: heard.append((points, quantity)))
    return heard


@pytest.fixture
def ends(editor) -> list[str]:
    heard: list[str] = []
    editor.gesture_finished.connect(lambda: heard.append("finished"))
    editor.gesture_cancelled.connect(lambda: heard.append("cancelled"))
    return heard


def handle(editor: CurveEditor, index: int) -> QPoint:
    return editor.handle_position(index).toPoint()


def drag(qtbot, editor: CurveEditor, index: int, by: QPoint, steps: int = 4) -> None:
    start = handle(editor, index)
    port = editor.viewport()
    qtbot.mousePress(port, LEFT, pos=start)
    for step in range(1, steps + 1):
        qtbot.mouseMove(port, start + by * step / steps)
    qtbot.mouseRelease(port, LEFT, pos=start + by)


def colors(editor: CurveEditor) -> QImage:
    picture = QImage(editor.size(), QImage.Format.Format_RGB32)
    editor.viewport().render(picture)
    return picture


def test_setters_stay_silent(editor, asked) -> None:
    times: list[int] = []
    editor.timestep_requested.connect(times.append)
    editor.set_t(500)
    editor.set_quantity("beta")
    editor.set_schedule(build_schedule(ScheduleSpec("cosine")), ScheduleSpec("cosine"))
    editor.set_ghost(build_schedule(ScheduleSpec()), "linear")
    assert (asked, times) == ([], [])


def test_dragging_a_handle_asks_for_points_in_the_quantity_shown(qtbot, editor, asked, ends) -> None:
    before = editor.handles.points
    drag(qtbot, editor, 3, QPoint(10, -20))
    points, quantity = asked[-1]
    assert quantity == "alpha_cumprod"
    assert points[3][1] > before[3][1]
    assert points[3][0] > before[3][0]
    assert [p for i, p in enumerate(points) if i != 3] == [p for i, p in enumerate(before) if i != 3]
    assert ends == ["finished"]


def test_the_handle_stays_under_the_pointer(qtbot, editor) -> None:
    target = handle(editor, 3) + QPoint(9, -25)
    drag(qtbot, editor, 3, QPoint(9, -25))
    assert (handle(editor, 3) - target).manhattanLength() <= 3


@pytest.mark.parametrize(
    ("view", "quantity"),
    [
        ("beta", "beta"),
        ("alpha_cumprod", "alpha_cumprod"),
        ("log_snr", "log_snr"),
        ("sigma", "alpha_cumprod"),
    ],
)
def test_each_view_edits_the_quantity_that_suits_it(qtbot, editor, asked, view, quantity) -> None:
    editor.set_quantity(view)
    drag(qtbot, editor, 2, QPoint(3, -6))
    assert asked[-1][1] == quantity


def test_a_handle_stops_at_its_neighbours_however_far_it_is_dragged(qtbot, editor, asked) -> None:
    drag(qtbot, editor, 2, QPoint(400, 900))
    assert asked
    values = [value for _, value in asked[-1][0]]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


def test_a_click_alone_selects_and_asks_for_nothing(qtbot, editor, asked, ends) -> None:
    qtbot.mouseClick(editor.viewport(), LEFT, pos=handle(editor, 2))
    assert editor.selected == 2
    assert (asked, ends) == ([], [])


def test_a_handle_can_be_hit_twelve_pixels_beside_it(qtbot, editor) -> None:
    qtbot.mouseClick(editor.viewport(), LEFT, pos=handle(editor, 4) + QPoint(11, -11))
    assert editor.selected == 4


def test_escape_gives_up_the_drag(qtbot, editor, asked, ends) -> None:
    before = editor.handles.points
    start = handle(editor, 3)
    qtbot.mousePress(editor.viewport(), LEFT, pos=start)
    qtbot.mouseMove(editor.viewport(), start + QPoint(0, -30))
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    told = len(asked)
    qtbot.mouseMove(editor.viewport(), start + QPoint(0, -50))
    qtbot.mouseRelease(editor.viewport(), LEFT, pos=start + QPoint(0, -50))
    assert ends == ["cancelled"]
    assert len(asked) == told
    assert editor.handles.points == before


def test_the_axis_stands_still_while_a_point_is_dragged(qtbot, editor) -> None:
    editor.set_quantity("beta")
    axis = editor.axis
    start = handle(editor, 5)
    qtbot.mousePress(editor.viewport(), LEFT, pos=start)
    qtbot.mouseMove(editor.viewport(), start - QPoint(0, 60))
    assert editor.axis == axis
    qtbot.mouseRelease(editor.viewport(), LEFT, pos=start - QPoint(0, 60))
    assert editor.axis.high > axis.high


def test_dragging_the_now_line_asks_for_times(qtbot, editor, asked) -> None:
    times: list[int] = []
    editor.timestep_requested.connect(times.append)
    line = editor.curve_position(270).toPoint()
    start = QPoint(line.x(), round(editor.plot_rect.bottom()) - 12)
    qtbot.mousePress(editor.viewport(), LEFT, pos=start)
    qtbot.mouseMove(editor.viewport(), start + QPoint(60, 0))
    qtbot.mouseRelease(editor.viewport(), LEFT, pos=start + QPoint(60, 0))
    assert times[-1] == pytest.approx(270 + 60 / editor.plot_rect.width() * 1000, abs=4)
    assert asked == []


def test_a_click_on_the_times_below_the_plot_jumps_there(qtbot, editor) -> None:
    place = QPoint(editor.curve_position(750).toPoint().x(), round(editor.plot_rect.bottom()) + 10)
    with qtbot.waitSignal(editor.timestep_requested) as told:
        qtbot.mouseClick(editor.viewport(), LEFT, pos=place)
    assert told.args[0] == pytest.approx(750, abs=3)


def test_a_double_click_on_the_curve_adds_a_point(qtbot, editor, asked, ends) -> None:
    place = editor.curve_position(350).toPoint()
    qtbot.mouseDClick(editor.viewport(), LEFT, pos=place)
    assert len(asked[-1][0]) == 7
    assert any(abs(u * 1000 - 350) <= 4 for u, _ in asked[-1][0])
    assert ends == ["finished"]
    assert editor.selected is not None


def test_a_double_click_above_the_curve_adds_a_point_on_it(qtbot, editor, asked) -> None:
    on_curve = editor.curve_position(800).toPoint()
    qtbot.mouseDClick(editor.viewport(), LEFT, pos=on_curve - QPoint(0, 100))
    u, value = min(asked[-1][0], key=lambda point: abs(point[0] - 0.8))
    assert abs(u * 1000 - 800) <= 4
    assert editor.position(u * 1000, value).y() == pytest.approx(on_curve.y(), abs=2)


def test_a_double_click_on_the_times_below_the_plot_adds_nothing(qtbot, editor, asked) -> None:
    place = QPoint(editor.curve_position(200).toPoint().x(), round(editor.plot_rect.bottom()) + 10)
    qtbot.mouseDClick(editor.viewport(), LEFT, pos=place)
    assert asked == []


def test_delete_removes_the_selected_point(qtbot, editor, asked) -> None:
    qtbot.mouseClick(editor.viewport(), LEFT, pos=handle(editor, 2))
    gone = editor.handles.points[2]
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    assert gone not in asked[-1][0]
    assert len(asked[-1][0]) == 5


def test_delete_at_an_end_says_why_not(qtbot, editor, asked) -> None:
    qtbot.mouseClick(editor.viewport(), LEFT, pos=handle(editor, 5))
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    assert asked == []
    assert "ends of the curve" in editor.problem


def test_tab_walks_through_the_handles_and_out_again(qtbot, shown) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
    before, editor, after = QLineEdit(), CurveEditor(), QLineEdit()
    for widget in (before, editor, after):
        column.addWidget(widget)
    shown(page, 320, 300)
    before.setFocus()
    visited = []
    qtbot.keyClick(before, Qt.Key.Key_Tab)
    while editor.hasFocus():
        visited.append(editor.selected)
        qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert visited == [0, 1, 2, 3, 4, 5]
    assert after.hasFocus()
    qtbot.keyClick(after, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert editor.hasFocus()
    assert editor.selected == 5


def test_arrows_move_the_selected_point_and_shift_moves_it_further(qtbot, editor, asked, ends) -> None:
    qtbot.mouseClick(editor.viewport(), LEFT, pos=handle(editor, 3))
    t, value = editor.handles.time(3), editor.handles.points[3][1]
    qtbot.keyClick(editor, Qt.Key.Key_Right)
    assert editor.handles.time(3) == pytest.approx(t + 1)
    qtbot.keyClick(editor, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert editor.handles.time(3) == pytest.approx(t + 11)
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert editor.handles.points[3][1] == pytest.approx(value + 1 / 200)
    assert len(asked) == 3
    assert ends == ["finished"] * 3


def test_keys_held_down_are_one_gesture(qtbot, editor, ends) -> None:
    qtbot.mouseClick(editor.viewport(), LEFT, pos=handle(editor, 3))
    for _ in range(4):
        qtbot.keyPress(editor, Qt.Key.Key_Up)
    assert ends == []
    qtbot.keyRelease(editor, Qt.Key.Key_Up)
    assert ends == ["finished"]


def test_arrows_without_a_point_in_hand_belong_to_the_window(qtbot, editor, asked) -> None:
    editor.setFocus()
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    qtbot.keyClick(editor, Qt.Key.Key_Right)
    assert asked == []


def test_an_invalid_point_is_red_with_its_sentence_while_the_curve_stays(editor) -> None:
    curve = editor.curve.values.copy()
    editor.mark_invalid(2, "ᾱ must keep falling.")
    spot = handle(editor, 2)
    assert editor.problem == "ᾱ must keep falling."
    assert (editor.curve.values == curve).all()
    shade = colors(editor).pixelColor(spot.x(), spot.y() - 6)
    assert shade.red() > shade.blue() + 40
    editor.set_schedule(build_schedule(ScheduleSpec()), ScheduleSpec())
    assert editor.problem == ""


def test_a_refused_drag_returns_to_the_last_valid_points(qtbot, shown) -> None:
    editor = shown(CurveEditor(), 288, 195)
    editor.points_requested.connect(lambda *_: editor.mark_invalid(None, "Not possible."))
    before, curve = editor.handles.points, editor.curve.values.copy()
    drag(qtbot, editor, 3, QPoint(0, -30))
    assert editor.handles.points == before
    assert (editor.curve.values == curve).all()
    assert editor.problem == "Not possible."


@pytest.mark.parametrize("beta", [0.0, 1.0])
@pytest.mark.parametrize("quantity", list(QUANTITIES))
@pytest.mark.parametrize("num_timesteps", [1, 2, 10])
def test_no_noise_and_noise_at_once_are_drawn_without_a_warning(
    editor, qapp, beta, quantity, num_timesteps
) -> None:
    spec = ScheduleSpec("constant", num_timesteps, (("beta", beta),))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        editor.set_quantity(quantity)
        editor.set_schedule(build_schedule(spec), spec)
        editor.set_t(1)
        qapp.processEvents()
        colors(editor)
        for index in range(len(editor.handles)):
            spot = editor.handle_position(index)
            assert 0 <= spot.x() <= editor.width()
            assert 0 <= spot.y() <= editor.height()


def test_infinite_values_lie_on_the_border_with_an_arrow(editor) -> None:
    spec = ScheduleSpec(zero_terminal_snr=True)
    editor.set_quantity("log_snr")
    editor.set_schedule(build_schedule(spec), spec)
    start, end = editor.curve_position(0), editor.curve_position(1000)
    assert start.y() == pytest.approx(editor.plot_rect.top())
    assert end.y() == pytest.approx(editor.plot_rect.bottom())
    picture = colors(editor)
    assert picture.pixelColor(round(start.x()), round(start.y()) - 2) == DARK.color("signal")


def test_the_curve_the_ghost_and_the_now_line_have_the_colours_of_their_meaning(editor) -> None:
    editor.set_ghost(build_schedule(ScheduleSpec("cosine")), "cosine")
    editor.set_t(900)
    picture = colors(editor)
    curve = editor.curve_position(200).toPoint()
    assert picture.pixelColor(curve) == DARK.color("signal")
    now = editor.curve_position(900).toPoint()
    column = [picture.pixelColor(x, 80) for x in range(now.x() - 2, now.x() + 3)]
    assert any(pixel.green() > 180 and pixel.red() < 140 for pixel in column)


def test_the_theme_recolours_the_plot(qapp, editor) -> None:
    theme.apply_theme(qapp, "light", reduce_motion=True)
    picture = colors(editor)
    assert picture.pixelColor(editor.curve_position(200).toPoint()) == LIGHT.color("signal")
    assert picture.pixelColor(280, 60) == LIGHT.color("field")


def test_the_wheel_is_left_to_the_panel(editor, qapp) -> None:
    place = QPointF(150, 90)
    event = QWheelEvent(
        place,
        editor.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    before = editor.getPlotItem().viewRange()
    qapp.sendEvent(editor.viewport(), event)
    assert not event.isAccepted()
    assert editor.getPlotItem().viewRange() == before


def test_pyqtgraph_draws_where_the_handles_are(editor, qapp) -> None:
    qapp.processEvents()
    view = editor.getPlotItem().getViewBox()
    for t in (0, 270, 1000):
        place = view.mapSceneToView(editor.curve_position(t))
        assert place.x() == pytest.approx(t, abs=1.0)
        assert place.y() == pytest.approx(editor.curve.values[t], abs=1e-3)


def test_the_values_can_be_copied(qtbot, editor) -> None:
    editor.setFocus()
    qtbot.keyClick(editor, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    rows = QGuiApplication.clipboard().text().splitlines()
    assert rows[0] == "t\talpha_cumprod"
    assert len(rows) == 1002
    assert float(rows[271].split("\t")[1]) == editor.curve.values[270]


def test_screen_readers_hear_the_value_and_the_point_in_hand(qtbot, editor) -> None:
    assert editor.accessibleName() == "ᾱ over t, .472 at t 270"
    qtbot.mouseClick(editor.viewport(), LEFT, pos=handle(editor, 5))
    assert editor.accessibleDescription().startswith("Point 6 of 6, t 1000")


def test_another_schedule_from_outside_ends_the_drag(qtbot, editor) -> None:
    start = handle(editor, 3)
    qtbot.mousePress(editor.viewport(), LEFT, pos=start)
    qtbot.mouseMove(editor.viewport(), start + QPoint(0, -10))
    spec = ScheduleSpec("cosine", 3)
    editor.set_schedule(build_schedule(spec), spec)
    qtbot.mouseMove(editor.viewport(), start + QPoint(0, -20))
    qtbot.mouseRelease(editor.viewport(), LEFT, pos=start)
    assert len(editor.handles) == 3
