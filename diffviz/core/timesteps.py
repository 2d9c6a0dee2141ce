"""The times that a sampler visits, and the time at which another schedule is equally noisy."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from diffviz.core.schedule_table import FloatArray
    from diffviz.core.schedules import NoiseLevel, NoiseSchedule


class Spacing(StrEnum):
    """How the visited times are spread over 1…T."""

    TRAILING = "trailing"
    LEADING = "leading"
    LINSPACE = "linspace"
    QUAD = "quad"
    LOGSNR = "logsnr"
    KARRAS = "karras"


def sampling_timesteps(
    schedule: NoiseSchedule, num_sampling_steps: int, spacing: Spacing = Spacing.TRAILING
) -> tuple[int, ...]:
    """The times at which the denoiser is asked, from noise to picture, without the final 0.

    Parameters
    ----------
    schedule
        The chain.
    num_sampling_steps
        S, in 1…T.
    spacing
        ``LEADING`` (Ho et al., 2020, respaced) and ``QUAD`` (Song et al., 2021, DDIM) do not start at T.
        ``LOGSNR`` is even in log-SNR, ``KARRAS`` in σ^(1/7) (Karras et al., 2022); both drop doubles, so they
        may give fewer than S times.

    Returns
    -------
    tuple of int
        Strictly falling, within 1…T.

    Raises
    ------
    ValueError
        If S is not in 1…T.
    """
    total, steps = schedule.num_timesteps, num_sampling_steps
    if not 1 <= steps <= total:
        raise ValueError(f"{steps} sampling steps are not possible: take 1 to {total}.")
    if spacing is Spacing.TRAILING:
        times = np.floor(total - np.arange(steps) * total / steps + 0.5)
    elif spacing is Spacing.LEADING:
        times = np.arange(steps) * (total // steps) + 1
    elif spacing is Spacing.LINSPACE:
        times = np.round(np.linspace(1, total, steps)) if steps > 1 else np.array([total])
    elif spacing is Spacing.QUAD:
        times = np.minimum(np.floor(np.linspace(0.0, math.sqrt(0.8 * total), steps) ** 2) + 1, total)
    elif spacing is Spacing.LOGSNR:
        times = _even_in(-schedule.log_snr, steps, rho=None)
    else:
        times = _even_in(-schedule.log_snr, steps, rho=7.0)
    return tuple(sorted({int(t) for t in times}, reverse=True))


def late_start(schedule: NoiseSchedule, times: tuple[int, ...]) -> str:
    """What is wrong where sampling from pure noise begins below T; "" where it begins at T.

    Parameters
    ----------
    schedule
        The chain.
    times
        The grid, falling.
    """
    if times[0] == schedule.num_timesteps:
        return ""
    share = 100.0 * float(schedule.alphas_cumprod[times[0]])
    return (
        f"These steps begin at t = {times[0]}, not at T = {schedule.num_timesteps}: the denoiser is told "
        f"that {share:.2g} % of the signal power is left, but the start is pure noise. Trailing begins at T."
    )


def matching_time(level: NoiseLevel, schedule: NoiseSchedule) -> float:
    """The time of a schedule at which it is as noisy as a level of another one.

    Parameters
    ----------
    level
        A noise level.
    schedule
        The schedule whose time is asked for, for example the one a network was trained with.

    Returns
    -------
    float
        In [1, T]: interpolated in log-SNR, clamped at the ends; exactly ``level.t`` where the schedule has
        the same level there.
    """
    total = schedule.num_timesteps
    t = int(level.t)
    if t == level.t and 1 <= t <= total:
        same = schedule.level(t)
        if math.isclose(same.alpha_cumprod, level.alpha_cumprod, rel_tol=1e-9) and math.isclose(
            same.one_minus_alpha_cumprod, level.one_minus_alpha_cumprod, rel_tol=1e-9
        ):
            return level.t
    noisiness = -schedule.log_snr[1:]
    finite = np.isfinite(noisiness)
    if not math.isfinite(level.log_snr) or not finite.any():
        return 1.0 if level.log_snr > 0 else float(total)
    return float(np.interp(-level.log_snr, noisiness[finite], np.flatnonzero(finite) + 1.0))


def nearest_time(level: NoiseLevel, schedule: NoiseSchedule) -> int:
    """The time 1…T of a schedule whose log-SNR is nearest to that of a level of another one."""
    return max(1, round(matching_time(level, schedule)))


def known_times(schedule: NoiseSchedule, trained: NoiseSchedule) -> tuple[int, int] | None:
    """The times of a schedule whose noise levels a network of another schedule was trained at.

    Beyond them `matching_time` tells the network the nearest level that it knows.

    Parameters
    ----------
    schedule
        The schedule that is walked.
    trained
        The one that the network was trained with.

    Returns
    -------
    tuple of int or None
        First and last time in 1…T; None if there is none.
    """
    known = -trained.log_snr[1:]
    finite = known[np.isfinite(known)]
    here = -schedule.log_snr[1:]
    # Without signal at its end, a network was trained in pure noise, too.
    inside = np.isposinf(here) & bool(np.isposinf(known).any())
    if finite.size:
        # The rounding of a table must not make its own ends unknown.
        slack = 1e-9 * (1.0 + np.abs(finite).max())
        inside |= (here >= finite.min() - slack) & (here <= finite.max() + slack)
    times = np.flatnonzero(inside) + 1
    return (int(times[0]), int(times[-1])) if times.size else None


def _even_in(noisiness: FloatArray, steps: int, rho: float | None) -> FloatArray:
    """Times whose −log-SNR (or σ^(1/ρ)) is evenly spread, T among them."""
    total = noisiness.size - 1
    finite = np.flatnonzero(np.isfinite(noisiness))
    if finite.size == 0 or steps == 1:
        return np.array([float(total)])
    axis = noisiness[finite] if rho is None else np.exp(0.5 * noisiness[finite] / rho)
    beyond = 0 if finite[-1] == total else 1
    wanted = np.linspace(axis[0], axis[-1], max(steps - beyond, 1))
    if rho is None:
        nearest = finite[np.abs(axis[None, :] - wanted[:, None]).argmin(axis=1)]
    else:
        log_wanted = 2.0 * rho * np.log(wanted)
        nearest = np.round(np.interp(log_wanted, noisiness[finite], finite))
    return np.concatenate((nearest, [total])).astype(np.float64)
