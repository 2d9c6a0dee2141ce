"""How far sampled points lie from the data, and how far equally many true draws would lie by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
Distance: TypeAlias = Callable[[FloatArray, FloatArray], float]

_DIRECTIONS = 64
_QUANTILES = 256


@dataclass(frozen=True)
class Fit:
    """A distance, and the range that holds it nine times of ten where nothing but chance is at work."""

    distance: float
    low: float
    high: float

    @property
    def is_chance(self) -> bool:
        """Whether the distance is no larger than chance makes it."""
        return self.distance <= self.high


def sliced_wasserstein(first: FloatArray, second: FloatArray) -> float:
    """Mean 1-Wasserstein distance of two clouds' shadows in 64 directions (Bonneel et al., 2015).

    Parameters
    ----------
    first, second
        Points, shapes (N, 2) and (M, 2). The shadows are compared at 256 quantiles.
    """
    angles = np.pi * (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS
    directions = np.stack([np.cos(angles), np.sin(angles)])
    levels = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    shadows = [_quantiles(np.sort(points @ directions, axis=0), levels) for points in (first, second)]
    return float(np.abs(shadows[0] - shadows[1]).mean())


def energy_distance(first: FloatArray, second: FloatArray) -> float:
    """√(2E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖) (Székely and Rizzo, 2013), at least 0; 0 for equal clouds."""
    between = 2.0 * _mean_distance(first, second)
    within = _mean_distance(first, first) + _mean_distance(second, second)
    return float(np.sqrt(max(between - within, 0.0)))


def fit_to_data(
    samples: FloatArray, data: FloatArray, distance: Distance = sliced_wasserstein, *, draws: int = 40
) -> Fit:
    """Distance of samples to the data beside that of equally many draws from the data themselves.

    Parameters
    ----------
    samples
        Shape (n, 2), finite.
    data
        Shape (N, 2); every point is equally likely.
    distance
        Between two clouds.
    draws
        How often chance is tried.
    """
    rng = np.random.default_rng(0)
    chance = [distance(data[rng.integers(0, len(data), len(samples))], data) for _ in range(draws)]
    low, high = np.quantile(chance, [0.05, 0.95])
    return Fit(distance(samples, data), float(low), float(high))


def ring_counts(samples: FloatArray, modes: int) -> NDArray[np.int64]:
    """How many samples belong to each of the modes that lie evenly on a circle, the first at angle 0."""
    angles = np.arctan2(samples[:, 1], samples[:, 0])
    nearest = np.rint(angles * modes / (2 * np.pi)).astype(np.int64) % modes
    return np.bincount(nearest, minlength=modes)


def chance_range(count: int, modes: int) -> tuple[int, int]:
    """Fewest and most samples of one mode, 95 times of 100, where `count` fall on even modes by chance."""
    mean = count / modes
    spread = 1.96 * np.sqrt(mean * (1.0 - 1.0 / modes))
    return max(0, int(np.floor(mean - spread))), int(np.ceil(mean + spread))


def _quantiles(ordered: FloatArray, levels: FloatArray) -> FloatArray:
    """Values of sorted columns at levels between 0 and 1, interpolated between the middles of ranks."""
    place = np.clip(levels * len(ordered) - 0.5, 0.0, len(ordered) - 1.0)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, len(ordered) - 1)
    share = (place - below)[:, None]
    return np.asarray(ordered[below] * (1.0 - share) + ordered[above] * share)


def _mean_distance(first: FloatArray, second: FloatArray) -> float:
    total = 0.0
    for start in range(0, len(first), 512):
        part = first[start : start + 512]
        total += float(np.hypot(*(part[:, None] - second).transpose(2, 0, 1)).sum())
    return total / (len(first) * len(second))
