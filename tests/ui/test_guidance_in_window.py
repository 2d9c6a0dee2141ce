"""Guidance seen from both sides: a strip of the same noise over its scale, and the answers it is made of."""

import numpy as np
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import build_schedule
from diffviz.data.images import to_uint8
from diffviz.engine.forward_frames import noise_pixels
from diffviz.engine.reverse_task import reverse_steps
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person, pixels
from tests.ui.runs import run_to_the_end


def choose_bags(window: MainWindow, person: Person) -> None:
    sampler = SamplerSpec(SamplerKind.DDIM, 3)
    window.session.update(workspace="reverse", denoiser="fashion-unet", sampler=sampler)
    person.choose(window.reverse.panel.class_choice, "Bag")


def test_a_strip_shows_the_same_noise_over_all_scales_and_plays(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    choose_bags(window, person)
    fields = window.reverse.panel.steering
    person.click(fields.strip)
    state = window.session.state
    assert (state.guidance_scale, state.path_guidance, state.num_samples) == (0.0, 8.0, 9)
    run = run_to_the_end(window, person)
    assert all(torch.equal(one, run.steps[0].x_t[0]) for one in run.steps[0].x_t)
    # The unguided end, the plain class and a strong one are the runs that they would be alone.
    for place, scale in ((0, 0.0), (1, 1.0), (8, 8.0)):
        request = run.request
        alone = type(request)(
            request.schedule,
            request.sampler,
            request.denoiser,
            request.class_index,
            scale,
            seed=request.seed,
        )
        *_, last = reverse_steps(alone, window.reverse._shelf)
        torch.testing.assert_close(run.steps[-1].x_s[place], last.x_s[0], atol=2e-4, rtol=0)
    stage = window.reverse.samples.stage
    assert stage.isVisible()
    assert stage.strip.count == 9
    person.click(stage.strip, stage.strip.x_of(6), stage.strip.height() / 2)
    assert "guidance 6" in stage.picture.accessibleName()
    np.testing.assert_array_equal(
        pixels(stage.picture.picture)[..., :1], to_uint8(run.frame_at(0).shown("x_0", 6))
    )
    stage.toggle_play()
    qtbot.waitUntil(lambda: stage.strip.place != 6, timeout=5_000)
    # The strip can be written as an animation of its samples.
    window.open_export()
    dialog = window.export.dialog
    dialog.fields.what.choose_by_user("samples")
    assert (dialog.choices.num_frames, dialog.choices.last_t) == (9, 8)
    assert dialog.fields.range_label.plain == "1 to 9"
    assert dialog.fields.direction.currentText() == "First to last"
    assert dialog.fields.captions.accessibleName() == "Name each sample"
    dialog.reject()
    person.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    person.type("Show the run: Triptych")
    person.key(Qt.Key.Key_Return)
    assert window.reverse.bar.modes.current == "triptych"
    assert not stage.playback.is_playing
    window.session.undo()
    assert window.session.state.path_guidance is None
    assert window.session.state.num_samples == 1


def test_the_answers_that_guidance_is_made_of_are_shown_for_each_step(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    choose_bags(window, person)
    window.session.update(guidance_scale=3.0, reverse_shows="noise")
    run = run_to_the_end(window, person)
    window.session.update(t=667)
    person.click(window.reverse.bar.modes.button("compare"))
    person.choose(window.reverse.comparison.field, "Guidance")
    stage = window.reverse.columns
    qtbot.waitUntil(lambda: "At t = 667" in stage.sentence.plain, timeout=60_000)
    frame = run.frame_at(667)
    denoiser = window.reverse._shelf.fetch(run.request).denoiser
    level = build_schedule(run.request.schedule).level(667)
    wanted = [
        denoiser.predict(frame.x_t, level).noise,
        denoiser.predict(frame.x_t, level, run.request.class_index).noise,
        frame.pred_noise,
    ]
    for view, noise in zip(stage.views, wanted, strict=False):
        shown = noise_pixels(np.moveaxis(noise[0].float().numpy(), 0, -1)).astype(int)
        assert np.abs(pixels(view.picture)[..., :1].astype(int) - shown).max() <= 1
    assert "What guidance is made of" in window.reverse.bar.title.accessibleName()
    unconditional, conditional, guided = (noise.double() for noise in wanted)
    torch.testing.assert_close(guided, unconditional + 3.0 * (conditional - unconditional), atol=1e-4, rtol=0)
    window.session.update(class_index=None)
    run_to_the_end(window, person)
    field = window.reverse.comparison.field
    assert "Guidance" not in [field.itemText(row) for row in range(field.count())]
