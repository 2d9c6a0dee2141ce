"""The Theory workspace as a person uses it: bars, map, microscope, losses, spectrum."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.ui.main_window import MainWindow
from diffviz.ui.widgets.cost_map import ramp_colors
from tests.ui.person import Person, pixels

SCHEDULE = ScheduleSpec("cosine", 100)
SMALL = {"exact_size": 12, "schedule": SCHEDULE, "bound_terms": 20, "bound_draws": 2, "t": 30}
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def theory(window: MainWindow, person: Person, qtbot: QtBot):
    """The workspace with a small picture and its first answer."""
    window.session.update(**SMALL)
    person.key(Qt.Key.Key_5, ALT)
    qtbot.waitUntil(lambda: shown(window).t == 30)
    return window.theory


def shown(window: MainWindow):
    """The step that is on the screen, once it is that of the session."""
    theory = window.theory
    view = theory.view
    asked = view is not None and view.t == window.session.state.t
    return view if asked and view.question.request.schedule == window.session.state.schedule else Nothing


class Nothing:
    t = -1


def test_the_bars_come_one_after_the_other_and_add_up_to_the_bound(
    window: MainWindow, theory, qtbot: QtBot
) -> None:
    seen: list[int] = []
    bars = theory.bound_page.bars

    def is_whole() -> bool:
        seen.append(int(np.isfinite(bars.bars).sum()))
        return theory.estimate.is_whole

    qtbot.waitUntil(is_whole)
    assert seen == sorted(seen)
    assert bars.bars.sum() == pytest.approx(theory.estimate.total)
    assert bars.running_sum[0] == pytest.approx(theory.estimate.total)
    assert theory.panel.total_words == f"{theory.estimate.total:.2f}"
    assert "2 draws of noise for this image, each asked at 20 times" in theory.panel.spread_words
    assert theory.panel.spread_words.startswith("± ")
    qtbot.waitUntil(lambda: window.status.message.startswith(f"Bound {theory.estimate.total:.2f} bits/dim"))
    heights = [bars.bar_rect(bar).height() for bar in range(1, len(bars.bars) - 1)]
    taller = np.argsort(heights)[-5:]
    assert set(taller) == set(np.argsort(bars.bars[1:-1])[-5:]), "the dearest stretches have the highest bars"


def test_a_click_on_a_bar_and_the_arrow_keys_on_it_go_to_its_time(
    window: MainWindow, theory, person: Person, qtbot: QtBot
) -> None:
    bars = theory.bound_page.bars
    qtbot.waitUntil(lambda: theory.estimate.is_whole)
    person.click(bars, bars.x_of(71), bars.height() / 2)
    assert window.session.state.t == 71
    assert theory.timeline.t == 71
    bars.setFocus()
    person.key(Qt.Key.Key_Left)
    first, last = bars.times_of(bars.bar_of(71) - 1)
    assert first <= window.session.state.t <= last < 71
    person.click(bars, bars.bar_rect(0).center().x(), bars.height() / 2)
    assert window.session.state.t == 1
    qtbot.waitUntil(lambda: shown(window).t == 1)
    assert theory.bound_page.bells.pair.is_decoder


def test_the_pixel_that_is_clicked_is_under_the_microscope(
    window: MainWindow, theory, person: Person
) -> None:
    view = theory.left.view
    place = view.picture_rect()
    side = place.width() / 12
    person.click(view, place.left() + 3.5 * side, place.top() + 8.5 * side)
    assert view.marker == (3, 8)
    step, schedule = shown(window), build_schedule(SCHEDULE)
    abar, before, beta = schedule.alphas_cumprod[30], schedule.alphas_cumprod[29], schedule.betas[30]

    def mean(picture, channel):
        first = math.sqrt(before) * beta * float(picture[8, 3, channel])
        return (first + math.sqrt(1 - beta) * (1 - before) * float(step.x_t[8, 3, channel])) / (1 - abar)

    pair = theory.bound_page.bells.pair
    assert pair.mean_q == pytest.approx(mean(step.x_0, 0), abs=1e-6)
    assert pair.mean_p == pytest.approx(mean(step.answer.pred_x_0, 0), abs=1e-6)
    assert pair.variance_q == pytest.approx(beta * (1 - before) / (1 - abar))
    person.click(theory.bound_page.channels.button("2"))
    assert theory.bound_page.bells.pair.mean_q == pytest.approx(mean(step.x_0, 2), abs=1e-6)
    person.key(Qt.Key.Key_5, ALT)
    person.click(view, place.left() + 3.5 * side, place.top() + 8.5 * side)
    person.key(Qt.Key.Key_Right)
    person.key(Qt.Key.Key_Up)
    assert view.marker == (4, 7)
    assert theory.bound_page.bells.pair.mean_q == pytest.approx(float(step.answer.mean_q[7, 4, 2]))
    assert window.session.state.t == 30, "the arrows are the pixel's, not the timeline's"


def test_the_map_is_brightest_where_the_step_costs_most(window: MainWindow, theory, person: Person) -> None:
    step, view = shown(window), theory.left.view
    bits = step.answer.bits.mean(axis=2)
    colours = pixels(view.picture).astype(float)
    first, _, last = ramp_colors()
    row, column = np.unravel_index(bits.argmax(), bits.shape)
    np.testing.assert_allclose(colours[row, column], last, atol=1)
    row, column = np.unravel_index(bits.argmin(), bits.shape)
    assert np.abs(colours[row, column] - first).sum() < np.abs(colours[row, column] - last).sum()
    for key, picture in (("x_t", step.x_t), ("x_0", step.x_0), ("guess", step.answer.pred_x_0)):
        person.click(theory.left.shows.button(key))
        expected = np.clip((picture + 1) * 127.5, 0, 255)
        np.testing.assert_allclose(pixels(view.picture), expected, atol=0.51)
        assert theory.left.legend.isVisible() is False


def test_scrubbing_shows_each_step_and_ends_where_there_is_none(
    window: MainWindow, theory, person: Person, qtbot: QtBot
) -> None:
    strip = theory.timeline.filmstrip
    start, end = QPointF(strip.axis.x(30), 40), QPointF(strip.axis.x(90), 40)
    person.drag(strip, start, end)
    qtbot.waitUntil(lambda: shown(window).t == window.session.state.t > 80)
    cost = theory.panel.step.value("Cost, this step")
    person.hold_no_control()
    person.key(Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: shown(window).t == 0)
    assert theory.bound_page.bells.pair is None
    assert not theory.panel.step.isVisible()
    person.key(Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: shown(window).t == 1)
    assert theory.panel.step.isVisible()
    assert theory.panel.step.value("Cost, this step") != cost


def test_settings_ask_for_another_bound_and_can_be_taken_back(
    window: MainWindow, theory, person: Person, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: theory.estimate.is_whole)
    first = theory.estimate.total
    person.choose(theory.left.variance, "β, forward")
    assert window.session.state.bound_variance == "beta"
    qtbot.waitUntil(lambda: theory.estimate.is_whole and theory.estimate.total != first)
    assert "+" in theory.panel.arithmetic_words, "another width costs a constant"
    person.click(theory.left.over.button("data"))
    qtbot.waitUntil(lambda: theory.estimate.is_whole and "my pictures" in theory.panel.spread_words)
    person.hold_no_control()
    for _ in range(2):
        person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.bound_over == "image"
    assert theory.estimate.total == first, "what was known is not asked again"
    assert theory.left.variance.current == "tilde"
    person.key("n")
    assert window.session.state.seed != 7
    qtbot.waitUntil(lambda: theory.estimate.is_whole and theory.estimate.total != first)
    window.session.update(denoiser="blur:28x28x1", bound_over="data")
    assert not theory.left.over.button("data").isEnabled()
    assert "not known here" in theory.left.over.button("data").toolTip()
    qtbot.waitUntil(lambda: theory.estimate.is_whole and "this image" in theory.panel.spread_words)
    window.session.update(denoiser="blur:pictures")
    qtbot.waitUntil(lambda: theory.estimate.is_whole and "my pictures" in theory.panel.spread_words)
    assert not window.message_bar.messages


def test_an_estimate_can_be_stopped_and_gone_for_again(
    window: MainWindow, theory, person: Person, qtbot: QtBot
) -> None:
    window.session.update(bound_terms=0, bound_draws=64)
    qtbot.waitUntil(lambda: theory.estimate.news is not None)
    assert theory.panel.button.text() == "Stop"
    person.click(theory.panel.button)
    qtbot.waitUntil(lambda: not theory.estimate.runner.busy)
    assert not theory.estimate.is_whole
    assert theory.panel.button.text() == "Estimate"
    person.click(theory.panel.button)
    qtbot.waitUntil(lambda: theory.estimate.runner.busy)
    person.key(Qt.Key.Key_1, ALT)
    assert theory.estimate.runner.busy, "it goes on while other things are looked at"
    theory.estimate.stop()


def test_every_loss_of_one_answer_is_the_same_once_it_is_weighted(
    theory, person: Person, qtbot: QtBot
) -> None:
    page = theory.losses_page
    person.click(theory.bar.modes.button("losses"))
    qtbot.waitUntil(lambda: len(theory.survey.found) > 15 and not theory.survey.runner.busy)
    raw = [series.ys for series in page.chart.series]
    assert max(np.abs(np.log10(raw[0] / ys)).max() for ys in raw[1:]) > 1, "as they are they differ"
    person.click(page.scales.button("weighted"))
    for series in page.chart.series[1:]:
        np.testing.assert_allclose(series.ys, page.chart.series[0].ys, rtol=1e-8)
    losses = {row[-1] for row in page.table.rows}
    assert len(losses) == 1
    person.choose(page.objectives, "Simple, on ε")
    assert page.table.rows[0][2] == "× 1"
    assert {row[-1] for row in page.table.rows} != losses


def test_losses_are_timed_when_that_is_wanted(theory, person: Person, qtbot: QtBot) -> None:
    person.click(theory.bar.modes.button("losses"))
    person.click(theory.losses_page.measure)
    assert theory.losses_page.measure.text() == "Stop"
    qtbot.waitUntil(lambda: theory.survey.timings is not None and not theory.survey.is_timing)
    rows = theory.losses_page.timing.rows
    assert [row[0] for row in rows] == [
        "noise loss",
        "mean loss",
        "denoiser + noise loss",
        "denoiser + mean loss",
    ]
    assert all(row[1].endswith(("s", "ms", "µs")) and " – " in row[2] for row in rows)
    assert theory.losses_page.measure.text() == "Measure"


def test_the_spectrum_shows_the_pictures_against_the_noise_floor(
    window: MainWindow, theory, person: Person
) -> None:
    person.click(theory.bar.modes.button("spectrum"))
    series = {one.name: one.ys for one in theory.spectrum_page.chart.series}
    floor = 1 - build_schedule(SCHEDULE).alphas_cumprod[30]
    np.testing.assert_allclose(series["noise floor, $1 − ᾱ_t$"], floor)
    step = shown(window)
    spectrum = np.abs(np.fft.fft2(step.x_0.astype(float), axes=(0, 1))) ** 2 / 144
    nearest = [spectrum[0, 1], spectrum[1, 0], spectrum[0, -1], spectrum[-1, 0]]
    diagonal = [spectrum[i, j] for i in (1, -1) for j in (1, -1)]
    assert series["$x_0$"][0] == pytest.approx(np.mean(nearest + diagonal), rel=1e-6)
    left = series["signal left, $ᾱ_t x_0$"]
    np.testing.assert_allclose(left, (1 - floor) * series["$x_0$"], rtol=1e-9)


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_chains_without_noise_or_without_signal_are_looked_at_without_harm(
    window: MainWindow, theory, person: Person, qtbot: QtBot, beta: float
) -> None:
    window.session.update(schedule=ScheduleSpec("constant", 10, params=(("beta", beta),)), t=5)
    for mode in ("bound", "losses", "spectrum"):
        person.click(theory.bar.modes.button(mode))
        qtbot.waitUntil(lambda: shown(window).t == 5)
        person.sees(theory.centre)
    qtbot.waitUntil(lambda: theory.estimate.is_whole)
    assert (theory.panel.total_words == "∞") == (beta == 0.0), (
        "no noise at the end is infinitely far from N(0, I)"
    )
    assert not window.message_bar.messages


def test_a_picture_of_the_denoisers_data_can_be_put_under_test(
    window: MainWindow, theory, person: Person, qtbot: QtBot
) -> None:
    assert not theory.left.real.isEnabled(), "my own pictures are in the gallery already"
    window.session.update(denoiser="emoji-unet", bound_terms=20, bound_draws=1)
    person.click(theory.left.real)
    qtbot.waitUntil(lambda: window.session.state.image.startswith("paste:"))
    assert window.images.entry(window.session.state.image).title.startswith("Emoji, held-out ")
    qtbot.waitUntil(lambda: shown(window).t == 30 and theory.view.x_0.shape == (32, 32, 3))
    assert theory.left.picture.current == window.session.state.image

    # It is asked about as its own class, which is known, and without one for comparison.
    own = window.images.entry(window.session.state.image).class_name
    assert own in window.status.message
    assert theory.left.asked.currentText() == f"Its own: {own}"
    title = theory.bar.title
    assert title.accessibleName().endswith(f"asked as {own}")
    qtbot.waitUntil(lambda: theory.estimate.is_whole)
    assert theory.panel.spread_words.count(f"as {own}") == 1
    guess, total = theory.view.answer.pred_x_0, theory.estimate.total
    person.choose(theory.left.asked, "No class")
    assert title.accessibleName().endswith("asked without a class")
    qtbot.waitUntil(lambda: theory.view.question.request.class_index is None)
    assert (theory.view.answer.pred_x_0 != guess).any()
    qtbot.waitUntil(lambda: theory.estimate.is_whole)
    assert theory.estimate.total != total
    person.hold_no_control()
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert title.accessibleName().endswith(f"asked as {own}")
    assert theory.estimate.total == total
    # A picture of one's own is asked about as the class that was chosen for sampling.
    window.session.update(image="sample:chelsea", class_index=2)
    assert theory.left.asked.currentText().startswith("As in Reverse: ")
    window.session.update(denoiser="exact:pictures")
    assert not theory.left.asked.isVisible()
