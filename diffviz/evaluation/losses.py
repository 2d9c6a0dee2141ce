"""How far a denoiser is from the best there is: its loss by t beside that of the exact denoiser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from diffviz.core.forward import q_sample
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.prediction import PredictionType

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.schedules import NoiseLevel, NoiseSchedule
    from diffviz.models.denoiser import Denoiser

SHARES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares t/T of the chain at which losses are usually compared."""
_AT_ONCE = 32


@dataclass(frozen=True)
class LossAt:
    """Mean squared error of ε̂ per dimension at time t, over the same noised pictures.

    Attributes
    ----------
    t
        The time.
    loss
        Of the denoiser, on training pictures.
    floor
        Of the exact denoiser of the training pictures, on the same x_t: less is not possible on average.
    excess_error
        Standard error of loss − floor over the pictures.
    held_out
        Of the denoiser on pictures that it was not trained with; `None` where there are none.
    """

    t: int
    loss: float
    floor: float
    excess_error: float
    held_out: float | None


def loss_by_time(
    denoiser: Denoiser,
    exact: Denoiser,
    x_0: Tensor,
    held_out: Tensor | None,
    schedule: NoiseSchedule,
    *,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
) -> Iterator[LossAt]:
    """Compare a denoiser with the exact one of its training set, one record for each time.

    Both are asked without a class.

    Parameters
    ----------
    denoiser
        The denoiser.
    exact
        The exact denoiser of all its training pictures.
    x_0
        Training pictures, (N, C, H, W) in [−1, 1].
    held_out
        Other pictures of the same kind.
    schedule
        The chain.
    shares
        t/T for the times to compare at.
    seed
        Of the noise.
    """
    for t in sorted({max(1, round(share * schedule.num_timesteps)) for share in shares}):
        level = schedule.level(t)
        losses, floors = (_errors(which, x_0, level, seed) for which in (denoiser, exact))
        excess = losses - floors
        yield LossAt(
            t=t,
            loss=float(losses.mean()),
            floor=float(floors.mean()),
            excess_error=float(excess.std()) / len(excess) ** 0.5 if len(excess) > 1 else 0.0,
            held_out=None if held_out is None else float(_errors(denoiser, held_out, level, seed).mean()),
        )


def squared_errors(
    denoiser: Denoiser,
    x_0: Tensor,
    noise: Tensor,
    level: NoiseLevel,
    of: PredictionType,
    classes: Sequence[int | None] | None = None,
) -> Tensor:
    """
    Mean squared error per dimension of what a denoiser makes of noised examples.

    Parameters
    ----------
    denoiser
        The denoiser.
    x_0, noise
        Clean examples and the noise that they are given, both (N, ...).
    level
        The noise level.
    of
        `PredictionType.NOISE`: of ε̂; `PredictionType.X_0`: of x̂_0.
    classes
        Class of each example, None where it is not told.

    Returns
    -------
    Tensor
        Shape (N,), float64.
    """
    said = denoiser.predict(q_sample(x_0, noise, level), level, classes)
    error: Tensor = said.x_0 - x_0 if of is PredictionType.X_0 else said.noise - noise
    return error.double().square().flatten(1).mean(1)


def _errors(denoiser: Denoiser, x_0: Tensor, level: NoiseLevel, seed: int) -> Tensor:
    """Mean squared error of ε̂ for each picture; equal seeds give equal x_t."""
    errors = []
    for start in range(0, len(x_0), _AT_ONCE):
        part = x_0[start : start + _AT_ONCE]
        drawn = draw_noise(tuple(part.shape), seed, Stream.REDRAW, int(level.t), start // _AT_ONCE)
        errors.append(squared_errors(denoiser, part, torch.from_numpy(drawn), level, PredictionType.NOISE))
    return torch.cat(errors)
