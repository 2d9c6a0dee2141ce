"""Famous mistakes made on purpose, beside the sane run, each with the sentence that says what it shows."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec
from diffviz.core.slips import SLIPS, Slip
from diffviz.engine.history import Run
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person, pixels
from tests.ui.runs import current, run_to_the_end


@pytest.fixture(autouse=True)
def _reverse(window: MainWindow) -> None:
    sampler = SamplerSpec(SamplerKind.DDIM, num_sampling_steps=8)
    window.session.update(workspace="reverse", exact_size=16, sampler=sampler)


def wait_for_slip(window: MainWindow, qtbot: QtBot, slip: Slip) -> Run:
    driver = window.reverse.driver
    qtbot.waitUntil(
        lambda: (
            driver.history.current is not None
            and driver.history.current.request.slip is slip
            and driver.history.current.complete
            and not driver.runner.busy
        ),
        timeout=60_000,
    )
    return current(window)


def test_a_mistake_is_made_beside_the_sane_run_with_the_same_noise_and_explained(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    menu = window.reverse.breaks.menu
    person.click(window.reverse.breaks.button)
    qtbot.waitUntil(menu.isVisible)
    assert [action.text() for action in menu.actions()] == [info.title for info in SLIPS.values()]
    menu.actions()[0].trigger()
    menu.close()
    broken = wait_for_slip(window, qtbot, Slip.NO_NOISE)
    sane = broken.beside
    assert sane.request.slip is None
    # DDIM draws no noise that could be missing: the settings become those under which it shows.
    assert window.session.state.sampler.kind is SamplerKind.DDPM
    assert sane.request.sampler == broken.request.sampler
    assert torch.equal(sane.steps[0].x_t, broken.steps[0].x_t)
    assert not broken.steps[0].noise.any()
    stage = window.reverse.columns
    assert stage.isVisible()
    assert SLIPS[Slip.NO_NOISE].sentence in stage.sentence.plain
    assert window.reverse.comparison.other is sane
    assert "broken on purpose: No noise added" in stage.captions[1].plain
    window.session.update(t=500)
    for view, run in zip(stage.views, (sane, broken), strict=False):
        frame = run.frame_at(500)
        got = pixels(view.picture).astype(int)
        made = np.clip(np.floor((frame.shown("x_0") + 1) * 127.5 + 0.5), 0, 255).astype(int)
        np.testing.assert_array_equal(got, made)
    # The sane run is at hand: another mistake takes no second one.
    count = len(window.reverse.history.runs)
    window.reverse.breaks.break_with(Slip.UPWARDS)
    again = wait_for_slip(window, qtbot, Slip.UPWARDS)
    assert again.beside is sane
    assert len(window.reverse.history.runs) == count + 1
    assert not window.message_bar.messages


def test_a_mistake_by_its_command_and_a_rerun_of_it(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    window.session.update(sampler=SamplerSpec(num_sampling_steps=6))
    sane = run_to_the_end(window, person)
    person.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    person.type("Break it: No clipping")
    person.key(Qt.Key.Key_Return)
    broken = wait_for_slip(window, qtbot, Slip.NO_CLIP)
    assert window.session.state.sampler.clip is Clip.STATIC
    assert broken.beside is not sane
    assert float(broken.beside.steps[0].pred_x_0.abs().max()) <= 1.0
    person.click(window.reverse.panel.run_block.restart_button)
    qtbot.waitUntil(lambda: current(window) is not broken)
    again = wait_for_slip(window, qtbot, Slip.NO_CLIP)
    assert again.beside is broken.beside
    for one, other in zip(broken.steps, again.steps, strict=True):
        assert torch.equal(one.x_s, other.x_s)
