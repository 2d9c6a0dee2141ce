"""The family of reverse processes that share the marginals of the chain: the flow (g = 0) and its noisy kin.

dx = [x + (1 + g²) ∇ln p_t(x)] dτ + g √2 dW, backwards in the Ornstein–Uhlenbeck time τ (Song et al., 2021,
Anderson's reverse SDE at g = 1, the probability-flow ODE at g = 0).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffviz.core.noise import Stream
from diffviz.core.sampler_steps import IDENTITY, StepCoefficients, heun_step

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.samplers import NoiseSource, Predict
    from diffviz.core.schedules import NoiseSchedule

MAX_G = 1.5


@dataclass(frozen=True, eq=False)
class FlowStep:
    """One step from t down to s, and tr Cov(x_0 | x_t)/d where the denoiser knows it, shape (B,)."""

    t: int
    s: int
    x_t: Tensor
    x_s: Tensor
    x_0_variance: Tensor | None = None


def flow_step(schedule: NoiseSchedule, s: int, t: int, g: float) -> StepCoefficients:
    """The step of the family whose x̂_0 is held still, solved exactly.

    x_s = √ᾱ_s x̂_0 + √(1 − ᾱ_s) (κ ε̂ + √(1 − κ²) z) with κ = (σ_s/σ_t)^(g²) and σ = √((1 − ᾱ)/ᾱ): the
    standardised noise is an Ornstein–Uhlenbeck process in ln σ (Zhang, Tao and Chen, 2023, "gDDIM"). g = 0 is
    DDIM with η = 0, g = 1 the ancestral step with β̃.

    Parameters
    ----------
    schedule
        The chain.
    s, t
        From t down to s.
    g
        Strength of the noise, ≥ 0.
    """
    noise_s, noise_t = (float(schedule.one_minus_alphas_cumprod[time]) for time in (s, t))
    if noise_t == 0.0:
        return IDENTITY
    # (σ_s/σ_t)² without dividing by an ᾱ that may be 0.
    ratio = noise_s / noise_t * schedule.alpha_between(s, t)
    kept = 1.0 if g == 0.0 else ratio ** (g * g / 2.0)
    amplitude = math.sqrt(noise_s)
    return StepCoefficients(
        pred_x_0=float(schedule.sqrt_alphas_cumprod[s]),
        pred_noise=amplitude * kept,
        noise=amplitude * math.sqrt(max(0.0, 1.0 - kept * kept)),
    )


def walk_flow(
    predict: Predict,
    x_start: Tensor,
    schedule: NoiseSchedule,
    times: Sequence[int],
    g: float,
    noise_source: NoiseSource,
) -> Iterator[FlowStep]:
    """Walk one member of the family from x_start at ``times[0]`` to t = 0.

    Parameters
    ----------
    predict
        The denoiser.
    x_start
        Shape (B, …) at ``times[0]``.
    schedule
        The chain.
    times
        Falling, in 1…T.
    g
        Strength of the noise, 0 … 1.5.
    noise_source
        Gives z for (stream, t); not asked where g is 0.
    """
    import torch

    # As a decorator: a with-block around a yield would leak the mode into whoever reads the steps.
    return torch.no_grad()(_walk)(predict, x_start, schedule, times, g, noise_source)


def _walk(
    predict: Predict,
    x: Tensor,
    schedule: NoiseSchedule,
    times: Sequence[int],
    g: float,
    noise_source: NoiseSource,
) -> Iterator[FlowStep]:
    for t, s in zip(times, (*times[1:], 0), strict=True):
        prediction = predict(x, schedule.level(t))
        step = flow_step(schedule, s, t, g)
        x_s = step.x_t * x + step.pred_x_0 * prediction.x_0 + step.pred_noise * prediction.noise
        if step.noise:
            x_s = x_s + step.noise * noise_source(Stream.ANCESTRAL, t).to(x)
        yield FlowStep(t, s, x, x_s, prediction.x_0_variance)
        x = x_s


def walk_ode(
    predict: Predict, x_start: Tensor, schedule: NoiseSchedule, times: Sequence[int]
) -> Iterator[FlowStep]:
    """Walk the flow (g = 0) on any times by Heun's method, of second order (Karras et al., 2022).

    Parameters
    ----------
    predict, x_start, schedule, times
        As in `walk_flow`.
    """
    import torch

    return torch.no_grad()(_heun)(predict, x_start, schedule, times)


def _heun(predict: Predict, x: Tensor, schedule: NoiseSchedule, times: Sequence[int]) -> Iterator[FlowStep]:
    for t, s in zip(times, (*times[1:], 0), strict=True):
        here, step = predict(x, schedule.level(t)), heun_step(schedule, s, t)
        x_s = step.x_t * x + step.pred_x_0 * here.x_0 + step.pred_noise * here.noise
        if step.correction:
            x_s = x_s + step.correction * (predict(x_s, schedule.level(s)).noise - here.noise)
        yield FlowStep(t, s, x, x_s, here.x_0_variance)
        x = x_s


def density_gained(steps: Iterable[FlowStep], schedule: NoiseSchedule) -> Tensor:
    """Ln p_s(x_s) − ln p_t(x_t) along a path of the flow from its first to its last x_t, shape (B,), in nats.

    With y = x/√ᾱ the density changes by d ln p/d ln σ = −d (1 − v/σ²), v = tr Cov(x_0 | x)/d, which is the
    divergence of the flow (Chen et al., 2018, instantaneous change of variables); by the trapezoidal rule in
    ln σ.

    Parameters
    ----------
    steps
        At least two steps of the flow, by a denoiser that knows its uncertainty.
    schedule
        The chain they belong to.

    Raises
    ------
    ValueError
        If a step does not know the uncertainty, or there are fewer than two.
    """
    walked = list(steps)
    if len(walked) < 2:
        raise ValueError("The density changes between two places of a path.")
    slopes, places = [], []
    for step in walked:
        if step.x_0_variance is None:
            raise ValueError("The change of density needs a denoiser that knows its uncertainty.")
        level = schedule.level(step.t)
        slopes.append(1.0 - step.x_0_variance.double() / level.sigma_edm**2)
        places.append(math.log(level.sigma_edm))
    dimensions = walked[0].x_t[0].numel()
    gained = slopes[0] * 0.0
    for (slope, place), (next_slope, next_place) in zip(
        zip(slopes, places, strict=True), zip(slopes[1:], places[1:], strict=True), strict=False
    ):
        gained = gained + 0.5 * (slope + next_slope) * (place - next_place)
    first, last = schedule.level(walked[0].t), schedule.level(walked[-1].t)
    stretch = 0.5 * (math.log(last.alpha_cumprod) - math.log(first.alpha_cumprod))
    return dimensions * (gained - stretch)
