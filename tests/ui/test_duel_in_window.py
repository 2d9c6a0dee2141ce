"""Several denoisers asked about the step under the playhead."""

import numpy as np
import torch
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerSpec
from diffviz.data.images import to_uint8
from diffviz.engine.duel import Duel
from diffviz.engine.tasks import explain_exact
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person, pixels
from tests.ui.runs import run_to_the_end, wait_for_the_end


def test_other_denoisers_answer_for_the_step_under_the_playhead(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    window.session.update(workspace="reverse", exact_size=16, sampler=SamplerSpec(num_sampling_steps=5))
    run = run_to_the_end(window, person)
    person.click(window.reverse.bar.modes.button("compare"))
    person.choose(window.reverse.comparison.field, "Other denoisers")
    stage = window.reverse.columns
    duel = Duel(window.reverse._shelf)
    for t in (800, 200):
        window.session.update(t=t)
        qtbot.waitUntil(lambda t=t: f"at t = {t}," in stage.sentence.plain, timeout=60_000)
        answers = duel.answers(run.request, run.frame_at(t).x_t, t, None)
        assert [answer.name for answer in answers] == ["Exact", "Gaussian", "Blur"]
        for view, caption, answer in zip(stage.views, stage.captions, answers, strict=False):
            np.testing.assert_array_equal(pixels(view.picture), to_uint8(answer.x_0))
            assert f"error {answer.error:.3g}" in caption.plain
        # What the exact one thinks of, and between how many it is undecided.
        why = explain_exact(run.request, window.reverse._shelf, run.frame_at(t).x_t, t)
        card = window.reverse.comparison.duel.below.why
        assert card.isVisible()
        assert "Why the exact" in card.accessibleName()
        assert f"{round(100 * why.heaviest[0].weight)} percent" in card.accessibleDescription()
        assert ("Decided" in card.accessibleName()) == (why.effective_count < 1.05)
        # The first is the one that made the run.
        np.testing.assert_array_equal(to_uint8(answers[0].x_0), to_uint8(run.frame_at(t).shown("x_0")))
    assert "Duel of denoisers" in window.reverse.bar.title.accessibleName()
    # Their errors over t are drawn point by point, each as the duel says.
    chart = window.reverse.comparison.duel.chart
    times = [t for t in run.times() if t > 0]
    qtbot.waitUntil(
        lambda: bool(chart.series) and set(times) <= set(chart.series[-1].xs.tolist()), timeout=60_000
    )
    assert [one.name for one in chart.series] == ["Gaussian", "Blur"]
    drawn = [dict(zip(one.xs.tolist(), one.ys.tolist(), strict=True)) for one in chart.series]
    for t in times:
        _, gaussian, blur = duel.answers(run.request, run.frame_at(t).x_t, t, None)
        # At the noisy end the Gaussian denoiser and the exact one agree too well to be drawn.
        assert drawn[0].get(float(t), gaussian.error) == gaussian.error
        assert drawn[1][float(t)] == blur.error
    assert len(drawn[0]) >= 3
    person.click(chart, chart.position(600.0, 1.0).x(), chart.height() / 2)
    assert abs(window.session.state.t - 600) <= 3
    assert not window.message_bar.messages
    # The Gaussian denoiser takes the same noise and goes its own way.
    assert not stage.action_buttons[0].isVisible()
    person.click(stage.action_buttons[1])
    other = wait_for_the_end(window, qtbot)
    assert other.request.denoiser == "gaussian:pictures"
    assert torch.equal(other.steps[0].x_t, run.steps[0].x_t)
    assert not torch.allclose(other.steps[-1].x_s, run.steps[-1].x_s, atol=0.1)
    assert "Runs A and B" in window.reverse.bar.title.accessibleName()
    person.click(window.reverse.bar.modes.button("triptych"))
    assert window.reverse.stage.isVisible()
