"""Dials of the sampler and of guidance in the window: what is offered when, and that it reaches the run."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt

from diffviz.core.samplers import SamplerSpec, Variance
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person, pixels
from tests.ui.runs import run_to_the_end

STEPS = 4


@pytest.fixture(autouse=True)
def _reverse(window: MainWindow) -> None:
    window.session.update(
        workspace="reverse", exact_size=16, sampler=SamplerSpec(num_sampling_steps=STEPS, eta=0.5)
    )


def test_every_sampler_shows_the_dial_that_it_heeds_and_no_other(window: MainWindow, person: Person) -> None:
    fields = window.reverse.panel.sampling
    dials = {"DDPM": fields.variance, "DDIM": fields.eta, "Euler": fields.churn, "Heun": fields.churn}
    for label in ("Heun", "DPM++ 2M", "DDIM", "Euler", "DDPM"):
        person.choose(fields.sampler, label)
        shown = [dial for dial in (fields.variance, fields.eta, fields.churn) if dial.isVisible()]
        assert shown == ([dials[label]] if label in dials else [])
    assert not fields.interpolation.isVisible()
    person.choose(fields.variance, "Between")
    assert fields.interpolation.isVisible()
    person.set_number(fields.interpolation, "0.25")
    assert window.session.state.sampler.interpolation == 0.25


def test_churn_reaches_the_run_and_draws_noise(window: MainWindow, person: Person) -> None:
    fields = window.reverse.panel.sampling
    person.choose(fields.sampler, "Heun")
    still = run_to_the_end(window, person)
    person.set_number(fields.churn, "20")
    stirred = run_to_the_end(window, person)
    assert [step.noise is None for step in still.steps] == [True] * STEPS
    assert any(step.churned is not None for step in stirred.steps)
    assert not torch.equal(stirred.steps[1].x_t, still.steps[1].x_t)


def test_the_optimal_variance_is_offered_where_the_denoiser_knows_it(
    window: MainWindow, person: Person
) -> None:
    panel = window.reverse.panel
    person.choose(panel.variance, "Optimal")
    run = run_to_the_end(window, person)
    assert run.request.sampler.variance is Variance.OPTIMAL
    person.choose(panel.denoiser, panel.options["fashion-unet"].name)
    row = panel.variance.findText("Optimal")
    flags = panel.variance.model().flags(panel.variance.model().index(row, 0))
    assert not flags & Qt.ItemFlag.ItemIsEnabled
    assert "exact denoiser" in panel.variance.itemData(row, Qt.ItemDataRole.ToolTipRole)


def test_steps_that_do_not_begin_in_pure_noise_are_said_beside_their_field(
    window: MainWindow, person: Person
) -> None:
    fields = window.reverse.panel.sampling
    assert not fields._remark.isVisible()
    person.choose(fields.spacing, "Leading")
    assert fields._remark.isVisible()
    assert fields._remark.plain.startswith("These steps begin at t = 751, not at T = 1000")
    # From a picture nothing begins in pure noise.
    person.click(window.reverse.panel.start.button("image"))
    assert not fields._remark.isVisible()


def test_contrast_is_given_back_by_a_slider_below_the_guidance(window: MainWindow, person: Person) -> None:
    panel = window.reverse.panel
    assert not panel.steering.isVisible()
    person.choose(panel.denoiser, panel.options["fashion-unet"].name)
    person.choose(panel.class_choice, "Bag")
    window.session.update(guidance_scale=5.0)
    assert not panel.steering.rescale.isVisible()
    strong = run_to_the_end(window, person)
    person.click(panel.steering.more._head)
    assert panel.steering.rescale.isVisible()
    panel.steering.rescale.slider.setFocus(Qt.FocusReason.TabFocusReason)
    person.key(Qt.Key.Key_End)
    assert window.session.state.guidance_rescale == 1.0
    calm = run_to_the_end(window, person)
    assert calm.request.guidance_rescale == 1.0
    assert calm.steps[0].pred_x_0.std() < strong.steps[0].pred_x_0.std()


def test_noise_that_a_network_was_not_trained_at_is_named_and_hatched_on_the_curve(
    window: MainWindow, person: Person
) -> None:
    panel, curve = window.reverse.panel, window.schedule_panel.curve
    window.session.update(schedule=ScheduleSpec("constant", 1000, (("beta", 0.02),)))
    assert curve._known_times is None
    assert not panel._denoiser_remark.isVisible()
    before = pixels(person.sees(curve))
    person.choose(panel.denoiser, panel.options["fashion-unet"].name)
    first, last = curve._known_times
    # σ² of the cosine schedule of its training at t = 1 and t = T bounds what it knows.
    own, shown = build_schedule(ScheduleSpec("cosine")), build_schedule(window.session.state.schedule)
    known = (shown.log_snr[1:] <= own.log_snr[1]) & (shown.log_snr[1:] >= own.log_snr[1000])
    assert (first, last) == tuple(np.flatnonzero(known)[[0, -1]] + 1)
    assert last < 1000
    assert f"above t = {last}" in panel._denoiser_remark.plain
    after = pixels(person.sees(curve))
    changed = (before != after).any(axis=(0, 2))
    rect = curve.plot_rect
    middle = round(curve.position(last, 0).x())
    assert changed[middle + 3 : round(rect.right()) - 3].all()
    assert not changed[round(rect.left()) + 8 : middle - 3].any()
    person.click(window.header.workspaces.button("forward"))
    assert curve._known_times is None
