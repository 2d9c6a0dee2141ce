"""Samplers: generators of frozen steps from noise to a picture, which know nothing of threads or screens.

Torch is imported when sampling starts, so that descriptions of samplers can be had before it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from diffviz.core.churn import churned
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.prediction import Prediction
from diffviz.core.sampler_spec import Clip, SamplerKind, SamplerSpec
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
from diffviz.core.slips import Slip, slipped_coefficients, slipped_times
from diffviz.core.thresholding import clipped
from diffviz.core.timesteps import sampling_timesteps

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
        z, the fresh noise that was added, in units of ``coefficients.noise`` or before the denoiser was asked
        (churn); None where none was.
    coefficients
        x_s is the sum of these times the pictures.
    correction
        What a second-order sampler adds: Heun's ε̂ at s minus ε̂ at t, or the change of x̂_0 since the step
        before (2M); None where there is none.
    churned, churned_level
        What the denoiser was asked instead of x_t at t: x_t with more noise (`core.churn`), and how noisy
        that is. None without churn.
    seconds
        How long the step took, where somebody measured it.
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
    churned: Tensor | None = None
    churned_level: NoiseLevel | None = None
    seconds: float | None = None


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
    redrawn
        (t, seed) of steps whose noise comes from another seed; the start does not.
    is_shared
        Whether every sample gets the noise of the first.
    """

    def __init__(
        self,
        seed: int,
        shape: tuple[int, ...],
        count: int,
        first: int = 0,
        redrawn: Iterable[tuple[int, int]] = (),
        *,
        is_shared: bool = False,
    ) -> None:
        self._seed, self._shape = seed, shape
        self._samples = range(first, first + count)
        if is_shared:
            self._samples = range(first, first + 1)
        self._count = count
        self._redrawn = dict(redrawn)

    def __call__(self, stream: Stream, index: int) -> Tensor:
        """Standard Gaussian noise, float64 (count, …), the same for the same arguments."""
        import torch

        seed = self._seed if stream is Stream.X_T else self._redrawn.get(index, self._seed)
        draws = [draw_noise(self._shape, seed, stream, index, number) for number in self._samples]
        noise = torch.from_numpy(np.stack(draws)).double()
        return noise.expand(self._count, *noise.shape[1:]).clone()


def sample(
    predict: Predict,
    x_start: Tensor,
    schedule: NoiseSchedule,
    spec: SamplerSpec,
    noise_source: NoiseSource,
    *,
    start_t: int | None = None,
    came_from: tuple[int, Tensor] | None = None,
    slip: Slip | None = None,
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
    came_from
        (t, x_t) of the step that led to x_start, for a run that goes on: a sampler that remembers a step (2M)
        asks the denoiser about it once more.
    slip
        A mistake to make on purpose (`core.slips`). Those of noise, denoiser and settings are made by the
        arguments that belong to them; those of the steps here.

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
    return torch.no_grad()(_steps)(predict, x_start, schedule, spec, noise_source, times, came_from, slip)


def _steps(
    predict: Predict,
    x: Tensor,
    schedule: NoiseSchedule,
    spec: SamplerSpec,
    noise_source: NoiseSource,
    times: tuple[int, ...],
    came_from: tuple[int, Tensor] | None,
    slip: Slip | None,
) -> Iterator[ReverseStep]:
    previous = _remembered(predict, schedule, spec, times[0], came_from)
    for index, (t, s) in enumerate(zip(times, (*times[1:], 0), strict=True)):
        at, to = slipped_times(times, t, s, slip)
        raised = churned(x, schedule, at, spec, noise_source)
        asked, level = (x, schedule.level(at)) if raised is None else (raised.x, raised.level)
        prediction = clipped(predict(asked, level), asked, level, spec.clip)
        noise, correction, spread = None, None, None
        if spec.kind is SamplerKind.DDPM:
            coefficients, spread = _ddpm(schedule, to, at, spec, prediction)
        elif spec.kind is SamplerKind.DDIM:
            coefficients = ddim_step(schedule, to, at, spec.eta)
        elif spec.kind is SamplerKind.EULER:
            coefficients = ddim_step(schedule, to, at, eta=0.0)
        elif spec.kind is SamplerKind.DPMPP2M:
            coefficients = dpmpp_2m_step(schedule, to, at, previous[1] if previous else None)
            if previous and coefficients.correction:
                correction = prediction.x_0 - previous[0]
            previous = (prediction.x_0, half_log_snr_step(schedule, to, at))
        else:
            coefficients = heun_step(schedule, to, at, None if raised is None else raised.level.sigma_edm)
            if coefficients.correction:
                x_euler = _sum(replace(coefficients, correction=0.0), x, prediction, None, None)
                arrival = schedule.level(to)
                ahead = clipped(predict(x_euler, arrival), x_euler, arrival, spec.clip)
                correction = ahead.noise - prediction.noise
        coefficients = slipped_coefficients(coefficients, schedule, to, at, slip)
        if coefficients.noise:
            noise = noise_source(Stream.ANCESTRAL, at).to(x)
            if spread is not None:
                noise = noise * spread.reshape(-1, *(1,) * (x.ndim - 1))
        x_s = _sum(coefficients, x, prediction, noise, correction)
        yield ReverseStep(
            index,
            len(times),
            t,
            s,
            x,
            prediction.x_0,
            prediction.noise,
            noise if raised is None else raised.noise,
            x_s,
            coefficients,
            correction,
            None if raised is None else raised.x,
            None if raised is None else raised.level,
        )
        x = x_s


def _remembered(
    predict: Predict,
    schedule: NoiseSchedule,
    spec: SamplerSpec,
    start_t: int,
    came_from: tuple[int, Tensor] | None,
) -> tuple[Tensor, float] | None:
    """x̂_0 and h of the step that led to the start, where the sampler uses them."""
    if came_from is None or spec.kind is not SamplerKind.DPMPP2M:
        return None
    t, x_t = came_from
    level = schedule.level(t)
    prediction = clipped(predict(x_t, level), x_t, level, spec.clip)
    return prediction.x_0, half_log_snr_step(schedule, start_t, t)


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
