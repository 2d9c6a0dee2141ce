"""The families of noise schedules: their formulas, their parameters and how to speak of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from diffviz.core.schedule_table import FloatArray, NoiseSchedule, ScheduleError

Values: TypeAlias = Mapping[str, float]


@dataclass(frozen=True)
class ScheduleParameter:
    """One number (or switch, as 0 and 1) that shapes a family of schedules."""

    name: str
    label: str
    default: float
    minimum: float
    maximum: float
    decimals: int
    tooltip: str
    is_switch: bool = False


@dataclass(frozen=True)
class ScheduleKind:
    """A family of schedules: what it is called, what can be set, and one sentence on it."""

    name: str
    label: str
    parameters: tuple[ScheduleParameter, ...]
    summary: str


def _ramp(num_timesteps: int) -> FloatArray:
    """(t − 1)/(T − 1) for t = 1…T; a chain of one step takes the end of the ramp."""
    return np.linspace(0.0, 1.0, num_timesteps) if num_timesteps > 1 else np.ones(1)


def _fractions(num_timesteps: int) -> FloatArray:
    return np.arange(num_timesteps + 1) / num_timesteps


def _sigmoid(x: FloatArray | float) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(x, dtype=np.float64))))


def _linear(num_timesteps: int, values: Values) -> NoiseSchedule:
    scale = 1000.0 / num_timesteps if values["rescale"] else 1.0
    first, last = scale * values["beta_min"], scale * values["beta_max"]
    if max(first, last) > 1.0:
        shortest = math.ceil(1000.0 * max(values["beta_min"], values["beta_max"]))
        raise ScheduleError(
            f"With T = {num_timesteps} the scaled β would reach {max(first, last):.3g}, above 1: use "
            f"T ≥ {shortest}, switch the scaling off, or take the continuous linear schedule."
        )
    return NoiseSchedule.from_betas(first + _ramp(num_timesteps) * (last - first))


def _linear_course(num_timesteps: int, values: Values) -> NoiseSchedule:
    first, last = values["beta_min"], values["beta_max"]
    return NoiseSchedule.from_betas(first + _fractions(num_timesteps)[1:] * (last - first))


def _linear_ct(num_timesteps: int, values: Values) -> NoiseSchedule:
    u = _fractions(num_timesteps)[1:]
    b_1, b_2 = values["b1"], values["b2"]
    return NoiseSchedule.from_log_alphas_cumprod(-(b_1 * u + 0.5 * (b_2 - b_1) * u**2))


def _cosine(num_timesteps: int, values: Values) -> NoiseSchedule:
    s = values["s"]
    f = np.cos(0.5 * np.pi * (_fractions(num_timesteps) + s) / (1.0 + s)) ** 2
    return NoiseSchedule.from_betas(np.minimum(1.0 - f[1:] / f[:-1], values["clip"]))


def _quadratic(num_timesteps: int, values: Values) -> NoiseSchedule:
    first, last = math.sqrt(values["beta_min"]), math.sqrt(values["beta_max"])
    return NoiseSchedule.from_betas((first + _ramp(num_timesteps) * (last - first)) ** 2)


def _sigmoid_abar(num_timesteps: int, values: Values) -> NoiseSchedule:
    start, end, tau = values["b"], values["e"], values["tau"]
    if not start < end:
        raise ScheduleError("The sigmoid must start before it ends: b has to be below e.")
    top, bottom = _sigmoid(end / tau), _sigmoid(start / tau)
    curve = (top - _sigmoid((_fractions(num_timesteps) * (end - start) + start) / tau)) / (top - bottom)
    curve = np.maximum(curve, 1e-9)
    return NoiseSchedule.from_betas(np.clip(1.0 - curve[1:] / curve[:-1], 0.0, values["clip"]))


def _sigmoid_beta(num_timesteps: int, values: Values) -> NoiseSchedule:
    first, last = values["beta_min"], values["beta_max"]
    return NoiseSchedule.from_betas(first + (last - first) * _sigmoid(12.0 * _ramp(num_timesteps) - 6.0))


def _constant(num_timesteps: int, values: Values) -> NoiseSchedule:
    return NoiseSchedule.from_betas(np.full(num_timesteps, values["beta"]))


def _jsd(num_timesteps: int, _values: Values) -> NoiseSchedule:
    return NoiseSchedule.from_betas(1.0 / np.arange(num_timesteps, 0, -1))


def _laplace(num_timesteps: int, values: Values) -> NoiseSchedule:
    u = np.arange(1, num_timesteps + 1) / (num_timesteps + 1)
    log_snr = values["mu"] - values["b"] * np.sign(0.5 - u) * np.log1p(-2.0 * np.abs(u - 0.5))
    return NoiseSchedule.from_log_alphas_cumprod(-np.logaddexp(0.0, -log_snr))


_Parameter = ScheduleParameter
_BETA_MIN = _Parameter("beta_min", "First β", 1e-4, 0.0, 1.0, 6, "Variance that the first step adds.")
_BETA_MAX = _Parameter("beta_max", "Last β", 0.02, 0.0, 1.0, 6, "Variance that the last step adds.")
_CLIP = _Parameter("clip", "Largest β", 0.999, 0.001, 1.0, 4, "β is cut off here.")

SCHEDULE_KINDS: dict[str, ScheduleKind] = {
    kind.name: kind
    for kind in (
        ScheduleKind(
            "linear",
            "Linear",
            (
                _BETA_MIN,
                _BETA_MAX,
                _Parameter(
                    "rescale",
                    "Scale β with T",
                    1.0,
                    0.0,
                    1.0,
                    0,
                    "Multiplies β by 1000/T, so that a chain of any length ends in the same noise.",
                    is_switch=True,
                ),
            ),
            "β grows evenly from step to step (Ho et al., 2020).",
        ),
        ScheduleKind(
            "cosine",
            "Cosine",
            (
                _Parameter("s", "Offset s", 0.008, 0.0, 0.5, 4, "Larger makes the first steps larger."),
                _CLIP,
            ),
            "ᾱ follows a squared cosine: gentle at both ends (Nichol & Dhariwal, 2021).",
        ),
        ScheduleKind(
            "quadratic",
            "Quadratic",
            (_BETA_MIN, _BETA_MAX),
            "√β grows evenly; latent diffusion calls it scaled linear (Rombach et al., 2022).",
        ),
        ScheduleKind(
            "sigmoid_abar",
            "Sigmoid",
            (
                _Parameter("b", "Start", -3.0, -20.0, 20.0, 2, "Where on the sigmoid the chain starts."),
                _Parameter("e", "End", 3.0, -20.0, 20.0, 2, "Where on the sigmoid the chain ends."),
                _Parameter("tau", "Temperature τ", 1.0, 0.05, 10.0, 2, "Small τ makes the middle steeper."),
                _CLIP,
            ),
            "ᾱ follows a sigmoid between start and end (Jabri et al., 2022).",
        ),
        ScheduleKind(
            "sigmoid_beta",
            "Sigmoid β",
            (_BETA_MIN, _BETA_MAX),
            "β itself follows a sigmoid from its first to its last value.",
        ),
        ScheduleKind(
            "constant",
            "Constant",
            (_Parameter("beta", "β", 0.02, 0.0, 1.0, 6, "0 keeps every frame clean, 1 is noise at once."),),
            "Every step adds the same variance.",
        ),
        ScheduleKind(
            "jsd",
            "Harmonic",
            (),
            "β = 1/(T − t + 1), so that ᾱ falls in a straight line to 0 (Sohl-Dickstein et al., 2015).",
        ),
        ScheduleKind(
            "linear_ct",
            "Linear, continuous",
            (
                _Parameter("b1", "β(0)", 0.1, 0.0, 100.0, 3, "Rate of noise at the start."),
                _Parameter("b2", "β(1)", 20.0, 0.0, 200.0, 3, "Rate of noise at the end."),
            ),
            "The linear rate of continuous time, exact for a chain of any length (Song et al., 2021).",
        ),
        ScheduleKind(
            "linear_course",
            "Linear, from t = 0",
            (_BETA_MIN, _BETA_MAX),
            "β_t = β_min + (t/T)(β_max − β_min): the ramp starts one step early.",
        ),
        ScheduleKind(
            "laplace",
            "Laplace",
            (
                _Parameter("mu", "Centre μ", 0.0, -10.0, 10.0, 2, "The log-SNR where the steps gather."),
                _Parameter("b", "Width b", 0.5, 0.05, 3.0, 2, "How far the steps spread from there."),
            ),
            "log-SNR is spread like a Laplace distribution (Hang et al., 2024).",
        ),
        ScheduleKind("custom", "Custom", (), "A curve through points that you drag."),
    )
}

FORMULAS: dict[str, Callable[[int, Values], NoiseSchedule]] = {
    "linear": _linear,
    "linear_course": _linear_course,
    "linear_ct": _linear_ct,
    "cosine": _cosine,
    "quadratic": _quadratic,
    "sigmoid_abar": _sigmoid_abar,
    "sigmoid_beta": _sigmoid_beta,
    "constant": _constant,
    "jsd": _jsd,
    "laplace": _laplace,
}
