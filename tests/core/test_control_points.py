"""Schedules drawn through points: the curve, what is refused, and points that follow a given schedule."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from diffviz.core.control_points import (
    ControlPointError,
    control_points,
    pchip,
    schedule_from_points,
    validate_points,
)
from diffviz.core.schedules import SCHEDULE_KINDS, ScheduleSpec, build_schedule

UNIT = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
REFERENCE = ((0.001, 9.0), (0.25, 2.0), (0.5, -1.0), (1.0, -10.0))


def test_reference_values_of_the_monotone_curve():
    curve = pchip([u for u, _ in REFERENCE], [value for _, value in REFERENCE])
    np.testing.assert_allclose(curve([0.1, 0.4, 0.75]), [5.66036087, 0.15933767, -5.00543478], atol=1e-7)


def positions(count: int) -> st.SearchStrategy[list[float]]:
    inside = st.lists(st.integers(1, 999), min_size=count, max_size=count, unique=True)
    return inside.map(lambda us: sorted(u / 1000 for u in us))


@st.composite
def falling_points(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    count = draw(st.integers(2, 8))
    us = draw(positions(count))
    falls = draw(st.lists(st.floats(0.01, 5.0), min_size=count - 1, max_size=count - 1))
    start = draw(st.floats(-2.0, 12.0))
    values = [start - sum(falls[:k]) for k in range(count)]
    return tuple((u, value) for u, value in zip(us, values, strict=True) if value > -30.0)


@settings(max_examples=200, deadline=None)
@given(falling_points(), st.integers(1, 1200))
def test_falling_log_snr_always_gives_a_schedule(points: tuple[tuple[float, float], ...], num_timesteps: int):
    if len(points) < 2:
        return
    betas = schedule_from_points(points, "log_snr", num_timesteps).betas[1:]
    assert (betas >= 0.0).all()
    assert (betas < 1.0).all()
    if points[0][0] <= 1.5 / num_timesteps and points[-1][0] > 0.9:
        assert (betas > 0.0).all()


@settings(max_examples=200, deadline=None)
@given(falling_points())
def test_the_curve_agrees_with_an_independent_pchip(points: tuple[tuple[float, float], ...]):
    if len(points) < 2:
        return
    u, value = np.array(points).T
    query = np.linspace(u[0], u[-1], 257)
    np.testing.assert_allclose(pchip(u, value)(query), PchipInterpolator(u, value)(query), atol=1e-9)


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 8).flatmap(lambda n: st.tuples(positions(n), st.lists(UNIT, min_size=n, max_size=n))))
def test_any_shape_of_beta_stays_within_its_points(drawn: tuple[list[float], list[float]]):
    us, values = drawn
    betas = schedule_from_points(tuple(zip(us, values, strict=True)), "beta", 333).betas[1:]
    assert betas.min() >= min(values) - 1e-12
    assert betas.max() <= max(values) + 1e-12
    u = np.clip(np.arange(1, 334) / 333, us[0], us[-1])
    np.testing.assert_allclose(betas, np.clip(PchipInterpolator(us, values)(u), 0, 1), atol=1e-9)


def test_a_drawn_schedule_goes_through_its_points():
    schedule = schedule_from_points(REFERENCE, "log_snr", 1000)
    for u, value in REFERENCE:
        assert schedule.log_snr[round(1000 * u)] == pytest.approx(value, abs=1e-9)


def test_drawn_signal_starts_at_the_clean_picture_and_may_end_at_nothing():
    schedule = schedule_from_points(((0.2, 0.9), (0.6, 0.3), (1.0, 0.0)), "alpha_cumprod", 50)
    assert schedule.alphas_cumprod[10] == pytest.approx(0.9)
    assert schedule.alphas_cumprod[30] == pytest.approx(0.3)
    assert schedule.alphas_cumprod[50] == 0.0
    assert schedule.betas[50] == 1.0
    assert (np.diff(schedule.alphas_cumprod) < 0.0).all()


def test_a_level_stretch_of_the_size_of_rounding_gives_no_warning():
    curve = pchip([0.1, 0.2, 0.3], [0.0, 2.2250738585e-313, 1.0])
    assert curve(0.2) == 2.2250738585e-313


@pytest.mark.parametrize("quantity", ["log_snr", "alpha_cumprod"])
def test_the_curve_goes_on_falling_outside_its_points(quantity: str):
    points = ((0.3, 0.8), (0.5, 0.5)) if quantity == "alpha_cumprod" else ((0.3, 2.0), (0.5, 0.0))
    schedule = schedule_from_points(points, quantity, 100)
    assert (schedule.betas[1:] > 0.0).all()
    assert (schedule.betas < 1.0).all()


def test_two_points_are_joined_by_a_straight_line():
    log_snr = schedule_from_points(((0.01, 8.0), (1.0, -8.0)), "log_snr", 100).log_snr[1:]
    np.testing.assert_allclose(np.diff(log_snr), -16.0 / 99.0, atol=1e-9)


@pytest.mark.parametrize(
    ("points", "quantity", "index"),
    [
        (((0.5, 1.0),), "log_snr", None),
        (((0.5, 1.0), (0.5, 0.0)), "log_snr", 1),
        (((0.5, 1.0), (0.4, 0.0)), "log_snr", 1),
        (((0.1, 1.0), (0.4, 0.0), (0.6, 0.0)), "log_snr", 2),
        (((0.1, 31.0), (0.4, 0.0)), "log_snr", 0),
        (((0.1, 3.0), (0.4, -30.5)), "log_snr", 1),
        (((0.1, math.nan), (0.4, 0.0)), "log_snr", 0),
        (((0.0, 1.0), (0.4, 0.0)), "log_snr", 0),
        (((0.1, 1.0), (1.4, 0.0)), "log_snr", 1),
        (((0.1, 1.0), (0.4, 0.5)), "alpha_cumprod", 0),
        (((0.1, 0.9), (0.4, 0.0)), "alpha_cumprod", 1),
        (((0.1, 0.4), (0.4, 0.5)), "alpha_cumprod", 1),
        (((0.1, 0.4), (0.4, 1.2)), "beta", 1),
        (((0.1, -0.1), (0.4, 0.2)), "beta", 0),
        (((0.1, 0.1), (0.4, 0.2)), "sigma", None),
    ],
)
def test_points_that_are_no_schedule_are_refused_and_the_culprit_is_named(
    points: tuple[tuple[float, float], ...], quantity: str, index: int | None
):
    with pytest.raises(ControlPointError) as caught:
        validate_points(points, quantity)
    assert caught.value.index == index
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("quantity", ["log_snr", "alpha_cumprod", "beta"])
@pytest.mark.parametrize("num_timesteps", [1, 2, 7, 1000])
@pytest.mark.parametrize("kind", [kind for kind in SCHEDULE_KINDS if kind not in ("custom", "linear")])
def test_any_schedule_becomes_points_that_can_be_dragged(kind: str, num_timesteps: int, quantity: str):
    points = control_points(build_schedule(ScheduleSpec(kind, num_timesteps)), quantity, 7)
    validate_points(points, quantity)
    assert 2 <= len(points) <= 7
    schedule_from_points(points, quantity, num_timesteps)


@pytest.mark.parametrize("beta", [0.0, 1.0])
@pytest.mark.parametrize("quantity", ["log_snr", "alpha_cumprod", "beta"])
def test_even_level_schedules_become_points(quantity: str, beta: float):
    schedule = build_schedule(ScheduleSpec("constant", 40, (("beta", beta),)))
    validate_points(control_points(schedule, quantity, 6), quantity)


@pytest.mark.parametrize("kind", ["linear", "cosine", "sigmoid_abar"])
def test_points_follow_the_schedule_they_were_taken_from(kind: str):
    schedule = build_schedule(ScheduleSpec(kind))
    for quantity in ("log_snr", "alpha_cumprod"):
        again = schedule_from_points(control_points(schedule, quantity, 9), quantity, 1000)
        assert np.abs(again.alphas_cumprod - schedule.alphas_cumprod).max() < 0.03
