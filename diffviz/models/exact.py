"""The exact denoiser of a finite set of pictures: what a network that learned them perfectly would answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.schedules import NoiseLevel
from diffviz.models.denoiser import ClassIndex, DenoiserInfo

_CHUNK_ELEMENTS = 4_000_000
_CHUNK_BYTES = 64 * 2**20
_TOP = 8


@dataclass(frozen=True, eq=False)
class ExactPosterior:
    """p(x_0 | x_t) over a finite set of pictures, for a batch of B; all float64 but the indices.

    Parameters
    ----------
    x_0
        Posterior mean, shape of x_t.
    log_density
        ln p_t(x_t) in nats, shape (B,); +∞ where there is no noise.
    effective_count
        exp of the posterior's entropy, shape (B,): how many pictures are still possible, 1…N.
    top_indices, top_weights
        The likeliest pictures and their probabilities, falling, shape (B, k) with k ≤ 8.
    covariance_trace
        tr Cov(x_0 | x_t), shape (B,).
    """

    x_0: Tensor
    log_density: Tensor
    effective_count: Tensor
    top_indices: Tensor
    top_weights: Tensor
    covariance_trace: Tensor


class ExactDenoiser:
    """Optimal denoiser of N pictures, without training and at any resolution.

    x̂_0 = Σ r_i x_i with r = softmax_i(ln π_i − ‖x_t − √ᾱ x_i‖²/(2(1 − ᾱ))) (Karras et al., 2022, ideal
    denoiser). It can reproduce its pictures and nothing else.

    Parameters
    ----------
    images
        Shape (N, C, H, W) or (N, d), values in [−1, 1], N ≥ 1. The arithmetic is float64 on their
        device.
    labels
        Class of each picture, shape (N,), if the denoiser is to be asked for a class.
    info
        What to show about it.

    Raises
    ------
    ValueError
        If there is no picture, or not one label for each.
    """

    def __init__(
        self, images: Tensor, labels: Tensor | None = None, info: DenoiserInfo | None = None
    ) -> None:
        if images.ndim < 2 or len(images) == 0:
            raise ValueError("The exact denoiser needs at least one picture.")
        if labels is not None and labels.shape != (len(images),):
            raise ValueError(f"{len(images)} pictures need as many labels, not {labels.numel()}.")
        # Sorted by class, so that a class is a slice.
        order = torch.arange(len(images)) if labels is None else labels.cpu().argsort(stable=True)
        self._order = order.to(images.device)
        self._points = images.flatten(1)[self._order] if labels is not None else images.flatten(1)
        self._labels = None if labels is None else labels.cpu()[order]
        self._half_squares = torch.cat(
            [0.5 * self._float64(part).square().sum(dim=1) for part in self._parts(0, len(images), batch=1)]
        )
        self.info = info or _info_of(images)

    def __len__(self) -> int:
        return len(self._points)

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """The posterior mean of x_0, the ε that goes with it, and how uncertain it is.

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
            If the pictures have another size, or none is of the class.
        """
        posterior = self.posterior(x_t, level, class_index)
        x_0 = posterior.x_0.to(x_t)
        variance = posterior.covariance_trace / self._points.shape[1]
        return Prediction(x_0, noise_from_x_0(x_0, x_t, level), variance.to(x_t.device))

    def posterior(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> ExactPosterior:
        """p(x_0 | x_t) in full; parameters as in `predict`.

        Returns
        -------
        ExactPosterior
            On the pictures' device.
        """
        if x_t[0].numel() != self._points.shape[1]:
            raise ValueError(
                f"The exact denoiser knows pictures of {self._points.shape[1]} values, not {x_t[0].numel()}."
            )
        if class_index is None or isinstance(class_index, int):
            return self._posterior(x_t, level, class_index)
        classes = list(class_index)
        parts: dict[int, ExactPosterior] = {}
        for label in set(classes):
            rows = [row for row, of_row in enumerate(classes) if of_row == label]
            part = self._posterior(x_t[rows], level, label)
            parts.update((row, _row(part, place)) for place, row in enumerate(rows))
        return _stacked([parts[row] for row in range(len(classes))])

    def _posterior(self, x_t: Tensor, level: NoiseLevel, label: int | None) -> ExactPosterior:
        start, stop = self._slice_of(label)
        x = x_t.to(self._points.device, torch.float64).flatten(1)
        sums = _RunningSums(x, min(_TOP, stop - start))
        for part in self._parts(start, stop, batch=len(x)):
            points = self._float64(part)
            sums.add(
                points,
                self._half_squares[part],
                _logits(x, points, self._half_squares[part], level),
                part.start,
            )
        return sums.posterior(x_t.shape, level, stop - start, self._order)

    def _slice_of(self, label: int | None) -> tuple[int, int]:
        if label is None:
            return 0, len(self._points)
        if self._labels is None:
            raise ValueError("This exact denoiser knows no classes.")
        members = (self._labels == label).nonzero().flatten()
        if len(members) == 0:
            raise ValueError(f"The exact denoiser has no picture of class {label}.")
        return int(members[0]), int(members[-1]) + 1

    def _parts(self, start: int, stop: int, batch: int) -> Iterator[slice]:
        size = min(_CHUNK_ELEMENTS // max(batch, 1), _CHUNK_BYTES // (8 * self._points.shape[1]))
        for first in range(start, stop, max(size, 1)):
            yield slice(first, min(first + max(size, 1), stop))

    def _float64(self, part: slice) -> Tensor:
        return self._points[part].to(torch.float64)


class _RunningSums:
    """Softmax averages over chunks, rescaled whenever a larger logit turns up."""

    def __init__(self, x: Tensor, top: int) -> None:
        self._x, self._top = x, top
        self._largest = x.new_full((len(x), 1), -math.inf)
        self._total = x.new_zeros(len(x), 1)
        self._points = torch.zeros_like(x)
        self._half_squares = x.new_zeros(len(x), 1)
        self._logits = x.new_zeros(len(x), 1)
        self._top_logits = x.new_empty(len(x), 0)
        self._top_indices = torch.empty(len(x), 0, dtype=torch.long, device=x.device)

    def add(self, points: Tensor, half_squares: Tensor, logits: Tensor, first: int) -> None:
        largest = torch.maximum(self._largest, logits.amax(dim=1, keepdim=True))
        shrink, weights = torch.exp(self._largest - largest), torch.exp(logits - largest)
        self._largest = largest
        self._total = self._total * shrink + weights.sum(dim=1, keepdim=True)
        self._points = self._points * shrink + weights @ points
        self._half_squares = self._half_squares * shrink + weights @ half_squares[:, None]
        self._logits = self._logits * shrink + (weights * logits).sum(dim=1, keepdim=True)
        best, places = torch.cat((self._top_logits, logits), dim=1).topk(
            min(self._top, self._top_logits.shape[1] + logits.shape[1]), dim=1
        )
        indices = torch.arange(first, first + logits.shape[1], device=logits.device).expand(len(logits), -1)
        self._top_indices = torch.cat((self._top_indices, indices), dim=1).gather(1, places)
        self._top_logits = best

    def posterior(self, shape: torch.Size, level: NoiseLevel, count: int, order: Tensor) -> ExactPosterior:
        log_total = self._largest + self._total.log()
        x_0 = self._points / self._total
        trace = 2.0 * self._half_squares / self._total - x_0.square().sum(dim=1, keepdim=True)
        entropy = log_total - self._logits / self._total
        log_density = self._x.new_full((len(self._x),), math.inf)
        variance = level.one_minus_alpha_cumprod
        if variance > 0.0:
            squares = self._x.square().sum(dim=1)
            constant = 0.5 * self._x.shape[1] * math.log(2.0 * math.pi * variance) + math.log(count)
            log_density = log_total[:, 0] - squares / (2.0 * variance) - constant
        return ExactPosterior(
            x_0=x_0.reshape(shape),
            log_density=log_density,
            effective_count=entropy[:, 0].exp().clamp(1.0, float(count)),
            top_indices=order[self._top_indices],
            top_weights=torch.exp(self._top_logits - log_total),
            covariance_trace=trace[:, 0].clamp_min(0.0),
        )


def _logits(x: Tensor, points: Tensor, half_squares: Tensor, level: NoiseLevel) -> Tensor:
    """−‖x − √ᾱ x_i‖²/(2(1 − ᾱ)) without ‖x‖², which all points share; without noise the nearest takes all."""
    closeness = level.sqrt_alpha_cumprod * (x @ points.T) - level.alpha_cumprod * half_squares
    if level.one_minus_alpha_cumprod > 0.0:
        return closeness / level.one_minus_alpha_cumprod
    return closeness * 1e200


def _row(posterior: ExactPosterior, place: int) -> ExactPosterior:
    return ExactPosterior(*(value[place : place + 1] for value in vars(posterior).values()))


def _stacked(rows: Sequence[ExactPosterior]) -> ExactPosterior:
    top = min(row.top_weights.shape[1] for row in rows)
    return ExactPosterior(
        x_0=torch.cat([row.x_0 for row in rows]),
        log_density=torch.cat([row.log_density for row in rows]),
        effective_count=torch.cat([row.effective_count for row in rows]),
        top_indices=torch.cat([row.top_indices[:, :top] for row in rows]),
        top_weights=torch.cat([row.top_weights[:, :top] for row in rows]),
        covariance_trace=torch.cat([row.covariance_trace for row in rows]),
    )


def _info_of(images: Tensor) -> DenoiserInfo:
    count = f"{len(images)} picture{'s' if len(images) > 1 else ''}"
    shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3])) if images.ndim == 4 else None
    return DenoiserInfo(
        key="exact:pictures",
        name="Exact denoiser",
        trained_on=count,
        image_shape=shape,
        class_names=(),
        parameters=0,
        file_bytes=0,
        kind="exact",
        detail=f"Exact denoiser · {count}",
        schedule=None,
    )
