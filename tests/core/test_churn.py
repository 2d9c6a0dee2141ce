"""Churn: the algorithm of Karras et al. written out anew, what it keeps, and when it does nothing."""

import math
from dataclasses import replace

import pytest
import torch

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import ReverseStep, SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import NoiseSchedule, ScheduleSpec, build_schedule
from tests.core import identities

LINEAR = build_schedule(ScheduleSpec())
ZERO = build_schedule(ScheduleSpec(zero_terminal_snr=True))
MEAN, VARIANCE = 0.3, 0.25
PREDICT = identities.gaussian_predict(identities.Rooms(), MEAN, VARIANCE)
SPEC = SamplerSpec(
    SamplerKind.HEUN, 20, churn=10.0, churn_sigma_min=0.05, churn_sigma_max=50.0, churn_noise=1.01
)


def source(count: int):
    return lambda stream, index: torch.from_numpy(draw_noise((count, 1), 3, stream, index)).double()


def walk(schedule: NoiseSchedule, x: torch.Tensor, spec: SamplerSpec) -> list[ReverseStep]:
    return list(sample(PREDICT, x, schedule, spec, source(len(x))))


@pytest.mark.parametrize("kind", [SamplerKind.EULER, SamplerKind.HEUN])
def test_churned_sampling_is_the_published_algorithm(kind: SamplerKind):
    """Algorithm 2 in y = x/√ᾱ and σ, with D(y; σ) of Gaussian data and the same draws."""

    def denoised(y: torch.Tensor, sigma: float) -> torch.Tensor:
        return MEAN + VARIANCE / (VARIANCE + sigma**2) * (y - MEAN)

    x = torch.from_numpy(draw_noise((4, 1), 0, Stream.X_T)).double()
    steps = walk(LINEAR, x, replace(SPEC, kind=kind))
    y = x / LINEAR.sqrt_alphas_cumprod[1000]
    for step in steps:
        sigma, after = (float(LINEAR.sigma_edm[time]) for time in (step.t, step.s))
        gamma = min(10.0 / 20, math.sqrt(2) - 1) if 0.05 <= sigma <= 50.0 else 0.0
        raised = sigma * (1 + gamma)
        z = source(4)(Stream.CHURN, step.t)
        y = y + math.sqrt(raised**2 - sigma**2) * 1.01 * z
        slope = (y - denoised(y, raised)) / raised
        ahead = y + (after - raised) * slope
        if kind is SamplerKind.HEUN and after > 0:
            slope_ahead = (ahead - denoised(ahead, after)) / after
            ahead = y + (after - raised) * (slope + slope_ahead) / 2
        y = ahead
        torch.testing.assert_close(step.x_s, y * LINEAR.sqrt_alphas_cumprod[step.s], atol=1e-10, rtol=1e-10)
        assert (step.churned is not None) == (gamma > 0)


def test_a_churned_step_tells_what_it_added_and_is_the_sum_of_its_parts():
    x = torch.from_numpy(draw_noise((4, 1), 1, Stream.X_T)).double()
    for step in walk(LINEAR, x, SPEC):
        c = step.coefficients
        total = c.pred_x_0 * step.pred_x_0 + c.x_t * step.x_t + c.pred_noise * step.pred_noise
        total = total + (c.correction * step.correction if step.correction is not None else 0.0)
        torch.testing.assert_close(step.x_s, total, atol=1e-13, rtol=1e-13)
        if step.churned is not None:
            level = step.churned_level
            assert level.sigma_edm > LINEAR.level(step.t).sigma_edm
            assert level.t >= step.t
            made_up = level.sqrt_alpha_cumprod * step.pred_x_0
            made_up = made_up + level.sqrt_one_minus_alpha_cumprod * step.pred_noise
            torch.testing.assert_close(step.churned, made_up, atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", [SamplerKind.EULER, SamplerKind.HEUN])
def test_without_churn_the_steps_are_the_deterministic_ones_bit_for_bit(kind: SamplerKind):
    x = torch.from_numpy(draw_noise((3, 1), 2, Stream.X_T)).double()
    plain = walk(LINEAR, x, SamplerSpec(kind, 12))
    for spec in (
        SamplerSpec(kind, 12, churn=30.0, churn_sigma_min=1e6),
        SamplerSpec(kind, 12, churn_noise=2.0),
    ):
        for one, other in zip(plain, walk(LINEAR, x, spec), strict=True):
            assert torch.equal(one.x_s, other.x_s)
            assert other.noise is None


def test_churn_keeps_the_law_of_the_data():
    count = 40_000
    x = torch.from_numpy(draw_noise((count, 1), 5, Stream.X_T)).double()
    spec = SamplerSpec(SamplerKind.HEUN, 80, churn=30.0)
    ends = walk(LINEAR, x, spec)[-1].x_s
    assert float(ends.mean()) == pytest.approx(MEAN, abs=4 * math.sqrt(VARIANCE / count) + 2e-3)
    # The last step lands on x̂_0 and leaves out what is open there: ᾱ S²/(ᾱ S + 1 − ᾱ).
    level = LINEAR.level(12)
    left = (
        level.alpha_cumprod * VARIANCE**2 / (level.alpha_cumprod * VARIANCE + level.one_minus_alpha_cumprod)
    )
    assert float(ends.var()) == pytest.approx(left, rel=4 * math.sqrt(2 / count) + 1e-2)


def test_other_samplers_and_pure_noise_without_signal_are_not_churned():
    x = torch.zeros(1, 1, dtype=torch.float64)
    assert all(step.churned is None for step in walk(LINEAR, x, SamplerSpec(SamplerKind.DDIM, 5, churn=30.0)))
    first, *rest = walk(ZERO, x, SamplerSpec(SamplerKind.EULER, 5, churn=30.0))
    assert first.churned is None
    assert all(step.churned is not None for step in rest)


def test_what_draws_noise_says_so():
    noisy = [
        SamplerSpec(),
        SamplerSpec(SamplerKind.DDIM, eta=0.1),
        SamplerSpec(SamplerKind.EULER, churn=1.0),
        SamplerSpec(SamplerKind.HEUN, churn=1.0),
    ]
    still = [
        SamplerSpec(SamplerKind.DDIM),
        SamplerSpec(SamplerKind.EULER),
        SamplerSpec(SamplerKind.HEUN),
        SamplerSpec(SamplerKind.DPMPP2M, churn=1.0, eta=1.0),
    ]
    x = torch.zeros(1, 1, dtype=torch.float64)
    for spec in (*noisy, *still):
        drawn = any(step.noise is not None for step in walk(LINEAR, x, replace(spec, num_sampling_steps=4)))
        assert spec.draws_noise == drawn == (spec in noisy)
