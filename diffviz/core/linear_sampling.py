"""How wide the pictures of a sampler come out for Gaussian data, exactly: the variance that it ends with."""

from __future__ import annotations

from diffviz.core.planned_step import planned_coefficients
from diffviz.core.sampler_spec import SamplerKind, SamplerSpec
from diffviz.core.sampler_steps import Variance
from diffviz.core.schedules import NoiseSchedule
from diffviz.core.slips import Slip, slipped_coefficients, slipped_spec, slipped_times
from diffviz.core.timesteps import sampling_timesteps


def sampled_variance(
    schedule: NoiseSchedule, spec: SamplerSpec, data_variance: float, slip: Slip | None = None
) -> float:
    """
    Variance of what a sampler makes from standard noise with the exact denoiser of N(0, S).

    That denoiser is linear, x̂_0 = √ᾱ_t S x_t / (ᾱ_t S + 1 − ᾱ_t), so that every step multiplies the standard
    deviation by a number and adds noise.

    Parameters
    ----------
    schedule
        The chain.
    spec
        A sampler whose steps need no memory: DDPM with β or β̃, DDIM or Euler without churn.
    data_variance
        S > 0.
    slip
        A mistake to make: one of the noise, of the coefficients or of the order of the steps.

    Raises
    ------
    ValueError
        For another sampler.
    """
    is_linear = spec.kind in (SamplerKind.DDPM, SamplerKind.DDIM, SamplerKind.EULER) and not spec.churn
    if not is_linear or spec.variance is Variance.OPTIMAL:
        raise ValueError("The variance is known for DDPM, DDIM and Euler steps only.")
    spec = slipped_spec(spec, slip)
    times = sampling_timesteps(schedule, spec.num_sampling_steps, spec.spacing)
    variance = 1.0
    for t, s in zip(times, (*times[1:], 0), strict=True):
        at, to = slipped_times(times, t, s, slip)
        step = slipped_coefficients(planned_coefficients(schedule, spec, to, at), schedule, to, at, slip)
        level = schedule.level(at)
        total = level.alpha_cumprod * data_variance + level.one_minus_alpha_cumprod
        x_0 = level.sqrt_alpha_cumprod * data_variance / total
        noise = level.sqrt_one_minus_alpha_cumprod / total
        factor = step.pred_x_0 * x_0 + step.pred_noise * noise + step.x_t
        added = 0.0 if slip is Slip.NO_NOISE else step.noise**2
        variance = factor**2 * variance + added
    return variance
