"""Steering a denoiser towards a class: by its answers with and without the class, or by a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffviz.core.prediction import Prediction, noise_from_x_0

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.schedules import NoiseLevel


def classifier_free(
    conditional: Prediction, unconditional: Prediction, guidance_scale: float | Sequence[float]
) -> Prediction:
    """Mix two answers: unconditional + g · (conditional − unconditional).

    Classifier-free guidance (Ho & Salimans, 2022), whose w is g − 1.
    The rule is linear, so x_0 and ε stay in agreement with x_t.

    Parameters
    ----------
    conditional, unconditional
        The denoiser's answers for the same x_t.
    guidance_scale
        g; 1 returns `conditional` and 0 `unconditional` unchanged, more exaggerates the class. One for all
        samples, or one for each.
    """
    if not isinstance(guidance_scale, (int, float)):
        return _each_guided(conditional, unconditional, guidance_scale)
    if guidance_scale == 1.0:
        return conditional
    if guidance_scale == 0.0:
        return unconditional
    return Prediction(
        x_0=unconditional.x_0 + guidance_scale * (conditional.x_0 - unconditional.x_0),
        noise=unconditional.noise + guidance_scale * (conditional.noise - unconditional.noise),
    )


def _each_guided(
    conditional: Prediction, unconditional: Prediction, guidance_scales: Sequence[float]
) -> Prediction:
    """Classifier-free guidance with a scale of its own for each sample; 1 and 0 are exact here, too."""
    x_0, noise = unconditional.x_0.clone(), unconditional.noise.clone()
    for row, scale in enumerate(guidance_scales):
        part = slice(row, row + 1)
        mixed = classifier_free(
            Prediction(conditional.x_0[part], conditional.noise[part]),
            Prediction(unconditional.x_0[part], unconditional.noise[part]),
            float(scale),
        )
        x_0[part], noise[part] = mixed.x_0, mixed.noise
    return Prediction(x_0, noise)


def scales_between(first: float, last: float, count: int) -> tuple[float, ...]:
    """Evenly from one guidance scale to another, both among them; not a hair off where they are round."""
    return tuple(round(first + (last - first) * place / (count - 1), 9) for place in range(count))


def rescale(guided: Tensor, conditional: Tensor, amount: float = 0.7) -> Tensor:
    """Give a guided picture back the contrast of the conditional one (Lin et al., 2024, CFG rescale).

    Parameters
    ----------
    guided, conditional
        Predictions of the same kind, shape (B, …).
    amount
        φ in [0, 1]: 0 changes nothing, 1 matches the standard deviation of each sample.

    Returns
    -------
    Tensor
        Shape of `guided`.
    """
    axes = tuple(range(1, guided.ndim))
    spread = guided.std(dim=axes, keepdim=True)
    target = conditional.std(dim=axes, keepdim=True)
    # A flat picture has no contrast to scale, only rounding.
    flat = spread <= 1e-6 * guided.square().mean(dim=axes, keepdim=True).sqrt()
    factor = (target / spread.where(~flat, spread.new_ones(()))).where(~flat, spread.new_ones(()))
    return guided * (amount * factor + (1.0 - amount))


def rescaled(
    guided: Prediction, conditional: Prediction, x_t: Tensor, level: NoiseLevel, amount: float
) -> Prediction:
    """Give a guided answer the contrast of the conditional one, in x̂_0; ε̂ follows.

    Lin et al. (2024) rescale what their network puts out; x̂_0 is what every denoiser here has.

    Parameters
    ----------
    guided, conditional
        Answers for the same x_t.
    x_t, level
        What was asked.
    amount
        φ in [0, 1]; 0 returns `guided` unchanged.
    """
    if amount == 0.0:
        return guided
    x_0 = rescale(guided.x_0, conditional.x_0, amount)
    return Prediction(x_0, noise_from_x_0(x_0, x_t, level))


def classifier_guided(
    prediction: Prediction, gradient: Tensor, level: NoiseLevel, classifier_scale: float
) -> Prediction:
    """Steer an answer by a classifier: ε̂ − w √(1 − ᾱ) ∇ log p(y | x_t).

    Algorithm 2 of Dhariwal and Nichol (2021).

    Parameters
    ----------
    prediction
        The denoiser's answer for x_t.
    gradient
        ∇_{x_t} log p(y | x_t) of a classifier that was trained on noisy pictures, shape of x_t.
    level
        Noise level of x_t.
    classifier_scale
        w; 0 returns `prediction` unchanged.

    Returns
    -------
    Prediction
        x_0 and ε that still make up x_t. Where no signal is left a classifier knows nothing, and the answer
        is left as it is.
    """
    a, b = level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod
    if classifier_scale == 0.0 or a == 0.0:
        return prediction
    push = classifier_scale * b * gradient
    return Prediction(prediction.x_0 + b / a * push, prediction.noise - push)
