"""The left panel: fields, curve, ghost, lint, small views, menu."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QWidget

from diffviz.core.schedule_lint import lint
from diffviz.core.schedules import PRESETS, SCHEDULE_KINDS, ScheduleSpec, build_schedule
from diffviz.ui import theme
from diffviz.ui.widgets.fields import LabelledField
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.popover import Popover
from diffviz.ui.widgets.schedule_panel import SchedulePanel

LEFT = Qt.MouseButton.LeftButton


def show_spec(
    panel: SchedulePanel, spec: ScheduleSpec, quantity: str = "alpha_cumprod", t: int = 270
) -> None:
    schedule, ghost = build_schedule(spec), ScheduleSpec("cosine")
    panel.show_schedule(spec, schedule, ghost, build_schedule(ghost), quantity, t, lint(spec, schedule))


@pytest.fixture
def holder() -> QWidget:
    return QWidget()


@pytest.fixture
def panel(shown, holder) -> SchedulePanel:
    """Panel that shows what it asks for, as the program does."""
    made = SchedulePanel(holder)
    made.spec_requested.connect(lambda spec, _key: show_spec(made, spec))
    show_spec(made, ScheduleSpec())
    made.resize(320, 620)
    shown(holder, 400, 700)
    return made


@pytest.fixture
def asked(panel) -> list[tuple[ScheduleSpec, str]]:
    heard: list[tuple[ScheduleSpec, str]] = []
    panel.spec_requested.connect(lambda spec, key: heard.append((spec, key)))
    return heard


def type_into(qtbot, field: QWidget, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def button(panel: SchedulePanel, name: str) -> QAbstractButton | None:
    found = [b for b in panel.findChildren(QAbstractButton) if b.accessibleName().startswith(name)]
    return next((b for b in found if b.isVisible()), None)


def problem_of(field: QWidget) -> str:
    frame = field.parentWidget()
    assert isinstance(frame, LabelledField)
    return frame.problem


def test_showing_is_silent(panel, asked) -> None:
    times: list[int] = []
    others: list[object] = []
    panel.timestep_requested.connect(times.append)
    panel.quantity_requested.connect(others.append)
    panel.ghost_requested.connect(others.append)
    for kind in SCHEDULE_KINDS:
        if kind != "custom":
            show_spec(panel, ScheduleSpec(kind, zero_terminal_snr=True), "beta", 3)
    panel.set_t(7)
    assert (asked, times, others) == ([], [], [])


def test_at_the_size_of_the_mock_up_nothing_needs_scrolling(panel, qapp) -> None:
    qapp.processEvents()
    area = panel.findChild(QScrollArea)
    assert area.verticalScrollBar().maximum() == 0
    assert area.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("kind", list(SCHEDULE_KINDS))
def test_every_kind_has_its_fields_with_the_values_in_force(panel, kind) -> None:
    if kind == "custom":
        points = ((0.001, 9.0), (0.5, 0.0), (1.0, -9.0))
        show_spec(panel, ScheduleSpec("custom", points=points))
        return
    spec = ScheduleSpec(kind)
    show_spec(panel, spec)
    for parameter in SCHEDULE_KINDS[kind].parameters:
        field = panel.fields.field(parameter.name)
        shown = float(field.isChecked()) if parameter.is_switch else field.value()
        assert shown == pytest.approx(parameter.default)


def test_another_kind_is_asked_for_with_the_same_length(panel, asked) -> None:
    panel.fields.field("kind").setCurrentIndex(1)
    assert asked == [(ScheduleSpec("cosine"), "field kind")]


def test_the_settings_of_a_kind_come_back_with_it(panel, asked) -> None:
    show_spec(panel, ScheduleSpec(params=(("beta_max", 0.03),)))
    kinds = panel.fields.field("kind")
    kinds.setCurrentIndex(1)
    panel.fields.field("kind").setCurrentIndex(0)
    assert asked[-1][0].value("beta_max") == 0.03


def test_typing_a_length_asks_for_it(qtbot, panel, asked) -> None:
    type_into(qtbot, panel.fields.field("num_timesteps"), "250")
    assert asked[-1][0] == ScheduleSpec(num_timesteps=250)


def test_typing_a_parameter_asks_for_it_with_a_key_of_its_own(qtbot, panel, asked) -> None:
    type_into(qtbot, panel.fields.field("beta_max"), "0.03")
    assert asked == [(ScheduleSpec(params=(("beta_max", 0.03),)), "field beta_max")]


def test_a_pause_ends_the_gesture_of_a_field(qtbot, panel) -> None:
    with qtbot.waitSignal(panel.gesture_finished):
        type_into(qtbot, panel.fields.field("beta_max"), "0.03")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("num_timesteps", "5000", "1 to 4000"),
        ("num_timesteps", "0", "1 to 4000"),
        ("num_timesteps", "10", "above 1"),
        ("beta_max", "3", "0 to 1"),
        ("beta_min", "-1", "0 to 1"),
    ],
)
def test_a_value_that_makes_no_schedule_stays_with_a_sentence(qtbot, panel, asked, name, text, words) -> None:
    field = panel.fields.field(name)
    type_into(qtbot, field, text)
    assert asked == []
    assert words in problem_of(field)
    assert field.text().replace("−", "-").startswith(text)
    assert panel.fields.problem
    type_into(qtbot, field, "0.02" if name.startswith("beta") else "1000")
    assert panel.fields.problem == ""


def test_a_refusal_of_the_program_is_said_at_the_field(qtbot, panel) -> None:
    type_into(qtbot, panel.fields.field("beta_max"), "0.03")
    panel.show_problem("Not possible.")
    assert panel.fields.problem == "Not possible."


def test_a_switch_that_cannot_be_thrown_goes_back(qtbot, panel, asked) -> None:
    show_spec(panel, ScheduleSpec("constant", 10, (("beta", 0.0),)))
    switch = panel.fields.field("zero_terminal_snr")
    qtbot.mouseClick(switch, LEFT, pos=QPoint(12, 12))
    assert asked == []
    assert not switch.isChecked()
    assert "noise" in panel.fields.problem


def test_zero_terminal_snr_is_one_click(qtbot, panel, asked) -> None:
    qtbot.mouseClick(panel.fields.field("zero_terminal_snr"), LEFT, pos=QPoint(12, 12))
    assert asked[-1][0] == ScheduleSpec(zero_terminal_snr=True)


def test_steps_of_the_field_stay_in_the_allowed_range(qtbot, panel) -> None:
    field = panel.fields.field("beta_min")
    type_into(qtbot, field, "0")
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.value() == 0.0
    assert panel.fields.problem == ""


def test_numbers_are_shown_as_short_as_they_are(panel) -> None:
    assert panel.fields.field("beta_min").text() == "0.0001"
    assert panel.fields.field("beta_max").text() == "0.0200"
    show_spec(panel, ScheduleSpec("quadratic", params=(("beta_min", 0.00085),)))
    assert panel.fields.field("beta_min").text() == "0.00085"


def test_dragging_a_handle_makes_the_kind_custom(qtbot, panel, asked) -> None:
    start = panel.curve.handle_position(3).toPoint()
    port = panel.curve.viewport()
    ended: list[int] = []
    panel.gesture_finished.connect(lambda: ended.append(1))
    qtbot.mousePress(port, LEFT, pos=start)
    for step in range(1, 5):
        qtbot.mouseMove(port, start - QPoint(0, 6 * step))
    qtbot.mouseRelease(port, LEFT, pos=start - QPoint(0, 24))
    specs, keys = [spec for spec, _ in asked], {key for _, key in asked}
    assert {spec.kind for spec in specs} == {"custom"}
    assert len(keys) == 1
    assert keys != {""}
    assert ended == [1]
    assert panel.fields.field("kind").current == "custom"


@pytest.mark.parametrize("kind", [kind for kind in SCHEDULE_KINDS if kind != "custom"])
def test_the_plot_stays_where_it_is_while_a_handle_is_dragged(qtbot, qapp, panel, kind) -> None:
    show_spec(panel, ScheduleSpec(kind))
    for _ in range(3):
        qapp.processEvents()
    port = panel.curve.viewport()
    place, size = port.mapTo(panel, QPoint(0, 0)), port.size()
    start = panel.curve.handle_position(3).toPoint()
    qtbot.mousePress(port, LEFT, pos=start)
    for step in (4, 12, 20):
        qtbot.mouseMove(port, start - QPoint(0, step))
        for _ in range(3):
            qapp.processEvents()
        assert port.mapTo(panel, QPoint(0, 0)) == place
        assert port.size() == size
    qtbot.mouseRelease(port, LEFT, pos=start - QPoint(0, 20))
    assert panel.fields.field("kind").current == "custom"


def test_two_drags_are_two_gestures(qtbot, panel, asked) -> None:
    port = panel.curve.viewport()
    for _ in range(2):
        start = panel.curve.handle_position(3).toPoint()
        qtbot.mousePress(port, LEFT, pos=start)
        qtbot.mouseMove(port, start - QPoint(0, 12))
        qtbot.mouseRelease(port, LEFT, pos=start - QPoint(0, 12))
    assert len({key for _, key in asked}) == 2


def test_escape_asks_for_the_schedule_before_the_drag(qtbot, panel, asked) -> None:
    start = panel.curve.handle_position(3).toPoint()
    port = panel.curve.viewport()
    qtbot.mousePress(port, LEFT, pos=start)
    qtbot.mouseMove(port, start - QPoint(0, 20))
    qtbot.keyClick(panel.curve, Qt.Key.Key_Escape)
    qtbot.mouseRelease(port, LEFT, pos=start)
    assert asked[-1][0] == ScheduleSpec()
    assert panel.fields.field("kind").current == "linear"


def test_choosing_custom_lays_points_on_the_present_curve(panel, asked) -> None:
    kinds = panel.fields.field("kind")
    kinds.setCurrentIndex(kinds.keys().index("custom"))
    spec = asked[-1][0]
    assert (spec.kind, len(spec.points), spec.quantity) == ("custom", 6, "alpha_cumprod")
    drift = build_schedule(spec).alphas_cumprod - build_schedule(ScheduleSpec()).alphas_cumprod
    assert abs(drift).max() < 0.02


def test_a_small_view_shows_its_quantity_large_when_clicked(qtbot, panel) -> None:
    assert [spark.quantity for spark in panel.sparks] == ["beta", "log_snr", "sigma"]
    with qtbot.waitSignal(panel.quantity_requested) as told:
        qtbot.mouseClick(panel.sparks[1], LEFT)
    assert told.args == ["log_snr"]
    show_spec(panel, ScheduleSpec(), "log_snr")
    assert [spark.quantity for spark in panel.sparks] == ["beta", "alpha_cumprod", "sigma"]


def test_the_switch_asks_for_a_quantity(qtbot, panel) -> None:
    with qtbot.waitSignal(panel.quantity_requested) as told:
        qtbot.mouseClick(panel.quantities.button("sigma"), LEFT)
    assert told.args == ["sigma"]


def test_comparing_asks_for_a_kind_or_for_nothing(panel) -> None:
    told: list[object] = []
    panel.ghost_requested.connect(told.append)
    panel.ghost.setCurrentIndex(panel.ghost.keys().index("sigmoid_abar"))
    panel.ghost.setCurrentIndex(0)
    assert told == ["sigmoid_abar", None]


def test_a_good_schedule_gets_one_green_line(panel) -> None:
    assert [finding.level for finding in panel.lint.findings] == ["good"]


def test_a_fix_is_one_click(qtbot, panel, asked) -> None:
    show_spec(panel, ScheduleSpec(num_timesteps=100, params=(("rescale", 0.0),)))
    qtbot.waitUntil(lambda: button(panel, "Rescale to zero SNR") is not None)
    qtbot.mouseClick(button(panel, "Rescale to zero SNR"), LEFT)
    assert asked[-1][0].zero_terminal_snr
    assert asked[-1][1] == ""


def test_a_second_finding_opens_at_a_click(qtbot, panel) -> None:
    show_spec(panel, ScheduleSpec(num_timesteps=100, params=(("rescale", 0.0),)))
    assert len(panel.lint.findings) == 2
    title = "Warning: T changed without rescaling"
    qtbot.waitUntil(lambda: button(panel, title) is not None)
    qtbot.mouseClick(button(panel, title), LEFT)
    assert len([b for b in panel.lint.findChildren(QAbstractButton) if b.text() == "Scale β with T"]) == 1


@pytest.mark.parametrize("row", range(len(PRESETS)))
def test_every_preset_can_be_taken_and_shown(panel, asked, row) -> None:
    presets = panel.menu.actions()[0].menu()
    presets.actions()[row].trigger()
    assert asked[-1] == (PRESETS[row][1], "")


def test_the_menu_imports_and_exports(panel) -> None:
    told: list[str] = []
    panel.import_requested.connect(lambda: told.append("import"))
    panel.export_requested.connect(told.append)
    for action in panel.menu.actions():
        if action.menu() is not None and action.text() == "Export":
            for kind in action.menu().actions():
                kind.trigger()
        elif action.text().startswith("Import"):
            action.trigger()
    assert told == ["import", "csv", "json", "diffusers"]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_info_button_explains_the_kind(qtbot, panel) -> None:
    qtbot.mouseClick(button(panel, "About this kind"), LEFT)
    card = panel.findChild(Popover)
    assert card is not None
    assert card.accessibleName() == "Linear"
    # No paragraph stands in more room than its lines need.
    for paragraph in (label for label in card.findChildren(MathLabel) if label.wordWrap()):
        assert paragraph.height() <= paragraph.heightForWidth(paragraph.width()) + 1
    card.close()


def test_the_now_line_of_every_view_follows_a_drag_in_the_plot(qtbot, panel) -> None:
    curve = panel.curve
    start = QPoint(curve.curve_position(270).toPoint().x(), round(curve.plot_rect.bottom()) - 10)
    with qtbot.waitSignal(panel.timestep_requested):
        qtbot.mousePress(curve.viewport(), LEFT, pos=start)
        qtbot.mouseMove(curve.viewport(), start + QPoint(40, 0))
    qtbot.mouseRelease(curve.viewport(), LEFT, pos=start + QPoint(40, 0))
    assert all("at t 270" not in spark.accessibleName() for spark in panel.sparks)


def test_low_windows_do_without_the_small_views(panel) -> None:
    panel.set_compact(True)
    assert not any(spark.isVisible() for spark in panel.sparks)
    panel.set_compact(False)
    assert all(spark.isVisible() for spark in panel.sparks)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_at_its_least_width_nothing_is_cut(qapp, shown, holder, scale) -> None:
    font = qapp.font()
    font.setPointSizeF(scale * font.pointSizeF())
    qapp.setFont(font)
    theme.apply_theme(qapp, "dark", reduce_motion=True)
    panel = SchedulePanel(holder)
    show_spec(panel, ScheduleSpec(num_timesteps=100, params=(("rescale", 0.0),)))
    panel.resize(panel.minimumSizeHint().width(), 700)
    shown(holder, 800, 700)
    for _ in range(3):
        qapp.processEvents()
    body = panel.curve.parentWidget()
    for child in panel.findChildren(QWidget):
        if child.isVisible() and body.isAncestorOf(child) and child.parentWidget() is not panel.curve:
            right = child.mapTo(body, QPoint(child.width(), 0)).x()
            assert right <= body.width(), child
            assert child.width() >= child.minimumSizeHint().width(), child


@pytest.mark.parametrize("beta", [0.0, 1.0])
@pytest.mark.parametrize("quantity", ["beta", "alpha_cumprod", "log_snr", "sigma"])
def test_no_noise_and_noise_at_once_are_shown_in_every_view(panel, qapp, beta, quantity) -> None:
    show_spec(panel, ScheduleSpec("constant", 1, (("beta", beta),)), quantity, 1)
    qapp.processEvents()
    assert panel.grab().width() > 0
    assert panel.lint.findings[0].level == "bad"
