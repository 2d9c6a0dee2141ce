"""Optimal denoisers of Gaussian and Gaussian-mixture data, in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.schedules import NoiseLevel
from diffviz.models.denoiser import ClassIndex, DenoiserInfo


class GaussianMixtureDenoiser:
    """Optimal denoiser of x_0 ~ Σ π_k N(m_k, Σ_k).

    x̂_0 = Σ r_k (m_k + √ᾱ Σ_k C_k⁻¹ (x_t − √ᾱ m_k)) with C_k = ᾱ Σ_k + (1 − ᾱ) I and
    r_k ∝ π_k N(x_t; √ᾱ m_k, C_k): linear regression within each component.

    Parameters
    ----------
    means
        m_k, shape (K, d).
    covariances
        Σ_k, shape (K, d, d), positive semi-definite.
    weights
        π_k, shape (K,), positive; even if left out.
    labels
        Class of each component, if the denoiser is to be asked for a class.
    """

    def __init__(
        self,
        means: Tensor,
        covariances: Tensor,
        weights: Tensor | None = None,
        labels: Sequence[int] | None = None,
    ) -> None:
        self.info = DenoiserInfo("gaussian", "Gaussian data, in closed form", kind="exact")
        self.means = means.to(torch.float64)
        self.covariances = covariances.to(torch.float64)
        even = torch.ones(len(means), dtype=torch.float64)
        self.weights = (even if weights is None else weights.to(torch.float64)).clone()
        self.weights /= self.weights.sum()
        self._labels = None if labels is None else torch.tensor(list(labels))
        values, self._axes = torch.linalg.eigh(self.covariances)
        self._variances = values.clamp_min(0.0)

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """The posterior mean of x_0, the ε that goes with it, and tr Cov(x_0 | x_t)/d.

        Parameters
        ----------
        x_t
            Shape (B, …) with d values each; the answer has its dtype and device.
        level
            Noise level of x_t.
        class_index
            One class for all, one for each sample, or None for all components.
        """
        x = x_t.to("cpu", torch.float64).flatten(1)
        responsibilities = torch.softmax(self._component_log_densities(x, level, class_index), dim=1)
        # Along each component's own axes everything is one-dimensional.
        along = self._along(x, level)
        gain = level.sqrt_alpha_cumprod * self._variances / self._spread(level)
        means = self.means + torch.einsum("kij,bkj->bki", self._axes, gain * along)
        x_0 = torch.einsum("bk,bki->bi", responsibilities, means)
        left_open = (self._variances * level.one_minus_alpha_cumprod / self._spread(level)).sum(dim=1)
        second = torch.einsum("bk,bk->b", responsibilities, left_open + means.square().sum(dim=2))
        variance = (second - x_0.square().sum(dim=1)).clamp_min(0.0) / x.shape[1]
        answer = x_0.reshape(x_t.shape).to(x_t)
        return Prediction(answer, noise_from_x_0(answer, x_t, level), variance.to(x_t.device))

    def log_density(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Tensor:
        """Ln p_t(x_t) in nats, float64, shape (B,); parameters as in `predict`."""
        x = x_t.to("cpu", torch.float64).flatten(1)
        return torch.logsumexp(self._component_log_densities(x, level, class_index), dim=1)

    def _spread(self, level: NoiseLevel) -> Tensor:
        """Eigenvalues of C_k, shape (K, d); 1 where neither data nor noise spread (gain 0)."""
        spread = level.alpha_cumprod * self._variances + level.one_minus_alpha_cumprod
        return torch.where(spread > 0.0, spread, torch.ones_like(spread))

    def _along(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """X − √ᾱ m_k along the axes of each component, shape (B, K, d)."""
        return torch.einsum("kij,bki->bkj", self._axes, x[:, None] - level.sqrt_alpha_cumprod * self.means)

    def _component_log_densities(self, x: Tensor, level: NoiseLevel, class_index: ClassIndex) -> Tensor:
        spread = self._spread(level)
        exponent = (self._along(x, level).square() / spread).sum(dim=2)
        volume = spread.log().sum(dim=1) + x.shape[1] * math.log(2.0 * math.pi)
        return self._log_weights(len(x), class_index) - 0.5 * (exponent + volume)

    def _log_weights(self, count: int, class_index: ClassIndex) -> Tensor:
        if class_index is None:
            return self.weights.log().expand(count, -1)
        if self._labels is None:
            raise ValueError("This mixture knows no classes.")
        classes = [class_index] * count if isinstance(class_index, int) else list(class_index)
        rows = [
            self.weights if label is None else self.weights * (self._labels == label) for label in classes
        ]
        kept = torch.stack(rows)
        if (kept.sum(dim=1) == 0.0).any():
            raise ValueError(f"The mixture has no component of class {class_index}.")
        return (kept / kept.sum(dim=1, keepdim=True)).log()


class GaussianDenoiser(GaussianMixtureDenoiser):
    """Optimal denoiser of x_0 ~ N(μ, Σ): ε* = √(1 − ᾱ) C_t⁻¹ (x_t − √ᾱ μ) with C_t = ᾱ Σ + (1 − ᾱ) I.

    Parameters
    ----------
    mean
        μ, shape (d,).
    covariance
        Σ, shape (d, d), positive semi-definite.
    """

    def __init__(self, mean: Tensor, covariance: Tensor) -> None:
        super().__init__(mean[None], covariance[None])

    def flow(self, x_t: Tensor, start: NoiseLevel, end: NoiseLevel) -> Tensor:
        """Where the probability-flow ODE takes x_t: x_s = √ᾱ_s μ + C_s^½ C_t^(−½) (x_t − √ᾱ_t μ).

        Parameters
        ----------
        x_t
            Shape (B, …) at level `start`.
        start, end
            Any two noise levels.

        Returns
        -------
        Tensor
            Float64, shape of x_t.
        """
        x = x_t.to("cpu", torch.float64).flatten(1)
        stretch = (self._spread(end) / self._spread(start)).sqrt()
        moved = torch.einsum("kij,bkj->bi", self._axes, stretch * self._along(x, start))
        return (end.sqrt_alpha_cumprod * self.means + moved).reshape(x_t.shape)
