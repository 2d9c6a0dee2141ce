"""Samplers: generators of frozen steps from noise to a picture, which know nothing of threads or screens.

Torch is imported when sampling starts, so that descriptions of samplers can be had before it is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.sampler_steps import (
    StepCoefficients,
    Variance,
    ddim_step,
    ddpm_step,
    ddpm_variance,
    dpmpp_2m_step,
    half_log_snr_step,
    heun_step,
)
from diffviz.core.schedules import NoiseLevel, NoiseSchedule
from diffviz.core.timesteps import Spacing, sampling_timesteps

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Clip",
    "NoiseSource",
    "Predict",
    "ReverseStep",
    "SamplerKind",
    "SamplerSpec",
    "SeededNoise",
    "StepCoefficients",
    "Variance",
    "sample",
]

Predict: TypeAlias = "Callable[[Tensor, NoiseLevel], Prediction]"
NoiseSource: TypeAlias = "Callable[[Stream, int], Tensor]"

_DYNAMIC_QUANTILE = 0.995


class SamplerKind(StrEnum):
    """The rule that turns predictions into steps."""

    DDPM = "ddpm"
    DDIM = "ddim"
    DPMPP2M = "dpmpp2m"
    EULER = "euler"
    HEUN = "heun"


class Clip(StrEnum):
    """What is done to x̂_0 that leaves [−1, 1]."""

    NONE = "none"
    STATIC = "static"
    DYNAMIC = "dynamic"


@dataclass(frozen=True)
class SamplerSpec:
    """How to sample; small and hashable.

    Parameters
    ----------
    kind
        The rule.
    num_sampling_steps
        S, in 1…T.
    spacing
        How the S times are spread.
    variance
        Noise of a ``DDPM`` step.
    eta
        Stochasticity of a ``DDIM`` step, 0 deterministic … 1 ancestral.
    clip
        ``STATIC`` cuts x̂_0 to [−1, 1]; ``DYNAMIC`` scales it by its 99.5 % quantile (Saharia et al., 2022).
    interpolation
        v in [0, 1] between β̃ and β, for ``Variance.INTERPOLATED``.
    """

    kind: SamplerKind = SamplerKind.DDPM
    num_sampling_steps: int = 50
    spacing: Spacing = Spacing.TRAILING
    variance: Variance = Variance.TILDE
    eta: float = 0.0
    clip: Clip = Clip.NONE
    interpolation: float = 0.5


@dataclass(frozen=True, eq=False)
class ReverseStep:
    """One step from time t down to time s; all pictures have the shape, dtype and device of x_t.

    Parameters
    ----------
    index, num_steps
        Which step of how many, from 0.
    t, s
        Times, t > s.
    x_t, x_s
        The picture before and after.
    pred_x_0, pred_noise
        The denoiser's answer at t, after clipping.
    noise
        z, the fresh noise that was added, in units of ``coefficients.noise``; None where none was.
    coefficients
        x_s is the sum of these times the pictures.
    correction
        What a second-order sampler adds: Heun's ε̂ at s minus ε̂ at t, or the change of x̂_0 since the step
        before (2M); None where there is none.
    """

    index: int
    num_steps: int
    t: int
    s: int
    x_t: Tensor
    pred_x_0: Tensor
    pred_noise: Tensor
    noise: Tensor | None
    x_s: Tensor
    coefficients: StepCoefficients
    correction: Tensor | None = None


class SeededNoise:
    """A ``NoiseSource`` that draws the noise of each sample by itself, so that no batch changes a picture.

    Parameters
    ----------
    seed
        The user's seed.
    shape
        Of one sample, (C, H, W).
    count, first
        How many samples, and the number of the first of them.
    """

    def __init__(self, seed: int, shape: tuple[int, ...], count: int, first: int = 0) -> None:
        self._seed, self._shape = seed, shape
        self._samples = range(first, first + count)

    def __call__(self, stream: Stream, index: int) -> Tensor:
        """Standard Gaussian noise, float64 (count, …), the same for the same arguments."""
        import torch

        draws = [draw_noise(self._shape, self._seed, stream, index, number) for number in self._samples]
        return torch.from_numpy(np.stack(draws)).double()


def sample(
    predict: Predict,
    x_start: Tensor,
    schedule: NoiseSchedule,
    spec: SamplerSpec,
    noise_source: NoiseSource,
    *,
    start_t: int | None = None,
) -> Iterator[ReverseStep]:
    """Walk from noise to a picture.

    Parameters
    ----------
    predict
        The denoiser, already told of class and guidance.
    x_start
        x_T, or x at `start_t`; shape (B, …), float32 or float64. The steps keep its dtype and device.
    schedule
        The chain that x_start belongs to.
    spec
        The sampler.
    noise_source
        Gives z of x_start's shape for (stream, t); the only source of chance.
    start_t
        Start here instead of at T (SDEdit, Meng et al., 2022): later times of the grid are left out.

    Yields
    ------
    ReverseStep
        The last one has s = 0 and x_s = x̂_0. No step records gradients.

    Raises
    ------
    ValueError
        If the number of steps or start_t is outside 1…T, or the optimal variance is asked of a denoiser that
        does not know it.
    """
    import torch

    times = sampling_timesteps(schedule, spec.num_sampling_steps, spec.spacing)
    if start_t is not None:
        if not 1 <= start_t <= schedule.num_timesteps:
            raise ValueError(f"Sampling cannot start at t = {start_t}: take 1 to {schedule.num_timesteps}.")
        times = (start_t, *(t for t in times if t < start_t))
    # As a decorator: a with-block around a yield would leak the mode into whoever reads the steps.
    return torch.no_grad()(_steps)(predict, x_start, schedule, spec, noise_source, times)


def _steps(
    predict: Predict,
    x: Tensor,
    schedule: NoiseSchedule,
    spec: SamplerSpec,
    noise_source: NoiseSource,
    times: tuple[int, ...],
) -> Iterator[ReverseStep]:
    previous: tuple[Tensor, float] | None = None
    for index, (t, s) in enumerate(zip(times, (*times[1:], 0), strict=True)):
        level = schedule.level(t)
        prediction = _clipped(predict(x, level), x, level, spec.clip)
        noise, correction, spread = None, None, None
        if spec.kind is SamplerKind.DDPM:
            coefficients, spread = _ddpm(schedule, s, t, spec, prediction)
        elif spec.kind is SamplerKind.DDIM:
            coefficients = ddim_step(schedule, s, t, spec.eta)
        elif spec.kind is SamplerKind.EULER:
            coefficients = ddim_step(schedule, s, t, eta=0.0)
        elif spec.kind is SamplerKind.DPMPP2M:
            coefficients = dpmpp_2m_step(schedule, s, t, previous[1] if previous else None)
            if previous and coefficients.correction:
                correction = prediction.x_0 - previous[0]
            previous = (prediction.x_0, half_log_snr_step(schedule, s, t))
        else:
            coefficients = heun_step(schedule, s, t)
            if coefficients.correction:
                x_euler = _sum(replace(coefficients, correction=0.0), x, prediction, None, None)
                arrival = schedule.level(s)
                ahead = _clipped(predict(x_euler, arrival), x_euler, arrival, spec.clip)
                correction = ahead.noise - prediction.noise
        if coefficients.noise:
            noise = noise_source(Stream.ANCESTRAL, t).to(x)
            if spread is not None:
                noise = noise * spread.reshape(-1, *(1,) * (x.ndim - 1))
        x_s = _sum(coefficients, x, prediction, noise, correction)
        yield ReverseStep(
            index, len(times), t, s, x, prediction.x_0, prediction.noise, noise, x_s, coefficients, correction
        )
        x = x_s


def _ddpm(
    schedule: NoiseSchedule, s: int, t: int, spec: SamplerSpec, prediction: Prediction
) -> tuple[StepCoefficients, Tensor | None]:
    """Coefficients, and where samples differ in variance (OPTIMAL) each one's share of the noise."""
    if spec.variance is not Variance.OPTIMAL:
        variance = ddpm_variance(schedule, s, t, spec.variance, spec.interpolation)
        return ddpm_step(schedule, s, t, variance), None
    if prediction.x_0_variance is None:
        raise ValueError(
            "The optimal variance needs a denoiser that knows its uncertainty, such as the exact one."
        )
    # The variance is linear in what x_0 leaves open, so the mean of the batch belongs to the mean of that.
    least = ddpm_variance(schedule, s, t, Variance.TILDE)
    mean = ddpm_variance(schedule, s, t, spec.variance, x_0_variance=float(prediction.x_0_variance.mean()))
    coefficients = ddpm_step(schedule, s, t, mean)
    if mean == 0.0:
        return coefficients, None
    of_sample = least + posterior_coefficients(schedule, s, t).c_0 ** 2 * prediction.x_0_variance
    return coefficients, (of_sample / mean).sqrt()


def _sum(
    coefficients: StepCoefficients,
    x_t: Tensor,
    prediction: Prediction,
    noise: Tensor | None,
    correction: Tensor | None,
) -> Tensor:
    terms = (
        (coefficients.pred_x_0, prediction.x_0),
        (coefficients.x_t, x_t),
        (coefficients.pred_noise, prediction.noise),
        (coefficients.noise, noise),
        (coefficients.correction, correction),
    )
    products = [factor * picture for factor, picture in terms if factor and picture is not None]
    return sum(products[1:], products[0]) if products else x_t * 0.0


def _clipped(prediction: Prediction, x_t: Tensor, level: NoiseLevel, clip: Clip) -> Prediction:
    """Keep x̂_0 within [−1, 1] and make ε̂ agree with it again."""
    if clip is Clip.NONE:
        return prediction
    if clip is Clip.STATIC:
        x_0 = prediction.x_0.clamp(-1.0, 1.0)
    else:
        bound = _quantile_of_size(prediction.x_0, _DYNAMIC_QUANTILE).clamp_min(1.0)
        x_0 = prediction.x_0.clamp(-bound, bound) / bound
    return replace(prediction, x_0=x_0, noise=noise_from_x_0(x_0, x_t, level))


def _quantile_of_size(x_0: Tensor, quantile: float) -> Tensor:
    """Quantile of |x_0| of each sample, shaped to broadcast; torch.quantile refuses large pictures."""
    size = x_0.abs().flatten(1)
    place = quantile * (size.shape[1] - 1)
    below, above = math.floor(place), math.ceil(place)
    low, high = (size.kthvalue(k + 1, dim=1).values for k in (below, above))
    return (low + (high - low) * (place - below)).reshape(-1, *(1,) * (x_0.ndim - 1))
