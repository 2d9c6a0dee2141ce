"""Distances of clouds of points: known values, independent implementations, and the band of chance."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from diffviz.data.toy2d import RING_MODES, draw_points
from diffviz.evaluation.cloud_distances import (
    chance_range,
    energy_distance,
    fit_to_data,
    ring_counts,
    sliced_wasserstein,
)

RNG = np.random.default_rng(2)
CLOUD = RNG.normal(size=(700, 2))


@pytest.mark.parametrize("distance", [sliced_wasserstein, energy_distance])
def test_a_cloud_has_no_distance_from_itself_in_any_order(distance):
    assert distance(CLOUD, RNG.permutation(CLOUD)) == pytest.approx(0.0, abs=1e-6)


def test_a_shifted_cloud_is_as_far_as_its_mean_shadow():
    """The mean of |cos| over all directions is 2/π."""
    assert sliced_wasserstein(CLOUD, CLOUD + np.array([0.5, 0.0])) == pytest.approx(0.5 * 2 / np.pi, rel=1e-3)


def test_shadows_are_compared_as_an_independent_implementation_does():
    other = 1.5 * RNG.normal(size=(900, 2)) + 0.3
    angles = np.pi * (np.arange(64) + 0.5) / 64
    exact = [
        wasserstein_distance(CLOUD @ direction, other @ direction)
        for direction in np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ]
    assert sliced_wasserstein(CLOUD, other) == pytest.approx(np.mean(exact), rel=0.02)


def test_energy_distance_of_two_single_points_is_known():
    assert energy_distance(np.zeros((1, 2)), np.array([[3.0, 4.0]])) == pytest.approx(np.sqrt(10.0))


@pytest.mark.parametrize("distance", [sliced_wasserstein, energy_distance])
def test_true_draws_lie_within_the_band_and_a_squeezed_cloud_does_not(distance):
    data = draw_points("moons", 400).astype(np.float64)
    band = [fit_to_data(data[RNG.integers(0, 400, 100)], data, distance, draws=20) for _ in range(9)]
    assert sum(fit.is_chance for fit in band) >= 6
    squeezed = fit_to_data(0.7 * data[RNG.integers(0, 400, 200)], data, distance, draws=20)
    assert squeezed.distance > 2 * squeezed.high
    assert not squeezed.is_chance


def test_samples_of_the_ring_are_counted_by_their_mode():
    points = draw_points("ring", 800).astype(np.float64)
    counts = ring_counts(points, RING_MODES)
    assert counts.tolist() == [100] * 8
    one_sided = points[points[:, 0] > 0.5]
    assert ring_counts(one_sided, RING_MODES)[4] == 0


def test_chance_range_holds_the_counts_of_a_fair_draw():
    low, high = chance_range(4000, 8)
    counts = RNG.multinomial(4000, [1 / 8] * 8, size=400)
    inside = np.mean((counts >= low) & (counts <= high))
    assert 0.93 < inside < 0.98
    assert chance_range(3, 8)[0] == 0
