"""The arithmetic of a reverse step before it is made: what a sampler will do between two times."""

from __future__ import annotations

from bisect import bisect_left

from diffviz.core.sampler_spec import SamplerKind, SamplerSpec
from diffviz.core.sampler_steps import (
    StepCoefficients,
    ddim_step,
    ddpm_step,
    ddpm_variance,
    dpmpp_2m_step,
    heun_step,
)
from diffviz.core.schedules import NoiseSchedule
from diffviz.core.timesteps import sampling_timesteps


def planned_times(schedule: NoiseSchedule, spec: SamplerSpec, t: int) -> tuple[int, int]:
    """(t, s) of the step of a sampler that begins nearest to time t; at t = 0 its last one."""
    times = sampling_timesteps(schedule, spec.num_sampling_steps, spec.spacing)
    below = bisect_left(times, -t, key=lambda time: -time)
    near = range(max(below - 1, 0), min(below + 1, len(times)))
    place = min(near, key=lambda index: abs(times[index] - t))
    return times[place], (*times, 0)[place + 1]


def planned_coefficients(schedule: NoiseSchedule, spec: SamplerSpec, s: int, t: int) -> StepCoefficients:
    """
    Coefficients of a step from t to s as far as they are known without a denoiser.

    The optimal variance of DDPM is that of data which leave nothing open, a step of DPM-Solver++(2M) that of
    a first one, and no churn is counted.

    Parameters
    ----------
    schedule
        The chain.
    spec
        The sampler.
    s, t
        From t down to s, 0 ≤ s < t ≤ T.
    """
    if spec.kind is SamplerKind.DDPM:
        variance = ddpm_variance(schedule, s, t, spec.variance, spec.interpolation)
        return ddpm_step(schedule, s, t, variance)
    if spec.kind is SamplerKind.DPMPP2M:
        return dpmpp_2m_step(schedule, s, t, None)
    if spec.kind is SamplerKind.HEUN:
        return heun_step(schedule, s, t)
    return ddim_step(schedule, s, t, spec.eta if spec.kind is SamplerKind.DDIM else 0.0)
