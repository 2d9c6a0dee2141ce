"""The unit in which every noise level asks a network for an answer of the same size."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SIGMA_DATA = 0.5
"""Standard deviation that data are taken to have, as in EDM for pictures between −1 and 1."""

Scalar = TypeVar("Scalar", float, NDArray[np.float64])


def skip_scale(signal: Scalar, noise: Scalar, sigma_data: float = SIGMA_DATA) -> Scalar:
    """
    c_skip, which x_t is multiplied with to become a part of x̂_0 that needs no network.

    With x_t = signal · x_0 + noise · ε, x̂_0 = c_skip x_t + c_out F(c_in x_t). Karras et al. (2022, table 1)
    write it for signal 1 and noise σ: c_skip = σ_d²/(σ² + σ_d²), c_out = σ σ_d/√(σ² + σ_d²) and
    c_in = 1/√(σ² + σ_d²). Both amplitudes make the same formulas hold where no signal is left.
    """
    return signal * sigma_data**2 / _variance(signal, noise, sigma_data)


def output_scale(signal: Scalar, noise: Scalar, sigma_data: float = SIGMA_DATA) -> Scalar:
    """c_out, which the answer F of the network is multiplied with; see `skip_scale`."""
    return noise * sigma_data * input_scale(signal, noise, sigma_data)


def input_scale(signal: Scalar, noise: Scalar, sigma_data: float = SIGMA_DATA) -> Scalar:
    """c_in, which brings x_t to unit variance; see `skip_scale`."""
    scale: Scalar = _variance(signal, noise, sigma_data) ** -0.5
    return scale


def target_of_x_0(signal: Scalar, noise: Scalar, sigma_data: float = SIGMA_DATA) -> Scalar:
    """Share of x_0 in the F of a perfect network, (1 − c_skip signal)/c_out."""
    return noise / sigma_data * input_scale(signal, noise, sigma_data)


def target_of_noise(signal: Scalar, noise: Scalar, sigma_data: float = SIGMA_DATA) -> Scalar:
    """Share of ε in the F of a perfect network, −c_skip noise/c_out."""
    return -signal * sigma_data * input_scale(signal, noise, sigma_data)


def _variance(signal: Scalar, noise: Scalar, sigma_data: float) -> Scalar:
    """Variance of x_t."""
    variance: Scalar = noise**2 + (signal * sigma_data) ** 2
    return variance
