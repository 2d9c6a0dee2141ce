"""What a loss costs: the loss on ε against the loss on the mean, alone and beside a network's call."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.posterior import posterior_coefficients

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.schedules import NoiseSchedule
    from diffviz.models.denoiser import Denoiser

__all__ = ["LossTimings", "Spread", "time_losses"]

_WARM_UPS, _REPEATS = 20, 300
_CALL_WARM_UPS, _CALL_REPEATS = 2, 25
_TELL_EVERY = 50


@dataclass(frozen=True)
class Spread:
    """Durations of many repeats, in seconds: the median, and the quartiles around it."""

    median_s: float
    low_s: float
    high_s: float
    repeats: int

    @classmethod
    def of(cls, durations_s: list[float]) -> Spread:
        """Summarise durations."""
        low, median, high = (float(value) for value in np.quantile(durations_s, (0.25, 0.5, 0.75)))
        return cls(median, low, high, len(durations_s))


@dataclass(frozen=True)
class LossTimings:
    """How long things take, as far as it has been measured.

    Attributes
    ----------
    done, total
        Repeats.
    noise, mean
        The loss on ε and the loss on the posterior mean alone, from tensors that are there.
    call_noise, call_mean
        Each of them together with the call of the denoiser that it judges.
    """

    done: int
    total: int
    noise: Spread | None = None
    mean: Spread | None = None
    call_noise: Spread | None = None
    call_mean: Spread | None = None


def time_losses(
    denoiser: Denoiser,
    x_0: Tensor,
    noise: Tensor,
    schedule: NoiseSchedule,
    t: int,
    class_index: int | None = None,
) -> Iterator[LossTimings]:
    """Measure, the two losses in turns, so that what slows the machine slows both.

    The loss on ε is ‖ε − ε̂‖²; that on the mean is ‖μ̃(x_t, x_0) − μ_θ(x_t, ε̂)‖² with both means computed
    from what a training step has at hand (Ho et al., 2020, equations 7 and 11).

    Parameters
    ----------
    denoiser, class_index
        Asked as that class; None: without one.
    x_0, noise
        (B, C, H, W), of one shape; float32 as in training.
    schedule, t
        The chain and a time in 2…T.
    """
    level = schedule.level(t)
    posterior = posterior_coefficients(schedule, t - 1, t)
    beta, sqrt_alpha = float(schedule.betas[t]), math.sqrt(float(schedule.alphas[t]))
    share = beta / level.sqrt_one_minus_alpha_cumprod
    x_t = level.sqrt_alpha_cumprod * x_0 + level.sqrt_one_minus_alpha_cumprod * noise
    said = denoiser.predict(x_t, level, class_index).noise

    def on_noise(answer: Tensor) -> Tensor:
        return (noise - answer).square().mean()

    def on_mean(answer: Tensor) -> Tensor:
        true_mean = posterior.c_0 * x_0 + posterior.c_t * x_t
        return (true_mean - (x_t - share * answer) / sqrt_alpha).square().mean()

    def call() -> Tensor:
        answer: Tensor = denoiser.predict(x_t, level, class_index).noise
        return answer

    total = 2 * (_REPEATS + _CALL_REPEATS)
    record = LossTimings(0, total)
    # Each value is fetched: on a graphics card a call returns before it has been computed.
    alone = _in_turns(
        lambda: float(on_noise(said)), lambda: float(on_mean(said)), _WARM_UPS, _REPEATS, _TELL_EVERY
    )
    for noise_s, mean_s in alone:
        record = LossTimings(2 * len(noise_s), total, Spread.of(noise_s), Spread.of(mean_s))
        yield record
    beside = _in_turns(
        lambda: float(on_noise(call())), lambda: float(on_mean(call())), _CALL_WARM_UPS, _CALL_REPEATS, 1
    )
    for noise_s, mean_s in beside:
        yield LossTimings(
            2 * (_REPEATS + len(noise_s)),
            total,
            record.noise,
            record.mean,
            Spread.of(noise_s),
            Spread.of(mean_s),
        )


def _in_turns(
    first: Callable[[], float], second: Callable[[], float], warm_ups: int, repeats: int, tell_every: int
) -> Iterator[tuple[list[float], list[float]]]:
    """Durations in seconds of two things that take turns, now one first, now the other."""
    durations: tuple[list[float], list[float]] = ([], [])
    for _ in range(warm_ups):
        first()
        second()
    for repeat in range(repeats):
        for which in (0, 1) if repeat % 2 == 0 else (1, 0):
            started_s = time.perf_counter()
            (first, second)[which]()
            durations[which].append(time.perf_counter() - started_s)
        if (repeat + 1) % tell_every == 0 or repeat + 1 == repeats:
            yield durations
