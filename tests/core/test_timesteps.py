"""Times that samplers visit, and times of equal noise in other schedules."""

import itertools
import math

import numpy as np
import pytest

from diffviz.core.schedules import NoiseLevel, NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing, late_start, matching_time, sampling_timesteps

LINEAR = build_schedule(ScheduleSpec())
COSINE = build_schedule(ScheduleSpec("cosine"))
ZERO = build_schedule(ScheduleSpec(zero_terminal_snr=True))


@pytest.mark.parametrize(
    ("spacing", "times"),
    [
        (Spacing.LEADING, (1, 101, 201, 301, 401, 501, 601, 701, 801, 901)),
        (Spacing.TRAILING, (100, 200, 300, 400, 500, 600, 700, 800, 900, 1000)),
        (Spacing.LINSPACE, (1, 112, 223, 334, 445, 556, 667, 778, 889, 1000)),
        (Spacing.QUAD, (1, 10, 40, 89, 159, 247, 356, 484, 633, 801)),
    ],
)
def test_grids_are_the_known_ones(spacing: Spacing, times: tuple[int, ...]):
    assert sampling_timesteps(LINEAR, 10, spacing) == times[::-1]


@pytest.mark.parametrize("schedule", [LINEAR, COSINE, ZERO], ids=["linear", "cosine", "zero"])
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 50, 999, 1000])
@pytest.mark.parametrize("spacing", Spacing)
def test_grids_fall_strictly_within_the_chain(schedule: NoiseSchedule, steps: int, spacing: Spacing):
    times = sampling_timesteps(schedule, steps, spacing)
    assert 1 <= len(times) <= steps
    assert all(later > earlier for later, earlier in itertools.pairwise(times))
    assert times[-1] >= 1
    assert times[0] <= 1000
    if spacing not in (Spacing.LEADING, Spacing.QUAD):
        assert times[0] == 1000
    if spacing in (Spacing.TRAILING, Spacing.LEADING):
        assert len(times) == steps


def test_log_snr_grid_is_even_in_log_snr():
    times = sampling_timesteps(LINEAR, 20, Spacing.LOGSNR)
    gaps = np.diff(LINEAR.log_snr[list(times)])
    assert gaps[:12].std() / gaps[:12].mean() < 0.02


def test_karras_grid_follows_its_rule():
    times = sampling_timesteps(LINEAR, 18, Spacing.KARRAS)
    high, low = LINEAR.sigma_edm[1000] ** (1 / 7), LINEAR.sigma_edm[1] ** (1 / 7)
    wanted = (high + np.arange(18) / 17 * (low - high)) ** 7
    got = LINEAR.sigma_edm[list(times)]
    assert len(times) == 18
    np.testing.assert_allclose(np.log(got[:12]), np.log(wanted[:12]), atol=0.02)


@pytest.mark.parametrize("kind", ["constant"])
@pytest.mark.parametrize("beta", [0.0, 1.0])
@pytest.mark.parametrize("spacing", Spacing)
def test_grids_exist_even_where_no_level_is_finite(kind: str, beta: float, spacing: Spacing):
    times = sampling_timesteps(build_schedule(ScheduleSpec(kind, 12, (("beta", beta),))), 4, spacing)
    assert times[0] <= 12


@pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
@pytest.mark.parametrize("spacing", Spacing)
def test_strides_multiply_to_the_whole_chain(schedule: NoiseSchedule, spacing: Spacing):
    for steps in (3, 10, 250):
        times = (*sampling_timesteps(schedule, steps, spacing), 0)
        kept = math.prod(1.0 - schedule.beta_between(s, t) for t, s in itertools.pairwise(times))
        # 1 − β loses the digits of a long stride to almost pure noise, so α is multiplied there.
        exact = math.prod(schedule.alpha_between(s, t) for t, s in itertools.pairwise(times))
        assert exact == pytest.approx(schedule.alphas_cumprod[times[0]], rel=1e-13)
        assert kept == pytest.approx(schedule.alphas_cumprod[times[0]], rel=1e-7)


@pytest.mark.parametrize("steps", [0, 1001])
def test_more_steps_than_times_are_refused(steps: int):
    with pytest.raises(ValueError, match="take 1 to 1000"):
        sampling_timesteps(LINEAR, steps)


def test_the_same_schedule_gives_back_its_own_time():
    again = NoiseSchedule.from_betas(LINEAR.betas[1:])
    for t in (1, 2, 500, 999, 1000):
        assert matching_time(LINEAR.level(t), again) == t
        assert matching_time(ZERO.level(t), ZERO) == t


def test_the_matching_time_has_the_same_log_snr():
    for t in range(30, 990, 40):
        matched = matching_time(COSINE.level(t), LINEAR)
        log_snr = np.interp(matched, np.arange(1, 1001), LINEAR.log_snr[1:])
        assert log_snr == pytest.approx(COSINE.log_snr[t], abs=1e-9)


def test_times_beyond_the_other_schedule_are_clamped():
    assert matching_time(NoiseLevel(0.0, 1.0, 0.0), LINEAR) == 1.0
    assert matching_time(NoiseLevel(10.0, 0.0, 1.0), LINEAR) == 1000.0
    assert matching_time(COSINE.level(1), LINEAR) == 1.0
    assert matching_time(COSINE.level(1000), LINEAR) == 1000.0


def test_a_schedule_without_signal_is_matched_at_its_last_level_that_has_some():
    assert matching_time(COSINE.level(1000), ZERO) == pytest.approx(999.0, abs=1.0)
    nothing = build_schedule(ScheduleSpec("constant", 5, (("beta", 1.0),)))
    assert matching_time(LINEAR.level(500), nothing) == 5.0


@pytest.mark.parametrize("spacing", Spacing)
def test_a_grid_that_does_not_begin_in_pure_noise_is_said(spacing: Spacing):
    sentence = late_start(LINEAR, sampling_timesteps(LINEAR, 10, spacing))
    assert bool(sentence) == (spacing in (Spacing.LEADING, Spacing.QUAD))
    if spacing is Spacing.LEADING:
        left = 100 * math.prod(1 - 1e-4 - step / 999 * 0.0199 for step in range(901))
        assert "begin at t = 901, not at T = 1000" in sentence
        assert f"{left:.2g} % of the signal power" in sentence
