"""The horizontal geometry of the filmstrip, without a window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffviz.core.schedules import SCHEDULE_KINDS, ScheduleSpec, build_schedule
from diffviz.ui.widgets.time_axis import (
    MAX_CELLS,
    TimeAxis,
    log_snr_positions,
    ou_time_positions,
    step_positions,
)

WIDE = 1440 - 152 - 16


def axis(num_timesteps: int = 1000, width: float = WIDE) -> TimeAxis:
    return TimeAxis(step_positions(num_timesteps), 152.0, width)


def test_fourteen_cells_show_the_times_of_the_specification() -> None:
    assert axis().cell_times == tuple(round(i * 1000 / 13) for i in range(14))


def test_x_of_t_is_the_formula_of_the_specification() -> None:
    pitch = WIDE / 14
    for t in (0, 1, 270, 999, 1000):
        assert axis().x(t) == pytest.approx(152 + pitch / 2 + t / 1000 * 13 * pitch)


@given(num_timesteps=st.integers(1, 4000), width=st.floats(200, 2400), data=st.data())
def test_the_place_of_a_time_leads_back_to_it(num_timesteps, width, data) -> None:
    made = axis(num_timesteps, width)
    t = data.draw(st.integers(0, num_timesteps))
    back = made.time_at(made.x(t))
    px_per_step = made.pitch * (made.num_cells - 1) / num_timesteps
    assert abs(back - t) * px_per_step < 0.51 * px_per_step


def test_places_beyond_the_strip_lead_to_the_ends() -> None:
    assert axis().time_at(0) == 0
    assert axis().time_at(5000) == 1000


@pytest.mark.parametrize("width", [400, 700, 932, 1008, 1272, 3000])
def test_cells_never_get_narrower_than_72_px(width) -> None:
    made = axis(width=width)
    assert made.pitch >= 72
    assert made.num_cells <= MAX_CELLS
    assert made.num_cells == MAX_CELLS or made.width / (made.num_cells + 1) < 72


def test_a_short_chain_has_one_cell_for_each_time() -> None:
    assert axis(5).cell_times == (0, 1, 2, 3, 4, 5)
    assert axis(1).cell_times == (0, 1)


@pytest.mark.parametrize("kind", [kind for kind in SCHEDULE_KINDS if kind != "custom"])
def test_every_schedule_can_be_spaced_by_its_ou_time(kind) -> None:
    schedule = build_schedule(ScheduleSpec(kind))
    positions = ou_time_positions(schedule.alphas_cumprod)
    assert positions[0] == 0.0
    assert positions[-1] == pytest.approx(1.0)
    assert (np.diff(positions) > 0).all()
    tau = schedule.ou_time
    if np.isfinite(tau).all():
        assert positions == pytest.approx(tau / tau[-1], abs=2e-4)


def test_a_chain_without_signal_or_without_noise_has_an_ou_time_too() -> None:
    without_signal = ou_time_positions(np.array([1.0, 0.5, 0.0, 0.0]))
    assert (np.diff(without_signal) > 0).all()
    assert np.array_equal(ou_time_positions(np.ones(5)), step_positions(4))


@pytest.mark.parametrize("kind", [kind for kind in SCHEDULE_KINDS if kind != "custom"])
def test_every_schedule_can_be_spaced_by_its_log_snr(kind) -> None:
    positions = log_snr_positions(build_schedule(ScheduleSpec(kind)).alphas_cumprod)
    assert positions[0] == 0.0
    assert positions[-1] == pytest.approx(1.0)
    assert (np.diff(positions) > 0).all()


def test_cells_even_in_log_snr_lose_equal_factors_of_it() -> None:
    schedule = build_schedule(ScheduleSpec())
    made = TimeAxis(log_snr_positions(schedule.alphas_cumprod), 152.0, WIDE)
    assert made.cell_times[:2] == (0, 1)
    losses = np.diff(schedule.log_snr[list(made.cell_times[3:])])
    assert np.ptp(losses) < 0.12 * abs(losses.mean())


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_without_two_noise_levels_the_spacing_falls_back_to_steps(beta) -> None:
    schedule = build_schedule(ScheduleSpec("constant", 10, (("beta", beta),)))
    assert np.array_equal(log_snr_positions(schedule.alphas_cumprod), step_positions(10))


def test_zero_terminal_snr_takes_one_cell_at_the_end() -> None:
    schedule = build_schedule(ScheduleSpec(zero_terminal_snr=True))
    positions = log_snr_positions(schedule.alphas_cumprod)
    assert positions[1] == pytest.approx(1 / 13, abs=1e-3)
    assert positions[-2] == pytest.approx(12 / 13, abs=1e-3)


def test_zooming_keeps_the_time_under_the_pointer() -> None:
    x = axis().x(400)
    closer = axis().zoomed(2.0, x)
    assert closer.zoom == pytest.approx(2.0)
    assert closer.time_at(x) == 400


def test_zooming_out_ends_at_the_whole_chain() -> None:
    back = axis().zoomed(3.0, 800).zoomed(1 / 9, 300)
    assert (back.low, back.high) == (0.0, 1.0)
    assert not back.is_zoomed


def test_zooming_stops_while_every_cell_still_shows_its_own_time() -> None:
    made = axis()
    for _ in range(40):
        made = made.zoomed(1.25, 700)
    assert len(set(made.cell_times)) == made.num_cells


def test_panning_stops_at_the_ends() -> None:
    closer = axis().zoomed(4.0, 800)
    assert closer.panned(-1e6).low == 0.0
    assert closer.panned(1e6).high == pytest.approx(1.0)


def test_a_hidden_time_is_brought_to_the_nearer_end() -> None:
    closer = axis().zoomed(4.0, axis().x(0))
    assert not closer.shows(900)
    assert closer.revealing(900).cell_times[-1] == 900
    assert closer.revealing(10) is closer
