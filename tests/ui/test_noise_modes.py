"""Frozen noise, Markov chain and redraw; the same seed gives the same picture whichever way one came."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from diffviz.core.forward import NoiseMode
from diffviz.core.schedules import build_schedule
from diffviz.data.images import to_uint8
from diffviz.engine.forward_frames import noise_pixels
from diffviz.ui.main_window import MainWindow
from tests.ui import expected
from tests.ui.person import Person, Pixels, pixels, write_picture


@pytest.fixture(autouse=True)
def _small_picture(window: MainWindow, qtbot: QtBot, tmp_path) -> None:
    path = write_picture(tmp_path / "waves.png", 40, 30)
    window.open_files([path])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")


def shown(window: MainWindow) -> Pixels:
    return pixels(window.forward.stage.hero.picture)


def test_the_picture_at_a_time_is_the_same_whichever_way_the_playhead_came(
    window: MainWindow, person: Person
) -> None:
    for mode in (NoiseMode.MARKOV, NoiseMode.REDRAW, NoiseMode.FROZEN):
        person.click(window.forward.panel.modes.button(mode))
        assert window.session.state.noise_mode is mode
        for t in (500, 0, 499, 1000, 1, 500, 2, 1000, 499, 0, 1, 500):
            window.session.update(t=t)
            np.testing.assert_array_equal(shown(window), expected.x_t(window.session.state))


def test_the_three_modes_differ_in_the_picture_but_say_the_same_noise_level(
    window: MainWindow, person: Person
) -> None:
    seen, levels = [], set()
    for mode in NoiseMode:
        person.click(window.forward.panel.modes.button(mode))
        seen.append(shown(window))
        levels.add(window.forward.panel.read_outs.value("Noise level $σ_t$"))
    assert levels == {"0.727"}
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])


def test_each_mode_is_explained_in_a_sentence_of_its_own(window: MainWindow, person: Person) -> None:
    sentences = set()
    for mode in NoiseMode:
        person.click(window.forward.panel.modes.button(mode))
        sentences.add(window.forward.panel._sentence.plain)
    assert len(sentences) == 3
    assert all(sentence.endswith(".") for sentence in sentences)


def test_another_seed_gives_another_picture_and_the_old_seed_the_old_one(
    window: MainWindow, person: Person
) -> None:
    before = shown(window)
    person.set_number(window.forward.panel.seed, "8")
    assert window.session.state.seed == 8
    assert not np.array_equal(shown(window), before)
    person.set_number(window.forward.panel.seed, "7")
    np.testing.assert_array_equal(shown(window), before)


def test_the_key_n_draws_other_noise_and_undo_brings_the_old_noise_back(
    window: MainWindow, person: Person
) -> None:
    before = shown(window)
    person.key("n")
    assert window.session.state.seed != 7
    assert not np.array_equal(shown(window), before)
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(shown(window), before)


def test_the_step_view_shows_the_frame_before_and_what_the_step_adds(
    window: MainWindow, person: Person
) -> None:
    person.click(window.forward.panel.modes.button(NoiseMode.MARKOV))
    person.click(window.forward.bar.modes.button("step"))
    state, stage = window.session.state, window.forward.stage
    step = expected.process(state).step(state.t)
    np.testing.assert_array_equal(pixels(stage.hero.picture), to_uint8(step.x_t))
    np.testing.assert_array_equal(pixels(stage.clean.picture), to_uint8(step.x_prev))
    np.testing.assert_array_equal(pixels(stage.noise.picture), noise_pixels(step.noise))
    beta = build_schedule(state.schedule).betas[state.t]
    assert stage.accessibleDescription() == (
        f"x_t is {np.sqrt(1 - beta):.3f} times the frame before plus {np.sqrt(beta):.3f} times the step noise"
    )
    kernel = window.forward.panel.kernel
    assert kernel.value("Variance $β_t$") == f"{beta:.4f}"
    assert kernel.value("Mean") == f"{np.sqrt(1 - beta):.4f} $x_{{t−1}}$"


def test_the_step_view_of_frozen_noise_says_that_it_is_no_step_of_a_chain(
    window: MainWindow, person: Person
) -> None:
    sentence = window.forward.panel._kernel_sentence
    assert "no step of a chain" in sentence.plain
    person.click(window.forward.panel.modes.button(NoiseMode.MARKOV))
    assert "no step of a chain" not in sentence.plain
    assert "standard deviation 0.0739" in sentence.plain


def test_no_step_leads_to_the_clean_picture(window: MainWindow, person: Person) -> None:
    person.click(window.forward.bar.modes.button("step"))
    person.key(Qt.Key.Key_Home)
    clean = to_uint8(expected.clean_picture(window.session.state))
    np.testing.assert_array_equal(shown(window), clean)
    assert window.forward.panel.kernel.value("Variance $β_t$") == "–"


def test_the_arithmetic_of_the_pixel_under_the_pointer_holds(window: MainWindow, person: Person) -> None:
    stage = window.forward.stage
    rect = stage.hero.picture_rect()
    for mode, view in itertools.product((NoiseMode.FROZEN, NoiseMode.MARKOV), ("equation", "step")):
        person.click(window.forward.panel.modes.button(mode))
        person.click(window.forward.bar.modes.button(view))
        person.hover(stage.hero, rect.left() + rect.width() * 0.7, rect.top() + rect.height() * 0.2)
        column, row = stage.pixel
        assert (column, row) == (28, 6)
        assert stage.clean.marker == stage.noise.marker == (column, row)
        words = stage.pill.plain.replace("−", "-").replace("×", " ").replace("=", " ").replace("+", " ")
        *_, value, first_weight, first, second_weight, second = words.split()
        state = window.session.state
        exact = expected.process(state).x_t(state.t)[row, column, 0]
        assert float(value) == pytest.approx(exact, abs=5.1e-4)
        total = float(first_weight) * float(first) + float(second_weight) * float(second)
        assert float(value) == pytest.approx(total, abs=6e-3), f"{mode} {view}"


def test_a_click_on_the_arithmetic_goes_to_the_next_colour(window: MainWindow, person: Person) -> None:
    pill = window.forward.stage.pill
    names = []
    for _ in range(3):
        names.append(pill.plain.split(")")[1].split()[0])
        person.click(pill)
    assert names == ["red", "green", "blue"]


def test_the_histogram_and_moments_are_those_of_the_picture_shown(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    person.key(Qt.Key.Key_End)
    values = expected.process(window.session.state).x_t(1000)
    panel = window.forward.panel
    words = f"mean {values.mean():.2f} · std {values.std():.2f}".replace("-", "−")
    qtbot.waitUntil(lambda: panel._pixel_line.plain == words)
    assert float(panel.histogram.density.sum()) > 0
