"""Keeping x̂_0 within the range of pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.sampler_spec import Clip

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.schedules import NoiseLevel

_DYNAMIC_QUANTILE = 0.995


def clipped(prediction: Prediction, x_t: Tensor, level: NoiseLevel, clip: Clip) -> Prediction:
    """Keep x̂_0 within [−1, 1] and make ε̂ agree with it again.

    Parameters
    ----------
    prediction
        A denoiser's answer, shape (B, …).
    x_t, level
        What it was asked.
    clip
        ``STATIC`` cuts to [−1, 1]; ``DYNAMIC`` scales by the 99.5 % quantile of |x̂_0| (Saharia et al., 2022).
    """
    if clip is Clip.NONE:
        return prediction
    if clip is Clip.STATIC:
        x_0 = prediction.x_0.clamp(-1.0, 1.0)
    else:
        bound = _quantile_of_size(prediction.x_0, _DYNAMIC_QUANTILE).clamp_min(1.0)
        x_0 = prediction.x_0.clamp(-bound, bound) / bound
    return replace(prediction, x_0=x_0, noise=noise_from_x_0(x_0, x_t, level))


def _quantile_of_size(x_0: Tensor, quantile: float) -> Tensor:
    """Quantile of |x_0| of each sample, shaped to broadcast; torch.quantile refuses large pictures."""
    size = x_0.abs().flatten(1)
    place = quantile * (size.shape[1] - 1)
    below, above = math.floor(place), math.ceil(place)
    low, high = (size.kthvalue(k + 1, dim=1).values for k in (below, above))
    return (low + (high - low) * (place - below)).reshape(-1, *(1,) * (x_0.ndim - 1))
