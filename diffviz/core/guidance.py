"""Steering a denoiser towards a class by mixing its answers with and without the class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.core.prediction import Prediction

if TYPE_CHECKING:
    from torch import Tensor


def classifier_free(conditional: Prediction, unconditional: Prediction, guidance_scale: float) -> Prediction:
    """Mix two answers: unconditional + g · (conditional − unconditional).

    Classifier-free guidance (Ho & Salimans, 2022), whose w is g − 1.
    The rule is linear, so x_0 and ε stay in agreement with x_t.

    Parameters
    ----------
    conditional, unconditional
        The denoiser's answers for the same x_t.
    guidance_scale
        g; 1 returns `conditional` and 0 `unconditional` unchanged, more exaggerates the class.
    """
    if guidance_scale == 1.0:
        return conditional
    if guidance_scale == 0.0:
        return unconditional
    return Prediction(
        x_0=unconditional.x_0 + guidance_scale * (conditional.x_0 - unconditional.x_0),
        noise=unconditional.noise + guidance_scale * (conditional.noise - unconditional.noise),
    )


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
