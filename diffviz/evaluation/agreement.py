"""One answer of a network, judged by the losses on ε, x_0, v and the mean, which agree once weighted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from diffviz.core.losses import Loss, loss_weights, target_coefficients
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.prediction import PredictionType, from_prediction, to_prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from diffviz.core.schedules import NoiseSchedule

__all__ = ["UNITS", "AnswerErrors", "disagreement", "judge_answer", "unit_weights"]

UNITS = (PredictionType.NOISE, PredictionType.X_0, PredictionType.V, PredictionType.MEAN)
"""What an answer is said as: options C, B and A of the lecture are noise, x_0 and mean."""


@dataclass(frozen=True)
class AnswerErrors:
    """Mean squared error per dimension of one ε̂ at time t, said in each of `UNITS`."""

    t: int
    errors: tuple[float, ...]


def judge_answer(
    pred_noise: Tensor, noise: Tensor, x_0: Tensor, schedule: NoiseSchedule, t: int
) -> AnswerErrors:
    """Compute every loss from the same ε̂, each from targets and predictions of its own.

    Nothing is converted from one loss to another: ε̂ is said as x̂_0, v̂ and μ_θ, and each is compared with
    what a perfect network would say (Ho et al., 2020, equations 8 to 12).

    Parameters
    ----------
    pred_noise, noise, x_0
        ε̂, ε and the clean picture, of one shape.
    schedule, t
        The chain and a time in 1…T.

    Raises
    ------
    ValueError
        Where no signal is left, so that ε̂ says nothing about the picture, or no noise was added.
    """
    level = schedule.level(t)
    posterior = posterior_coefficients(schedule, t - 1, t)
    if level.one_minus_alpha_cumprod == 0.0 or posterior.c_0 == 0.0:
        raise ValueError(f"Step {t} adds no noise, so that there is nothing to predict.")
    x_0, noise, said = x_0.double(), noise.double(), pred_noise.double()
    x_t = level.sqrt_alpha_cumprod * x_0 + level.sqrt_one_minus_alpha_cumprod * noise
    answer = to_prediction(said, PredictionType.NOISE, x_t, level)
    errors = []
    for kind in UNITS:
        of_x_0, of_noise = target_coefficients(kind, schedule)
        target: Any = float(of_x_0[t]) * x_0 + float(of_noise[t]) * noise
        error = from_prediction(answer, kind, x_t, level, posterior) - target
        errors.append(float(error.square().mean()))
    return AnswerErrors(t, tuple(errors))


def unit_weights(objective: Loss, schedule: NoiseSchedule) -> NDArray[np.float64]:
    """What an objective multiplies the errors in `UNITS` with at every time, shape (4, T+1)."""
    return np.stack([loss_weights(objective, kind, schedule) for kind in UNITS])


def disagreement(weighted: NDArray[np.float64]) -> float:
    """Largest relative difference between two of the weighted losses of one answer."""
    high = float(weighted.max())
    return (high - float(weighted.min())) / high if high > 0.0 else 0.0
