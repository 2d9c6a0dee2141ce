"""The first minute: what the window shows before anybody has done anything, and how it comes and goes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QThread
from pytestqt.qtbot import QtBot

from diffviz.core.schedules import ScheduleSpec
from diffviz.data.images import to_uint8
from diffviz.ui.main_window import MainWindow
from tests.ui import expected
from tests.ui.person import Person, pixels, write_picture
from tests.ui.program import PROGRAM


def test_the_window_opens_on_a_picture_in_the_middle_of_dissolving(window: MainWindow) -> None:
    state, stage = window.session.state, window.forward.stage
    assert (state.schedule, state.t, state.image) == (ScheduleSpec(), 270, "sample:chelsea")
    np.testing.assert_array_equal(pixels(stage.hero.picture), expected.x_t(state))
    np.testing.assert_array_equal(pixels(stage.clean.picture), to_uint8(expected.clean_picture(state)))
    assert stage.hero.isVisible()
    assert stage.noise.picture is not None
    assert stage.pill.plain.startswith("Pixel (")
    assert window.forward.panel.read_outs.value("Signal left $ᾱ_t$") == "0.4715"
    assert window.forward.panel.read_outs.value("SNR") == "−0.5"
    assert not window.message_bar.messages


def test_a_denoiser_is_ready_at_the_first_start(window: MainWindow, person: Person) -> None:
    person.click(window.header.workspaces.button("reverse"))
    assert window.reverse.panel.denoiser.current == "exact:pictures"
    assert "fashion-unet" in window.reverse.panel.options
    assert window.reverse.panel.run_block.run_button.isEnabled()


def test_the_window_is_painted_before_torch_is_imported_and_torch_comes_by_itself(
    run_program: Callable,
) -> None:
    ended = run_program(
        PROGRAM
        + """
def look(window, notes):
    stage = window.forward.stage
    if "had_torch" not in notes:
        picture = window.grab().toImage()
        middle = stage.hero.mapTo(window, stage.hero.picture_rect().center().toPoint())
        colours = {picture.pixel(middle.x() + x, middle.y()) for x in range(-20, 20)}
        rooms = [name for name in sys.modules if name.startswith("diffviz.ui.workspaces.")]
        late = [name for name in rooms if name.endswith((".reverse", ".train", ".lab2d", ".theory"))]
        notes.update(had_torch="torch" in sys.modules, late=late, colours=len(colours))
        window.torch_ready.connect(lambda: notes.update(ready=True))
    return notes.get("ready") and not notes.update(device=window.status.accessibleName())

run(look)
"""
    )
    assert ended.returncode == 0, ended.stderr
    notes = json.loads(ended.stdout)
    assert notes["had_torch"] is False
    assert notes["late"] == [], "workspaces that nobody has seen yet"
    assert notes["colours"] > 10
    assert "CPU" in notes["device"]


def test_the_card_of_first_steps_comes_once_and_files_of_the_command_line_are_opened(
    run_program: Callable, tmp_path: Path
) -> None:
    files = [write_picture(tmp_path / f"waves{seed}.png", seed=seed) for seed in range(2)]
    look = """
def look(window, notes):
    if window.status.message != "Opened 2 pictures":
        return False
    notes.update(hint=window.hint.isVisible(), image=window.session.state.image)
    return True

run(look, sys.argv[1:])
"""
    first = run_program(PROGRAM + look, *files)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout) == {"hint": True, "image": f"file:{files[0]}"}
    second = run_program(PROGRAM + look, *files)
    assert json.loads(second.stdout)["hint"] is False


def test_the_card_of_first_steps_goes_when_the_playhead_moves(window: MainWindow, person: Person) -> None:
    window.show_hint()
    assert window.hint.isVisible()
    strip = window.forward.timeline.filmstrip
    person.click(strip, strip.axis.x(600), 60)
    assert not window.hint.isVisible()


def test_the_card_of_first_steps_goes_when_the_schedule_is_shaped(window: MainWindow, person: Person) -> None:
    window.show_hint()
    person.choose(window.schedule_panel.fields.field("kind"), "Cosine")
    assert not window.hint.isVisible()


def test_the_card_of_first_steps_plays_the_noise(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    window.show_hint()
    person.click(window.hint.play_button)
    assert not window.hint.isVisible()
    qtbot.waitUntil(lambda: window.session.state.t > 280)


def test_a_closed_window_has_ended_its_threads(window: MainWindow, qtbot: QtBot) -> None:
    window.session.update(noise_mode="markov", image="sample:hubble")
    with qtbot.waitSignal(window.torch_ready, timeout=60_000):
        window.preload_torch()
    threads = window.findChildren(QThread)
    window.close()
    assert threads
    assert not any(thread.isRunning() for thread in threads)


def test_escape_closes_the_card_of_first_steps_and_then_the_newest_message(
    window: MainWindow, person: Person
) -> None:
    window.show_hint()
    window.fail("Something failed", "For a reason")
    person.key(Qt.Key.Key_Escape)
    assert not window.hint.isVisible()
    assert len(window.message_bar.messages) == 1
    person.key(Qt.Key.Key_Escape)
    assert not window.message_bar.messages
