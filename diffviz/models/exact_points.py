"""The exact denoiser of points in the plane, and their exact density: quick enough to follow the playhead.

`models.exact` says the same of pictures. In the plane a Gaussian is a product of one of x and one of y, so
that the density on a grid is one product of matrices. Nothing here imports torch until a sampler asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.schedules import NoiseLevel
from diffviz.models.denoiser import ClassIndex, DenoiserInfo

if TYPE_CHECKING:
    from torch import Tensor

FloatArray: TypeAlias = NDArray[np.float64]

# Logits of one chunk stay in a core's own cache.
_CHUNK_ELEMENTS = 64_000


@dataclass(frozen=True, eq=False)
class PointsPosterior:
    """p(x_0 | x_t) over the points, for B places; float64.

    Attributes
    ----------
    x_0
        Posterior mean, shape (B, 2).
    log_density
        ln p_t(x_t) in nats, shape (B,); +∞ where there is no noise.
    variance
        tr Cov(x_0 | x_t)/2, shape (B,).
    """

    x_0: FloatArray
    log_density: FloatArray
    variance: FloatArray


class ExactPoints:
    """Optimal denoiser and exact p_t of N equally likely points in the plane.

    x̂_0 = Σ r_i x_i with r = softmax_i(−‖x_t − √ᾱ x_i‖²/(2(1 − ᾱ))) (Karras et al., 2022, ideal denoiser). The
    exponents are float64, the weights float32: their errors are below 10⁻⁶ of the largest weight.

    Parameters
    ----------
    points
        Shape (N, 2), N ≥ 1.
    name
        What the points are called.

    Raises
    ------
    ValueError
        If there is no point, or they do not lie in a plane.
    """

    def __init__(self, points: NDArray[np.floating], name: str = "points") -> None:
        if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
            raise ValueError("The exact score needs at least one point in the plane.")
        self.points = np.array(points, np.float64)
        self.points.flags.writeable = False
        squares = np.square(self.points).sum(axis=1)
        self._half_squares = 0.5 * squares
        self._summed = np.column_stack([np.ones(len(points)), self.points, squares]).astype(np.float32)
        self.info = DenoiserInfo(
            key="exact",
            name="Exact score",
            trained_on=f"{len(points):,} {name}",
            kind="exact",
            detail=f"Exact score · {len(points):,} points",
        )

    def __len__(self) -> int:
        return len(self.points)

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """The posterior mean of x_0, the ε that goes with it, and how uncertain it is.

        Parameters
        ----------
        x_t
            Shape (B, 2); the answer has its dtype.
        level
            Noise level of x_t.
        class_index
            Must be None: points have no classes.
        """
        import torch

        if class_index is not None:
            raise ValueError("Points in the plane have no classes.")
        posterior = self.posterior(x_t.numpy(force=True), level)
        x_0 = torch.from_numpy(posterior.x_0).to(x_t)
        return Prediction(x_0, noise_from_x_0(x_0, x_t, level), torch.from_numpy(posterior.variance))

    def posterior(self, x_t: NDArray[np.floating], level: NoiseLevel) -> PointsPosterior:
        """p(x_0 | x_t) at places (B, 2)."""
        x = np.asarray(x_t, np.float64)
        x_0, log_density, variance = np.empty_like(x), np.empty(len(x)), np.empty(len(x))
        v = level.one_minus_alpha_cumprod
        constant = math.log(len(self)) + (math.log(2.0 * math.pi * v) if v else 0.0)
        for part, largest, weights in self._weights(x, level):
            sums = (weights @ self._summed).astype(np.float64)
            total = sums[:, :1]
            x_0[part] = sums[:, 1:3] / total
            variance[part] = 0.5 * (sums[:, 3] / total[:, 0] - np.square(x_0[part]).sum(axis=1))
            if v:
                kernel = largest + np.log(total[:, 0]) - np.square(x[part]).sum(axis=1) / (2.0 * v)
                log_density[part] = kernel - constant
            else:
                log_density[part] = math.inf
        return PointsPosterior(x_0, log_density, variance.clip(min=0.0))

    def score(self, x_t: NDArray[np.floating], level: NoiseLevel) -> FloatArray:
        """∇ ln p_t = (√ᾱ x̂_0 − x_t)/(1 − ᾱ) at places (B, 2); 0 where there is no noise."""
        v = level.one_minus_alpha_cumprod
        if v == 0.0:
            return np.zeros(np.shape(x_t))
        x_0 = self.posterior(x_t, level).x_0
        return (level.sqrt_alpha_cumprod * x_0 - np.asarray(x_t, np.float64)) / v

    def effective_count(self, x_t: NDArray[np.floating], level: NoiseLevel) -> FloatArray:
        """Exp of the entropy of p(x_0 | x_t), 1…N, at places (B, 2): how many points are still possible."""
        x = np.asarray(x_t, np.float64)
        found = np.empty(len(x))
        for part, _, weights in self._weights(x, level):
            shares = weights.astype(np.float64)
            shares /= shares.sum(axis=1, keepdims=True)
            found[part] = np.exp(-(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1))
        return found.clip(1.0, float(len(self)))

    def density(self, xs: FloatArray, ys: FloatArray, level: NoiseLevel) -> NDArray[np.float32]:
        """p_t on a grid: exp(−(x − √ᾱ x_i)²/2v) and the same of y, multiplied as matrices.

        Parameters
        ----------
        xs, ys
            Places of the columns and of the rows.
        level
            The noise level; its noise must be above 0.

        Returns
        -------
        ndarray
            float32, shape (len(ys), len(xs)), in 1/unit², right to 10⁻⁵ of its value where that is above
            10⁻³⁰.

        Raises
        ------
        ValueError
            Without noise the points have no density.
        """
        v = level.one_minus_alpha_cumprod
        if v == 0.0:
            raise ValueError("Without noise the points have no density.")
        centres = level.sqrt_alpha_cumprod * self.points
        across, down = (_kernel(places, centres[:, axis], v) for axis, places in enumerate((xs, ys)))
        return (down @ across.T) * np.float32(1.0 / (len(self) * 2.0 * math.pi * v))

    def marginal(self, places: FloatArray, axis: int, level: NoiseLevel) -> NDArray[np.float32]:
        """Density of one coordinate of x_t (0: across, 1: up) at places (n,), in 1/unit; noise is needed."""
        v = level.one_minus_alpha_cumprod
        if v == 0.0:
            raise ValueError("Without noise the points have no density.")
        kernels = _kernel(places, level.sqrt_alpha_cumprod * self.points[:, axis], v)
        return np.asarray(kernels.mean(axis=1) * np.float32(1.0 / math.sqrt(2.0 * math.pi * v)))

    def _weights(
        self, x: FloatArray, level: NoiseLevel
    ) -> Iterator[tuple[slice, FloatArray, NDArray[np.float32]]]:
        """Chunks of places with their largest exponent (‖x‖² left out) and all weights relative to it."""
        a, v = level.sqrt_alpha_cumprod, level.one_minus_alpha_cumprod
        # Without noise the nearest point takes all.
        precision = 1.0 / v if v else 1e30
        factors = np.vstack([(a * precision) * self.points.T, (-a * a * precision) * self._half_squares])
        size = max(1, _CHUNK_ELEMENTS // len(self))
        ones = np.ones((size, 3))
        logits, weights = np.empty((size, len(self))), np.empty((size, len(self)), np.float32)
        for start in range(0, len(x), size):
            part = slice(start, min(start + size, len(x)))
            count = part.stop - start
            ones[:count, :2] = x[part]
            exponents = np.matmul(ones[:count], factors, out=logits[:count])
            largest = exponents.max(axis=1)
            np.subtract(exponents, largest[:, None], out=weights[:count], casting="unsafe")
            yield part, largest, np.exp(weights[:count], out=weights[:count])


def _kernel(places: FloatArray, centres: FloatArray, variance: float) -> NDArray[np.float32]:
    # Differences and squares are float64: in float32 they would be off by 10⁻⁴ where the noise is narrow.
    differences = np.asarray(places, np.float64)[:, None] - centres
    np.multiply(differences, differences, out=differences)
    exponents = np.empty(differences.shape, np.float32)
    np.multiply(differences, -0.5 / variance, out=exponents, casting="unsafe")
    return np.exp(exponents, out=exponents)
