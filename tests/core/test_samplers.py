"""Samplers: known outputs, equivalences, orders of convergence, clipping, zero-SNR, how steps are told."""

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.sampler_steps import ddim_step, ddpm_variance, dpmpp_2m_step
from diffviz.core.samplers import (
    Clip,
    NoiseSource,
    Predict,
    ReverseStep,
    SamplerKind,
    SamplerSpec,
    Variance,
    sample,
)
from diffviz.core.schedules import NoiseLevel, NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing
from tests.core import identities

LINEAR = build_schedule(ScheduleSpec())
COSINE = build_schedule(ScheduleSpec("cosine"))
ZERO = build_schedule(ScheduleSpec(zero_terminal_snr=True))
MEAN, VARIANCE = 0.3, 0.25
ROOMS = identities.Rooms()
PREDICT = identities.gaussian_predict(ROOMS, MEAN, VARIANCE)
START = identities.column(1.3)


def seeded(shape: tuple[int, ...], seed: int = 0, dtype: torch.dtype = torch.float64) -> NoiseSource:
    return lambda stream, index: torch.from_numpy(draw_noise(shape, seed, stream, index)).to(dtype)


def steps_of(
    schedule: NoiseSchedule, x: torch.Tensor, predict: Predict = PREDICT, **settings: object
) -> list[ReverseStep]:
    spec = SamplerSpec(**settings)  # type: ignore[arg-type]
    return list(sample(predict, x, schedule, spec, seeded(tuple(x.shape))))


def last(schedule: NoiseSchedule, x: torch.Tensor, **settings: object) -> torch.Tensor:
    return steps_of(schedule, x, **settings)[-1].x_s


def karras_schedule(count: int, low: float = 0.002, high: float = 80.0) -> NoiseSchedule:
    """A chain whose times 1…N are the σ grid with ρ = 7, from σ_min up to σ_max."""
    sigma = (high ** (1 / 7) + np.arange(count) / (count - 1) * (low ** (1 / 7) - high ** (1 / 7))) ** 7
    return NoiseSchedule.from_log_alphas_cumprod(-np.log1p(sigma[::-1] ** 2))


def flow(x: torch.Tensor, start: NoiseLevel, end: NoiseLevel, mean: float = MEAN) -> torch.Tensor:
    """The exact probability-flow ODE for Gaussian data."""
    c_start, c_end = (VARIANCE * at.alpha_cumprod + at.one_minus_alpha_cumprod for at in (start, end))
    return mean * end.sqrt_alpha_cumprod + math.sqrt(c_end / c_start) * (x - start.sqrt_alpha_cumprod * mean)


# --- known outputs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "kind", "expected"),
    [
        (LINEAR, SamplerKind.DDIM, (0.7802361752, 0.8599556643, 0.9119250546, 0.9301560459)),
        (LINEAR, SamplerKind.DPMPP2M, (0.8254221251, 0.9207623967, 0.9497617900, 0.9500763476)),
        (COSINE, SamplerKind.DDIM, (0.8548679257, 0.9007363913, 0.9297778737, 0.9397620349)),
        (COSINE, SamplerKind.DPMPP2M, (0.9180951318, 0.9480490620, 0.9509069515, 0.9502601569)),
    ],
)
def test_known_outputs_on_trailing_grids(
    schedule: NoiseSchedule, kind: SamplerKind, expected: tuple[float, ...]
):
    for steps, value in zip((10, 20, 50, 100), expected, strict=True):
        got = last(schedule, START, kind=kind, num_sampling_steps=steps)
        assert float(got) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SamplerKind.EULER, (-0.0188599452, 0.4306109560, 0.7214450685)),
        (SamplerKind.HEUN, (-0.0976970701, 0.4629041067, 0.8256460446)),
        (SamplerKind.DPMPP2M, (-0.1003468311, 0.4639894980, 0.8291482991)),
    ],
)
def test_known_outputs_on_the_karras_grid(kind: SamplerKind, expected: tuple[float, ...]):
    grid = karras_schedule(18)
    sigma = grid.sigma_edm[::-1][:18]
    np.testing.assert_allclose(sigma[[1, 2, 16]], [57.5859847, 40.7855738, 0.00752801996], rtol=1e-8)
    y = identities.column(-60.0, 25.0, 80.0)
    got = last(grid, y * grid.sqrt_alphas_cumprod[-1], kind=kind, num_sampling_steps=18)
    np.testing.assert_allclose(got.flatten(), expected, atol=1e-9)


def test_exact_solutions_are_what_the_flow_says():
    assert float(flow(START, LINEAR.level(1000), LINEAR.level(0))) == pytest.approx(0.9490569004, abs=1e-9)
    assert float(flow(START, COSINE.level(1000), COSINE.level(0))) == pytest.approx(0.9499926082, abs=1e-9)


@pytest.mark.parametrize(
    ("variance", "expected"),
    [
        (Variance.BETA, (0.243938, 0.267109, 0.261857, 0.256767, 0.252908)),
        (Variance.TILDE, (0.111206, 0.153278, 0.197225, 0.219229, 0.236004)),
        (Variance.OPTIMAL, (0.171325, 0.223334, 0.244329, 0.248116, 0.249481)),
    ],
)
def test_respaced_ancestral_sampling_has_the_known_variance(variance: Variance, expected: tuple[float, ...]):
    for steps, value in zip((10, 20, 50, 100, 250), expected, strict=True):
        spec = SamplerSpec(num_sampling_steps=steps, variance=variance)
        _, got = identities.output_moments(ROOMS, LINEAR, 0.0, 0.25, spec)
        assert got == pytest.approx(value, abs=6e-7)


@pytest.mark.parametrize("variance", Variance)
def test_sampled_variance_is_the_computed_one(variance: Variance):
    count, spec = 100_000, SamplerSpec(num_sampling_steps=50, variance=variance)
    mean, expected = identities.output_moments(ROOMS, LINEAR, MEAN, VARIANCE, spec)
    x = torch.from_numpy(draw_noise((count, 1), 0, Stream.X_T)).double()
    x_0 = last(LINEAR, x, num_sampling_steps=50, variance=variance)
    assert abs(float(x_0.mean()) - mean) < 4 * math.sqrt(expected / count)
    assert abs(float(x_0.var()) - expected) < 4 * expected * math.sqrt(2 / count)


# --- equivalences ---------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
def test_ddim_without_noise_is_the_euler_step_in_sigma(schedule: NoiseSchedule):
    """Explicit Euler for dy/dσ = (y − x̂_0)/σ with y = x/√ᾱ, and the first-order data step."""
    for s, t in ((t - 1, t) for t in range(2, 1001)):
        level, after = schedule.level(t), schedule.level(s)
        prediction = PREDICT(START, level)
        c = ddim_step(schedule, s, t, eta=0.0)
        ddim = float(c.pred_x_0 * prediction.x_0 + c.pred_noise * prediction.noise)
        y = START / level.sqrt_alpha_cumprod
        slope = (y - prediction.x_0) / level.sigma_edm
        euler = (y + (after.sigma_edm - level.sigma_edm) * slope) * after.sqrt_alpha_cumprod
        c = dpmpp_2m_step(schedule, s, t, previous_h=None)
        data = c.x_t * START + c.pred_x_0 * prediction.x_0
        assert float(euler) == pytest.approx(ddim, abs=1e-13)
        assert float(data) == pytest.approx(ddim, abs=1e-13)


@pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
def test_the_multistep_solver_is_the_same_in_edm_variables(schedule: NoiseSchedule):
    steps = steps_of(schedule, START, kind=SamplerKind.DPMPP2M, num_sampling_steps=25)
    y, previous = START / schedule.sqrt_alphas_cumprod[1000], None
    for step in steps:
        sigma, sigma_s = (float(schedule.sigma_edm[time]) for time in (step.t, step.s))
        data = PREDICT(y * schedule.sqrt_alphas_cumprod[step.t], schedule.level(step.t)).x_0
        extrapolated = data
        if step.s > 0 and previous is not None:
            h, h_before = math.log(sigma / sigma_s), math.log(previous[1] / sigma)
            extrapolated = data + h / (2 * h_before) * (data - previous[0])
        y = sigma_s / sigma * y + (1 - sigma_s / sigma) * extrapolated if step.s else data
        previous = (data, sigma)
        assert float(step.x_s) == pytest.approx(float(y * schedule.sqrt_alphas_cumprod[step.s]), abs=1e-13)


def test_ddim_with_full_noise_walks_like_the_ancestral_sampler():
    x = torch.from_numpy(draw_noise((4, 3), 1, Stream.X_T)).double()
    for steps in (10, 1000):
        ancestral = last(LINEAR, x, num_sampling_steps=steps)
        ddim = last(LINEAR, x, kind=SamplerKind.DDIM, eta=1.0, num_sampling_steps=steps)
        torch.testing.assert_close(ddim, ancestral, rtol=1e-9, atol=1e-10)


def test_euler_is_ddim_without_noise():
    for steps in (7, 40):
        euler = last(COSINE, START, kind=SamplerKind.EULER, num_sampling_steps=steps)
        assert torch.equal(euler, last(COSINE, START, kind=SamplerKind.DDIM, num_sampling_steps=steps))


def test_interpolated_variance_runs_from_tilde_to_beta():
    tilde, beta = (ddpm_variance(LINEAR, 4, 9, rule) for rule in (Variance.TILDE, Variance.BETA))
    between = [ddpm_variance(LINEAR, 4, 9, Variance.INTERPOLATED, v) for v in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(between, [tilde, math.sqrt(tilde * beta), beta], rtol=1e-13)


def test_optimal_variance_is_beta_for_standard_data_and_tilde_for_a_point():
    for t in (2, 500, 1000):
        level = LINEAR.level(t)
        standard = ddpm_variance(
            LINEAR, t - 1, t, Variance.OPTIMAL, x_0_variance=level.one_minus_alpha_cumprod
        )
        assert standard == pytest.approx(ddpm_variance(LINEAR, t - 1, t, Variance.BETA), rel=1e-13)
        point = ddpm_variance(LINEAR, t - 1, t, Variance.OPTIMAL, x_0_variance=0.0)
        assert point == ddpm_variance(LINEAR, t - 1, t, Variance.TILDE)


# --- orders of convergence ------------------------------------------------------------------


MIXTURE = ((0.3, -1.0, 0.04), (0.4, 0.2, 0.09), (0.3, 1.1, 0.02))


def mixture_predict(x: torch.Tensor, level: NoiseLevel) -> Prediction:
    a, b2 = level.sqrt_alpha_cumprod, level.one_minus_alpha_cumprod
    logits, means = [], []
    for weight, mean, variance in MIXTURE:
        spread = a * a * variance + b2
        logits.append(math.log(weight / math.sqrt(spread)) - (x - a * mean) ** 2 / (2 * spread))
        means.append(mean + a * variance / spread * (x - a * mean))
    share = torch.softmax(torch.stack(logits), dim=0)
    x_0 = (share * torch.stack(means)).sum(dim=0)
    return Prediction(x_0, noise_from_x_0(x_0, x, level))


def slopes(kind: SamplerKind, predict: Predict, exact: torch.Tensor, y: torch.Tensor) -> list[float]:
    """Observed orders between grids of 65, 129, 257 and 513 points, at σ_min before the final jump."""
    errors = []
    for count in (65, 129, 257, 513):
        grid = karras_schedule(count)
        x = y * grid.sqrt_alphas_cumprod[-1]
        steps = list(sample(predict, x, grid, SamplerSpec(kind, count), seeded((1,))))
        at_end = steps[-1].x_t / grid.sqrt_alphas_cumprod[1]
        errors.append(float((at_end - exact).abs().mean()))
    return [math.log2(coarse / fine) for coarse, fine in pairwise(errors)]


ORDERS = [(SamplerKind.DDIM, 1), (SamplerKind.EULER, 1), (SamplerKind.HEUN, 2), (SamplerKind.DPMPP2M, 2)]


@pytest.mark.parametrize(("kind", "order"), ORDERS)
def test_order_of_convergence_on_gaussian_data(kind: SamplerKind, order: int):
    grid, y = karras_schedule(65), identities.column(-60.0, 25.0, 80.0)
    start, end = grid.level(65), grid.level(1)
    exact = flow(y * start.sqrt_alpha_cumprod, start, end) / end.sqrt_alpha_cumprod
    assert slopes(kind, PREDICT, exact, y) == pytest.approx([order] * 3, abs=0.15)


@cache
def mixture_solution() -> tuple[torch.Tensor, torch.Tensor]:
    """Where the flow of the mixture starts at σ = 80 and where an independent solver ends it at 0.002."""
    y = identities.column(-60.0, 25.0, 90.0)

    def slope(sigma: float, at: np.ndarray) -> np.ndarray:
        level = NoiseLevel(1.0, 1.0 / (1.0 + sigma**2), sigma**2 / (1.0 + sigma**2))
        x_0 = mixture_predict(identities.column(*at) * level.sqrt_alpha_cumprod, level).x_0
        return (at - x_0.numpy().ravel()) / sigma

    solved = solve_ivp(slope, (80.0, 0.002), y.numpy().ravel(), method="DOP853", rtol=1e-10, atol=1e-11)
    return y, identities.column(*solved.y[:, -1])


@pytest.mark.parametrize(("kind", "order"), ORDERS)
def test_order_of_convergence_on_a_mixture(kind: SamplerKind, order: int):
    y, exact = mixture_solution()
    assert slopes(kind, mixture_predict, exact, y) == pytest.approx([order] * 3, abs=0.25)


def test_fine_grids_come_close_to_the_exact_flow():
    y = identities.column(-60.0, 25.0, 80.0)
    heun_grid = karras_schedule(513)
    sigma = np.exp(np.linspace(math.log(0.002), math.log(80.0), 513))
    even_grid = NoiseSchedule.from_log_alphas_cumprod(-np.log1p(sigma**2))
    for grid, kind, bound in ((heun_grid, SamplerKind.HEUN, 3e-5), (even_grid, SamplerKind.DPMPP2M, 2e-5)):
        x = y * grid.sqrt_alphas_cumprod[-1]
        steps = steps_of(grid, x, kind=kind, num_sampling_steps=513)
        exact = flow(x, grid.level(513), grid.level(1))
        assert float((steps[-1].x_t - exact).abs().max()) < bound


# --- zero terminal SNR, clipping ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "steps", "expected"),
    [
        (SamplerKind.DDIM, 20, 0.8604091808),
        (SamplerKind.DDIM, 100, 0.9309913246),
        (SamplerKind.DPMPP2M, 20, 0.9213516116),
        (SamplerKind.DPMPP2M, 100, 0.9510199411),
    ],
)
def test_sampling_from_zero_snr_has_known_outputs(kind: SamplerKind, steps: int, expected: float):
    assert float(last(ZERO, START, kind=kind, num_sampling_steps=steps)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("spacing", Spacing)
@pytest.mark.parametrize("kind", SamplerKind)
@pytest.mark.parametrize(
    "spec",
    [
        ScheduleSpec(zero_terminal_snr=True),
        ScheduleSpec("jsd", 30),
        ScheduleSpec("constant", 30, (("beta", 1.0),)),
        ScheduleSpec("constant", 30, (("beta", 0.0),)),
        ScheduleSpec(
            "custom", 30, quantity="beta", points=((0.1, 0), (0.4, 0), (0.5, 1), (0.6, 0), (1, 0.2))
        ),
        ScheduleSpec("constant", 1, (("beta", 0.4),)),
    ],
    ids=["zero-snr", "jsd", "beta 1", "beta 0", "holes", "one step"],
)
def test_no_sampler_divides_by_zero(spec: ScheduleSpec, kind: SamplerKind, spacing: Spacing):
    schedule = build_schedule(spec)
    count = min(schedule.num_timesteps, 12)
    for variance in Variance:
        steps = steps_of(
            schedule, START, kind=kind, num_sampling_steps=count, spacing=spacing, variance=variance, eta=0.7
        )
        for step in steps:
            assert torch.isfinite(step.x_s).all()
            assert torch.isfinite(step.pred_noise).all()
            assert all(math.isfinite(value) for value in vars(step.coefficients).values())


@pytest.mark.parametrize("clip", [Clip.STATIC, Clip.DYNAMIC])
@pytest.mark.parametrize("kind", SamplerKind)
def test_clipped_answers_still_make_up_the_picture(kind: SamplerKind, clip: Clip):
    x = 3.0 * torch.from_numpy(draw_noise((2, 3, 8, 8), 1, Stream.X_T))
    steps = list(
        sample(
            PREDICT, x, LINEAR, SamplerSpec(kind, 10, clip=clip), seeded((2, 3, 8, 8), dtype=torch.float32)
        )
    )
    for step in steps:
        level = LINEAR.level(step.t)
        assert float(step.pred_x_0.abs().max()) <= 1.0
        whole = (
            level.sqrt_alpha_cumprod * step.pred_x_0 + level.sqrt_one_minus_alpha_cumprod * step.pred_noise
        )
        torch.testing.assert_close(whole, step.x_t, atol=1e-6, rtol=1e-6)


def test_dynamic_clipping_scales_by_the_quantile_of_each_sample(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("diffviz.core.thresholding._DYNAMIC_QUANTILE", 0.8)
    far, near = [-3.0, -0.5, 0.2, 1.5, 0.9], [-0.3, -0.5, 0.2, 0.5, 0.9]

    def predict(x: torch.Tensor, level: NoiseLevel) -> Prediction:
        x_0 = torch.tensor([far, near], dtype=torch.float64)
        return Prediction(x_0, noise_from_x_0(x_0, x, level))

    x = torch.zeros(2, 5, dtype=torch.float64)
    step = next(iter(sample(predict, x, LINEAR, SamplerSpec(clip=Clip.DYNAMIC), seeded((2, 5)))))
    np.testing.assert_allclose(step.pred_x_0[0], [-1.0, -0.5 / 1.8, 0.2 / 1.8, 1.5 / 1.8, 0.5])
    np.testing.assert_array_equal(step.pred_x_0[1], near)


# --- how steps are told ---------------------------------------------------------------------


EVERY_WAY = [
    *(SamplerSpec(num_sampling_steps=9, variance=variance) for variance in Variance),
    *(SamplerSpec(SamplerKind.DDIM, 9, eta=eta) for eta in (0.0, 0.4, 1.0, 1.5)),
    *(SamplerSpec(kind, 9) for kind in (SamplerKind.DPMPP2M, SamplerKind.EULER, SamplerKind.HEUN)),
]


@pytest.mark.parametrize("spec", EVERY_WAY, ids=lambda spec: f"{spec.kind}-{spec.variance}-{spec.eta}")
@pytest.mark.parametrize("schedule", [LINEAR, ZERO], ids=["linear", "zero"])
def test_every_step_is_the_sum_that_its_coefficients_say(schedule: NoiseSchedule, spec: SamplerSpec):
    x = torch.from_numpy(draw_noise((3, 2), 4, Stream.X_T)).double()
    for index, step in enumerate(sample(PREDICT, x, schedule, spec, seeded((3, 2)))):
        c = step.coefficients
        total = c.pred_x_0 * step.pred_x_0 + c.x_t * step.x_t + c.pred_noise * step.pred_noise
        total = total + (c.noise * step.noise if step.noise is not None else 0.0)
        total = total + (c.correction * step.correction if step.correction is not None else 0.0)
        torch.testing.assert_close(step.x_s, total, atol=1e-14, rtol=1e-14)
        assert (step.index, step.num_steps) == (index, 9)
        assert step.noise is None or c.noise > 0.0
        assert step.correction is None or c.correction != 0.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pictures_keep_their_kind(dtype: torch.dtype):
    for spec in EVERY_WAY:
        x = torch.zeros(2, 1, 4, 4, dtype=dtype)
        for step in sample(PREDICT, x, LINEAR, spec, seeded((2, 1, 4, 4))):
            assert step.x_s.dtype == step.pred_x_0.dtype == step.pred_noise.dtype == dtype


def test_a_sample_is_the_same_alone_and_in_a_batch():
    together = torch.from_numpy(draw_noise((5, 2), 4, Stream.X_T)).double()

    def of_rows(rows: slice) -> NoiseSource:
        return lambda stream, index: seeded((5, 2))(stream, index)[rows]

    for spec in EVERY_WAY:
        batch = list(sample(mixture_with_variance, together, LINEAR, spec, of_rows(slice(None))))
        alone = list(sample(mixture_with_variance, together[3:4], LINEAR, spec, of_rows(slice(3, 4))))
        torch.testing.assert_close(batch[-1].x_s[3:4], alone[-1].x_s, atol=1e-12, rtol=1e-12)


def mixture_with_variance(x: torch.Tensor, level: NoiseLevel) -> Prediction:
    """A made-up uncertainty that differs from sample to sample."""
    return replace(mixture_predict(x, level), x_0_variance=x.abs().mean(dim=1))


def test_optimal_variance_needs_a_denoiser_that_knows_it():
    steps = sample(mixture_predict, START, LINEAR, SamplerSpec(variance=Variance.OPTIMAL), seeded((1, 1)))
    with pytest.raises(ValueError, match="knows its uncertainty"):
        next(iter(steps))


def test_noise_is_asked_for_by_time_and_only_where_it_is_used():
    asked: list[tuple[Stream, int]] = []

    def source(stream: Stream, index: int) -> torch.Tensor:
        asked.append((stream, index))
        return torch.zeros(1, 1)

    list(sample(PREDICT, START, LINEAR, SamplerSpec(num_sampling_steps=4), source))
    assert asked == [(Stream.ANCESTRAL, t) for t in (1000, 750, 500)]
    asked.clear()
    for kind in (SamplerKind.DDIM, SamplerKind.DPMPP2M, SamplerKind.EULER, SamplerKind.HEUN):
        list(sample(PREDICT, START, LINEAR, SamplerSpec(kind, 4), source))
    assert asked == []


def test_heun_asks_twice_but_for_the_last_step():
    levels: list[float] = []

    def counting(x: torch.Tensor, level: NoiseLevel) -> Prediction:
        levels.append(level.t)
        return PREDICT(x, level)

    list(sample(counting, START, LINEAR, SamplerSpec(SamplerKind.HEUN, 4), seeded((1, 1))))
    assert levels == [1000, 750, 750, 500, 500, 250, 250]


def test_starting_from_a_noised_picture_leaves_out_the_earlier_times():
    def times(start_t: int | None) -> list[int]:
        steps = sample(
            PREDICT, START, LINEAR, SamplerSpec(num_sampling_steps=5), seeded((1, 1)), start_t=start_t
        )
        return [step.t for step in steps]

    assert times(None) == [1000, 800, 600, 400, 200]
    assert times(500) == [500, 400, 200]
    assert times(400) == [400, 200]
    assert times(3) == [3]
    for wrong in (0, 1001):
        with pytest.raises(ValueError, match="cannot start"):
            times(wrong)


def test_impossible_settings_are_refused_before_the_first_step():
    with pytest.raises(ValueError, match="take 1 to 1000"):
        sample(PREDICT, START, LINEAR, SamplerSpec(num_sampling_steps=1001), seeded((1, 1)))


def test_steps_record_no_gradients_and_leave_the_mode_alone():
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)

    def learned(x: torch.Tensor, level: NoiseLevel) -> Prediction:
        said = PREDICT(x, level)
        return Prediction(weight * said.x_0, said.noise)

    for step in sample(learned, START, LINEAR, SamplerSpec(num_sampling_steps=3), seeded((1, 1))):
        assert torch.is_grad_enabled()
        assert not step.x_s.requires_grad


def test_equal_sampler_settings_are_one_key_and_another_eta_is_another():
    assert hash(SamplerSpec()) == hash(SamplerSpec())
    assert len({SamplerSpec(), SamplerSpec(), replace(SamplerSpec(), eta=1.0)}) == 2
