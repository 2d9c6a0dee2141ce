"""How much of a picture lies at which spatial frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RadialSpectrum", "radial_spectrum", "ring_counts"]


@dataclass(frozen=True, eq=False)
class RadialSpectrum:
    """Power by the length of the wave vector, in rings one cycle wide.

    Attributes
    ----------
    power
        Mean of |DFT|²/(H·W) over each ring and the channels, float64, shape (K+1,). White noise of variance
        σ² has the expected power σ² in every ring, so that noise levels can be read off directly.
    counts
        Frequencies in each ring, shape (K+1,); Σ counts · power/(H·W) is the mean square of the picture.
    """

    power: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def cycles(self) -> NDArray[np.int64]:
        """Ring numbers: cycles along the longer side of the picture, 0 the mean."""
        return np.arange(len(self.power))


def ring_counts(height: int, width: int) -> NDArray[np.int64]:
    """How many frequencies of a picture of that size lie in each ring, shape (K+1,)."""
    return np.bincount(_rings(height, width).reshape(-1))


def radial_spectrum(picture: NDArray[np.floating[Any]]) -> RadialSpectrum:
    """Average the periodogram of a picture over directions and channels.

    Parameters
    ----------
    picture
        Shape (H, W, C), any range.
    """
    height, width = picture.shape[:2]
    transform = np.fft.fft2(picture.astype(np.float64), axes=(0, 1))
    power = (transform.real**2 + transform.imag**2).mean(axis=2) / (height * width)
    rings = _rings(height, width).reshape(-1)
    counts = np.bincount(rings)
    return RadialSpectrum(np.bincount(rings, power.reshape(-1)) / np.maximum(counts, 1), counts)


def _rings(height: int, width: int) -> NDArray[np.int64]:
    """Ring of every entry of a DFT of shape (H, W): |f| times the longer side, rounded."""
    down, across = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :]
    return np.asarray(np.rint(np.hypot(down, across) * max(height, width)), np.int64)
