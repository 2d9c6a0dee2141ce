"""Posteriors and bridges: reference values, degenerate steps, agreement with each other."""

import math

import numpy as np
import pytest

from diffviz.core.posterior import (
    bridge_coefficients,
    posterior_coefficients,
    posterior_log_variance_clipped,
)
from diffviz.core.schedules import NoiseSchedule, ScheduleSpec, build_schedule

LINEAR = build_schedule(ScheduleSpec())
COSINE = build_schedule(ScheduleSpec("cosine"))


@pytest.mark.parametrize(
    ("t", "c_0", "c_t"),
    [
        (2, 0.5452914995, 0.4547084990),
        (500, 3.070071114e-3, 0.9941066702),
        (1000, 1.283514872e-4, 0.9899486783),
    ],
)
def test_reference_coefficients(t: int, c_0: float, c_t: float):
    q = posterior_coefficients(LINEAR, t - 1, t)
    assert (q.c_0, q.c_t) == (pytest.approx(c_0, rel=1e-9), pytest.approx(c_t, rel=1e-9))
    assert q.variance == pytest.approx(LINEAR.posterior_variance[t], rel=1e-13)


def test_the_step_to_the_clean_picture_is_the_clean_picture():
    for t in (1, 7, 1000):
        q = posterior_coefficients(LINEAR, 0, t)
        assert (q.c_0, q.c_t, q.variance) == (1.0, 0.0, 0.0)


def test_degenerate_steps_are_finite():
    nothing = build_schedule(ScheduleSpec("constant", 5, (("beta", 0.0),)))
    everything = build_schedule(ScheduleSpec("constant", 5, (("beta", 1.0),)))
    inside = NoiseSchedule.from_betas([0.1, 0.0, 0.2, 1.0, 0.3])
    for s in range(5):
        q = posterior_coefficients(nothing, s, s + 1)
        assert (q.c_0, q.c_t, q.variance) == (0.0, 1.0, 0.0)
    for s in range(1, 5):
        q = posterior_coefficients(everything, s, s + 1)
        assert (q.c_0, q.c_t, q.variance) == (0.0, 0.0, 1.0)
    identity = posterior_coefficients(inside, 1, 2)
    assert (identity.c_0, identity.c_t, identity.variance) == (0.0, 1.0, 0.0)
    gone = posterior_coefficients(inside, 3, 4)
    assert (gone.c_t, gone.variance) == (0.0, pytest.approx(inside.one_minus_alphas_cumprod[3]))
    stationary = posterior_coefficients(inside, 4, 5)
    assert (stationary.c_0, stationary.c_t) == (0.0, pytest.approx(math.sqrt(0.7)))


def test_steps_must_go_down_within_the_chain():
    with pytest.raises(ValueError, match="goes down"):
        posterior_coefficients(LINEAR, 5, 5)
    with pytest.raises(IndexError):
        posterior_coefficients(LINEAR, 5, 1001)
    with pytest.raises(ValueError, match="a < s < b"):
        bridge_coefficients(LINEAR, 5, 5, 9)


def test_clipped_log_variance_borrows_the_second_step():
    log_variance = posterior_log_variance_clipped(LINEAR)
    assert log_variance[1] == math.log(LINEAR.posterior_variance[2])
    np.testing.assert_allclose(np.exp(log_variance[2:]), LINEAR.posterior_variance[2:], rtol=1e-13)
    single = build_schedule(ScheduleSpec("constant", 1))
    assert posterior_log_variance_clipped(single)[1] == pytest.approx(math.log(0.02))


@pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
def test_a_bridge_from_the_picture_is_the_posterior(schedule: NoiseSchedule):
    for t in range(2, 1001):
        q, bridge = posterior_coefficients(schedule, t - 1, t), bridge_coefficients(schedule, 0, t - 1, t)
        got = (bridge.c_a, bridge.c_b, bridge.variance)
        np.testing.assert_allclose(got, (q.c_0, q.c_t, q.variance), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
@pytest.mark.parametrize(
    ("a", "s", "b"), [(0, 1, 2), (0, 500, 1000), (10, 20, 500), (500, 750, 1000), (998, 999, 1000)]
)
def test_a_bridge_is_a_brownian_bridge_on_the_variance_clock(schedule: NoiseSchedule, a: int, s: int, b: int):
    clock, signal = schedule.sigma_edm**2, schedule.sqrt_alphas_cumprod
    share = (clock[s] - clock[a]) / (clock[b] - clock[a])
    expected = (
        signal[s] / signal[a] * (1.0 - share),
        signal[s] / signal[b] * share,
        signal[s] ** 2 * (clock[s] - clock[a]) * (1.0 - share),
    )
    bridge = bridge_coefficients(schedule, a, s, b)
    np.testing.assert_allclose((bridge.c_a, bridge.c_b, bridge.variance), expected, atol=1e-12)


def test_bridges_reach_times_without_signal_and_cross_identity_steps():
    schedule = NoiseSchedule.from_betas([0.1, 0.0, 0.0, 1.0, 1.0])
    standing = bridge_coefficients(schedule, 1, 2, 3)
    assert (standing.c_a, standing.c_b, standing.variance) == (1.0, 0.0, 0.0)
    behind = bridge_coefficients(schedule, 0, 1, 3)
    assert (behind.c_a, behind.c_b, behind.variance) == (0.0, 1.0, 0.0)
    free = bridge_coefficients(schedule, 3, 4, 5)
    assert (free.c_a, free.c_b, free.variance) == (0.0, 0.0, 1.0)
