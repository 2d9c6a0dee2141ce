"""How to sample, said in small hashable values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from diffviz.core.sampler_steps import Variance
from diffviz.core.timesteps import Spacing


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
    churn
        S_churn ≥ 0 of ``EULER`` and ``HEUN`` (Karras et al., 2022, Algorithm 2): before each step σ is raised
        by the share min(S_churn/S, √2 − 1) with fresh noise. 0 is deterministic.
    churn_sigma_min, churn_sigma_max
        S_min and S_max: only steps from σ = √((1 − ᾱ)/ᾱ) in this range are churned.
    churn_noise
        S_noise, standard deviation of the fresh noise; slightly above 1 makes up for what a network smooths.
    """

    kind: SamplerKind = SamplerKind.DDPM
    num_sampling_steps: int = 50
    spacing: Spacing = Spacing.TRAILING
    variance: Variance = Variance.TILDE
    eta: float = 0.0
    clip: Clip = Clip.NONE
    interpolation: float = 0.5
    churn: float = 0.0
    churn_sigma_min: float = 0.0
    churn_sigma_max: float = math.inf
    churn_noise: float = 1.0

    @property
    def draws_noise(self) -> bool:
        """Whether the steps draw fresh noise, so that another seed makes another picture of the same x_T."""
        if self.kind is SamplerKind.DDPM:
            return True
        if self.kind is SamplerKind.DDIM:
            return self.eta > 0.0
        return self.kind in (SamplerKind.EULER, SamplerKind.HEUN) and self.churn > 0.0
