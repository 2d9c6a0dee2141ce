"""The Gaussian laws of the chain given its ends: q(x_s | x_t, x_0), and a bridge between any two times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from diffviz.core.schedule_table import FloatArray
    from diffviz.core.schedules import NoiseSchedule


@dataclass(frozen=True)
class PosteriorCoefficients:
    """q(x_s | x_t, x_0) = N(c_0 · x_0 + c_t · x_t, variance · I)."""

    c_0: float
    c_t: float
    variance: float


@dataclass(frozen=True)
class BridgeCoefficients:
    """q(x_s | x_a, x_b) = N(c_a · x_a + c_b · x_b, variance · I) for a < s < b."""

    c_a: float
    c_b: float
    variance: float


def posterior_coefficients(schedule: NoiseSchedule, s: int, t: int) -> PosteriorCoefficients:
    """Coefficients of q(x_s | x_t, x_0) (Ho et al., 2020, forward process posteriors; here for any stride).

    c_0 = √ᾱ_s β_{t|s}/(1 − ᾱ_t), c_t = √α_{t|s} (1 − ᾱ_s)/(1 − ᾱ_t), variance = β_{t|s} (1 − ᾱ_s)/(1 − ᾱ_t).
    For s = 0 that is x_0 itself; where no noise has been added by t the step is the identity.

    Parameters
    ----------
    schedule
        The chain.
    s, t
        Times with 0 ≤ s < t ≤ T.

    Raises
    ------
    ValueError
        If s is not before t.
    IndexError
        If a time is outside the chain.
    """
    if s >= t:
        raise ValueError(f"A reverse step goes down in time, not from t = {t} to s = {s}.")
    beta, alpha = schedule.beta_between(s, t), schedule.alpha_between(s, t)
    noise_s, noise_t = (float(schedule.one_minus_alphas_cumprod[time]) for time in (s, t))
    if noise_t == 0.0:
        return PosteriorCoefficients(0.0, 1.0, 0.0)
    if s == 0:
        return PosteriorCoefficients(1.0, 0.0, 0.0)
    return PosteriorCoefficients(
        c_0=float(schedule.sqrt_alphas_cumprod[s]) * beta / noise_t,
        c_t=math.sqrt(alpha) * noise_s / noise_t,
        variance=beta * noise_s / noise_t,
    )


def posterior_log_variance_clipped(schedule: NoiseSchedule) -> FloatArray:
    """Logarithm of β̃_t with β̃_1 = 0 replaced by β̃_2 (by β_1 when T = 1), as learned variances need it.

    Returns
    -------
    ndarray
        float64, shape (T + 1,); entry 0 repeats entry 1. −∞ only where β_t = 0.
    """
    variance = schedule.posterior_variance.copy()
    variance[:2] = variance[2] if schedule.num_timesteps > 1 else schedule.betas[1]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(variance))


def bridge_coefficients(schedule: NoiseSchedule, a: int, s: int, b: int) -> BridgeCoefficients:
    """Coefficients of q(x_s | x_a, x_b), the law of the chain between two of its states.

    A Brownian bridge on the clock v = (1 − ᾱ)/ᾱ, written so that ᾱ_b = 0 needs no special case. For a = 0 it
    is the posterior. Without noise between a and b the state does not move.

    Parameters
    ----------
    schedule
        The chain.
    a, s, b
        Times with 0 ≤ a < s < b ≤ T.
    """
    if not a < s < b:
        raise ValueError(f"A bridge needs a < s < b, not {a}, {s}, {b}.")
    beta_before, beta_after = schedule.beta_between(a, s), schedule.beta_between(s, b)
    whole = schedule.beta_between(a, b)
    if beta_before == 0.0 or whole == 0.0:
        return BridgeCoefficients(1.0, 0.0, 0.0)
    if beta_after == 0.0:
        return BridgeCoefficients(0.0, 1.0, 0.0)
    return BridgeCoefficients(
        c_a=math.sqrt(schedule.alpha_between(a, s)) * beta_after / whole,
        c_b=math.sqrt(schedule.alpha_between(s, b)) * beta_before / whole,
        variance=beta_before * beta_after / whole,
    )
