"""One answer of a network, judged by the losses on ε, x_0, v and the mean, which agree once weighted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffviz.core.losses import TRAINABLE, Loss, loss_weights, target_coefficients
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.prediction import PredictionType, from_prediction, to_prediction

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.schedules import NoiseSchedule

__all__ = ["Agreement", "judge_answer"]


@dataclass(frozen=True)
class Agreement:
    """The losses of one ε̂ at one time.

    Attributes
    ----------
    t
        The time.
    errors
        Mean squared error per dimension of ε̂, x̂_0, v̂ and μ_θ, in the order of `losses.TRAINABLE`.
    weights
        What the objective multiplies each of them with.
    """

    t: int
    errors: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def weighted(self) -> tuple[float, ...]:
        """The objective, computed by way of each unit."""
        return tuple(error * weight for error, weight in zip(self.errors, self.weights, strict=True))

    @property
    def disagreement(self) -> float:
        """Largest relative difference between two of the weighted losses."""
        low, high = min(self.weighted), max(self.weighted)
        return (high - low) / high if high > 0.0 else 0.0


def judge_answer(
    pred_noise: Tensor, noise: Tensor, x_0: Tensor, schedule: NoiseSchedule, t: int, objective: Loss
) -> Agreement:
    """Compute every loss from the same ε̂, each from targets and predictions of its own.

    Nothing is converted from one loss to another: ε̂ is said as x̂_0, v̂ and μ_θ, and each is compared with
    what a perfect network would say (Ho et al., 2020, equations 8 to 12).

    Parameters
    ----------
    pred_noise, noise, x_0
        ε̂, ε and the clean picture, of one shape.
    schedule, t
        The chain and a time in 1…T at which some signal is left.
    objective
        What the weights are for.

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
    errors, weights = [], []
    for kind in TRAINABLE:
        of_x_0, of_noise = target_coefficients(kind, schedule)
        target: Any = float(of_x_0[t]) * x_0 + float(of_noise[t]) * noise
        error = from_prediction(answer, kind, x_t, level, posterior) - target
        errors.append(float(error.square().mean()))
        weights.append(float(loss_weights(objective, kind, schedule)[t]))
    return Agreement(t, tuple(errors), tuple(weights))
