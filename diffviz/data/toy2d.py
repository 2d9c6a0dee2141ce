"""Points in the plane to learn from; mean 0, and ½E‖x‖² = 1 so that noise never changes their size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
_Drawn: TypeAlias = NDArray[np.float64]
_Draw: TypeAlias = Callable[[np.random.Generator, int], _Drawn]

RING_MODES = 8
_RING_STD = 0.08


def swiss_roll(rng: np.random.Generator, count: int) -> _Drawn:
    """Points along a spiral of one and a half turns, with Gaussian spread 0.3 before scaling."""
    theta = 1.5 * np.pi * (1 + 2 * rng.random(count))
    curve = np.stack([theta * np.cos(theta), theta * np.sin(theta)], axis=1)
    return curve + 0.3 * rng.standard_normal((count, 2))


def moons(rng: np.random.Generator, count: int) -> _Drawn:
    """Two half circles that reach into each other, with Gaussian spread 0.06."""
    theta = np.pi * rng.random(count)
    upper = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    lower = np.stack([1 - np.cos(theta), 0.5 - np.sin(theta)], axis=1)
    return np.where(_every_other(count), upper, lower) + 0.06 * rng.standard_normal((count, 2))


def ring(rng: np.random.Generator, count: int) -> _Drawn:
    """Eight Gaussians of standard deviation 0.08 on the unit circle, equally many points from each."""
    return ring_centres()[np.arange(count) % RING_MODES] + _RING_STD * rng.standard_normal((count, 2))


def ring_centres() -> _Drawn:
    """Where the eight Gaussians of the ring lie, before scaling; shape (8, 2)."""
    angles = 2 * np.pi * np.arange(RING_MODES) / RING_MODES
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def checkerboard(rng: np.random.Generator, count: int) -> _Drawn:
    """The dark fields of a board of four by four, filled evenly."""
    x = rng.uniform(-2.0, 2.0, count)
    y = rng.random(count) - 2.0 * rng.integers(0, 2, count) + np.floor(x) % 2
    return np.stack([x, y], axis=1)


def spirals(rng: np.random.Generator, count: int) -> _Drawn:
    """Two arms that wind one and a half times around each other, up to 0.5 wide before scaling."""
    radius = 3 * np.pi * np.sqrt(rng.random(count))
    arm = np.stack([-radius * np.cos(radius), radius * np.sin(radius)], axis=1)
    return np.where(_every_other(count), arm, -arm) + 0.5 * rng.random((count, 2))


def gaussian(rng: np.random.Generator, count: int) -> _Drawn:
    """A Gaussian that is six times as long as wide and lies askew."""
    along, across = 1.8 * rng.standard_normal(count), 0.3 * rng.standard_normal(count)
    turn = np.sqrt(0.5)
    return np.stack([turn * (along - across), turn * (along + across)], axis=1)


def segment(rng: np.random.Generator, count: int) -> _Drawn:
    """A straight line without width, evenly filled."""
    along = rng.uniform(-1.0, 1.0, count)
    return np.stack([along, 0.5 * along], axis=1)


def two_points(rng: np.random.Generator, count: int) -> _Drawn:  # noqa: ARG001
    """Two places, taken in turn."""
    return np.where(_every_other(count), [1.0, 0.0], [-1.0, 0.0])


def one_point(rng: np.random.Generator, count: int) -> _Drawn:  # noqa: ARG001
    """One place, the origin."""
    return np.zeros((count, 2))


TOY_SETS: dict[str, tuple[str, _Draw]] = {
    "swiss-roll": ("Swiss roll", swiss_roll),
    "spirals": ("Spirals", spirals),
    "moons": ("Moons", moons),
    "ring": ("8 Gaussians", ring),
    "checkerboard": ("Checkerboard", checkerboard),
    "gaussian": ("Gaussian", gaussian),
    "segment": ("Segment", segment),
    "two-points": ("Two points", two_points),
    "one-point": ("One point", one_point),
}


def draw_points(name: str, count: int = 10_000, seed: int = 0) -> Points:
    """Draw a toy set by name.

    Parameters
    ----------
    name
        A key of `TOY_SETS`.
    count
        Number of points, at least 1.
    seed
        The same seed gives the same points.

    Returns
    -------
    ndarray
        float32, shape (count, 2), centred, divided by one number so that the mean of ½‖x‖² is 1; points that
        all lie in one place stay there.
    """
    return standardised(TOY_SETS[name][1](np.random.default_rng(seed), count))[0]


def standardised(points: _Drawn) -> tuple[Points, float]:
    """Points (n, 2), centred and divided by one number so that the mean of ½‖x‖² is 1, and that number.

    Points that all lie in one place are centred and divided by 1.
    """
    points = points - points.mean(axis=0)
    scale = float(np.sqrt(np.square(points).sum(axis=1).mean() / 2)) or 1.0
    return np.asarray(points / scale, np.float32), scale


def _every_other(count: int) -> NDArray[np.bool_]:
    return np.asarray(np.arange(count) % 2 == 0)[:, None]
