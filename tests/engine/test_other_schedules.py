"""Networks under schedules that they were not trained with, and under their own."""

import math

import numpy as np
import pytest
import torch

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import ReverseStep, SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.timesteps import known_times
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.models.catalog import load_denoiser

COSINE, LINEAR = ScheduleSpec("cosine"), ScheduleSpec()


def walk(schedule, num_steps=3):
    request = ReverseRequest(
        schedule, SamplerSpec(SamplerKind.DDIM, num_steps), denoiser="fashion-unet", seed=4
    )
    records = reverse_steps(request, DenoiserShelf(ImageStore()))
    return [record for record in records if isinstance(record, ReverseStep)]


def test_under_its_own_schedule_a_network_runs_bit_for_bit_as_if_it_were_asked_directly():
    """DDIM written out anew for a network that predicts v and is told the integer t."""
    network = load_denoiser("fashion-unet").network
    table = build_schedule(COSINE).alphas_cumprod
    noise_left = build_schedule(COSINE).one_minus_alphas_cumprod
    x = torch.from_numpy(draw_noise((1, 28, 28), 4, Stream.X_T, 0, 0)[None]).double()
    for step in walk(COSINE):
        assert torch.equal(step.x_t, x)
        with torch.no_grad():
            v = network(x.float(), torch.tensor([float(step.t)]), None).double()
        a, b = math.sqrt(table[step.t]), math.sqrt(noise_left[step.t])
        x_0, noise = a * x - b * v, b * x + a * v
        assert torch.equal(step.pred_x_0, x_0.float())
        if step.s == 0:
            x = math.sqrt(table[0]) * x_0
        else:
            c = step.coefficients
            assert c.pred_x_0 == math.sqrt(table[step.s])
            assert c.pred_noise == pytest.approx(math.sqrt(noise_left[step.s]), rel=1e-12)
            x = c.pred_x_0 * x_0 + c.pred_noise * noise
        assert torch.equal(step.x_s, x)


def test_under_another_schedule_it_is_told_the_time_of_the_same_noise():
    told = []
    denoiser = load_denoiser("fashion-unet")
    forward = denoiser.network.forward

    def listening(x, time, classes=None):
        told.append(float(time[0]))
        return forward(x, time, classes)

    denoiser.network.forward = listening
    own, other = build_schedule(COSINE), build_schedule(LINEAR)
    x = torch.zeros(1, 1, 28, 28)
    for t in (100, 400, 800):
        denoiser.predict(x, other.level(t))
        times = np.arange(1, 1001)
        # Times are told in float32.
        assert np.interp(told[-1], times, own.log_snr[1:]) == pytest.approx(other.log_snr[t], abs=1e-6)
        assert not told[-1].is_integer()


def test_the_times_that_a_network_knows_are_those_between_its_ends():
    linear, cosine = build_schedule(LINEAR), build_schedule(COSINE)
    first, last = known_times(cosine, linear)
    assert linear.log_snr[1] >= cosine.log_snr[first] > linear.log_snr[1] - 1.0
    assert cosine.log_snr[first - 1] > linear.log_snr[1]
    assert cosine.log_snr[last] >= linear.log_snr[1000] > cosine.log_snr[last + 1]
    assert known_times(linear, cosine) == (1, 1000)
    for spec in (LINEAR, COSINE, ScheduleSpec(zero_terminal_snr=True), ScheduleSpec("sigmoid_abar", 50)):
        own = build_schedule(spec)
        assert known_times(own, own) == (1, own.num_timesteps)
    zero = build_schedule(ScheduleSpec(zero_terminal_snr=True))
    assert known_times(zero, linear)[1] < 1000
    clean = build_schedule(ScheduleSpec("constant", 10, (("beta", 0.0),)))
    assert known_times(clean, linear) is None


def test_a_run_over_levels_beyond_the_training_stays_finite():
    steps = walk(ScheduleSpec("constant", 300, (("beta", 0.08),)), 6)
    assert known_times(
        build_schedule(ScheduleSpec("constant", 300, (("beta", 0.08),))), build_schedule(COSINE)
    )
    assert all(torch.isfinite(step.x_s).all() for step in steps)
