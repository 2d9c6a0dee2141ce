"""Raising a picture's noise a little before each step of an ODE sampler."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diffviz.core.noise import Stream
from diffviz.core.sampler_spec import SamplerKind, SamplerSpec
from diffviz.core.schedules import NoiseLevel, NoiseSchedule
from diffviz.core.timesteps import matching_time

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.samplers import NoiseSource

_MOST = math.sqrt(2.0) - 1.0


@dataclass(frozen=True, eq=False)
class Churned:
    """A picture with some noise added, its level now, and the standard Gaussian noise that was drawn."""

    x: Tensor
    level: NoiseLevel
    noise: Tensor


def churned(
    x_t: Tensor, schedule: NoiseSchedule, t: int, spec: SamplerSpec, noise_source: NoiseSource
) -> Churned | None:
    """Add noise to x_t before an Euler or Heun step (Karras et al., 2022, Algorithm 2).

    With σ = √((1 − ᾱ)/ᾱ) and γ = min(S_churn/S, √2 − 1) the level becomes σ̂ = (1 + γ) σ, and x_t/√ᾱ gets
    √(σ̂² − σ²) S_noise z.

    Parameters
    ----------
    x_t
        Picture at time t, any shape.
    schedule, t
        Where it is.
    spec
        S_churn, its range of σ and S_noise.
    noise_source
        Asked for ``(Stream.CHURN, t)`` where noise is added.

    Returns
    -------
    Churned or None
        None where nothing is added: another sampler, σ outside the range, or no signal left.
    """
    sigma = float(schedule.sigma_edm[t])
    takes_churn = spec.kind in (SamplerKind.EULER, SamplerKind.HEUN) and spec.churn > 0.0
    if not takes_churn or not math.isfinite(sigma) or sigma == 0.0:
        return None
    if not spec.churn_sigma_min <= sigma <= spec.churn_sigma_max:
        return None
    raised = sigma * (1.0 + min(spec.churn / spec.num_sampling_steps, _MOST))
    level = NoiseLevel(float(t), 1.0 / (1.0 + raised**2), raised**2 / (1.0 + raised**2))
    level = replace(level, t=matching_time(level, schedule))
    noise = noise_source(Stream.CHURN, t).to(x_t)
    added = math.sqrt(raised**2 - sigma**2) * spec.churn_noise
    x = level.sqrt_alpha_cumprod * (x_t / float(schedule.sqrt_alphas_cumprod[t]) + added * noise)
    return Churned(x, level, noise)
