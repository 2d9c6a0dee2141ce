"""The lab without its window: settings, walks, paths against independent solvers, fields and figures."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import RegularGridInterpolator

from diffviz.core.noise_path import NoiseMode
from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import PRESETS, NoiseLevel, ScheduleSpec, build_schedule
from diffviz.engine import lab_cloud
from diffviz.engine.lab_cloud import Cloud, CloudFrame, ForwardCloud, cloud_request, walk_cloud
from diffviz.engine.lab_denoisers import LabDenoisers, point_networks
from diffviz.engine.lab_driver import measure
from diffviz.engine.lab_field import (
    PhaseRequest,
    View,
    arrow_lengths,
    density_picture,
    enough_cells,
    network_field,
    phase_picture,
)
from diffviz.engine.lab_paths import follow_paths, forward_lines, lines_request, paths_request
from diffviz.engine.lab_spec import DRAWN, LabMotion, LabSpec, exact_points
from diffviz.engine.state import SessionState, StateError, settle

RING = LabSpec(data="ring", count=64, particles=80)
DENOISERS = LabDenoisers()


def state_of(lab: LabSpec = RING, **changes: object) -> SessionState:
    return settle(replace(SessionState(lab=lab), **changes))  # type: ignore[arg-type]


def walked(state: SessionState) -> Cloud:
    cloud = Cloud(cloud_request(state))
    cloud.frames += walk_cloud(cloud.request, DENOISERS)
    return cloud


# --- settings -------------------------------------------------------------------------------


def test_numbers_of_the_lab_are_brought_into_their_range():
    lab = LabSpec(count=0, particles=10**9, g=7.0, starts=((99.0, -99.0),) * 30, drawn=((0.0, 1.0),) * 3000)
    settled = state_of(lab).lab
    assert (settled.count, settled.particles, settled.g) == (1, 100_000, 1.5)
    assert settled.starts == ((6.0, -6.0),) * 24
    assert len(settled.drawn) == 2000
    assert state_of(settled).lab == settled


@pytest.mark.parametrize("lab", [LabSpec(data="torus"), LabSpec(g=float("nan")), LabSpec(motion="up")])  # type: ignore[arg-type]
def test_impossible_labs_are_refused(lab: LabSpec):
    with pytest.raises(StateError):
        state_of(lab)


def test_painted_points_are_the_data_and_none_is_the_middle():
    drawn = ((1.0, 2.0), (-0.5, 0.25))
    assert exact_points(LabSpec(data=DRAWN, drawn=drawn, count=9)).points.tolist() == [list(p) for p in drawn]
    assert exact_points(LabSpec(data=DRAWN)).points.tolist() == [[0.0, 0.0]]


# --- particles ------------------------------------------------------------------------------


def test_particles_rest_where_the_sampler_does_and_end_on_the_data():
    two = replace(RING, data="two-points", count=2)
    state = state_of(two, schedule=ScheduleSpec("cosine", 100), sampler=SamplerSpec(num_sampling_steps=100))
    cloud = walked(state)
    assert [frame.t for frame in cloud.frames] == list(range(100, -1, -1))
    assert cloud.is_complete
    data = exact_points(state.lab).points
    ends = cloud.at(0)
    assert ends is not None
    assert np.abs(ends[:, None] - data).max(axis=2).min(axis=1).max() < 1e-5
    again = walked(state).at(0)
    assert np.array_equal(again, ends)  # type: ignore[arg-type]
    other = walked(replace(state, reverse_seed=5)).at(0)
    assert not np.array_equal(other, ends)  # type: ignore[arg-type]


def test_paths_that_are_followed_do_not_have_the_particles_walk_again():
    state = state_of()
    moved = replace(state, lab=replace(state.lab, starts=((0.0, 0.0),), g=0.3), t=3)
    assert cloud_request(moved) == cloud_request(state)
    assert cloud_request(replace(state, reverse_seed=9)) != cloud_request(state)


def test_between_two_steps_particles_lie_on_the_line_between_them():
    cloud = Cloud(cloud_request(state_of()))
    assert cloud.at(500) is None
    start, end = np.zeros((3, 2), np.float32), np.full((3, 2), 4.0, np.float32)
    cloud.frames += [CloudFrame(1000, start), CloudFrame(600, end)]
    middle = cloud.at(700)
    assert middle is not None
    assert np.allclose(middle, 3.0)
    for t, expected in ((1000, start), (600, end), (10, end)):
        assert np.array_equal(cloud.at(t), expected)  # type: ignore[arg-type]
    assert not cloud.is_complete


def test_long_walks_of_many_particles_keep_as_many_steps_as_memory_allows(monkeypatch: pytest.MonkeyPatch):
    state = state_of(schedule=ScheduleSpec("cosine", 40), sampler=SamplerSpec(num_sampling_steps=40))
    monkeypatch.setattr(lab_cloud, "_MOST_BYTES", 8 * 80 * 10)
    times = [frame.t for frame in walked(state).frames]
    assert times[0] == 40
    assert times[-1] == 0
    assert len(times) <= 11


def test_pictures_cut_to_their_range_leave_points_whole():
    clipped = replace(SessionState().sampler, clip="static", kind=SamplerKind.DDIM)
    assert cloud_request(state_of(sampler=clipped)).sampler.clip == "none"


def test_the_forward_process_begins_on_the_data_and_ends_in_noise():
    state = state_of(LabSpec(data="moons", count=50, particles=4000))
    for mode in (NoiseMode.FROZEN, NoiseMode.MARKOV):
        cloud = ForwardCloud(state.lab, state.schedule, 3, mode)
        data = exact_points(state.lab).points
        assert np.abs(cloud.at(0)[:, None] - data).max(axis=2).min(axis=1).max() < 1e-6
        end = cloud.at(1000)
        assert np.abs(end.mean(axis=0)).max() < 4 / np.sqrt(4000)
        assert end.var() == pytest.approx(1.0, abs=4 * np.sqrt(2 / 8000))
        level = build_schedule(state.schedule).level(200)
        assert cloud.at(200).var() == pytest.approx(
            level.alpha_cumprod * data.var() + level.one_minus_alpha_cumprod, abs=0.1
        )


# --- paths ----------------------------------------------------------------------------------


@cache
def paths_of(motion: LabMotion = LabMotion.SAMPLER, starts=((1.2, 0.4), (-0.5, 1.0)), g: float = 1.0):
    lab = replace(RING, starts=starts, motion=motion, g=g)
    sampler = SamplerSpec(SamplerKind.DDIM, 7)
    return follow_paths(paths_request(state_of(lab, sampler=sampler)), DENOISERS)


def test_flow_paths_are_those_of_an_independent_solver():
    schedule, exact = build_schedule(ScheduleSpec()), exact_points(RING)
    ends = [schedule.level(t) for t in (1000, 100)]

    def slope(tau: float, place: np.ndarray) -> np.ndarray:
        level = NoiseLevel(1.0, float(np.exp(-2 * tau)), float(-np.expm1(-2 * tau)))
        return -(place + exact.score(place[None], level)[0])

    times = [-0.5 * np.log(level.alpha_cumprod) for level in ends]
    solved = solve_ivp(slope, times, [1.2, 0.4], method="DOP853", rtol=1e-8, atol=1e-9)
    path = paths_of().ode
    assert path.times[0] == 1000
    assert path.at(100)[0] == pytest.approx(solved.y[:, -1], abs=2e-3)


def test_every_kind_of_path_leaves_from_the_same_start_and_ends_on_the_data():
    paths, data = paths_of(), exact_points(RING).points
    for kind in (paths.ode, paths.sde, paths.steps):
        assert kind.times[0] == 1000
        assert kind.times[-1] == 0
        assert kind.places[:, 0].tolist() == [[1.2, 0.4], [-0.5, 1.0]]
    assert np.abs(paths.ode.at(0)[:, None] - data).max(axis=2).min(axis=1).max() < 0.02
    assert len(paths.steps.times) == 8


def test_a_moved_start_changes_its_own_paths_alone():
    before, after = paths_of(), paths_of(starts=((1.2, 0.4), (0.8, -1.0)))
    for kind in ("ode", "sde"):
        first, second = (getattr(paths, kind).places for paths in (before, after))
        assert np.abs(first[0] - second[0]).max() < 1e-9
        assert np.abs(first[1] - second[1]).max() > 0.1


def test_without_noise_noisy_paths_are_nearly_the_flow():
    quiet = paths_of(g=0.0)
    assert np.abs(quiet.sde.at(300) - quiet.ode.at(300)).max() < 0.05
    assert np.abs(paths_of().sde.at(300) - quiet.ode.at(300)).max() > 0.05


def test_frozen_forward_lines_are_straight_over_the_noise_level_and_chains_are_not():
    schedule = build_schedule(ScheduleSpec())
    bends = []
    for mode in (NoiseMode.FROZEN, NoiseMode.MARKOV):
        lines = forward_lines(lines_request(state_of(noise_mode=mode)))
        times = [t for t in lines.times if t > 0]
        sigma = schedule.sigma_edm[times]
        y = lines.places[0, : len(times), 0] / schedule.sqrt_alphas_cumprod[times]
        fit = np.polyfit(sigma, y, 1)
        bends.append(np.abs(np.polyval(fit, sigma) - y).max())
        assert lines.at(0) == pytest.approx(lines.places[:, -1])
    assert bends[0] < 1e-4
    assert bends[1] > 0.1


@pytest.mark.parametrize("motion", [LabMotion.SAMPLER, LabMotion.FLOW])
@pytest.mark.parametrize("spec", [spec for _, spec in PRESETS], ids=[name for name, _ in PRESETS])
def test_every_preset_of_the_schedule_can_be_walked_and_drawn(spec: ScheduleSpec, motion: LabMotion):
    lab = replace(RING, count=8, particles=3, motion=motion, starts=((1.0, 0.5),))
    state = state_of(lab, schedule=spec, t=spec.num_timesteps, sampler=SamplerSpec(num_sampling_steps=5))
    places = [walked(state).at(t) for t in (0, state.t)]
    paths = follow_paths(paths_request(state), DENOISERS)
    places += [kind.at(t) for kind in (paths.ode, paths.sde, paths.steps) for t in (0, state.t)]
    places += [forward_lines(lines_request(state)).at(state.t)]
    assert all(place is not None and np.isfinite(place).all() for place in places)
    for t in (0, 1, state.t):
        level = build_schedule(spec).level(t)
        assert density_picture(exact_points(lab), level, View(), 16).shades.max() >= 254
        assert np.isfinite(exact_points(lab).score(View().grid(4), level)).all()
    times = (0, 1, state.t)
    assert phase_picture(PhaseRequest(state.lab, spec, times), 20, 3.0).max(axis=0).min() >= 254


# --- fields ---------------------------------------------------------------------------------


def test_density_is_drawn_wider_only_where_it_is_narrower_than_a_cell():
    exact, schedule = exact_points(RING), build_schedule(ScheduleSpec())
    fine = density_picture(exact, schedule.level(0), View(), 64)
    assert fine.is_widened
    assert fine.width > 0
    later = density_picture(exact, schedule.level(400), View(), 64)
    assert not later.is_widened
    assert later.shades.max() == 255
    closer = density_picture(exact, schedule.level(5), View(1.4, 0.0, 0.2), 64)
    assert not closer.is_widened


@pytest.mark.parametrize("t", [30, 200, 600, 1000])
def test_fewer_cells_show_a_wide_density_as_many_do(t):
    exact, level = exact_points(LabSpec()), build_schedule(ScheduleSpec()).level(t)
    few = enough_cells(level, View(), 128)
    assert (few < 128) == (t > 100)
    xs, ys = View().axes(few)
    shades = density_picture(exact, level, View(), few).shades.astype(float)
    fine_xs, fine_ys = (axis[abs(axis) < 2.8] for axis in View().axes(500))
    between = RegularGridInterpolator((-ys, xs), shades)(
        np.stack(np.meshgrid(-fine_ys, fine_xs, indexing="ij"), -1)
    )
    exactly = np.sqrt(exact.density(fine_xs, fine_ys, level))
    np.testing.assert_allclose(between, 255 * exactly / exactly.max(), atol=8 if few == 128 else 4)


def test_rows_of_the_density_run_from_top_to_bottom():
    exact = exact_points(LabSpec(data=DRAWN, drawn=((1.5, 2.0),)))
    shades = density_picture(exact, build_schedule(ScheduleSpec()).level(20), View(), 60).shades
    row, column = np.unravel_index(shades.argmax(), shades.shape)
    xs, ys = View().axes(60)
    assert (xs[column], ys[row]) == pytest.approx((1.5, 2.0), abs=0.06)


def test_arrows_keep_their_direction_and_order_and_none_is_too_long():
    vectors = np.array([[3.0, 4.0], [0.0, -500.0], [0.1, 0.0], [0.0, 0.0]])
    arrows = arrow_lengths(vectors, 0.5)
    lengths = np.hypot(*arrows.T)
    assert lengths[1] == pytest.approx(0.5)
    assert lengths[1] > lengths[0] > lengths[2] > lengths[3] == 0.0
    assert arrows[0, 1] / arrows[0, 0] == pytest.approx(4 / 3)
    assert not arrow_lengths(np.zeros((3, 2)), 0.5).any()


def test_the_shipped_network_is_asked_beside_the_exact_score():
    assert [info.key for info in point_networks()] == ["swiss-roll-mlp"]
    state = state_of(LabSpec(data="swiss-roll", denoiser="swiss-roll-mlp"), t=300)
    field = network_field(state, View(), DENOISERS, arrows=5, cells=8)
    assert field is not None
    assert field.scores.shape == (25, 2)
    assert field.errors.shape == (8, 8)
    assert field.floor < field.loss < field.floor + 0.05
    exact = exact_points(state.lab).score(View().grid(5), build_schedule(state.schedule).level(300))
    inner = np.hypot(*View().grid(5).T) < 1.5
    assert np.abs(field.scores - exact)[inner].mean() < 0.2
    assert network_field(state_of(), View(), DENOISERS, arrows=5, cells=8) is None


def test_finished_particles_are_measured_and_modes_counted_on_the_ring():
    true = exact_points(replace(RING, count=640)).points[:400].astype(np.float32)
    fit = measure(true, replace(RING, count=640))
    assert fit.sliced.is_chance
    assert fit.counts is not None
    assert sum(fit.counts) == 400
    assert fit.fair is not None
    assert fit.fair[0] < 50 < fit.fair[1]
    one_sided = measure(true[true[:, 0] > 0], replace(RING, count=640))
    assert not one_sided.sliced.is_chance
    assert not one_sided.energy.is_chance
    assert measure(true, LabSpec(data="moons", count=99)).counts is None


def test_particles_that_a_bad_network_flings_away_are_far_and_not_nowhere():
    lost = np.full((50, 2), np.nan, np.float32)
    lost[10:] = np.inf
    fit = measure(lost, RING)
    assert fit.sliced.distance > 1000.0
    assert sum(fit.counts or ()) == 50


def test_a_part_of_the_data_stands_for_all_of_them_in_whatever_order_they_come():
    """The points of the ring come mode by mode in turn: every other one would leave out four of them."""
    lab = replace(RING, count=1000)
    draws = np.random.default_rng(6).integers(0, 1000, 900)
    fit = measure(exact_points(lab).points[draws].astype(np.float32), lab)
    assert fit.energy.distance < 1.5 * fit.energy.high
