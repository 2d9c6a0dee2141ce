"""The forward process: closed form, three kinds of paths, any order, edge cases."""

import math
import time

import numpy as np
import pytest
import torch

from diffviz.core.forward import (
    ForwardProcess,
    NoiseMode,
    marginal_moments,
    path_correlation,
    q_sample,
    step_moments,
)
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import NoiseSchedule, ScheduleSpec, build_schedule

LINEAR = build_schedule(ScheduleSpec())
MANY = 200_000


def picture(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).uniform(-1, 1, shape).astype(np.float32)


def process(mode: NoiseMode, schedule: NoiseSchedule = LINEAR, **options: int) -> ForwardProcess:
    return ForwardProcess(picture(6, 5, 3), schedule, seed=7, mode=mode, **options)


def test_markov_paths_have_the_moments_and_the_covariance_of_the_chain():
    paths = ForwardProcess(np.full(MANY, 0.5, np.float32), LINEAR, seed=1, mode=NoiseMode.MARKOV)
    at = {t: paths.x_t(t).astype(np.float64) for t in (50, 200)}
    for t, x_t in at.items():
        variance = LINEAR.one_minus_alphas_cumprod[t]
        assert abs(x_t.mean() - 0.5 * LINEAR.sqrt_alphas_cumprod[t]) < 4 * math.sqrt(variance / MANY)
        assert abs(x_t.var() - variance) < 4 * variance * math.sqrt(2 / MANY)
    assert np.cov(at[50], at[200])[0, 1] == pytest.approx(0.0238784, abs=1e-3)


def test_a_chain_of_single_steps_has_the_same_law():
    x = np.full(MANY, 0.5)
    kept = {}
    for t in range(1, 201):
        mean, variance = step_moments(x, LINEAR, t)
        x = mean + math.sqrt(variance) * draw_noise((MANY,), 1, Stream.FORWARD_STEP, t)
        kept[t] = x
    for t in (50, 200):
        variance = LINEAR.one_minus_alphas_cumprod[t]
        assert abs(kept[t].mean() - 0.5 * LINEAR.sqrt_alphas_cumprod[t]) < 4 * math.sqrt(variance / MANY)
        assert abs(kept[t].var() - variance) < 4 * variance * math.sqrt(2 / MANY)
    assert np.cov(kept[50], kept[200])[0, 1] == pytest.approx(0.0238784, abs=1e-3)


@pytest.mark.parametrize("mode", NoiseMode)
def test_every_mode_has_the_same_law_at_every_single_time(mode: NoiseMode):
    paths = ForwardProcess(np.full(MANY, -0.8, np.float32), LINEAR, seed=2, mode=mode)
    for t in (1, 2, 250, 500, 999, 1000):
        x_t = paths.x_t(t).astype(np.float64)
        variance = LINEAR.one_minus_alphas_cumprod[t]
        assert abs(x_t.mean() + 0.8 * LINEAR.sqrt_alphas_cumprod[t]) < 4 * math.sqrt(variance / MANY)
        assert abs(x_t.var() - variance) < 4 * variance * math.sqrt(2 / MANY)


def test_modes_differ_in_how_frames_belong_together():
    def correlation(mode: NoiseMode, s: int, t: int) -> float:
        paths = ForwardProcess(np.zeros(MANY, np.float32), LINEAR, seed=3, mode=mode)
        return float(np.corrcoef(paths.x_t(s), paths.x_t(t))[0, 1])

    error = 4 / math.sqrt(MANY)
    for s, t, expected in ((50, 200, 0.240199), (200, 400, 0.354176)):
        assert path_correlation(LINEAR, s, t) == pytest.approx(expected, abs=1e-6)
        assert correlation(NoiseMode.MARKOV, s, t) == pytest.approx(expected, abs=error)
        assert correlation(NoiseMode.FROZEN, s, t) == pytest.approx(1.0, abs=1e-6)
        assert correlation(NoiseMode.REDRAW, s, t) == pytest.approx(0.0, abs=error)


@pytest.mark.parametrize(
    ("mode", "changes"),
    [
        (NoiseMode.MARKOV, {2: 0.010951, 250: 0.071179, 500: 0.100326, 1000: 0.141778}),
        (NoiseMode.FROZEN, {2: 0.004830, 250: 0.002669, 500: 0.001478, 1000: 0.0000645}),
        (NoiseMode.REDRAW, {2: 0.017886, 250: 0.974252, 500: 1.357214, 1000: 1.414185}),
    ],
)
def test_neighbouring_frames_change_as_much_as_they_should(mode: NoiseMode, changes: dict[int, float]):
    signs = np.where(np.arange(MANY) % 2, 1.0, -1.0).astype(np.float32)
    paths = ForwardProcess(signs, LINEAR, seed=4, mode=mode)
    for t, expected in changes.items():
        change = paths.x_t(t).astype(np.float64) - paths.x_t(t - 1)
        assert math.sqrt((change**2).mean()) == pytest.approx(expected, rel=0.02)


def test_what_a_markov_step_adds_is_fresh_standard_noise():
    paths = ForwardProcess(np.zeros(MANY, np.float32), LINEAR, seed=5, mode=NoiseMode.MARKOV)
    error = 4 / math.sqrt(MANY)
    for t in (2, 251, 500, 1000):
        step, before = paths.step(t), paths.step(t - 1)
        assert abs(float(step.noise.mean())) < error
        assert abs(float(step.noise.astype(np.float64).var()) - 1) < math.sqrt(2) * error
        assert abs(np.corrcoef(step.noise, step.x_prev)[0, 1]) < error
        assert abs(np.corrcoef(step.noise, before.noise)[0, 1]) < error


@pytest.mark.parametrize("mode", NoiseMode)
def test_a_step_is_its_mean_plus_what_it_adds(mode: NoiseMode):
    step = process(mode).step(300)
    assert step.variance == LINEAR.betas[300]
    np.testing.assert_allclose(step.mean, math.sqrt(LINEAR.alphas[300]) * step.x_prev, rtol=1e-6)
    np.testing.assert_allclose(step.mean + step.added, step.x_t, atol=1e-6)
    np.testing.assert_allclose(math.sqrt(step.variance) * step.noise, step.added, atol=1e-6)


@pytest.mark.parametrize("mode", NoiseMode)
def test_frames_are_the_same_in_any_order_and_with_any_memory(mode: NoiseMode):
    in_order = process(mode)
    frames = [in_order.x_t(t) for t in range(1001)]
    order = np.random.default_rng(0).permutation(1001)
    jumping, forgetful = process(mode), process(mode, cache_bytes=1)
    for t in order[:200]:
        np.testing.assert_array_equal(jumping.x_t(t), frames[t])
        np.testing.assert_array_equal(forgetful.x_t(t), frames[t])
    np.testing.assert_array_equal(process(mode).x_t(700), frames[700])


def test_memory_for_noise_stays_within_its_bound():
    paths = ForwardProcess(
        picture(64, 64), LINEAR, seed=1, mode=NoiseMode.MARKOV, cache_bytes=10 * 64 * 64 * 4
    )
    for t in range(0, 1001, 13):
        paths.x_t(t)
    assert len(paths._path._cache) == 10


@pytest.mark.parametrize("mode", NoiseMode)
def test_the_frame_at_zero_is_the_picture_itself(mode: NoiseMode):
    shown = process(mode)
    np.testing.assert_array_equal(shown.x_t(0), shown.x_0)
    assert np.isfinite(shown.noise(0)).all()


@pytest.mark.parametrize("mode", NoiseMode)
def test_frames_are_made_of_the_picture_and_the_noise_that_is_shown(mode: NoiseMode):
    shown = process(mode)
    for t in (1, 270, 1000):
        expected = q_sample(shown.x_0.astype(np.float64), shown.noise(t).astype(np.float64), LINEAR.level(t))
        np.testing.assert_allclose(shown.x_t(t), expected, atol=1e-6)


def test_another_seed_gives_another_picture():
    one = ForwardProcess(picture(4, 4, 1), LINEAR, seed=1)
    two = ForwardProcess(picture(4, 4, 1), LINEAR, seed=2)
    assert not np.array_equal(one.x_t(500), two.x_t(500))


@pytest.mark.parametrize("mode", NoiseMode)
def test_beta_zero_keeps_every_frame_bit_for_bit(mode: NoiseMode):
    shown = process(mode, build_schedule(ScheduleSpec("constant", 8, (("beta", 0.0),))))
    for t in range(9):
        np.testing.assert_array_equal(shown.x_t(t), shown.x_0)
        assert np.isfinite(shown.noise(t)).all()
    step = shown.step(3)
    assert not step.added.any()
    assert not step.noise.any()


def test_beta_one_is_noise_at_once_and_new_noise_at_every_markov_step():
    ones = build_schedule(ScheduleSpec("constant", 8, (("beta", 1.0),)))
    markov, frozen = process(NoiseMode.MARKOV, ones), process(NoiseMode.FROZEN, ones)
    np.testing.assert_array_equal(markov.x_t(0), markov.x_0)
    for t in range(1, 9):
        np.testing.assert_array_equal(frozen.x_t(t), frozen.noise(1))
        np.testing.assert_array_equal(markov.x_t(t), markov.noise(t))
        if t > 1:
            assert not np.array_equal(markov.x_t(t), markov.x_t(t - 1))
    independent = ForwardProcess(np.zeros(MANY, np.float32), ones, seed=1, mode=NoiseMode.MARKOV)
    for t in range(2, 9):
        assert abs(np.corrcoef(independent.x_t(t - 1), independent.x_t(t))[0, 1]) < 4 / math.sqrt(MANY)


def test_single_steps_without_noise_and_without_signal():
    schedule = NoiseSchedule.from_betas([0.0, 0.1, 0.0, 0.2, 1.0, 0.0, 0.3])
    markov = process(NoiseMode.MARKOV, schedule)
    for t in (1, 3, 6):
        np.testing.assert_array_equal(markov.x_t(t), markov.x_t(t - 1))
    for t in range(8):
        assert np.isfinite(markov.x_t(t)).all()
        assert np.isfinite(markov.noise(t)).all()
    chain = ForwardProcess(np.zeros(MANY, np.float32), schedule, seed=1, mode=NoiseMode.MARKOV)
    error = 4 / math.sqrt(MANY)
    assert np.corrcoef(chain.x_t(6), chain.x_t(7))[0, 1] == pytest.approx(math.sqrt(0.7), abs=error)
    assert abs(np.corrcoef(chain.x_t(4), chain.x_t(5))[0, 1]) < error


def test_covariance_over_correlated_data_is_the_closed_form():
    covariance = np.array([[0.5, 0.3], [0.3, 0.4]])
    mean = np.array([0.2, -0.1])
    x_0 = np.random.default_rng(3).multivariate_normal(mean, covariance, MANY).astype(np.float32)
    paths = ForwardProcess(x_0, LINEAR, seed=6, mode=NoiseMode.MARKOV)
    for t in (50, 200, 600):
        expected_mean, expected = marginal_moments(LINEAR, t, mean, covariance)
        x_t = paths.x_t(t).astype(np.float64)
        assert (np.abs(x_t.mean(axis=0) - expected_mean) < 4 * np.sqrt(np.diag(expected) / MANY)).all()
        error = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / MANY)
        assert (np.abs(np.cov(x_t.T) - expected) < 4 * error).all()
    assert marginal_moments(LINEAR, 200, np.zeros(1), np.array([[0.25]]))[1][0, 0] == pytest.approx(
        0.50572112
    )


def test_q_sample_is_one_rule_for_numbers_arrays_and_tensors():
    x_0, noise = picture(4, 3, 2), draw_noise((4, 3, 2), 1, Stream.TRAIN)
    one = q_sample(x_0, noise, LINEAR, 270)
    np.testing.assert_allclose(one, q_sample(x_0, noise, LINEAR.level(270)))
    t = np.array([1, 270, 500, 1000])
    batch = q_sample(x_0, noise, LINEAR, t)
    tensors = q_sample(torch.from_numpy(x_0), torch.from_numpy(noise), LINEAR, torch.from_numpy(t))
    assert batch.dtype == np.float32
    assert tensors.dtype == torch.float32
    np.testing.assert_allclose(batch, tensors.numpy(), rtol=1e-6)
    for row, time_of_row in enumerate(t):
        expected = q_sample(x_0[row], noise[row], LINEAR, int(time_of_row))
        np.testing.assert_allclose(batch[row], expected, rtol=1e-6)
    with pytest.raises(ValueError, match="together with a time"):
        q_sample(x_0, noise, LINEAR)


def test_frames_are_written_into_the_array_that_is_given():
    shown = process(NoiseMode.FROZEN)
    out = np.empty_like(shown.x_0)
    assert shown.x_t(400, out) is out
    np.testing.assert_array_equal(out, shown.x_t(400))
    for wrong in (
        np.empty((6, 5), np.float32),
        np.empty((6, 5, 3)),
        np.empty((5, 6, 3), np.float32).transpose(1, 0, 2),
    ):
        with pytest.raises(ValueError, match="contiguous float32"):
            shown.x_t(400, wrong)


def test_times_outside_the_chain_are_refused():
    shown = process(NoiseMode.MARKOV)
    for call in (shown.x_t, shown.noise, shown.step):
        with pytest.raises(IndexError):
            call(1001)
    with pytest.raises(IndexError):
        shown.step(0)


def test_a_large_frame_costs_about_as_much_as_moving_it():
    x_0 = picture(1024, 1024, 3)
    shown, out = ForwardProcess(x_0, LINEAR, seed=1), np.empty_like(x_0)
    shown.x_t(1, out)

    def best(action: object) -> float:
        spans = []
        for repeat in range(15):
            start = time.perf_counter()
            action(repeat)  # type: ignore[operator]
            spans.append(time.perf_counter() - start)
        return min(spans)

    moving = best(lambda _: (np.copyto(out, x_0), np.copyto(out, shown.noise(0))))
    assert best(lambda repeat: shown.x_t(100 + 50 * repeat, out)) < 4 * moving
