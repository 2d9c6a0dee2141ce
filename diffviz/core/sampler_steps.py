"""The arithmetic of one reverse step: which pictures are added up, and how much of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from diffviz.core.posterior import posterior_coefficients

if TYPE_CHECKING:
    from diffviz.core.schedules import NoiseSchedule


class Variance(StrEnum):
    """How much noise an ancestral step adds."""

    BETA = "beta"
    TILDE = "tilde"
    INTERPOLATED = "interpolated"
    OPTIMAL = "optimal"


@dataclass(frozen=True)
class StepCoefficients:
    """How much of each picture goes into x_s.

    x_s = pred_x_0 · x̂_0 + x_t · x_t + pred_noise · ε̂ + noise · z + correction · (second-order difference).
    """

    pred_x_0: float = 0.0
    x_t: float = 0.0
    pred_noise: float = 0.0
    noise: float = 0.0
    correction: float = 0.0


IDENTITY = StepCoefficients(x_t=1.0)


def ddpm_step(schedule: NoiseSchedule, s: int, t: int, variance: float) -> StepCoefficients:
    """Ancestral step: the posterior mean plus noise (Ho et al., 2020, Algorithm 2).

    Parameters
    ----------
    schedule
        The chain.
    s, t
        From t down to s.
    variance
        σ² of the added noise; no noise is added on the way to s = 0.
    """
    posterior = posterior_coefficients(schedule, s, t)
    noise = math.sqrt(variance) if s > 0 else 0.0
    return StepCoefficients(pred_x_0=posterior.c_0, x_t=posterior.c_t, noise=noise)


def ddpm_variance(
    schedule: NoiseSchedule,
    s: int,
    t: int,
    variance: Variance,
    interpolation: float = 0.5,
    x_0_variance: float = 0.0,
) -> float:
    """σ² of an ancestral step from t to s.

    Parameters
    ----------
    schedule
        The chain.
    s, t
        From t down to s.
    variance
        ``BETA`` β_{t|s} is exact for standard Gaussian data, ``TILDE`` β̃ for a single point (both Ho et al.,
        2020), ``INTERPOLATED`` lies between them in the logarithm (Nichol & Dhariwal, 2021), ``OPTIMAL`` adds
        what x_0 leaves open (Bao et al., 2022, Analytic-DPM).
    interpolation
        v in [0, 1]: 0 is β̃, 1 is β.
    x_0_variance
        tr Cov(x_0 | x_t)/d, for ``OPTIMAL``.
    """
    posterior = posterior_coefficients(schedule, s, t)
    upper, lower = schedule.beta_between(s, t), posterior.variance
    if variance is Variance.BETA:
        return upper
    if variance is Variance.TILDE:
        return lower
    if variance is Variance.OPTIMAL:
        return lower + posterior.c_0**2 * x_0_variance
    if lower == 0.0:
        return upper if interpolation == 1.0 else 0.0
    return math.exp(interpolation * math.log(upper) + (1.0 - interpolation) * math.log(lower))


def ddim_step(schedule: NoiseSchedule, s: int, t: int, eta: float) -> StepCoefficients:
    """DDIM step (Song et al., 2021); η = 0 is deterministic, η = 1 is the ancestral step with β̃.

    Parameters
    ----------
    schedule
        The chain.
    s, t
        From t down to s.
    eta
        η ≥ 0; the added variance is η² β̃, at most 1 − ᾱ_s.
    """
    noise_s, noise_t = (float(schedule.one_minus_alphas_cumprod[time]) for time in (s, t))
    if noise_t == 0.0:
        return IDENTITY
    beta, alpha, share = schedule.beta_between(s, t), schedule.alpha_between(s, t), noise_s / noise_t
    # 1 − ᾱ_s − σ² written without the subtraction, which near η = 1 would leave no digits of a long stride.
    kept = share * ((1.0 - eta**2) * beta + alpha * noise_s)
    return StepCoefficients(
        pred_x_0=float(schedule.sqrt_alphas_cumprod[s]),
        pred_noise=math.sqrt(max(kept, 0.0)),
        noise=math.sqrt(min(eta**2 * share * beta, noise_s)),
    )


def half_log_snr_step(schedule: NoiseSchedule, s: int, t: int) -> float:
    """H = λ_s − λ_t ≥ 0 in half log-SNR; ∞ where one end is clean or holds no signal."""
    upper, lower = float(schedule.half_log_snr[s]), float(schedule.half_log_snr[t])
    return 0.0 if upper == lower else upper - lower


def dpmpp_2m_step(schedule: NoiseSchedule, s: int, t: int, previous_h: float | None) -> StepCoefficients:
    """DPM-Solver++(2M) step in data prediction (Lu et al., 2022, "DPM-Solver++", Algorithm 2).

    The correction picture is x̂_0 minus the x̂_0 of the step before.

    Parameters
    ----------
    schedule
        The chain.
    s, t
        From t down to s.
    previous_h
        The h of the step before; None on the first, which is of first order like the one that
        arrives at the clean picture.
    """
    b_s, b_t = (float(schedule.sqrt_one_minus_alphas_cumprod[time]) for time in (s, t))
    if b_t == 0.0:
        return IDENTITY
    if b_s == 0.0:
        return StepCoefficients(pred_x_0=1.0)
    h = half_log_snr_step(schedule, s, t)
    data = float(schedule.sqrt_alphas_cumprod[s]) * -math.expm1(-h)
    ratio = 0.0 if previous_h is None or not 0.0 < previous_h < math.inf else h / (2.0 * previous_h)
    return StepCoefficients(pred_x_0=data, x_t=b_s / b_t, correction=data * ratio)


def heun_step(
    schedule: NoiseSchedule, s: int, t: int, churned_sigma: float | None = None
) -> StepCoefficients:
    """Heun step of the probability-flow ODE in σ, said for x = √ᾱ y (Karras et al., 2022, Algorithm 1).

    The correction picture is ε̂ at s (on the Euler step's result) minus ε̂ at t. Without it this is the Euler
    step, and so is the step away from pure noise, where σ is infinite.

    Parameters
    ----------
    schedule
        The chain.
    s, t
        From t down to s.
    churned_sigma
        σ from which the step is made where noise was added ahead of it; None: the schedule's at t.
    """
    euler = ddim_step(schedule, s, t, eta=0.0)
    a_s, a_t = (float(schedule.sqrt_alphas_cumprod[time]) for time in (s, t))
    if s == 0 or a_t == 0.0 or euler is IDENTITY:
        return euler
    start = float(schedule.sigma_edm[t]) if churned_sigma is None else churned_sigma
    gap = float(schedule.sigma_edm[s]) - start
    return StepCoefficients(euler.pred_x_0, euler.x_t, euler.pred_noise, 0.0, 0.5 * a_s * gap)
