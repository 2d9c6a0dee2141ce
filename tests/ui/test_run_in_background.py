"""A run goes on while the person looks at something else."""

import pytest
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerSpec
from diffviz.engine.history import Run
from diffviz.ui.main_window import MainWindow


def begun_run(window: MainWindow, qtbot: QtBot) -> Run:
    # Long enough not to end while the person is away.
    window.session.update(workspace="reverse", sampler=SamplerSpec(num_sampling_steps=1000), exact_size=64)
    window.reverse.run()
    run = window.reverse.history.current
    assert run is not None
    qtbot.waitUntil(lambda: len(run.steps) > 2, timeout=60_000)
    return run


def test_the_playhead_stays_where_the_person_put_it_in_another_workspace(
    window: MainWindow, qtbot: QtBot
) -> None:
    run = begun_run(window, qtbot)
    window.show_workspace("forward")
    window.session.update(t=300)
    made = len(run.steps)
    qtbot.waitUntil(lambda: len(run.steps) > made + 10, timeout=60_000)
    assert window.session.state.t == 300


def test_coming_back_shows_the_run_where_it_has_come_to(window: MainWindow, qtbot: QtBot) -> None:
    run = begun_run(window, qtbot)
    window.show_workspace("forward")
    made = len(run.steps)
    qtbot.waitUntil(lambda: len(run.steps) > made + 10, timeout=60_000)
    window.show_workspace("reverse")
    qtbot.waitUntil(lambda: window.session.state.t <= run.steps[made].t, timeout=60_000)
    assert window.reverse.stage.x_0.picture is not None


@pytest.mark.parametrize("moved_to", [None, 300])
def test_a_run_that_ended_meanwhile_shows_its_picture_unless_the_playhead_was_moved(
    window: MainWindow, qtbot: QtBot, moved_to: int | None
) -> None:
    window.session.update(workspace="reverse", sampler=SamplerSpec(num_sampling_steps=100), exact_size=16)
    window.reverse.run()
    window.show_workspace("forward")
    if moved_to is not None:
        window.session.update(t=moved_to)
        window.show_workspace("theory")
    run = window.reverse.history.current
    assert run is not None
    qtbot.waitUntil(lambda: run.complete, timeout=60_000)
    window.show_workspace("reverse")
    assert window.session.state.t == (moved_to or 0)
