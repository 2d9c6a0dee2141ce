"""What is wrong with a schedule, said to a person, and what to change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from diffviz.core.schedules import (
    MAX_TIMESTEPS,
    NoiseSchedule,
    ScheduleError,
    ScheduleSpec,
    build_schedule,
)

ENOUGH_NOISE_SNR = 1e-3
_DEAD_SHARE = 0.25
_FIRST_LOG_SNR = 4.0
_MADE_FOR = 1000


@dataclass(frozen=True)
class Fix:
    """A button: what it says, and the schedule it leads to."""

    label: str
    spec: ScheduleSpec


@dataclass(frozen=True)
class Finding:
    """One remark on a schedule.

    Parameters
    ----------
    level
        ``"good"``, ``"warn"`` (works, with a loss) or ``"bad"`` (cannot be reversed).
    title
        A few words, without full stop.
    sentence
        What it means for the pictures.
    fixes
        At most two, the better one first; each takes the finding away.
    """

    level: Literal["good", "warn", "bad"]
    title: str
    sentence: str
    fixes: tuple[Fix, ...] = ()


def lint(spec: ScheduleSpec, schedule: NoiseSchedule) -> tuple[Finding, ...]:
    """Remarks on a schedule, the gravest first; one good word if there is nothing to remark.

    Parameters
    ----------
    spec, schedule
        The description and the table it gives.
    """
    for decisive in (_no_noise, _noise_at_once):
        finding = decisive(spec, schedule)
        if finding:
            return (finding,)
    rules = (_signal_left, _not_rescaled, _dead_steps, _large_steps, _rough_start)
    found = [(rule, rule(spec, schedule)) for rule in rules]
    findings = [
        replace(finding, fixes=_working(rule, finding.fixes))
        for rule, finding in found
        if finding is not None
    ]
    findings.sort(key=lambda finding: finding.level != "bad")
    return tuple(findings) or (_good(schedule),)


Rule = Callable[[ScheduleSpec, NoiseSchedule], "Finding | None"]


def _no_noise(spec: ScheduleSpec, schedule: NoiseSchedule) -> Finding | None:
    if schedule.one_minus_alphas_cumprod[-1] > 0.0:
        return None
    return Finding(
        "bad",
        "No noise",
        "Every β is 0, so each frame is the clean picture and there is nothing to reverse.",
        (Fix("Use linear", _other_kind(spec, "linear")), Fix("Use cosine", _other_kind(spec, "cosine"))),
    )


def _noise_at_once(spec: ScheduleSpec, schedule: NoiseSchedule) -> Finding | None:
    if schedule.alphas_cumprod[1] > 0.0:
        return None
    return Finding(
        "bad",
        "Noise at once",
        "The first step leaves nothing of the picture, so a denoiser can only answer with the mean of all.",
        (Fix("Use linear", _other_kind(spec, "linear")), Fix("Use cosine", _other_kind(spec, "cosine"))),
    )


def _signal_left(spec: ScheduleSpec, schedule: NoiseSchedule) -> Finding | None:
    left = float(schedule.alphas_cumprod[-1])
    if schedule.snr[-1] <= ENOUGH_NOISE_SNR:
        return None
    return Finding(
        "bad" if left > 0.5 else "warn",
        "Signal left at T",
        f"The last frame still holds {_percent(left)} of the signal power, so sampling from pure noise would "
        "not match.",
        (
            Fix("Rescale to zero SNR", replace(spec, zero_terminal_snr=True)),
            Fix(f"Use T = {_MADE_FOR}", replace(spec, num_timesteps=_MADE_FOR)),
            *_scaled(spec),
        ),
    )


def _not_rescaled(spec: ScheduleSpec, schedule: NoiseSchedule) -> Finding | None:
    total = schedule.num_timesteps
    if not _scaled(spec) or total == _MADE_FOR:
        return None
    effect = "leave too much of the picture" if total < _MADE_FOR else "reach pure noise too early"
    return Finding(
        "warn",
        "T changed without rescaling",
        f"These β were made for {_MADE_FOR} steps; over {total} they {effect}.",
        (*_scaled(spec), Fix(f"Use T = {_MADE_FOR}", replace(spec, num_timesteps=_MADE_FOR))),
    )


def _dead_steps(spec: ScheduleSpec, schedule: NoiseSchedule) -> Finding | None:
    total = schedule.num_timesteps
    dead = int(np.count_nonzero(schedule.snr[:-1] < ENOUGH_NOISE_SNR))
    if dead <= _DEAD_SHARE * total:
        return None
    first = int(np.argmax(schedule.snr < ENOUGH_NOISE_SNR))
    enough = min(MAX_TIMESTEPS, 10 * math.ceil(1.1 * first / 10))
    return Finding(
        "warn",
        "Dead steps",
        f"From t = {first} on the frames are as good as pure noise: {_percent(dead / total)} of the steps "
        "change nothing that can be seen.",
        (
            *_scaled(spec),
            Fix(f"Use T = {enough}", replace(spec, num_timesteps=enough)),
            Fix(f"Use T = {_MADE_FOR}", replace(spec, num_timesteps=_MADE_FOR)),
            Fix("Use cosine", _other_kind(spec, "cosine")),
        ),
    )


def _large_steps(spec: ScheduleSpec, schedule: NoiseSchedule) -> Finding | None:
    total = schedule.num_timesteps
    # A chain that ends in pure noise must end in a few large steps, however long it is.
    early = schedule.betas[: total + 1 - max(3, math.ceil(0.02 * total))]
    if not (early > 0.5).any():
        return None
    t = int(np.argmax(early > 0.5))
    return Finding(
        "warn",
        "Large steps too early",
        f"At t = {t} of {total} one step replaces {_percent(float(schedule.betas[t]))} of the signal power, "
        "too much to be undone at once.",
        (
            *_longer(spec),
            Fix("Use cosine", _other_kind(spec, "cosine")),
        ),
    )


def _rough_start(spec: ScheduleSpec, schedule: NoiseSchedule) -> Finding | None:
    if schedule.log_snr[1] >= _FIRST_LOG_SNR:
        return None
    noise = float(schedule.one_minus_alphas_cumprod[1])
    return Finding(
        "warn",
        "Rough first step",
        f"The first step already brings {_percent(noise)} noise, so the last reverse step has to invent "
        "the fine detail.",
        (*_longer(spec), Fix("Use linear", _other_kind(spec, "linear"))),
    )


def _good(schedule: NoiseSchedule) -> Finding:
    snr = float(schedule.snr[-1])
    if snr == 0.0:
        return Finding(
            "good",
            "Terminal SNR 0 — good",
            "No signal is left at T; there a network has to predict x₀ or v, for ε says nothing.",
        )
    return Finding(
        "good", f"Terminal SNR {_scientific(snr)} — good", "The last frame is noise, as sampling assumes."
    )


def _working(rule: Rule, fixes: tuple[Fix, ...]) -> tuple[Fix, ...]:
    """The first two fixes that can be built and do away with what they are to fix."""
    return tuple(_that_work(rule, fixes))[:2]


def _that_work(rule: Rule, fixes: tuple[Fix, ...]) -> Iterator[Fix]:
    for fix in fixes:
        try:
            schedule = build_schedule(fix.spec)
        except ScheduleError:
            continue
        if rule(fix.spec, schedule) is None and not _no_noise(fix.spec, schedule):
            yield fix


def _scaled(spec: ScheduleSpec) -> tuple[Fix, ...]:
    if spec.kind == "linear" and not spec.value("rescale"):
        return (Fix("Scale β with T", spec.with_value("rescale", 1.0)),)
    return ()


def _longer(spec: ScheduleSpec) -> tuple[Fix, ...]:
    return tuple(
        Fix(f"Use T = {total}", replace(spec, num_timesteps=total))
        for total in (100, _MADE_FOR)
        if total > spec.num_timesteps
    )[-1:]


def _other_kind(spec: ScheduleSpec, kind: str) -> ScheduleSpec:
    """Another family with its own defaults, over as many steps if that is enough for it."""
    return ScheduleSpec(kind, spec.num_timesteps if spec.num_timesteps >= 100 else _MADE_FOR)


def _percent(share: float) -> str:
    percent = 100.0 * share
    return f"{percent:.0f}%" if percent >= 1.0 else f"{percent:.2g}%"


def _scientific(value: float) -> str:
    return f"{value:.1e}".replace("e-0", "e-").replace("-", "−")
