"""The four quantities in which a schedule is looked at: their names, values, axes and figures."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffviz.core.schedules import NoiseSchedule
from diffviz.ui.theme import Role

FloatArray = NDArray[np.float64]

_NICE = (1.0, 2.0, 5.0, 10.0)
_EMPTY_BETA_TOP = 0.02
_EMPTY_LOG_SNR = (-10.0, 10.0)
_HEADROOM = 0.08


@dataclass(frozen=True)
class Quantity:
    """
    One way to look at a schedule.

    Parameters
    ----------
    key
        As in the session: "beta", "alpha_cumprod", "log_snr", "sigma".
    markup, spoken
        Its sign, with the markup of ``rich_line``, and its name for a sentence.
    role
        Colour of its curve: amber for signal, blue for noise.
    edited_in
        Quantity of the control points that a drag in this view gives.
    values
        Its values for t = 0 … T; may hold ±∞, never NaN.
    tooltip
        What it is.
    """

    key: str
    markup: str
    spoken: str
    role: Role
    edited_in: str
    values: Callable[[NoiseSchedule], FloatArray]
    tooltip: str


@dataclass(frozen=True)
class ValueAxis:
    """Range of a plot, its labelled ticks, and the heights of its grid lines."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    grid: tuple[float, ...]


QUANTITIES: dict[str, Quantity] = {
    quantity.key: quantity
    for quantity in (
        Quantity(
            "beta",
            "$β$",
            "β",
            "signal",
            "beta",
            lambda schedule: schedule.betas,
            "β: variance that each step adds",
        ),
        Quantity(
            "alpha_cumprod",
            "$ᾱ$",
            "ᾱ",
            "signal",
            "alpha_cumprod",
            lambda schedule: schedule.alphas_cumprod,
            "ᾱ: share of the signal power that is left",
        ),
        Quantity(
            "log_snr",
            "log-SNR",
            "log-SNR",
            "signal",
            "log_snr",
            lambda schedule: schedule.log_snr,
            "log-SNR: natural logarithm of ᾱ / (1 − ᾱ)",
        ),
        Quantity(
            "sigma",
            "$σ$",
            "σ",
            "noise",
            "alpha_cumprod",
            lambda schedule: schedule.sqrt_one_minus_alphas_cumprod,
            "σ: standard deviation of the noise, √(1 − ᾱ)",
        ),
    )
}


def value_axis(quantity: str, values: FloatArray) -> ValueAxis:
    """
    Axis that shows a curve well.

    Parameters
    ----------
    quantity
        Key of a quantity.
    values
        Its values; infinite ones have no say.
    """
    if quantity in ("alpha_cumprod", "sigma"):
        return ValueAxis(0.0, 1.0, ((0.0, "0"), (0.5, "0.5"), (1.0, "1")), (0.0, 0.25, 0.5, 0.75, 1.0))
    finite = values[np.isfinite(values)]
    if quantity == "beta":
        # t = 0 has no step and says nothing.
        top = float(values[1:].max()) or _EMPTY_BETA_TOP
        low, high = 0.0, min(1.0, (1 + 2 * _HEADROOM) * top)
    else:
        low, high = (float(finite.min()), float(finite.max())) if finite.size else _EMPTY_LOG_SNR
        if high - low < 1.0:
            low, high = low - 1.0, high + 1.0
        room = _HEADROOM * (high - low)
        low, high = low - room, high + room
    step = _nice((high - low) / 4)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = tuple(k * step for k in range(first, last + 1))
    return ValueAxis(low, high, tuple((place, tick_text(place)) for place in places), places)


def tick_text(value: float) -> str:
    """Figure at an axis, with a true minus."""
    text = f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.0e}".replace("e-0", "e-")
    return text.replace("-", "−")


def figure(quantity: str, value: float) -> str:
    """Value as it is read out: ".727" of a share, "−0.11" of a logarithm, "∞" where it is infinite."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if quantity == "log_snr":
        return f"{value:.2f}".replace("-", "−")
    digits = 4 if quantity == "beta" else 3
    if 0 < value < 10.0**-digits:
        return f"{value:.0e}".replace("e-0", "e-").replace("-", "−")
    text = f"{value:.{digits}f}"
    if value in (0.0, 1.0):
        return text[0]
    return text.removeprefix("0")


def time_ticks(num_timesteps: int) -> tuple[int, ...]:
    """Two to five times to write below a plot, among them 0 and T, evenly spaced where T divides."""
    for parts in (4, 3, 2):
        if num_timesteps % parts == 0 and num_timesteps >= parts:
            return tuple(range(0, num_timesteps + 1, num_timesteps // parts))
    step = max(1, round(_nice(num_timesteps / 4)))
    inner = [t for t in range(step, num_timesteps, step) if num_timesteps - t > 0.12 * num_timesteps]
    return (0, *inner, num_timesteps)


def _nice(step: float) -> float:
    """Smallest of 1, 2, 5, 10 times a power of ten that is not below a step."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(nice * power for nice in _NICE if nice * power >= step * (1 - 1e-9))
