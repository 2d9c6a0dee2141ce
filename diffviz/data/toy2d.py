"""Points in the plane to learn from; mean 0, and ½E‖x‖² = 1 so that noise never changes their size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]


def swiss_roll(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Points along a spiral of one and a half turns, with Gaussian spread 0.3 before scaling."""
    theta = 1.5 * np.pi * (1 + 2 * rng.random(count))
    curve = np.stack([theta * np.cos(theta), theta * np.sin(theta)], axis=1)
    return curve + 0.3 * rng.standard_normal((count, 2))


TOY_SETS: dict[str, tuple[str, Callable[[np.random.Generator, int], NDArray[np.float64]]]] = {
    "swiss-roll": ("Swiss roll", swiss_roll),
}


def draw_points(name: str, count: int = 10_000, seed: int = 0) -> Points:
    """Draw a toy set by name.

    Parameters
    ----------
    name
        A key of `TOY_SETS`.
    count
        Number of points.
    seed
        The same seed gives the same points.

    Returns
    -------
    ndarray
        float32, shape (count, 2), centred, divided by one number so that the mean of ½‖x‖² is 1.
    """
    points = TOY_SETS[name][1](np.random.default_rng(seed), count)
    points -= points.mean(axis=0)
    scale = float(np.sqrt(np.square(points).sum(axis=1).mean() / 2))
    return np.asarray(points / scale, np.float32)
