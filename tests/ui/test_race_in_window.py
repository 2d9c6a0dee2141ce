"""A race of samplers in the window: from the same noise, on one time, measured."""

import numpy as np
import torch
from PySide6.QtCore import Qt

from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec
from diffviz.ui.main_window import MainWindow
from diffviz.ui.workspaces.run_pictures import batch_pixels
from tests.ui.person import Person, pixels
from tests.ui.runs import run_to_the_end


def test_samplers_race_from_the_same_noise_and_are_measured(window: MainWindow, person: Person) -> None:
    qtbot, reverse = person.qtbot, window.reverse
    window.session.update(
        workspace="reverse",
        exact_size=16,
        schedule=ScheduleSpec("cosine", 40),
        sampler=SamplerSpec(SamplerKind.DDIM, 5),
    )
    first = run_to_the_end(window, person)
    person.click(reverse.bar.modes.button("compare"))
    races = reverse.races
    person.click(races.button)
    qtbot.waitUntil(races.menu.isVisible)
    words = [action.text() for action in races.menu.actions() if action.text()]
    assert words[:3] == [
        "Four samplers, 20 network calls each",
        "DDIM with 5, 10, 20, 50 steps",
        "Add DDIM, 5 steps",
    ]
    next(action for action in races.menu.actions() if action.text().startswith("Add")).trigger()
    races.menu.close()
    window.session.update(sampler=SamplerSpec(SamplerKind.HEUN, 8))
    races.fill_menu()
    next(action for action in races.menu.actions() if action.text().startswith("Add")).trigger()
    races.fill_menu()
    assert "Remove DDIM, 5 steps" in [action.text() for action in races.menu.actions()]
    next(action for action in races.menu.actions() if action.text() == "Race these 2").trigger()
    history = reverse.history
    qtbot.waitUntil(
        lambda: len(history.runs) == 3 and all(r.complete for r in history.runs) and not reverse.runner.busy,
        timeout=60_000,
    )
    # The run that was at hand takes part; the last is the one that measures.
    ddim, heun, reference = history.runs
    assert ddim is first
    assert reference.request.sampler.num_sampling_steps == 40
    for run in (heun, reference):
        assert torch.equal(run.steps[0].x_t, ddim.steps[0].x_t)
    stage = reverse.columns
    qtbot.waitUntil(lambda: "Distances are" in stage.sentence.plain)
    for index, (run, calls) in enumerate(((ddim, 5), (heun, 15))):
        caption = stage.captions[index].plain
        assert f"{calls} calls" in caption
        miss = float(np.sqrt(np.mean((run.last.x_s.numpy() - reference.last.x_s.numpy()) ** 2)))
        assert f"distance {miss:.3g}" in caption
        assert "Exact denoiser" in caption
    for t in (40, 16, 0):
        window.session.update(t=t)
        for view, run in zip(stage.views, (ddim, heun), strict=False):
            np.testing.assert_array_equal(pixels(view.picture), batch_pixels(run.frame_at(t)).x_0)
    assert not stage.views[2].isVisible()
    person.choose(reverse.comparison.field, "Run A")
    assert stage.views[2].isVisible()
    person.choose(reverse.comparison.field, "The race")
    assert not stage.views[2].isVisible()
    person.hold_no_control()
    person.key(Qt.Key.Key_Escape)
    assert not window.message_bar.messages
