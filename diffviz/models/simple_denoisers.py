"""Denoisers of before: the Wiener filter that knows means and correlations alone, and plain blur."""

from __future__ import annotations

import threading

import torch
from torch import Tensor
from torch.nn import functional

from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.schedules import NoiseLevel
from diffviz.models.denoiser import ClassIndex, DenoiserInfo, blur_info

# Of the noise level: wide enough that little noise is left, narrow enough that something else is.
_WIDTH_PER_SIGMA = 0.8


class WienerDenoiser:
    """The best linear denoiser of some pictures: exact if they were Gaussian with the same moments.

    x̂_0 = μ + √ᾱ Σ (ᾱ Σ + (1 − ᾱ) I)⁻¹ (x_t − √ᾱ μ) (Wiener, 1949), with μ and Σ of the pictures, or of those
    of a class, in the basis of their principal components; directions in which they do not vary are filled
    from the mean.

    Parameters
    ----------
    images
        Shape (N, …), values in [−1, 1].
    labels
        Class of each picture, shape (N,), if it is to be asked for a class.
    info
        What to show about it.
    """

    def __init__(
        self, images: Tensor, labels: Tensor | None = None, info: DenoiserInfo | None = None
    ) -> None:
        self.info = info or DenoiserInfo(
            "gaussian:pictures", "Gaussian denoiser", f"{len(images):,} pictures", kind="gaussian"
        )
        self._points, self._labels = images.flatten(1), labels
        self._lock = threading.Lock()
        self._moments: dict[int | None, _Moments] = {}

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """The linear guess of x_0, the ε that goes with it, and tr Cov(x_0 | x_t)/d if all were Gaussian.

        Parameters
        ----------
        x_t
            Shape (B, …) with the pictures' number of values; the answer has its dtype and device.
        level
            Noise level of x_t.
        class_index
            One class for all, one for each sample, or None for all pictures.

        Raises
        ------
        ValueError
            If none of the pictures is of the class.
        """
        if class_index is None or isinstance(class_index, int):
            classes: list[int | None] = [class_index] * len(x_t)
        else:
            classes = list(class_index)
        x = x_t.to("cpu", torch.float64).flatten(1)
        x_0, variance = torch.empty_like(x), torch.empty(len(x), dtype=torch.float64)
        for label in set(classes):
            rows = [row for row, of_row in enumerate(classes) if of_row == label]
            x_0[rows], variance[rows] = self._of_class(label).answer(x[rows], level)
        answer = x_0.reshape(x_t.shape).to(x_t)
        return Prediction(answer, noise_from_x_0(answer, x_t, level), variance.to(x_t.device))

    def _of_class(self, label: int | None) -> _Moments:
        with self._lock:
            if label not in self._moments:
                points = self._points
                if label is not None:
                    if self._labels is None or not bool((self._labels == label).any()):
                        raise ValueError(f"The Gaussian denoiser has no picture of class {label}.")
                    points = points[self._labels == label]
                self._moments[label] = _Moments(points)
            return self._moments[label]


class _Moments:
    """Mean, axes (d, k) and variances (k,) of points (N, d)."""

    def __init__(self, points: Tensor) -> None:
        count, points = len(points), points.double()
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

    def answer(self, x: Tensor, level: NoiseLevel) -> tuple[Tensor, Tensor]:
        """X̂_0 for x (B, d), and what is left open of it, per value."""
        a, b2 = level.sqrt_alpha_cumprod, level.one_minus_alpha_cumprod
        total = (level.alpha_cumprod * self._variances + b2).clamp_min(1e-30)
        along = (x - a * self._mean) @ self._axes
        x_0 = self._mean + (along * (a * self._variances / total)) @ self._axes.T
        return x_0, (self._variances * b2 / total).sum() / x.shape[1]


class BlurDenoiser:
    """A Gaussian blur of x_t/√ᾱ, as wide as the noise level √((1 − ᾱ)/ᾱ) asks for; knows no pictures.

    Parameters
    ----------
    shape
        (C, H, W) of the pictures of a run with it; it blurs any.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.info = blur_info(shape)

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
