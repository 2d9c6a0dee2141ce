import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from diffviz.evaluation.distances import Moments, frechet_distance, nearest_distances


def cloud(seed, count=400, features=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, features)) @ rng.normal(size=(features, features)) + rng.normal(
        size=features
    )


def test_equal_sets_have_no_distance():
    points = cloud(1)
    assert frechet_distance(Moments.of(points), Moments.of(points[::-1])) == pytest.approx(0.0, abs=1e-9)


def test_shifted_sets_are_as_far_apart_as_the_shift_squared():
    points, shift = cloud(2), np.array([3.0, 0.0, 0.0, -4.0, 0.0])
    assert frechet_distance(Moments.of(points), Moments.of(points + shift)) == pytest.approx(25.0)


def test_axis_aligned_gaussians_have_the_distance_of_their_deviations():
    """Σ (s₁ − s₂)² where the covariances commute."""
    first = Moments(np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    second = Moments(np.zeros(3), np.diag([4.0, 0.0, 16.0]))
    assert frechet_distance(first, second) == pytest.approx(1.0 + 4.0 + 1.0)


def test_any_two_gaussians_have_the_distance_of_the_printed_formula():
    first, second = (Moments.of(cloud(seed)) for seed in (3, 4))
    between = np.real(np.trace(sqrtm(first.covariance @ second.covariance)))
    expected = np.square(first.mean - second.mean).sum() + np.trace(first.covariance + second.covariance)
    assert frechet_distance(first, second) == pytest.approx(expected - 2 * between)
    assert frechet_distance(second, first) == pytest.approx(frechet_distance(first, second))


def test_one_picture_has_no_spread():
    with pytest.raises(ValueError, match="at least two pictures"):
        Moments.of(np.zeros((1, 4)))


def test_the_nearest_picture_is_the_one_that_a_search_over_all_finds():
    rng = np.random.default_rng(0)
    among = torch.from_numpy(rng.integers(0, 256, (9000, 1, 3, 3), dtype=np.uint8))
    pictures = torch.from_numpy(rng.uniform(-1, 1, (20, 1, 3, 3))).float()
    scaled = among.double().numpy() * 2 / 255 - 1
    differences = pictures.double().numpy()[:, None] - scaled[None]
    expected = np.sqrt(np.square(differences).mean(axis=(2, 3, 4))).min(axis=1)
    np.testing.assert_allclose(nearest_distances(pictures, among), expected, atol=1e-6)
    copies = among[8000:8010].float() * (2 / 255) - 1
    assert nearest_distances(copies, among).max() < 1e-7
