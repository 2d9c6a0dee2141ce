"""One denoising step from the beginning is one step, not a run and not nothing."""

from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerSpec
from diffviz.engine.job import JobState
from diffviz.ui.main_window import MainWindow


def test_one_step_without_a_run_begins_one_makes_a_step_and_rests(window: MainWindow, qtbot: QtBot) -> None:
    window.session.update(workspace="reverse", sampler=SamplerSpec(num_sampling_steps=20), exact_size=16)
    reverse = window.reverse
    reverse.step()
    run = reverse.history.current
    assert run is not None
    qtbot.waitUntil(lambda: len(run.steps) == 1, timeout=60_000)
    reverse.step()
    qtbot.waitUntil(lambda: len(run.steps) == 2, timeout=60_000)
    assert reverse.runner.state is JobState.PAUSED
    assert window.session.state.t == run.steps[1].t
    assert reverse.stage.x_0.picture is not None
