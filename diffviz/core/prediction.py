"""What a network may predict: ε, x_0, v, EDM's F, the score or the mean; each becomes the others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from diffviz.core.preconditioning import (
    input_scale,
    output_scale,
    skip_scale,
    target_of_noise,
    target_of_x_0,
)

if TYPE_CHECKING:
    from diffviz.core.posterior import PosteriorCoefficients
    from diffviz.core.schedules import NoiseLevel

Array: TypeAlias = Any  # a NumPy array or a torch tensor; the formulas are the same for both


class PredictionType(StrEnum):
    """What the number that a network puts out means."""

    NOISE = "noise"
    X_0 = "x_0"
    V = "v"
    EDM = "edm"
    SCORE = "score"
    MEAN = "mean"


@dataclass(frozen=True, eq=False)
class Prediction:
    """A denoiser's answer at one noise level, as the two pictures that make up x_t.

    ``x_t == √ᾱ · x_0 + √(1 − ᾱ) · noise``.

    Parameters
    ----------
    x_0
        Estimate of the clean picture, same shape, dtype and device as x_t.
    noise
        Estimate of ε.
    x_0_variance
        tr Cov(x_0 | x_t)/d of each sample, shape (B,), where a denoiser knows it (the exact ones do); the
        optimal reverse variance needs it.
    """

    x_0: Array
    noise: Array
    x_0_variance: Array | None = None


def noise_from_x_0(x_0: Array, x_t: Array, level: NoiseLevel) -> Array:
    """ε = (x_t − √ᾱ x_0)/√(1 − ᾱ); where there is no noise (ᾱ = 1) it is 0."""
    if level.one_minus_alpha_cumprod == 0.0:
        return x_t * 0.0
    return (x_t - level.sqrt_alpha_cumprod * x_0) / level.sqrt_one_minus_alpha_cumprod


def to_prediction(
    output: Array,
    prediction_type: PredictionType,
    x_t: Array,
    level: NoiseLevel,
    posterior: PosteriorCoefficients | None = None,
) -> Prediction:
    """Read a network's output as estimates of x_0 and ε.

    Parameters
    ----------
    output
        What the network put out, shape of x_t.
    prediction_type
        What it means.
    x_t
        The noised picture that the network saw.
    level
        The noise level of x_t. v = √ᾱ ε − √(1 − ᾱ) x_0 (Salimans & Ho, 2022), score = −ε/√(1 − ᾱ); EDM's F
        is that of `preconditioning` (Karras et al., 2022), which for data of unit variance is −v.
    posterior
        For ``MEAN`` only: the coefficients of q(x_{t−1} | x_t, x_0).

    Raises
    ------
    ValueError
        If the output does not determine x_0 at this level: ε, score or mean where no signal is left.
    """
    a, b = level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod
    if prediction_type is PredictionType.X_0:
        return Prediction(output, noise_from_x_0(output, x_t, level))
    if prediction_type is PredictionType.V:
        return Prediction(a * x_t - b * output, b * x_t + a * output)
    if prediction_type is PredictionType.EDM:
        x_0 = skip_scale(a, b) * x_t + output_scale(a, b) * output
        # (x_t − √ᾱ x_0)/√(1 − ᾱ) without the division, so that it holds at ᾱ = 1 too.
        noise = b * input_scale(a, b) ** 2 * x_t + target_of_noise(a, b) * output
        return Prediction(x_0, noise)
    if prediction_type is PredictionType.MEAN:
        if posterior is None:
            raise ValueError("A predicted mean can be read only with the coefficients of its posterior.")
        if posterior.c_0 == 0.0:
            raise ValueError("The mean of this step holds nothing of x_0, so it does not determine x_0.")
        x_0 = (output - posterior.c_t * x_t) / posterior.c_0
        return Prediction(x_0, noise_from_x_0(x_0, x_t, level))
    if a == 0.0:
        raise ValueError(
            f"A predicted {prediction_type.value} says nothing about the picture where no signal is left; "
            "use a network that predicts x_0 or v, or a schedule that keeps some signal at T."
        )
    if prediction_type is PredictionType.NOISE:
        return Prediction((x_t - b * output) / a, output)
    return Prediction((x_t + b * b * output) / a, -b * output)


def from_prediction(
    prediction: Prediction,
    prediction_type: PredictionType,
    x_t: Array,
    level: NoiseLevel,
    posterior: PosteriorCoefficients | None = None,
) -> Array:
    """Say estimates of x_0 and ε in another parametrisation; the inverse of `to_prediction`.

    Parameters
    ----------
    prediction
        x_0 and ε that agree with x_t.
    prediction_type, x_t, level, posterior
        As in `to_prediction`.

    Raises
    ------
    ValueError
        For the score where there is no noise, and for a mean without its posterior.
    """
    a, b = level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod
    if prediction_type is PredictionType.X_0:
        return prediction.x_0
    if prediction_type is PredictionType.NOISE:
        return prediction.noise
    if prediction_type is PredictionType.V:
        return a * prediction.noise - b * prediction.x_0
    if prediction_type is PredictionType.EDM:
        return target_of_x_0(a, b) * prediction.x_0 + target_of_noise(a, b) * prediction.noise
    if prediction_type is PredictionType.SCORE:
        if b == 0.0:
            raise ValueError("A clean picture has no score.")
        return prediction.noise / -b
    if posterior is None:
        raise ValueError("A mean is formed only with the coefficients of its posterior.")
    return posterior.c_0 * prediction.x_0 + posterior.c_t * x_t
