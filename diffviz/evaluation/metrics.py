"""Figures of merit for one picture against another."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["mean_squared_error", "psnr"]

_PEAK = 2.0  # from black, −1, to white, 1
_TILE_VALUES = 16_384  # short enough for float32 sums, and for the first-level cache


def mean_squared_error(x: NDArray[Any], reference: NDArray[Any]) -> float:
    """Mean squared difference over all values, to about 1e-5 of itself; 2 ms for 1024 x 1024 x 3.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if x.shape != reference.shape:
        raise ValueError(f"Pictures of shape {x.shape} and {reference.shape} cannot be compared.")
    values, references = x.ravel(), reference.ravel()
    scratch = np.empty(min(_TILE_VALUES, values.size), np.float32)
    total = 0.0
    for start in range(0, values.size, _TILE_VALUES):
        tile = values[start : start + _TILE_VALUES]
        difference = scratch[: tile.size]
        np.subtract(tile, references[start : start + _TILE_VALUES], out=difference, casting="same_kind")
        total += float(np.dot(difference, difference))
    return total / values.size


def psnr(x: NDArray[Any], reference: NDArray[Any]) -> float:
    """Peak signal-to-noise ratio in dB of values on the [-1, 1] scale.

    ``10 log10(peak² / mse)`` with a peak of 2. Nothing is clipped, so that x_t far outside the range of a
    picture shows as far away.

    Parameters
    ----------
    x, reference
        Arrays of one shape, any float type.

    Returns
    -------
    float
        Infinite where the two are equal.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    mse = mean_squared_error(x, reference)
    return math.inf if mse == 0.0 else 10.0 * math.log10(_PEAK**2 / mse)
