"""Denoisers of before: the Wiener filter that knows means and correlations alone, and plain blur."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.schedules import NoiseLevel
from diffviz.models.denoiser import ClassIndex, DenoiserInfo

# Of the noise level: wide enough that little noise is left, narrow enough that something else is.
_WIDTH_PER_SIGMA = 0.8


class WienerDenoiser:
    """The best linear denoiser of some pictures: exact if they were Gaussian with the same moments.

    x̂_0 = μ + √ᾱ Σ (ᾱ Σ + (1 − ᾱ) I)⁻¹ (x_t − √ᾱ μ) (Wiener, 1949), with μ and Σ of the pictures, in the basis
    of their principal components; directions in which they do not vary are filled from the mean.

    Parameters
    ----------
    images
        Shape (N, …), values in [−1, 1].
    """

    def __init__(self, images: Tensor) -> None:
        count = len(images)
        self.info = DenoiserInfo("wiener", "Gaussian denoiser", f"{count:,} pictures", kind="exact")
        points = images.flatten(1).double()
        self._mean = points.mean(dim=0)
        centred = points - self._mean
        # The eigenvectors of the smaller of the two products give those of the larger.
        if count < centred.shape[1]:
            values, vectors = torch.linalg.eigh(centred @ centred.T / count)
            kept = values > 1e-9 * values.max().clamp_min(1e-30)
            axes = centred.T @ vectors[:, kept]
            self._axes, self._variances = axes / axes.norm(dim=0).clamp_min(1e-30), values[kept]
        else:
            values, self._axes = torch.linalg.eigh(centred.T @ centred / count)
            self._variances = values.clamp_min(0.0)

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """The linear guess of x_0 and the ε that goes with it, with x_t's dtype and device."""
        del class_index
        a, b2 = level.sqrt_alpha_cumprod, level.one_minus_alpha_cumprod
        centred = x_t.cpu().double().flatten(1) - a * self._mean
        total = (level.alpha_cumprod * self._variances + b2).clamp_min(1e-30)
        shrunk = (centred @ self._axes) * (a * self._variances / total)
        x_0 = (self._mean + shrunk @ self._axes.T).reshape(x_t.shape).to(x_t)
        return Prediction(x_0, noise_from_x_0(x_0, x_t, level))


class BlurDenoiser:
    """A Gaussian blur of x_t/√ᾱ, as wide as the noise level √((1 − ᾱ)/ᾱ) asks for; knows no pictures."""

    def __init__(self) -> None:
        self.info = DenoiserInfo("blur", "Gaussian blur", "nothing", kind="exact")

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """The blurred picture and the ε that goes with it; shape (B, C, H, W)."""
        del class_index
        if level.alpha_cumprod == 0.0:
            x_0 = torch.zeros_like(x_t)
            return Prediction(x_0, noise_from_x_0(x_0, x_t, level))
        side = min(x_t.shape[-2:])
        width = min(_WIDTH_PER_SIGMA * level.sigma_edm, side / 2.0)
        x_0 = x_t / level.sqrt_alpha_cumprod
        if width > 0.05:
            x_0 = _blurred(x_0, width, min(side - 1, max(1, round(3 * width))))
        return Prediction(x_0, noise_from_x_0(x_0, x_t, level))


def _blurred(x: Tensor, width: float, radius: int) -> Tensor:
    places = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    weights = torch.exp(-0.5 * (places / width) ** 2)
    weights = weights / weights.sum()
    channels = x.shape[1]
    for shape, pad in (((1, 1, 1, -1), (radius, radius, 0, 0)), ((1, 1, -1, 1), (0, 0, radius, radius))):
        kernel = weights.reshape(shape).repeat(channels, 1, 1, 1)
        x = functional.conv2d(functional.pad(x, pad, mode="reflect"), kernel, groups=channels)
    return x
