"""What a network is trained to say, and how much its error counts at each noise level."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.posterior import posterior_coefficients, posterior_log_variance_clipped
from diffviz.core.preconditioning import SIGMA_DATA, target_of_noise, target_of_x_0
from diffviz.core.prediction import PredictionType

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from diffviz.core.schedules import NoiseSchedule

MIN_SNR_GAMMA = 5.0
TRAINABLE = (
    PredictionType.NOISE,
    PredictionType.X_0,
    PredictionType.V,
    PredictionType.MEAN,
    PredictionType.EDM,
)
"""What a network may be trained to say; options C, B and A of the lecture are noise, x_0 and mean."""


class Loss(StrEnum):
    """A weighting of the error over noise levels."""

    SIMPLE = "simple"
    ELBO_BETA = "elbo_beta"
    ELBO_TILDE = "elbo_tilde"
    MEAN = "mean"
    X_0 = "x0"
    V = "v"
    EDM = "edm"
    MIN_SNR = "min_snr"


_OWN_UNIT = {
    Loss.SIMPLE: PredictionType.NOISE,
    Loss.MEAN: PredictionType.MEAN,
    Loss.X_0: PredictionType.X_0,
    Loss.V: PredictionType.V,
    Loss.EDM: PredictionType.EDM,
}


def target_coefficients(
    prediction: PredictionType, schedule: NoiseSchedule
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How the answer of a perfect network is made of x_0 and ε, at every time.

    Parameters
    ----------
    prediction
        One of `TRAINABLE`. With `MEAN` it is the mean of q(x_{t−1} | x_t, x_0), which for the x_t of a given
        ε is √ᾱ_{t−1} x_0 + c_t √(1−ᾱ_t) ε.
    schedule
        The chain.

    Returns
    -------
    tuple of ndarray
        Factors on x_0 and on ε, float64, shape (T+1,).

    Raises
    ------
    ValueError
        For predictions that no network here is trained on.
    """
    zeros, ones = np.zeros(schedule.num_timesteps + 1), np.ones(schedule.num_timesteps + 1)
    match prediction:
        case PredictionType.NOISE:
            return zeros, ones
        case PredictionType.X_0:
            return ones, zeros
        case PredictionType.V:
            return -schedule.sqrt_one_minus_alphas_cumprod, schedule.sqrt_alphas_cumprod
        case PredictionType.EDM:
            a, b = schedule.sqrt_alphas_cumprod, schedule.sqrt_one_minus_alphas_cumprod
            return target_of_x_0(a, b), target_of_noise(a, b)
        case PredictionType.MEAN:
            _, c_t = _posterior_means(schedule)
            before = np.concatenate(([1.0], schedule.sqrt_alphas_cumprod[:-1]))
            return before, c_t * schedule.sqrt_one_minus_alphas_cumprod
        case _:
            raise _untrainable(prediction)


def loss_weights(loss: Loss, prediction: PredictionType, schedule: NoiseSchedule) -> NDArray[np.float64]:
    """Weight of the squared error at every time, so that a loss means the same for every prediction.

    Every loss is a weight on ‖δx_0‖²; the same error in another unit is ‖δε‖² = SNR ‖δx_0‖², ‖δv‖² =
    (1 + SNR) ‖δx_0‖² (Salimans and Ho, 2022), ‖δμ‖² = c_0² ‖δx_0‖² and, for the F of EDM, ‖δF‖² =
    (1/σ_d² + SNR) ‖δx_0‖², which is their weight (σ² + σ_d²)/(σ σ_d)² (Karras et al., 2022).

    `MEAN` is the error of the posterior mean itself. `ELBO_BETA` and `ELBO_TILDE` divide it by 2σ_t² with
    σ_t² = β_t or β̃_t, which is λ_t = β_t²/(2σ_t² α_t (1−ᾱ_t)) on ‖δε‖² (Ho et al., 2020, L_{t−1}):
    summed over dimensions and times it is the part of the bound that a network can change, in nats. λ ends at
    t = 2; t = 1 is the decoder's term, here a Gaussian of variance β_1 or, since β̃_1 = 0, β̃_2 (β_1 where
    T = 1), so that its weight is 1/(2σ_1²) on ‖δx_0‖². `MIN_SNR` is Hang et al. (2023).

    Returns
    -------
    ndarray
        float64, shape (T+1,); entry 0 is 0. Where a weight would be infinite or undefined (no signal left, or
        a step that adds no noise), it is 1, as in the reference code of Hang et al.

    Raises
    ------
    ValueError
        For predictions that no network here is trained on.
    """
    if prediction not in TRAINABLE:
        raise _untrainable(prediction)
    weights = np.ones(schedule.num_timesteps + 1)
    if _OWN_UNIT.get(loss) is not prediction:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = _on_x_0(loss, schedule) / _on_x_0(_LOSS_OF[prediction], schedule)
        weights = np.where(np.isfinite(ratio), ratio, 1.0)
    weights[0] = 0.0
    return weights


def per_example_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of each example over its dimensions, shape (B,), at least float32."""
    return (prediction.float() - target.float()).square().flatten(1).mean(1)


_LOSS_OF = {prediction: loss for loss, prediction in _OWN_UNIT.items()}


def _on_x_0(loss: Loss, schedule: NoiseSchedule) -> NDArray[np.float64]:
    """Weight of ‖δx_0‖² in a loss, shape (T+1,)."""
    snr = schedule.snr
    match loss:
        case Loss.SIMPLE:
            return snr
        case Loss.X_0:
            return np.ones_like(snr)
        case Loss.V:
            return 1.0 + snr
        case Loss.EDM:
            return SIGMA_DATA**-2 + snr
        case Loss.MIN_SNR:
            return np.minimum(snr, MIN_SNR_GAMMA)
    c_0, _ = _posterior_means(schedule)
    if loss is Loss.MEAN:
        return c_0**2
    if loss is Loss.ELBO_BETA:
        return c_0**2 / (2.0 * schedule.betas)
    return c_0**2 / (2.0 * np.exp(posterior_log_variance_clipped(schedule)))


def _posterior_means(schedule: NoiseSchedule) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """c_0 and c_t of q(x_{t−1} | x_t, x_0) for t = 0…T; at t = 0 nothing moves."""
    steps = [posterior_coefficients(schedule, t - 1, t) for t in range(1, schedule.num_timesteps + 1)]
    return np.array([0.0, *(step.c_0 for step in steps)]), np.array([1.0, *(step.c_t for step in steps)])


def _untrainable(prediction: PredictionType) -> ValueError:
    return ValueError(f"Networks predict {', '.join(TRAINABLE)}, not {prediction}.")
