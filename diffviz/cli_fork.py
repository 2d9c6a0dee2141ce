"""The option `--fork` of the command `sample`: where a run is left, and what is otherwise from there on."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from diffviz.cli_schedule import schedule_spec
from diffviz.cli_walk import Leg, class_number
from diffviz.core.samplers import Clip, SamplerKind, Variance
from diffviz.core.schedules import ScheduleSpec
from diffviz.core.slips import Slip
from diffviz.core.timesteps import Spacing
from diffviz.models.denoiser import Denoiser

Read = Callable[[str], Any]


def _number(least: float, most: float = math.inf) -> Read:
    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            ends = (
                "" if least == -math.inf else f" from {least:g} {f'to {most:g}' if most < math.inf else 'on'}"
            )
            raise ValueError(f"take a number{ends}.")
        return number

    return read


def _whole(least: int) -> Read:
    def read(value: str) -> int:
        if not value.isdecimal() or int(value) < least:
            raise ValueError(f"take a whole number from {least} on.")
        return int(value)

    return read


def _one_of(known: Iterable[str]) -> Read:
    choices = {str(word): word for word in known}

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"choose from {', '.join(choices)}.")
        return choices[value]

    return read


def _or_none(read: Read) -> Read:
    return lambda value: None if value == "none" else read(value)


_OF_SAMPLER: dict[str, tuple[str, Read]] = {
    "sampler": ("kind", _one_of(SamplerKind)),
    "steps": ("num_sampling_steps", _whole(1)),
    "eta": ("eta", _number(0, 1)),
    "variance": ("variance", _one_of(Variance)),
    "interpolation": ("interpolation", _number(0, 1)),
    "spacing": ("spacing", _one_of(Spacing)),
    "clip": ("clip", _one_of(Clip)),
    "churn": ("churn", _number(0)),
    "churn-min": ("churn_sigma_min", _number(0)),
    "churn-max": ("churn_sigma_max", _number(0)),
    "churn-noise": ("churn_noise", _number(0)),
}
_OF_AIM: dict[str, tuple[str, Read]] = {
    "guidance": ("guidance_scale", _number(-math.inf)),
    "rescale": ("guidance_rescale", _number(0, 1)),
    "classifier-scale": ("classifier_scale", _number(0)),
}
_OF_LEG: dict[str, tuple[str, Read]] = {
    "seed": ("seed", _whole(0)),
    "slip": ("slip", _or_none(_one_of(Slip))),
}
_OF_SCHEDULE = ("schedule", "timesteps", "param", "zero-terminal-snr")

FORK_KEYS = (*_OF_SAMPLER, "class", *_OF_AIM, "model", *_OF_SCHEDULE, *_OF_LEG)
"""What can be otherwise from a fork on; an option of the command of the same name says what it is."""


def forked_legs(
    words: Iterable[str], leg: Leg, fetch: Callable[[str], Denoiser]
) -> tuple[tuple[int, Leg], ...]:
    """(t, leg) of each ``T:KEY=VALUE,…``; what a fork does not name stays as it was before.

    Parameters
    ----------
    words
        In the order in which the forks are taken.
    leg
        What counts from the beginning.
    fetch
        Makes the denoiser of a name.

    Raises
    ------
    ValueError
        If a word cannot be read, with what is allowed.
    """
    found = []
    for word in words:
        time, _, settings = word.partition(":")
        # A comma may be in the name of a file, too.
        changes = [pair.partition("=")[::2] for pair in re.split(r",(?=[a-z-]+=)", settings)]
        if not time.isdecimal() or "=" not in settings:
            raise ValueError(
                f"--fork {word}: write the time and what changes there, such as 500:sampler=ddim,eta=0.5."
            )
        for key, _ in changes:
            if key not in FORK_KEYS:
                raise ValueError(f"--fork {word}: there is no {key}; choose from {', '.join(FORK_KEYS)}.")
        leg = _Change(time, changes).of(leg, fetch)
        found.append((int(time), leg))
    return tuple(found)


class _Change:
    """What is otherwise from one fork on."""

    def __init__(self, time: str, changes: list[tuple[str, str]]) -> None:
        self._time, self._values = time, dict(changes)
        self._params = [value for key, value in changes if key == "param"]

    def of(self, leg: Leg, fetch: Callable[[str], Denoiser]) -> Leg:
        """The settings after it."""
        leg = replace(
            leg,
            sampler=replace(leg.sampler, **self._fields(_OF_SAMPLER)),
            aim=replace(leg.aim, **self._fields(_OF_AIM)),
            spec=self._spec(leg.spec),
            **self._fields(_OF_LEG),
        )
        return self._with_denoiser(leg, fetch)

    def _fields(self, table: dict[str, tuple[str, Read]]) -> dict[str, Any]:
        return {field: self._read(key, read) for key, (field, read) in table.items() if key in self._values}

    def _read(self, key: str, read: Read) -> Any:
        try:
            return read(self._values[key])
        except ValueError as error:
            raise ValueError(f"--fork {self._time}:{key}={self._values[key]}: {error}") from error

    def _spec(self, spec: ScheduleSpec) -> ScheduleSpec:
        if not self._values.keys() & set(_OF_SCHEDULE):
            return spec
        leaves_signal = spec
        is_zero = spec.zero_terminal_snr
        if "zero-terminal-snr" in self._values:
            is_zero = self._read("zero-terminal-snr", _one_of(("yes", "no"))) == "yes"
            leaves_signal = replace(spec, zero_terminal_snr=False)
        total = self._read("timesteps", _whole(1)) if "timesteps" in self._values else spec.num_timesteps
        return schedule_spec(self._values.get("schedule", leaves_signal), total, self._params, is_zero)

    def _with_denoiser(self, leg: Leg, fetch: Callable[[str], Denoiser]) -> Leg:
        denoiser = fetch(self._values["model"]) if "model" in self._values else leg.denoiser
        number, was, now = leg.aim.class_index, leg.denoiser.info, denoiser.info
        if "class" in self._values:
            number = self._read("class", _or_none(lambda name: class_number(denoiser, name)))
        elif number is not None and now.class_names[number : number + 1] != (was.class_names[number],):
            raise ValueError(
                f"--fork {self._time}:model={self._values['model']}: {now.name} has no class "
                f"“{was.class_names[number]}”; add class=none, or one that it has."
            )
        return replace(leg, denoiser=denoiser, aim=replace(leg.aim, class_index=number))
