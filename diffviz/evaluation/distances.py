"""Distances between sets of pictures: of two Gaussians, and of each picture to its nearest one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_CHUNK = 8192


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean, shape (F,), and covariance, shape (F, F), of a cloud of points; float64."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @classmethod
    def of(cls, points: NDArray[np.floating]) -> Moments:
        """Moments of points, shape (N, F), N ≥ 2.

        Raises
        ------
        ValueError
            If there are fewer than two points.
        """
        if len(points) < 2:
            raise ValueError("A spread needs at least two pictures.")
        values = points.astype(np.float64)
        return cls(values.mean(axis=0), np.atleast_2d(np.cov(values, rowvar=False)))


def frechet_distance(first: Moments, second: Moments) -> float:
    """‖m₁ − m₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½) between the Gaussians of two clouds, at least 0.

    The squared 2-Wasserstein distance of the Gaussians (Dowson and Landau, 1982); of Inception features it
    is the FID (Heusel et al., 2017).
    """
    root = _root(first.covariance)
    # Σ₁ Σ₂ has the eigenvalues of the symmetric Σ₁^½ Σ₂ Σ₁^½.
    between = np.linalg.eigvalsh(root @ second.covariance @ root)
    shift = float(np.square(first.mean - second.mean).sum())
    spread = float(np.trace(first.covariance) + np.trace(second.covariance))
    return max(shift + spread - 2.0 * float(np.sqrt(between.clip(min=0.0)).sum()), 0.0)


def nearest_distances(pictures: Tensor, among: Tensor) -> NDArray[np.float64]:
    """Root-mean-square difference of each picture to the one of another set that is nearest to it.

    Parameters
    ----------
    pictures
        Shape (N, …), values in [−1, 1].
    among
        Shape (M, …) with the same number of values each; uint8 stands for [−1, 1].

    Returns
    -------
    ndarray
        Shape (N,), on the scale of the values: 2 lies between black and white.
    """
    x = pictures.flatten(1).float()
    best = torch.full((len(x),), torch.inf)
    places = torch.zeros(len(x), dtype=torch.long)
    for start in range(0, len(among), _CHUNK):
        points = _values(among[start : start + _CHUNK])
        # ‖x‖² is the same for all points, so that it does not matter which is nearest.
        closeness = 0.5 * points.square().sum(1) - x @ points.T
        least, place = closeness.min(dim=1)
        nearer = least < best
        best = torch.where(nearer, least, best)
        places = torch.where(nearer, place + start, places)
    difference = x.double() - _values(among[places]).double()
    return np.asarray(difference.square().mean(1).sqrt().numpy())


def _values(pictures: Tensor) -> Tensor:
    flat = pictures.flatten(1).float()
    return flat * (2 / 255) - 1 if pictures.dtype == torch.uint8 else flat


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square root of a symmetric positive semi-definite matrix."""
    values, axes = np.linalg.eigh(matrix)
    return np.asarray((axes * np.sqrt(values.clip(min=0.0))) @ axes.T)
