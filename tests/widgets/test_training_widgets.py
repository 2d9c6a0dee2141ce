"""The widgets of training: loss over steps, sheets of samples, the strip of moments, fields to reset."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from diffviz.training.config import TrainingConfig
from diffviz.ui.tokens import DARK
from diffviz.ui.widgets.fields import IntegerField
from diffviz.ui.widgets.loss_plot import LossPlot, _levels, _thinned
from diffviz.ui.widgets.moment_strip import MomentCell, MomentStrip
from diffviz.ui.widgets.moment_timeline import MomentTimeline
from diffviz.ui.widgets.pixels import array_from_picture
from diffviz.ui.widgets.point_picture import REACH, density_picture
from diffviz.ui.widgets.recipe_panel import RecipePanel
from diffviz.ui.widgets.recipe_words import RecipeView
from diffviz.ui.widgets.resettable_field import ResettableField
from diffviz.ui.widgets.segmented import SegmentedSwitch
from diffviz.ui.widgets.sheet_grid import Sheet, SheetGrid
from diffviz.ui.widgets.training_panel import TrainingPanel, TrainingStatus

Shown = Callable[..., QWidget]


def colour(role: str) -> np.ndarray:
    return np.array([DARK.color(role).red(), DARK.color(role).green(), DARK.color(role).blue()])


def sheets(count: int) -> list[Sheet]:
    """Moments whose pictures are of one grey each, brighter from moment to moment."""
    return [
        Sheet(f"epoch {n}", f"step {n}", np.full((8, 8, 8, 3), 20 + 10 * n, np.uint8)) for n in range(count)
    ]


def test_a_long_run_is_thinned_without_losing_a_peak() -> None:
    rng = np.random.default_rng(3)
    loss = rng.random(50_000)
    loss[31_234], loss[7] = 9.0, -4.0
    steps, kept = _thinned(loss, 300, keeps_peaks=True)
    assert len(kept) <= 700
    assert kept.max() == 9.0
    assert kept.min() == -4.0
    assert steps[kept.argmax()] == 31_235
    assert (np.diff(steps) >= 0).all()
    np.testing.assert_array_equal(loss[steps.astype(int) - 1], kept)
    last, smooth = _thinned(loss, 300, keeps_peaks=False)
    assert smooth[-1] == loss[-1]
    assert last[-1] == 50_000


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.1), (0.03, 1.0), (1e-5, 2.0), (0.29, 2.1), (0.5, 0.52)])
def test_the_lines_of_a_scale_are_few_and_inside(low: float, high: float) -> None:
    levels = _levels(np.log10(low), np.log10(high))
    assert 2 <= len(levels) <= 8
    assert all(low * 0.999 <= value <= high * 1.001 for value, _ in levels)
    assert all(float(words) == pytest.approx(value, rel=1e-3) for value, words in levels)


def test_the_floor_is_drawn_where_its_loss_is_and_the_curve_above_it(qtbot: QtBot, shown: Shown) -> None:
    plot = LossPlot()
    shown(plot, 600, 200)
    loss = np.full(400, 0.5)
    plot.set_losses(loss, loss)
    plot.set_floor(0.1, "floor")
    plot.set_now(200)
    picture = array_from_picture(plot.grab().toImage())
    row = round(plot.y_of(0.1))
    dashes = picture[row - 1 : row + 2, 60:590].reshape(-1, 3)
    assert (np.abs(dashes.astype(int) - colour("signal")).max(axis=1) < 60).mean() > 0.2
    row = round(plot.y_of(0.5))
    line = picture[row, 60:580]
    assert (np.abs(line.astype(int) - colour("model")).max(axis=1) < 40).mean() > 0.8
    assert plot.y_of(0.5) < plot.y_of(0.1)
    column = picture[20:60, round(plot.x_of(200))]
    assert (np.abs(column.astype(int) - colour("accent")).max(axis=1) < 60).any()
    with qtbot.waitSignal(plot.step_requested) as asked:
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=_point(plot.x_of(100), 80))
    assert abs(asked.args[0] - 100) <= 1
    plot.set_losses(np.array([np.nan, np.inf, 0.0, 1.0]), np.array([np.nan, np.inf, 0.0, 1.0]))
    plot.grab()


def _point(x: float, y: float) -> QPoint:
    return QPoint(round(x), round(y))


def test_rows_are_moments_and_the_chosen_one_is_always_among_them(qtbot: QtBot, shown: Shown) -> None:
    grid = SheetGrid()
    shown(grid, 620, 330)
    grid.set_sheets(sheets(3), ["a"] * 8)
    assert grid.rows() == (0, 1, 2)
    grid.set_sheets(sheets(20), ["a"] * 8)
    for chosen in (0, 7, 13, 19):
        grid.set_chosen(chosen)
        rows = grid.rows()
        assert chosen in rows
        assert list(rows) == sorted(set(rows))
    rows = grid.rows()
    row, column = 1, 5
    spot = grid.cell_rect(row, column).center()
    got: dict[str, int] = {}
    grid.sheet_chosen.connect(lambda place: got.update(sheet=place))
    grid.column_chosen.connect(lambda place: got.update(column=place))
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=spot.toPoint())
    assert got == {"sheet": rows[row], "column": column}
    picture = array_from_picture(grid.grab().toImage())
    assert (picture[round(spot.y()), round(spot.x())] == 20 + 10 * rows[row]).all()
    grid.setFocus()
    grid.set_chosen(4)
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert got["sheet"] == 5
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert got["column"] == 0
    for width, height in ((400, 100), (900, 700)):
        grid.resize(width, height)
        last = grid.cell_rect(len(grid.rows()) - 1, 7)
        assert last.right() <= width
        assert last.bottom() <= max(height, 90)


def test_the_strip_scrubs_by_mouse_wheel_and_keys_and_tells_screen_readers(
    qtbot: QtBot, shown: Shown
) -> None:
    strip = MomentStrip()
    shown(strip, 1200, strip.height())
    strip.set_cells([], "frames will come")
    assert strip.accessibleName() == "Moments of the training, none yet"
    picture = np.zeros((8, 8, 3), np.uint8)
    strip.set_cells([MomentCell(f"step {n}", f"step {n}", picture) for n in range(40)], "")
    assert strip.shown()[0] == 0
    assert strip.shown()[-1] == 39
    asked: list[int] = []
    strip.moment_requested.connect(asked.append)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=_point(strip.x_of(39), 40))
    assert asked[-1] == strip.place == 39
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert asked[-1] == 38
    qtbot.keyClick(strip, Qt.Key.Key_Home)
    assert asked[-1] == 0
    assert strip.accessibleName() == "Moments of the training, step 0, 1 of 40"
    strip.set_place(12)
    assert asked[-1] == 0, "setters stay silent"
    strip.set_cells([], "")
    assert strip.place == 0


def test_moments_have_the_transport_of_every_timeline_and_their_own_words(qtbot: QtBot, shown: Shown) -> None:
    timeline = MomentTimeline()
    asked: list[int] = []
    timeline.moment_requested.connect(asked.append)
    buttons = {b.accessibleName(): b for b in timeline.transport.findChildren(QPushButton)}
    timeline.set_moments([], "")
    shown(timeline, 1100, timeline.sizeHint().height())
    assert not buttons["To the untrained network"].isEnabled()
    timeline.set_moments([MomentCell(f"{n}", f"{n}", np.zeros((8, 8, 3), np.uint8)) for n in range(5)], "")
    qtbot.mouseClick(buttons["To the newest moment"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["To the untrained network"], Qt.MouseButton.LeftButton)
    assert asked == [4, 0]
    timeline.faster()
    speeds = timeline.findChild(SegmentedSwitch)
    assert speeds is not None
    assert speeds.current == "2.0"
    qtbot.mouseClick(speeds.button("4.0"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["Play the moments one after the other"], Qt.MouseButton.LeftButton)
    assert timeline.is_playing
    qtbot.waitUntil(lambda: not timeline.is_playing, timeout=10_000)
    assert asked[-1] == 4


def test_density_is_where_the_points_are() -> None:
    points = np.full((500, 2), (1.3, -1.3), np.float32)
    points[0] = np.nan
    picture = density_picture(points)
    bright = picture.sum(axis=2)
    row, column = np.unravel_index(bright.argmax(), bright.shape)
    assert column == pytest.approx((1.3 + REACH) / (2 * REACH) * 64, abs=1)
    assert row == pytest.approx((REACH + 1.3) / (2 * REACH) * 64, abs=1)


def test_a_field_leads_back_to_its_preset_and_keeps_its_height(qtbot: QtBot, shown: Shown) -> None:
    field = ResettableField("Batch", IntegerField(1, 99))
    shown(field, 200, 70)
    height = field.sizeHint().height()
    field.set_preset("32")
    assert field.reset.isVisible()
    assert field.sizeHint().height() == height
    assert field.reset.accessibleName() == "Batch: back to 32, as in the preset"
    with qtbot.waitSignal(field.reset_requested):
        field.reset.click()
    field.set_preset(None)
    assert not field.reset.isVisible()


def test_locked_fields_say_why_and_a_pause_frees_the_learning_rate(shown: Shown) -> None:
    panel = RecipePanel()
    shown(panel, 320, 700)
    panel.set_presets([])
    config = TrainingConfig()

    def view(lock: str) -> RecipeView:
        return RecipeView(config, 100, "own", "", config, 100, lock=lock)

    panel.show_recipe(view("running"))
    assert not panel.learning_rate.isEnabled()
    assert not panel.preset.isEnabled()
    assert not panel.mirror.isEnabled()
    panel.show_recipe(view("paused"))
    assert panel.learning_rate.isEnabled()
    assert not panel.batch.isEnabled()
    panel.show_recipe(view(""))
    assert panel.batch.isEnabled()
    assert not panel.lock_note.isVisible()


@pytest.mark.parametrize(
    ("state", "is_new", "label"),
    [
        ("idle", True, "Train"),
        ("running", False, "Pause"),
        ("paused", False, "Resume"),
        ("stopped", False, "Resume"),
        ("stopped", True, "Train"),
        ("finished", False, "Keep training"),
        ("failed", False, "Resume"),
    ],
)
def test_the_primary_button_says_what_it_will_do(shown: Shown, state: str, is_new: bool, label: str) -> None:
    panel = TrainingPanel()
    shown(panel, 300, 700)
    panel.show_status(TrainingStatus(state, 1.5, 3.0, 50, 100, 12.3, 4000.0, 61.0, 0.5, is_new))
    assert panel.run_button.text() == label
    assert panel.stop_button.isVisible() is (state in ("running", "paused"))
    assert panel.read_outs.value("Elapsed") == "1:01"
    assert panel.track.share == 0.5
