"""Schedules at the edge: β = 0, β = 1, zero SNR, the shortest and the longest chain; never a NaN."""

import re

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from diffviz.core.schedules import PRESETS, ScheduleSpec
from diffviz.data.images import to_uint8
from diffviz.engine.state import QUANTITIES
from diffviz.ui.main_window import MainWindow
from tests.ui import expected
from tests.ui.person import Person, pixels, write_picture

NOTHING_HAPPENS = dict(PRESETS)["Lesson: β = 0, nothing happens"]
NOISE_AT_ONCE = dict(PRESETS)["Lesson: β = 1, noise at once"]
EDGES = [
    NOTHING_HAPPENS,
    NOISE_AT_ONCE,
    ScheduleSpec("linear", 1000, zero_terminal_snr=True),
    ScheduleSpec("constant", 1, (("beta", 0.5),)),
    ScheduleSpec("jsd", 2),
    ScheduleSpec("cosine", 4000),
    ScheduleSpec("linear", 20),
]


@pytest.fixture(autouse=True)
def _small_picture(window: MainWindow, qtbot: QtBot, tmp_path) -> None:
    path = write_picture(tmp_path / "waves.png", 24, 16)
    window.open_files([path])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")


def words_of(widget: QWidget) -> list[str]:
    """All that a widget shows or tells to a screen reader."""
    told = [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()]
    shown = [widget.text()] if isinstance(widget, QLabel) else []
    return [*told, *shown, str(getattr(widget, "plain", ""))]


def nan_words(window: MainWindow) -> list[str]:
    words = (text for widget in window.findChildren(QWidget) for text in words_of(widget))
    return [text for text in words if re.search(r"\bnan\b", text, re.IGNORECASE)]


def test_no_reading_curve_or_picture_is_ever_not_a_number(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    panel = window.forward.panel
    for spec in EDGES:
        window.session.update(schedule=spec)
        for index, t in enumerate((0, 1, spec.num_timesteps // 2, spec.num_timesteps)):
            window.forward.set_mode("step" if index % 2 else "equation")
            window.session.update(t=t, quantity=QUANTITIES[index])
            qtbot.waitUntil(lambda: panel.read_outs.value("PSNR to $x_0$") != "…")
            assert not nan_words(window), f"{spec} at t = {t}"
            assert not np.isnan(window.schedule_panel.curve.curve.values).any()
            assert not np.isnan(panel.histogram.density).any()
            person.sees(window.schedule_panel)
        shown = pixels(window.forward.stage.hero.picture)
        np.testing.assert_array_equal(shown, expected.x_t(window.session.state))


def test_with_beta_0_every_frame_is_the_clean_picture_and_the_step_says_so(
    window: MainWindow, person: Person
) -> None:
    window.session.update(schedule=NOTHING_HAPPENS, t=10)
    clean = to_uint8(expected.clean_picture(window.session.state))
    np.testing.assert_array_equal(pixels(window.forward.stage.hero.picture), clean)
    panel = window.forward.panel
    assert panel.read_outs.value("SNR") == "∞"
    assert "changes nothing" in panel._kernel_sentence.plain
    assert window.schedule_panel.lint.findings[0].title == "No noise"
    person.click(window.forward.bar.modes.button("step"))
    np.testing.assert_array_equal(pixels(window.forward.stage.hero.picture), clean)
    np.testing.assert_array_equal(pixels(window.forward.stage.clean.picture), clean)


def test_with_beta_1_nothing_of_the_picture_is_left_after_one_step(window: MainWindow) -> None:
    window.session.update(schedule=NOISE_AT_ONCE, t=1)
    panel = window.forward.panel
    assert panel.read_outs.value("SNR") == "−∞"
    assert panel.read_outs.value("Signal left $ᾱ_t$") == "0.0000"
    assert "nothing of the frame before is kept" in panel._kernel_sentence.plain
    assert window.schedule_panel.lint.findings[0].title == "Noise at once"
    noise = expected.process(window.session.state).noise(1)
    np.testing.assert_array_equal(pixels(window.forward.stage.hero.picture), to_uint8(noise))


def test_such_schedules_can_still_be_dragged_into_good_ones(window: MainWindow, person: Person) -> None:
    curve = window.schedule_panel.curve
    for spec in (NOTHING_HAPPENS, NOISE_AT_ONCE):
        window.session.update(schedule=spec)
        handle = curve.handle_position(1)
        middle = curve.plot_rect.center()
        person.press(curve.viewport(), handle.x(), handle.y())
        person.move(curve.viewport(), handle.x(), middle.y())
        person.release(curve.viewport(), handle.x(), middle.y())
        assert not nan_words(window)
        shown = pixels(window.forward.stage.hero.picture)
        np.testing.assert_array_equal(shown, expected.x_t(window.session.state))
