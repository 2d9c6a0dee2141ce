"""Noise schedules: what one is described by (`ScheduleSpec`), and the table that the description gives."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from diffviz.core.control_points import schedule_from_points
from diffviz.core.schedule_kinds import FORMULAS, SCHEDULE_KINDS, ScheduleKind, ScheduleParameter
from diffviz.core.schedule_table import NoiseLevel, NoiseSchedule, ScheduleError

__all__ = [
    "MAX_TIMESTEPS",
    "PRESETS",
    "SCHEDULE_KINDS",
    "NoiseLevel",
    "NoiseSchedule",
    "ScheduleError",
    "ScheduleKind",
    "ScheduleParameter",
    "ScheduleSpec",
    "build_schedule",
]

MAX_TIMESTEPS = 4000
_OTHER_NAMES = {"scaled_linear": "quadratic", "sigmoid": "sigmoid_abar"}


@dataclass(frozen=True)
class ScheduleSpec:
    """A noise schedule as a person describes it: small, hashable, the thing that is kept in states and files.

    Two descriptions of the same settings are equal: parameters are sorted by name and those at their default
    are left out.

    Parameters
    ----------
    kind
        A key of ``SCHEDULE_KINDS``.
    num_timesteps
        T, in 1…4000.
    params
        (name, value) of the parameters that differ from their default; a switch is 0.0 or 1.0.
    zero_terminal_snr
        Whether the table is rescaled so that no signal is left at T.
    quantity
        For ``"custom"``: what the points give, ``"log_snr"``, ``"alpha_cumprod"`` or ``"beta"``.
    points
        For ``"custom"``: (u, value) with u = t/T in (0, 1].
    """

    kind: str = "linear"
    num_timesteps: int = 1000
    params: tuple[tuple[str, float], ...] = ()
    zero_terminal_snr: bool = False
    quantity: str = "log_snr"
    points: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        kind = _OTHER_NAMES.get(self.kind, self.kind)
        defaults = (
            {p.name: p.default for p in SCHEDULE_KINDS[kind].parameters} if kind in SCHEDULE_KINDS else {}
        )
        params = sorted((name, float(value)) for name, value in dict(self.params).items())
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "params", tuple(p for p in params if defaults.get(p[0]) != p[1]))
        object.__setattr__(self, "points", tuple((float(u), float(value)) for u, value in self.points))

    def value(self, name: str) -> float:
        """The value of a parameter, its default where it was not set.

        Raises
        ------
        ScheduleError
            If the kind has no such parameter.
        """
        return dict(self.params).get(name, _parameter(self.kind, name).default)

    def with_value(self, name: str, value: float) -> ScheduleSpec:
        """The same description with one parameter changed.

        Raises
        ------
        ScheduleError
            If the kind has no such parameter.
        """
        _parameter(self.kind, name)
        return replace(self, params=tuple({**dict(self.params), name: float(value)}.items()))


@lru_cache(maxsize=512)
def build_schedule(spec: ScheduleSpec) -> NoiseSchedule:
    """The table that a description gives; the same object for equal descriptions.

    Parameters
    ----------
    spec
        The description.

    Returns
    -------
    NoiseSchedule
        Arrays of length T + 1.

    Raises
    ------
    ScheduleError
        If T is outside 1…4000, a parameter is unknown or out of its range, the points are no curve, or the
        schedule cannot be rescaled; the message says which.
    """
    if spec.kind not in SCHEDULE_KINDS:
        raise ScheduleError(f"There is no schedule {spec.kind!r}; choose from {', '.join(SCHEDULE_KINDS)}.")
    if not 1 <= spec.num_timesteps <= MAX_TIMESTEPS:
        raise ScheduleError(f"T = {spec.num_timesteps} is not possible: take 1 to {MAX_TIMESTEPS} steps.")
    for name, value in spec.params:
        parameter = _parameter(spec.kind, name)
        if not (math.isfinite(value) and parameter.minimum <= value <= parameter.maximum):
            raise ScheduleError(
                f"{parameter.label} ({name}) = {value:g} is not possible: "
                f"take {parameter.minimum:g} to {parameter.maximum:g}."
            )
    if spec.kind == "custom":
        schedule = schedule_from_points(spec.points, spec.quantity, spec.num_timesteps)
    else:
        values = {p.name: spec.value(p.name) for p in SCHEDULE_KINDS[spec.kind].parameters}
        schedule = FORMULAS[spec.kind](spec.num_timesteps, values)
    return schedule.zero_terminal_snr() if spec.zero_terminal_snr else schedule


PRESETS: tuple[tuple[str, ScheduleSpec], ...] = (
    ("DDPM, linear", ScheduleSpec()),
    ("Improved DDPM, cosine", ScheduleSpec("cosine")),
    (
        "Latent diffusion, scaled linear",
        ScheduleSpec("quadratic", params=(("beta_min", 0.00085), ("beta_max", 0.012))),
    ),
    ("Linear with zero terminal SNR", ScheduleSpec(zero_terminal_snr=True)),
    ("Sigmoid", ScheduleSpec("sigmoid_abar")),
    ("Straight ᾱ", ScheduleSpec("jsd")),
    ("Short chain, T = 100", ScheduleSpec(num_timesteps=100)),
    ("Ten steps", ScheduleSpec("cosine", num_timesteps=10)),
    ("Lesson: T = 100, β not scaled", ScheduleSpec(num_timesteps=100, params=(("rescale", 0.0),))),
    ("Lesson: β = 0, nothing happens", ScheduleSpec("constant", 10, params=(("beta", 0.0),))),
    ("Lesson: β = 1, noise at once", ScheduleSpec("constant", 10, params=(("beta", 1.0),))),
)


def _parameter(kind: str, name: str) -> ScheduleParameter:
    known = SCHEDULE_KINDS[kind].parameters if kind in SCHEDULE_KINDS else ()
    for parameter in known:
        if parameter.name == name:
            return parameter
    names = ", ".join(p.name for p in known)
    raise ScheduleError(f"The {kind} schedule has no parameter {name!r}; it has {names or 'none'}.")
