"""Several denoisers asked about the step under the playhead."""

import numpy as np
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerSpec
from diffviz.data.images import to_uint8
from diffviz.engine.duel import Duel
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person, pixels
from tests.ui.runs import run_to_the_end


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
        # The first is the one that made the run.
        np.testing.assert_array_equal(to_uint8(answers[0].x_0), to_uint8(run.frame_at(t).shown("x_0")))
    assert "Duel of denoisers" in window.reverse.bar.title.accessibleName()
    assert not window.message_bar.messages
    person.click(window.reverse.bar.modes.button("triptych"))
    assert window.reverse.stage.isVisible()
