"""What a network is trained to say, and how much its error counts at each noise level."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from diffviz.core.prediction import PredictionType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.core.schedules import NoiseSchedule

MIN_SNR_GAMMA = 5.0


class Loss(StrEnum):
    """A weighting of the error over noise levels."""

    SIMPLE = "simple"
    X_0 = "x0"
    V = "v"
    MIN_SNR = "min_snr"


def training_target(
    prediction: PredictionType, x_0: Tensor, noise: Tensor, signal: Tensor, spread: Tensor
) -> Tensor:
    """What a perfect network would say about x_t = signal · x_0 + spread · noise.

    Parameters
    ----------
    prediction
        NOISE, X_0 or V.
    x_0, noise
        Clean pictures and the draw of ε that made x_t, the same shape.
    signal, spread
        √ᾱ_t and √(1−ᾱ_t), broadcastable to that shape.

    Raises
    ------
    ValueError
        For predictions that no network here is trained on.
    """
    match prediction:
        case PredictionType.NOISE:
            return noise
        case PredictionType.X_0:
            return x_0
        case PredictionType.V:
            return signal * noise - spread * x_0
        case _:
            raise ValueError(f"Networks predict noise, x_0 or v, not {prediction}.")


def loss_weights(loss: Loss, prediction: PredictionType, schedule: NoiseSchedule) -> NDArray[np.float64]:
    """Weight of the squared error at every time, so that a loss means the same for every prediction.

    The same underlying error has ‖δε‖² = SNR ‖δx_0‖² and ‖δv‖² = (1 + SNR) ‖δx_0‖² (Salimans and Ho,
    2022), so each loss is a weight on ‖δx_0‖² divided by the unit of the prediction. `MIN_SNR` is Hang et
    al. (2023).

    Returns
    -------
    ndarray
        float64, shape (T+1,); entry 0 is 0. Where a weight would be infinite (no signal left), it is 1, as in
        the reference code of Hang et al.

    Raises
    ------
    ValueError
        For predictions that no network here is trained on.
    """
    snr = schedule.snr[1:]
    if prediction not in (PredictionType.NOISE, PredictionType.X_0, PredictionType.V):
        raise ValueError(f"Networks predict noise, x_0 or v, not {prediction}.")
    in_own_unit = {
        Loss.SIMPLE: PredictionType.NOISE,
        Loss.X_0: PredictionType.X_0,
        Loss.V: PredictionType.V,
    }
    weights = np.zeros(schedule.num_timesteps + 1)
    if in_own_unit.get(loss) is prediction:
        weights[1:] = 1.0
        return weights
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = {PredictionType.NOISE: snr, PredictionType.X_0: np.ones_like(snr), PredictionType.V: 1 + snr}
        on_x_0 = {
            Loss.SIMPLE: snr,
            Loss.X_0: np.ones_like(snr),
            Loss.V: 1 + snr,
            Loss.MIN_SNR: np.minimum(snr, MIN_SNR_GAMMA),
        }
        ratio = on_x_0[loss] / unit[prediction]
    weights[1:] = np.where(np.isfinite(ratio), ratio, 1.0)
    return weights


def per_example_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of each example over its dimensions, shape (B,), at least float32."""
    return (prediction.float() - target.float()).square().flatten(1).mean(1)
