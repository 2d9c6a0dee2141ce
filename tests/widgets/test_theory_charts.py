"""Charts of the Theory workspace: axes, places, what clicks and keys ask for, and their way to paper."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from diffviz.ui.widgets.bell_plot import BellPair, BellPlot
from diffviz.ui.widgets.chart_files import as_svg
from diffviz.ui.widgets.cost_bars import CostBars, bits_words
from diffviz.ui.widgets.cost_map import map_pixels
from diffviz.ui.widgets.figure_table import FigureTable
from diffviz.ui.widgets.line_chart import ChartAxes, LineChart, Series
from diffviz.ui.widgets.log_axis import linear_levels, log_levels, number_words


@pytest.mark.parametrize(
    ("low", "high"), [(1e-9, 1e4), (0.3, 0.9), (0.011, 0.012), (1.0, 5.0), (2e-4, 2e-3), (0.5, 3e7)]
)
def test_an_axis_has_a_few_round_levels_within_its_range(low, high):
    for levels in (log_levels(low, high), linear_levels(low, high)):
        values = [value for value, _ in levels]
        assert 2 <= len(values) <= 6
        slack = 1e-6 * (high - low)
        assert all(low - slack <= value <= high + slack for value in values)
        assert len({words for _, words in levels}) == len(levels), "no two levels read alike"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (0.25, "0.25"), (-3.14159, "−3.142"), (math.inf, "∞"), (3.38e-6, "3.38\u00a0·\u00a010⁻⁶")],
)
def test_numbers_are_said_in_few_digits(value, words):
    assert number_words(value) == words
    assert bits_words(3e-9) == "< 10⁻⁸"
    assert float(number_words(1234.5).replace("−", "-")) == pytest.approx(1234.5, rel=1e-3)


def costs(num_timesteps):
    values = 1.0 / np.arange(1.0, num_timesteps + 2.0) ** 1.5
    values[0] = 1e-6
    return values


@pytest.mark.parametrize("num_timesteps", [1, 2, 7, 51, 52, 100, 1000, 4000])
def test_every_step_belongs_to_one_bar_and_a_click_on_a_time_finds_it(qtbot: QtBot, num_timesteps) -> None:
    bars = CostBars()
    qtbot.addWidget(bars)
    bars.resize(900, 200)
    bars.show()
    bars.set_costs(costs(num_timesteps))
    assert bars.bars.sum() == pytest.approx(costs(num_timesteps).sum())
    assert len(bars.bars) <= 52
    for t in sorted({1, min(2, num_timesteps), num_timesteps // 2 + 1, num_timesteps}):
        first, last = bars.times_of(bars.bar_of(t))
        assert first <= t <= last
        assert (
            bars.bar_rect(bars.bar_of(t)).left() <= bars.x_of(t) <= bars.bar_rect(bars.bar_of(t)).right() + 2
        )
        with qtbot.waitSignal(bars.timestep_requested) as asked:
            QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(round(bars.x_of(t)), 90))
        assert abs(asked.args[0] - t) <= max(1, bars.steps_per_bar // 8)


def test_bars_that_are_not_known_yet_have_no_height_and_the_sum_stops_before_them(qtbot: QtBot) -> None:
    bars = CostBars()
    qtbot.addWidget(bars)
    values = costs(100)
    values[1:60] = np.nan
    bars.set_costs(values)
    known = np.isfinite(bars.bars)
    assert not known[0]
    assert known[-1]
    heights = [bars.bar_rect(bar).height() for bar in range(len(bars.bars))]
    assert all(height == 0 for height, is_known in zip(heights, known, strict=True) if not is_known)
    assert np.isfinite(bars.running_sum).sum() == known.sum()
    assert "in 41 of 100 terms" in bars.accessibleName()


def test_both_bells_and_the_draw_lie_within_the_axis(qtbot: QtBot) -> None:
    plot = BellPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 160)
    for pair in (
        BellPair(0.1, 1e-4, 0.3, 4e-4, 0.35),
        BellPair(-0.5, 0.0, -0.5, 0.0, -0.5),
        BellPair(0.2, 0.0, 0.21, 1e-5, 0.21, is_decoder=True),
    ):
        plot.show_pair(pair)
        low, high = plot.reach
        spread = 3 * math.sqrt(max(pair.variance_q, pair.variance_p))
        assert low <= min(pair.mean_q, pair.mean_p - spread, pair.sample)
        assert high >= max(pair.mean_q, pair.mean_p + spread, pair.sample)
        assert not plot.grab().isNull()


def test_a_chart_of_lines_says_where_it_was_clicked_and_can_be_printed(qtbot: QtBot) -> None:
    chart = LineChart("Weights", "Click: go there")
    qtbot.addWidget(chart)
    chart.resize(500, 240)
    xs = np.linspace(1.0, 1000.0, 1000)
    series = [Series("rising", "noise", xs, xs), Series("falling", "model", xs, 1e3 / xs, "dash")]
    chart.show_series(series, ChartAxes((1.0, 1000.0), (1.0, 1000.0), ((1.0, "1"), (1000.0, "1000"))))
    chart.show()
    for x in (1.0, 400.0, 1000.0):
        with qtbot.waitSignal(chart.place_requested) as asked:
            spot = chart.position(x, 30.0).toPoint()
            QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=spot)
        assert asked.args[0] == pytest.approx(x, abs=1000 / 400)
    chart.set_now(400.0)
    chart.setFocus()
    with qtbot.waitSignal(chart.place_requested) as asked:
        QTest.keyClick(chart, Qt.Key.Key_Right)
    assert asked.args[0] == 401.0
    drawing = bytes(as_svg(chart, chart.chart.name).data()).decode()
    assert "rising" in drawing
    assert "<image" not in drawing, "on paper curves are curves, not kept pixels"


def test_a_map_is_dark_where_nothing_is_paid_and_even_where_all_pay_alike() -> None:
    dark = map_pixels(np.zeros((4, 4)))
    assert (dark == dark[0, 0]).all()
    rising = map_pixels(np.linspace(0, 1, 256).reshape(16, 16)).astype(int)
    assert (rising[0, 0] == dark[0, 0]).all()
    assert np.abs(rising[-1, -1] - rising[0, 0]).sum() > 300


def test_a_table_that_has_no_room_drops_what_it_can_spare_but_tells_it(qtbot: QtBot) -> None:
    table = FigureTable("Losses", ("on", "error", "weight", "loss"), spare=(2, 1))
    qtbot.addWidget(table)
    table.set_rows([("mean", "0.123456", "× 398.4", "= 0.000604")])
    assert table.minimumSizeHint().width() < table.sizeHint().width()
    assert "weight × 398.4" in table.accessibleName()
