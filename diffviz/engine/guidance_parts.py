"""What guidance is made of: the denoiser's answers without the class, with it, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffviz.core.schedules import build_schedule
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.request import ReverseRequest
from diffviz.models.denoiser import guided

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.prediction import Prediction

__all__ = ["GuidanceAnswer", "GuidanceParts", "guidance_parts"]


@dataclass(frozen=True, eq=False)
class GuidanceAnswer:
    """One answer, x̂_0 and ε̂, both float32 (B, H, W, C)."""

    x_0: NDArray[np.float32]
    noise: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class GuidanceParts:
    """The answers about one x_t: without a class, with it, and as the run is guided."""

    unconditional: GuidanceAnswer
    conditional: GuidanceAnswer
    guided: GuidanceAnswer


def guidance_parts(request: ReverseRequest, shelf: DenoiserShelf, x_t: Tensor, t: int) -> GuidanceParts:
    """Ask the denoiser of a run without its class, with it, and with its guidance.

    Parameters
    ----------
    request
        A run towards a class.
    shelf
        Where denoisers come from.
    x_t
        Its pictures at time t, float64 (B, C, H, W).
    t
        Time in 0…T.

    Raises
    ------
    ValueError
        If the run has no class.
    """
    if request.class_index is None:
        raise ValueError("A run without a class is not guided.")
    shelved = shelf.fetch(request)
    level = build_schedule(request.schedule).level(t)
    classifier = shelf.classifier_for(request, shelved.info(request.class_index))
    whole = guided(
        shelved.denoiser,
        request.class_index,
        request.guidance_scales,
        request.guidance_rescale,
        classifier,
        request.classifier_scale,
    )
    return GuidanceParts(
        _answer(shelved.denoiser.predict(x_t, level)),
        _answer(shelved.denoiser.predict(x_t, level, request.class_index)),
        _answer(whole(x_t, level)),
    )


def _answer(prediction: Prediction) -> GuidanceAnswer:
    x_0, noise = (
        np.moveaxis(tensor.float().cpu().numpy(), 1, -1) for tensor in (prediction.x_0, prediction.noise)
    )
    return GuidanceAnswer(x_0, noise)
