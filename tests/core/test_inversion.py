"""Inversion: the order of its round trip, what it returns exactly; and paths between noises."""

import itertools
import math

import numpy as np
import pytest
import torch

from diffviz.core.forward import q_sample
from diffviz.core.inversion import invert, path_between, slerp
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.samplers import SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
from diffviz.core.timesteps import sampling_timesteps
from tests.core import identities

COSINE = build_schedule(ScheduleSpec("cosine"))
LINEAR = build_schedule(ScheduleSpec())
MODES = ((0.3, -1.0, 0.04), (0.4, 0.2, 0.09), (0.3, 1.1, 0.02))


def of_modes(x: torch.Tensor, level: NoiseLevel) -> Prediction:
    a, b2 = level.sqrt_alpha_cumprod, level.one_minus_alpha_cumprod
    logits, means = [], []
    for weight, mean, variance in MODES:
        spread = a * a * variance + b2
        logits.append(math.log(weight / math.sqrt(spread)) - (x - a * mean) ** 2 / (2 * spread))
        means.append(mean + a * variance / spread * (x - a * mean))
    x_0 = (torch.softmax(torch.stack(logits), dim=0) * torch.stack(means)).sum(dim=0)
    return Prediction(x_0, noise_from_x_0(x_0, x, level))


def round_trip(x_0: torch.Tensor, num_steps: int) -> torch.Tensor:
    times = sampling_timesteps(COSINE, num_steps)
    *_, last = invert(of_modes, x_0, COSINE, times)
    assert last.t == 1000
    spec = SamplerSpec(SamplerKind.DDIM, num_steps)
    return list(sample(of_modes, last.x_t, COSINE, spec, identities.silent))[-1].x_s


def test_the_round_trip_is_of_first_order():
    x_0 = identities.column(-0.9, 0.1, 0.75)
    errors = [float((round_trip(x_0, steps) - x_0).abs().mean()) for steps in (25, 50, 100, 200)]
    orders = [math.log2(coarse / fine) for coarse, fine in itertools.pairwise(errors)]
    assert orders == pytest.approx([1.0] * 3, abs=0.2)
    assert errors[-1] < 0.01


def test_inversion_climbs_the_grid_and_its_noise_looks_like_noise():
    times = sampling_timesteps(COSINE, 250)
    # Data of the modes themselves: what the denoiser holds for true.
    draws = torch.from_numpy(draw_noise((4000, 1), 0, Stream.X_T)).double()
    which = np.random.default_rng(0).choice(3, 4000, p=[mode[0] for mode in MODES])
    means, spreads = np.array([m[1] for m in MODES])[which], np.array([m[2] for m in MODES])[which]
    data = torch.from_numpy(means)[:, None] + torch.from_numpy(np.sqrt(spreads))[:, None] * draws
    steps = list(invert(of_modes, data, COSINE, times))
    assert [step.t for step in steps] == sorted(times)
    assert [step.s for step in steps] == [0, *sorted(times)[:-1]]
    assert float(steps[-1].x_t.mean()) == pytest.approx(0.0, abs=0.06)
    assert float(steps[-1].x_t.var()) == pytest.approx(1.0, abs=0.08)


def test_noising_to_the_picture_itself_returns_it_and_noising_to_the_end_hides_it():
    guide = torch.linspace(-1, 1, 5, dtype=torch.float64)[:, None]
    noise = torch.from_numpy(draw_noise((5, 1), 2, Stream.X_T)).double()
    assert torch.equal(q_sample(guide, noise, LINEAR.level(0)), guide)
    predict = identities.gaussian_predict(identities.Rooms(), 0.3, 0.25)
    spec = SamplerSpec(num_sampling_steps=100)

    def drawn(stream, index):
        return torch.from_numpy(draw_noise((5, 1), 2, stream, index)).double()

    start = q_sample(guide, noise, LINEAR.level(1000))
    edited = list(sample(predict, start, LINEAR, spec, drawn, start_t=1000))[-1].x_s
    plain = list(sample(predict, noise, LINEAR, spec, drawn))[-1].x_s
    shift = math.sqrt(LINEAR.alphas_cumprod[1000]) * guide.norm()
    assert float((edited - plain).norm()) <= float(shift) + 0.02


def test_a_path_keeps_its_ends_and_the_strength_of_the_noise():
    a, b = (torch.from_numpy(draw_noise((1, 3, 32, 32), seed, Stream.X_T)).double() for seed in (1, 2))
    path = path_between(a, b, 9)
    assert torch.equal(path[:1], a)
    assert torch.equal(path[-1:], b)
    np.testing.assert_allclose(path.flatten(1).std(dim=1), 1.0, atol=0.03)
    assert float(((a + b) / 2).std()) == pytest.approx(math.sqrt(0.5), abs=0.03)
    # Between points equally far out the angles from each to the next are equal.
    flat = path_between(a / a.norm(), b / b.norm(), 9).flatten(1)
    flat = flat / flat.norm(dim=1, keepdim=True)
    angles = (flat[:-1] * flat[1:]).sum(dim=1).acos()
    np.testing.assert_allclose(angles, angles.mean(), rtol=1e-9)
    assert torch.equal(path_between(a, b, 1), a)


def test_between_equal_points_a_path_stands_still():
    a = torch.ones(2, 4, dtype=torch.float64)
    torch.testing.assert_close(slerp(a, a.clone(), 0.3), a)
    torch.testing.assert_close(slerp(a, 2 * a, 0.5), 1.5 * a)
    assert torch.isfinite(slerp(torch.zeros(1, 4), torch.zeros(1, 4), 0.5)).all()
