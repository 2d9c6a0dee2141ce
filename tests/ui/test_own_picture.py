"""One's own picture through the reverse process: fitted, inverted, and back; paths between starts."""

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.data.images import fit, to_uint8
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person, pixels, write_picture
from tests.ui.runs import run_to_the_end


@pytest.fixture(autouse=True)
def _reverse(window: MainWindow) -> None:
    sampler = SamplerSpec(SamplerKind.DDIM, num_sampling_steps=8)
    window.session.update(workspace="reverse", exact_size=16, sampler=sampler)


def test_the_picture_is_shown_as_the_denoiser_gets_it_and_inverted_it_comes_back(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path
) -> None:
    path = write_picture(tmp_path / "wide.png", width=60, height=24)
    person.drop([path])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")
    fields = window.reverse.panel.beginning
    assert not fields.preview.isVisible()
    assert not fields.fit.isVisible()
    person.click(fields.start.button("inverted"))
    x_0 = window.images.x_0(window.session.state.image)
    # Cropped at the end: so the exact denoiser knows it.
    for label, how in (("Pad", "pad"), ("Stretch", "resize"), ("Crop", "crop")):
        person.choose(fields.fit, label)
        expected = to_uint8(fit(x_0, 16, how, 3))
        np.testing.assert_array_equal(pixels(fields.preview.picture), expected)
    assert "16 × 16 pixels" in fields.preview.accessibleName()
    window.session.update(start_t=800)
    run = run_to_the_end(window, person)
    assert run.request.is_inverted
    np.testing.assert_array_equal(to_uint8(run.context.guide), expected)
    assert "inverted to t = 800" in window.reverse.bar.title.accessibleName()
    # Back again, and what it misses as a map.
    person.click(window.reverse.bar.modes.button("compare"))
    stage = window.reverse.columns
    np.testing.assert_array_equal(pixels(stage.views[0].picture), expected)
    end = run.frame_at(0).pictures("x_0")[0]
    np.testing.assert_array_equal(pixels(stage.views[1].picture), to_uint8(end))
    assert np.abs(end - run.context.guide).mean() < 0.05
    miss = float(np.sqrt(np.mean((end - run.context.guide) ** 2)))
    assert f"misses your picture by {miss:.3g} (root mean square)" in stage.sentence.plain
    error = pixels(stage.views[2].picture).astype(int).sum(-1)
    gap = np.abs(end - run.context.guide).mean(-1)
    assert error.argmax() == gap.argmax()
    # The same way with more and more steps; the exact denoiser brings back what it knows.
    comparison = window.reverse.comparison
    person.choose(comparison.field, "Round trip")
    qtbot.waitUntil(lambda: "comes back whole" in stage.sentence.plain, timeout=60_000)
    assert not comparison.round_trip.chart.series
    person.choose(window.reverse.panel.denoiser, "Gaussian denoiser, my pictures")
    run_to_the_end(window, person)
    qtbot.waitUntil(lambda: "the slope is" in stage.sentence.plain, timeout=60_000)
    curve = next(one for one in comparison.round_trip.chart.series if one.name == "error")
    assert list(curve.xs) == [5, 10, 20, 50, 100]
    assert np.all(np.diff(curve.ys) < 0)
    assert comparison.round_trip.chart.isVisible()
    np.testing.assert_array_equal(pixels(stage.views[0].picture), expected)
    assert f"error {curve.ys[-1]:.3g}" in stage.captions[2].plain
    assert not comparison.round_trip.runner.busy
    # Whoever leaves in the middle is not left with something that goes on.
    window.session.update(start_t=700)
    run_to_the_end(window, person)
    person.click(window.reverse.bar.modes.button("triptych"))
    qtbot.waitUntil(lambda: not comparison.round_trip.runner.busy, timeout=20_000)
    assert not window.message_bar.messages


def test_several_samples_lead_from_one_noise_to_another(window: MainWindow, person: Person) -> None:
    fields = window.reverse.panel.beginning
    assert not fields.path.isVisible()
    person.set_number(window.reverse.panel.samples, "4")
    assert fields.path.isVisible()
    person.choose(fields.path, "Other noise")
    person.set_number(fields.path_seed, "99")
    run = run_to_the_end(window, person)
    assert run.request.path_seed == 99
    first = run.steps[0].x_t
    cosines = torch.nn.functional.cosine_similarity(first[:-1].flatten(1), first[1:].flatten(1))
    assert (cosines > 0.8).all()
    person.choose(fields.path, "Nothing")
    apart = run_to_the_end(window, person).steps[0].x_t
    assert torch.equal(apart[:1], first[:1])
    assert torch.nn.functional.cosine_similarity(apart[:1].flatten(1), apart[1:2].flatten(1)).abs() < 0.2
    person.click(fields.start.button("inverted"))
    other = window.images.entry(window.images.keys[1]).title
    person.choose(fields.path, other)
    assert run_to_the_end(window, person).request.path_image == window.images.keys[1]
