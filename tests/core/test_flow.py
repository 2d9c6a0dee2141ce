"""The family between the flow and the noisiest reverse process: known members, equal marginals, densities."""

import itertools
import math

import numpy as np
import pytest
import torch

from diffviz.core.flow import density_gained, flow_step, walk_flow, walk_ode
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.sampler_steps import Variance, ddim_step, ddpm_step, ddpm_variance
from diffviz.core.samplers import SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.core.timesteps import sampling_timesteps
from diffviz.models.exact_points import ExactPoints
from diffviz.models.gaussian import GaussianDenoiser, GaussianMixtureDenoiser
from tests.core import identities

LINEAR, COSINE = build_schedule(ScheduleSpec()), build_schedule(ScheduleSpec("cosine"))
ZERO = build_schedule(ScheduleSpec(zero_terminal_snr=True))
S = 0.25


def no_noise(stream, index):
    raise AssertionError(f"the flow asked for noise of {stream} {index}")


@pytest.mark.parametrize("schedule", [LINEAR, COSINE, ZERO])
@pytest.mark.parametrize(("s", "t"), identities.STRIDED)
def test_the_ends_of_the_family_are_ddim_and_the_ancestral_step(schedule: NoiseSchedule, s: int, t: int):
    quiet, ddim = flow_step(schedule, s, t, 0.0), ddim_step(schedule, s, t, eta=0.0)
    assert (quiet.pred_x_0, quiet.pred_noise, quiet.noise) == pytest.approx(
        (ddim.pred_x_0, ddim.pred_noise, 0.0), rel=1e-11, abs=1e-14
    )
    noisy = flow_step(schedule, s, t, 1.0)
    ancestral = ddpm_step(schedule, s, t, ddpm_variance(schedule, s, t, Variance.TILDE))
    level = schedule.level(t)
    # Both are sums of x̂_0 and x_t, the latter written as √ᾱ x̂_0 + √(1 − ᾱ) ε̂.
    pred_x_0 = ancestral.pred_x_0 + ancestral.x_t * level.sqrt_alpha_cumprod
    pred_noise = ancestral.x_t * level.sqrt_one_minus_alpha_cumprod
    assert (noisy.pred_x_0, noisy.pred_noise, noisy.noise) == pytest.approx(
        (pred_x_0, pred_noise, ancestral.noise), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("schedule", [LINEAR, COSINE, ZERO])
def test_the_flow_by_heun_takes_the_steps_of_the_sampler_of_that_name(schedule: NoiseSchedule):
    predict = identities.gaussian_predict(identities.Rooms(), 0.3, S)
    x = identities.column(1.3, -0.4)
    spec = SamplerSpec(SamplerKind.HEUN, 12)
    steps = list(walk_ode(predict, x, schedule, sampling_timesteps(schedule, 12)))
    for ours, theirs in zip(steps, sample(predict, x, schedule, spec, no_noise), strict=True):
        assert (ours.t, ours.s) == (theirs.t, theirs.s)
        assert torch.allclose(ours.x_s, theirs.x_s, rtol=1e-12, atol=1e-12)


def output_variance(schedule: NoiseSchedule, g: float) -> float:
    """Variance that the steps of a linear denoiser give data N(0, S), by recursion."""
    variance = schedule.alphas_cumprod[-1] * S + schedule.one_minus_alphas_cumprod[-1]
    for t in range(schedule.num_timesteps, 0, -1):
        level, step = schedule.level(t), flow_step(schedule, t - 1, t, g)
        spread = level.alpha_cumprod * S + level.one_minus_alpha_cumprod
        x_0 = level.sqrt_alpha_cumprod * S / spread
        noise = level.sqrt_one_minus_alpha_cumprod / spread
        variance = (step.pred_x_0 * x_0 + step.pred_noise * noise) ** 2 * variance + step.noise**2
    return variance


@pytest.mark.parametrize("g", [0.0, 0.5, 1.0, 1.5])
def test_every_member_gives_back_the_variance_of_the_data_and_better_the_finer_the_steps(g: float):
    variances = [output_variance(build_schedule(ScheduleSpec("linear_ct", n)), g) for n in (500, 1000, 2000)]
    errors = [abs(variance - S) for variance in variances]
    assert all(fine < 0.6 * coarse for coarse, fine in itertools.pairwise(errors))
    # What is left of an error of first order without its first order.
    assert 2 * variances[-1] - variances[-2] == pytest.approx(S, abs=5e-4)


@pytest.mark.parametrize("g", [0.5, 1.5])
def test_two_thousand_noisy_steps_keep_the_variance_within_four_standard_errors(g: float):
    schedule = build_schedule(ScheduleSpec("linear_ct", 2000))
    predict, count = identities.gaussian_predict(identities.Rooms(), 0.0, S), 10_000
    noise = lambda stream, index: torch.from_numpy(draw_noise((count, 1), 3, stream, index))  # noqa: E731
    x = torch.from_numpy(draw_noise((count, 1), 4, Stream.X_T)).double()
    *_, last = walk_flow(predict, x, schedule, range(2000, 0, -1), g, noise)
    expected = output_variance(schedule, g)
    assert float(last.x_s.var()) == pytest.approx(expected, abs=4 * expected * math.sqrt(2 / count))


def test_equations_of_the_variance_bring_every_member_back_to_the_data():
    """dV/dτ of the reverse process from any g, by an independent solver in exact arithmetic of moments."""
    from scipy.integrate import solve_ivp

    def change(g: float):
        def slope(tau: float, v: np.ndarray) -> np.ndarray:
            spread = math.exp(-2 * tau) * S - math.expm1(-2 * tau)
            return -(2 * v * (1 - (1 + g * g) / spread) + 2 * g * g)

        return slope

    start, end = 5.0, 1e-3
    exact = math.exp(-2 * end) * S - math.expm1(-2 * end)
    begin = math.exp(-2 * start) * S - math.expm1(-2 * start)
    for g in (0.0, 0.5, 1.0, 1.5):
        solved = solve_ivp(change(g), (start, end), [begin], method="DOP853", rtol=1e-12, atol=1e-13)
        assert solved.y[0, -1] == pytest.approx(exact, abs=1e-9)


def log_snr_even(count: int) -> NoiseSchedule:
    sigma = np.exp(np.linspace(math.log(0.01), math.log(80.0), count))
    return NoiseSchedule.from_log_alphas_cumprod(-np.log1p(sigma**2))


def exact_flow_steps(denoiser: GaussianDenoiser, x: torch.Tensor, schedule: NoiseSchedule):
    """The steps of the flow where the flow is known exactly."""
    from diffviz.core.flow import FlowStep

    start = schedule.level(schedule.num_timesteps)
    for t in range(schedule.num_timesteps, 0, -1):
        here, there = (denoiser.flow(x, start, schedule.level(time)) for time in (t, t - 1))
        yield FlowStep(t, t - 1, here, there, denoiser.predict(here, schedule.level(t)).x_0_variance)


def test_density_along_the_flow_of_gaussian_data_is_the_analytic_one():
    schedule = log_snr_even(513)
    covariance = torch.tensor([[0.5, 0.3], [0.3, 0.9]], dtype=torch.float64)
    denoiser = GaussianDenoiser(torch.tensor([0.3, -0.2], dtype=torch.float64), covariance)
    x = torch.tensor([[1.3, -0.4], [0.2, 0.1], [-2.0, 1.0]], dtype=torch.float64)
    steps = list(exact_flow_steps(denoiser, x, schedule))
    gained = density_gained(steps, schedule)
    ends = [denoiser.log_density(step.x_t, schedule.level(step.t)) for step in (steps[0], steps[-1])]
    assert torch.allclose(gained, ends[1] - ends[0], atol=1e-5, rtol=0)


def test_density_along_a_walked_flow_is_that_of_the_place_it_leads_to():
    schedule = log_snr_even(801)
    means = torch.tensor([[1.0, 0.0], [-0.5, 0.8]], dtype=torch.float64)
    denoiser = GaussianMixtureDenoiser(means, 0.04 * torch.eye(2, dtype=torch.float64).expand(2, 2, 2))
    x = torch.tensor([[1.0, 0.5], [-0.7, 0.3]], dtype=torch.float64)
    steps = list(walk_flow(denoiser.predict, x, schedule, range(801, 0, -1), 0.0, no_noise))
    ends = [denoiser.log_density(step.x_t, schedule.level(step.t)) for step in (steps[0], steps[-1])]
    assert torch.allclose(density_gained(steps, schedule), ends[1] - ends[0], atol=0.05, rtol=0)


def test_the_flow_ends_in_the_data_and_asks_for_no_noise():
    corners = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    x = torch.from_numpy(draw_noise((50, 2), 1, Stream.X_T)).double()
    *_, last = walk_flow(ExactPoints(corners).predict, x, LINEAR, range(1000, 0, -1), 0.0, no_noise)
    distances = np.abs(last.x_s.numpy()[:, None] - corners).max(axis=2).min(axis=1)
    assert distances.max() < 1e-9


def test_the_change_of_density_says_what_it_lacks():
    steps = list(
        walk_flow(ExactPoints(np.zeros((1, 2))).predict, torch.ones(1, 2), COSINE, (9, 3), 0, no_noise)
    )
    with pytest.raises(ValueError, match="two places"):
        density_gained(steps[:1], COSINE)
