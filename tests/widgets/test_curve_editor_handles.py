"""Control points as they are moved, without a window."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffviz.core.schedules import SCHEDULE_KINDS, ScheduleSpec, build_schedule
from diffviz.ui.widgets.curve_handles import HandleError, Handles
from diffviz.ui.widgets.curve_quantity import QUANTITIES, figure, time_ticks, value_axis

KINDS = [kind for kind in SCHEDULE_KINDS if kind != "custom"]
VIEWS = list(QUANTITIES)


def handles_of(spec: ScheduleSpec, view: str) -> Handles:
    return Handles.of(build_schedule(spec), spec, view)


def custom(handles: Handles) -> ScheduleSpec:
    return ScheduleSpec("custom", handles.num_timesteps, quantity=handles.quantity, points=handles.points)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_named_schedule_has_six_points_that_follow_it(kind, view) -> None:
    spec = ScheduleSpec(kind)
    schedule = build_schedule(spec)
    handles = handles_of(spec, view)
    assert len(handles) == 6
    for index in range(6):
        value = max(QUANTITIES[view].values(schedule)[round(handles.time(index))], -30.0)
        assert handles.shown(index, view) == pytest.approx(value, rel=1e-3, abs=1e-3)


@given(
    kind=st.sampled_from(KINDS),
    view=st.sampled_from(VIEWS),
    index=st.integers(0, 5),
    t=st.floats(-500, 1500),
    share=st.floats(-3, 3),
)
def test_wherever_a_point_is_dragged_the_curve_stays_a_schedule(kind, view, index, t, share) -> None:
    handles = handles_of(ScheduleSpec(kind), view)
    axis = value_axis(view, QUANTITIES[view].values(build_schedule(ScheduleSpec(kind))))
    moved = handles.moved(index, t, axis.low + share * (axis.high - axis.low), view)
    schedule = build_schedule(custom(moved))
    assert (np.diff(schedule.alphas_cumprod) <= 0).all()
    assert [u for u, _ in moved.points] == sorted({u for u, _ in moved.points})


def test_a_point_stops_at_its_neighbours() -> None:
    handles = handles_of(ScheduleSpec(), "alpha_cumprod")
    above, below = handles.points[1][1], handles.points[3][1]
    assert below < handles.moved(2, 500, 9.0, "alpha_cumprod").points[2][1] > above - 0.01 * (above - below)
    assert handles.moved(2, 500, 9.0, "alpha_cumprod").points[2][1] < above
    assert handles.moved(2, 500, -9.0, "alpha_cumprod").points[2][1] > below
    assert handles.time(1) < handles.moved(2, -9, 0.5, "alpha_cumprod").time(2) < handles.time(3)


def test_the_ends_keep_their_times() -> None:
    handles = handles_of(ScheduleSpec(), "log_snr")
    assert handles.moved(0, 500, 4.0, "log_snr").time(0) == pytest.approx(1)
    assert handles.moved(5, 500, -20.0, "log_snr").time(5) == 1000


def test_beta_may_rise_and_fall_but_stays_between_0_and_1() -> None:
    handles = handles_of(ScheduleSpec(), "beta")
    assert handles.moved(2, 500, 0.9, "beta").points[2][1] == pytest.approx(0.9)
    assert handles.moved(2, 500, 7.0, "beta").points[2][1] == 1.0
    assert handles.moved(2, 500, -7.0, "beta").points[2][1] == 0.0


@pytest.mark.parametrize("view", ["alpha_cumprod", "log_snr", "sigma"])
def test_looking_at_another_quantity_does_not_bend_a_custom_curve(view) -> None:
    spec = custom(handles_of(ScheduleSpec(), "log_snr"))
    handles = handles_of(spec, view)
    assert (handles.points, handles.quantity) == (spec.points, "log_snr")


def test_a_rescaled_custom_curve_has_its_points_on_the_curve() -> None:
    raw = custom(handles_of(ScheduleSpec(num_timesteps=200, params=(("rescale", 0.0),)), "alpha_cumprod"))
    spec = ScheduleSpec("custom", 200, zero_terminal_snr=True, quantity=raw.quantity, points=raw.points)
    assert handles_of(spec, "alpha_cumprod").shown(5, "alpha_cumprod") == 0.0


def test_a_point_more_lies_where_it_was_put() -> None:
    handles = handles_of(ScheduleSpec(), "alpha_cumprod")
    more, index = handles.with_point(333, 0.33, "alpha_cumprod")
    assert (len(more), more.time(index)) == (7, pytest.approx(333))
    assert more.points[index][1] == pytest.approx(0.33)


def test_a_point_cannot_be_put_on_another() -> None:
    handles = handles_of(ScheduleSpec(), "alpha_cumprod")
    with pytest.raises(HandleError):
        handles.with_point(round(handles.time(2)), 0.5, "alpha_cumprod")


def test_ends_and_the_last_two_points_cannot_be_removed() -> None:
    handles = handles_of(ScheduleSpec(), "alpha_cumprod")
    for index in (0, 5):
        with pytest.raises(HandleError, match="ends"):
            handles.without(index)
    assert len(handles.without(2)) == 5


@pytest.mark.parametrize("source", ["log_snr", "alpha_cumprod"])
@pytest.mark.parametrize("view", ["log_snr", "alpha_cumprod", "sigma"])
def test_a_value_survives_the_way_through_another_quantity(source, view) -> None:
    spec = custom(handles_of(ScheduleSpec(), source))
    handles = Handles(spec.points, source, 1000)
    shown = handles.shown(2, view)
    assert handles.moved(2, handles.time(2), shown, view).points[2] == pytest.approx(
        handles.points[2], rel=1e-9
    )


@pytest.mark.parametrize("beta", [0.0, 1.0])
@pytest.mark.parametrize("view", VIEWS)
def test_no_noise_and_noise_at_once_have_axes_without_nan(beta, view) -> None:
    values = QUANTITIES[view].values(build_schedule(ScheduleSpec("constant", 10, (("beta", beta),))))
    axis = value_axis(view, values)
    assert axis.low < axis.high
    assert not np.isnan(values).any()
    assert all(math.isfinite(place) for place, _ in axis.ticks)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", VIEWS)
def test_an_axis_has_two_to_six_ticks(kind, view) -> None:
    axis = value_axis(view, QUANTITIES[view].values(build_schedule(ScheduleSpec(kind))))
    assert 2 <= len(axis.ticks) <= 6


@given(st.integers(1, 4000))
def test_times_below_the_plot_begin_at_0_and_end_at_t(num_timesteps) -> None:
    ticks = time_ticks(num_timesteps)
    assert (ticks[0], ticks[-1]) == (0, num_timesteps)
    assert list(ticks) == sorted(set(ticks))
    assert len(ticks) <= 6


@pytest.mark.parametrize(
    ("quantity", "value", "text"),
    [
        ("beta", 0.0055, ".0055"),
        ("beta", 1.0, "1"),
        ("beta", 2e-5, "2e−5"),
        ("log_snr", -0.114, "−0.11"),
        ("log_snr", math.inf, "∞"),
        ("log_snr", -math.inf, "−∞"),
        ("sigma", 0.727, ".727"),
        ("alpha_cumprod", 0.0, "0"),
    ],
)
def test_values_are_read_out_short_and_with_true_minus(quantity, value, text) -> None:
    assert figure(quantity, value) == text
