"""Schedules that are drawn by hand: a few points, a monotone curve through them, the table it gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffviz.core.schedule_table import NoiseSchedule, ScheduleError

Points: TypeAlias = tuple[tuple[float, float], ...]
FloatArray: TypeAlias = NDArray[np.float64]

QUANTITIES = ("log_snr", "alpha_cumprod", "beta")
LOG_SNR_LIMIT = 30.0
_QUANTITY_NAMES = {"log_snr": "log-SNR", "alpha_cumprod": "ᾱ", "beta": "β"}


class ControlPointError(ScheduleError):
    """A set of control points that is no schedule.

    Parameters
    ----------
    sentence
        What is wrong, for a person.
    index
        The point to mark; None where no single one is to blame.
    """

    def __init__(self, sentence: str, index: int | None = None) -> None:
        super().__init__(sentence)
        self.index = index


def pchip(x: ArrayLike, y: ArrayLike) -> Callable[[ArrayLike], FloatArray]:
    """Monotone cubic Hermite interpolation through (x, y).

    Slopes are the weighted harmonic means of Fritsch and Butland (1984) with the three-point ends of
    Moler's PCHIP; the curve never leaves the range of two neighbouring points. Two points give a line.

    Parameters
    ----------
    x, y
        At least two points, x strictly increasing.

    Returns
    -------
    callable
        Maps query positions within [x[0], x[-1]] to float64 values of the same shape.
    """
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    widths = np.diff(xs)
    secants = np.diff(ys) / widths
    slopes = _pchip_slopes(widths, secants)

    def curve(query: ArrayLike) -> FloatArray:
        at = np.asarray(query, dtype=np.float64)
        k = np.clip(np.searchsorted(xs, at, side="right") - 1, 0, widths.size - 1)
        h, s = widths[k], (at - xs[k]) / widths[k]
        left = (1.0 + 2.0 * s) * (1.0 - s) ** 2 * ys[k] + s * (1.0 - s) ** 2 * h * slopes[k]
        right = s**2 * (3.0 - 2.0 * s) * ys[k + 1] + s**2 * (s - 1.0) * h * slopes[k + 1]
        return np.asarray(left + right, dtype=np.float64)

    return curve


def validate_points(points: Sequence[tuple[float, float]], quantity: str) -> None:
    """Check that the points describe a schedule.

    Parameters
    ----------
    points
        (u, value) with u = t/T in (0, 1].
    quantity
        ``"log_snr"`` (strictly falling, within ±30), ``"alpha_cumprod"`` (strictly falling below 1, 0 allowed
        at u = 1 only) or ``"beta"`` (any shape within [0, 1]).

    Raises
    ------
    ControlPointError
        With the index of the first point that breaks a rule.
    """
    if quantity not in QUANTITIES:
        raise ControlPointError(f"Control points are given in {', '.join(QUANTITIES)}, not in {quantity!r}.")
    if len(points) < 2:
        raise ControlPointError("A curve needs at least two points.")
    name = _QUANTITY_NAMES[quantity]
    for index, (u, value) in enumerate(points):
        if not (math.isfinite(u) and math.isfinite(value)):
            raise ControlPointError("A point must have finite coordinates.", index)
        if not 0.0 < u <= 1.0:
            raise ControlPointError("A point must lie after t = 0 and not after T.", index)
        if index and u <= points[index - 1][0]:
            raise ControlPointError("Points must go from left to right.", index)
        if quantity == "log_snr" and abs(value) > LOG_SNR_LIMIT:
            raise ControlPointError("log-SNR must stay between −30 and 30.", index)
        if quantity == "alpha_cumprod" and not (0.0 < value < 1.0 or (value == 0.0 and u == 1.0)):
            raise ControlPointError("ᾱ must stay between 0 and 1, and may be 0 only at T.", index)
        if quantity == "beta" and not 0.0 <= value <= 1.0:
            raise ControlPointError("β must stay between 0 and 1.", index)
        if quantity != "beta" and index and value >= points[index - 1][1]:
            raise ControlPointError(f"{name} must fall from every point to the next.", index)


def schedule_from_points(
    points: Sequence[tuple[float, float]], quantity: str, num_timesteps: int
) -> NoiseSchedule:
    """The schedule whose curve goes through the points.

    Parameters
    ----------
    points, quantity
        As in `validate_points`.
    num_timesteps
        T; the curve is read at u = 1/T, 2/T … 1. Before the first and after the last point it goes on
        with the same slope (log-SNR, ln ᾱ) or level (β).

    Raises
    ------
    ControlPointError
        If the points break a rule.
    """
    validate_points(points, quantity)
    at = np.arange(1, num_timesteps + 1) / num_timesteps
    u, value = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    if quantity == "beta":
        betas = pchip(u, value)(np.clip(at, u[0], u[-1]))
        return NoiseSchedule.from_betas(np.clip(betas, 0.0, 1.0))
    if quantity == "log_snr":
        log_snr = _with_ends(u, value, at)
        return NoiseSchedule.from_log_alphas_cumprod(_never_rising(-np.logaddexp(0.0, -log_snr)))
    u, value = np.concatenate(([0.0], u)), np.concatenate(([1.0], value))
    inside = np.clip(pchip(u, value)(np.minimum(at, u[-1])), 0.0, 1.0)
    with np.errstate(divide="ignore"):
        log_alphas_cumprod = np.log(inside)
    if u[-1] < 1.0:
        slope = (math.log(value[-1]) - math.log(value[-2])) / (u[-1] - u[-2])
        log_alphas_cumprod += slope * np.maximum(at - u[-1], 0.0)
    return NoiseSchedule.from_log_alphas_cumprod(_never_rising(log_alphas_cumprod))


def control_points(schedule: NoiseSchedule, quantity: str, count: int) -> Points:
    """A few points whose curve follows the schedule, ready to be dragged.

    The ends come first; each further point goes where the curve misses the schedule most.

    Parameters
    ----------
    schedule
        The schedule to follow.
    quantity
        ``"log_snr"``, ``"alpha_cumprod"`` or ``"beta"``.
    count
        How many points, at least 2; a short chain gives no more than one for each step.
    """
    if schedule.num_timesteps == 1:
        return _points_of_one_step(schedule, quantity)
    total = schedule.num_timesteps
    u = np.arange(1, total + 1) / total
    values = _legal_values(schedule, quantity)
    chosen = [0, total - 1]
    weights = np.ones(total)
    if quantity == "log_snr":
        # A miss counts as much as it changes the pictures: hardly where they are clean or gone.
        weights = 0.01 + schedule.alphas_cumprod[1:] * schedule.one_minus_alphas_cumprod[1:]
    reach = max(float(np.ptp(values)), 1e-12)
    while len(chosen) < min(max(count, 2), total):
        miss = weights * np.abs(pchip(u[chosen], values[chosen])(u) - values)
        worst = int(miss.argmax())
        if miss[worst] < 1e-6 * reach or worst in chosen:
            gaps = np.diff(chosen)
            widest = int(gaps.argmax())
            worst = chosen[widest] + int(gaps[widest]) // 2
        chosen = sorted({*chosen, worst})
    return tuple((float(u[k]), float(values[k])) for k in chosen)


def _pchip_slopes(widths: FloatArray, secants: FloatArray) -> FloatArray:
    if secants.size == 1:
        return np.array([secants[0], secants[0]])
    slopes = np.zeros(secants.size + 1)
    before, after = secants[:-1], secants[1:]
    same = np.sign(before) * np.sign(after) > 0
    w1, w2 = 2.0 * widths[1:] + widths[:-1], widths[1:] + 2.0 * widths[:-1]
    with np.errstate(over="ignore"):
        slopes[1:-1][same] = (w1 + w2)[same] / (w1[same] / before[same] + w2[same] / after[same])
    slopes[0] = _end_slope(widths[0], widths[1], secants[0], secants[1])
    slopes[-1] = _end_slope(widths[-1], widths[-2], secants[-1], secants[-2])
    return slopes


def _end_slope(h0: float, h1: float, d0: float, d1: float) -> float:
    slope = ((2.0 * h0 + h1) * d0 - h0 * d1) / (h0 + h1)
    if np.sign(slope) != np.sign(d0):
        return 0.0
    if np.sign(d0) != np.sign(d1) and abs(slope) > 3.0 * abs(d0):
        return 3.0 * d0
    return float(slope)


def _with_ends(u: FloatArray, value: FloatArray, at: FloatArray) -> FloatArray:
    """The curve, going on outside its points with its end slopes but never far beyond the limits."""
    reach = LOG_SNR_LIMIT + 2.0
    above, below = reach - value[0], reach + value[-1]
    first = (value[1] - value[0]) / (u[1] - u[0]) / above
    last = (value[-1] - value[-2]) / (u[-1] - u[-2]) / below
    inside = pchip(u, value)(np.clip(at, u[0], u[-1]))
    left = -above * np.expm1(-first * np.minimum(at - u[0], 0.0))
    return np.asarray(inside + left + below * np.expm1(last * np.maximum(at - u[-1], 0.0)))


def _never_rising(log_alphas_cumprod: FloatArray) -> FloatArray:
    """Take away rises of the size of rounding, which a nearly level stretch of a curve can show."""
    return np.minimum.accumulate(np.minimum(log_alphas_cumprod, 0.0))


def _legal_values(schedule: NoiseSchedule, quantity: str) -> FloatArray:
    if quantity == "beta":
        return schedule.betas[1:].copy()
    if quantity == "alpha_cumprod":
        values, low, high = schedule.alphas_cumprod[1:], 0.0, 1.0
        legal = bool((values < 1.0).all() and (values[:-1] > 0.0).all())
    else:
        low, high = -LOG_SNR_LIMIT, LOG_SNR_LIMIT
        values, legal = np.clip(schedule.log_snr[1:], low, high), True
    if legal and (np.diff(values) < 0.0).all():
        return np.array(values)
    # Level stretches (β = 0, or no signal left before T) get the slightest legal fall.
    tilt = 1e-6 * (high - low)
    inside = low + 2.0 * tilt + (values - low) * (1.0 - 4e-6)
    return np.asarray(inside + np.linspace(tilt, -tilt, values.size))


def _points_of_one_step(schedule: NoiseSchedule, quantity: str) -> Points:
    if quantity == "beta":
        beta = float(schedule.betas[1])
        return ((0.5, beta), (1.0, beta))
    if quantity == "alpha_cumprod":
        end = min(float(schedule.alphas_cumprod[1]), 1.0 - 1e-6)
        return ((0.5, 0.5 * (1.0 + end)), (1.0, end))
    end = float(np.clip(schedule.log_snr[1], -LOG_SNR_LIMIT, LOG_SNR_LIMIT - 2.0))
    return ((0.5, end + 2.0), (1.0, end))
