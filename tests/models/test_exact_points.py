"""The exact score and density of points in the plane, against the denoiser of pictures and direct sums."""

import math

import numpy as np
import pytest
import torch

from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
from diffviz.data.toy2d import draw_points
from diffviz.models.exact import ExactDenoiser
from diffviz.models.exact_points import ExactPoints

LINEAR = build_schedule(ScheduleSpec())
POINTS = draw_points("spirals", 300)
PLACES = np.random.default_rng(5).normal(size=(400, 2))


@pytest.mark.parametrize("t", [1, 20, 200, 600, 1000])
def test_answers_are_those_of_the_denoiser_of_pictures(t: int):
    level = LINEAR.level(t)
    ours = ExactPoints(POINTS).posterior(PLACES, level)
    theirs = ExactDenoiser(torch.from_numpy(POINTS).double()).posterior(torch.from_numpy(PLACES), level)
    assert np.abs(ours.x_0 - theirs.x_0.numpy()).max() < 2e-6
    assert np.abs(ours.log_density - theirs.log_density.numpy()).max() < 2e-6
    assert np.abs(2 * ours.variance - theirs.covariance_trace.numpy()).max() < 5e-6
    count = ExactPoints(POINTS).effective_count(PLACES, level)
    assert np.allclose(count, theirs.effective_count.numpy(), rtol=1e-4)


def direct_log_density(places: np.ndarray, level: NoiseLevel) -> np.ndarray:
    """ln of the mean of the Gaussians, by explicit differences."""
    v = level.one_minus_alpha_cumprod
    differences = places[:, None] - level.sqrt_alpha_cumprod * POINTS.astype(np.float64)
    exponents = -np.square(differences).sum(axis=2) / (2 * v)
    largest = exponents.max(axis=1)
    sums = np.exp(exponents - largest[:, None]).mean(axis=1)
    return largest + np.log(sums) - math.log(2 * math.pi * v)


@pytest.mark.parametrize("t", [1, 50, 500, 1000])
def test_the_product_of_two_axes_is_the_direct_sum_on_a_grid(t: int):
    level, xs, ys = LINEAR.level(t), np.linspace(-3, 3, 61), np.linspace(-2, 2, 31)
    grid = ExactPoints(POINTS).density(xs, ys, level)
    assert grid.shape == (31, 61)
    places = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    exact = np.exp(direct_log_density(places, level)).reshape(grid.shape)
    seen = exact > 1e-30
    assert (np.abs(grid - exact)[seen] / exact[seen]).max() < 2e-5
    assert (grid[~seen] < 1e-29).all()


@pytest.mark.parametrize("t", [200, 500, 1000])
def test_density_integrates_to_one(t: int):
    xs = np.linspace(-5, 5, 201)
    total = float(ExactPoints(POINTS).density(xs, xs, LINEAR.level(t)).sum(dtype=np.float64)) * 0.05**2
    assert total == pytest.approx(1.0, abs=3e-6)


@pytest.mark.parametrize("t", [50, 500])
def test_density_of_one_coordinate_is_the_plane_summed_over_the_other(t: int):
    exact, level, xs = ExactPoints(POINTS), LINEAR.level(t), np.linspace(-6, 6, 601)
    summed = exact.density(xs, xs, level).sum(axis=0, dtype=np.float64) * 0.02
    assert np.abs(exact.marginal(xs, 0, level) - summed).max() < 1e-4
    assert np.abs(exact.marginal(xs, 1, level) - summed).max() > 2e-3


@pytest.mark.parametrize("t", [5, 300, 900])
def test_score_is_the_slope_of_the_log_density(t: int):
    level, step = LINEAR.level(t), 1e-5
    slopes = [
        (direct_log_density(PLACES + shift, level) - direct_log_density(PLACES - shift, level)) / (2 * step)
        for shift in step * np.eye(2)
    ]
    score = ExactPoints(POINTS).score(PLACES, level)
    assert np.abs(score - np.stack(slopes, axis=1)).max() < 1e-4 * max(1.0, np.abs(score).max())


def test_without_signal_the_mean_is_guessed_and_without_noise_the_nearest_point():
    exact = ExactPoints(POINTS)
    assert np.allclose(exact.posterior(PLACES, NoiseLevel(9, 0.0, 1.0)).x_0, POINTS.mean(axis=0), atol=1e-6)
    clean = exact.posterior(PLACES, LINEAR.level(0))
    nearest = np.square(PLACES[:, None] - POINTS).sum(axis=2).argmin(axis=1)
    assert np.array_equal(clean.x_0.astype(np.float32), POINTS[nearest])
    assert np.isposinf(clean.log_density).all()
    assert not exact.score(PLACES, LINEAR.level(0)).any()


def test_bad_points_are_refused_in_one_sentence():
    for points in (np.zeros((0, 2)), np.zeros((4, 3)), np.zeros(2)):
        with pytest.raises(ValueError, match="at least one point in the plane"):
            ExactPoints(points)
    with pytest.raises(ValueError, match="no density"):
        ExactPoints(POINTS).density(np.zeros(1), np.zeros(1), LINEAR.level(0))
    with pytest.raises(ValueError, match="no classes"):
        ExactPoints(POINTS).predict(torch.zeros(1, 2), LINEAR.level(9), 0)
