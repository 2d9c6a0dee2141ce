"""Where a reverse run begins: noise, a noised picture, the noise that a picture comes from, or a path."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.forward import q_sample
from diffviz.core.inversion import invert, path_between
from diffviz.core.noise import Stream
from diffviz.core.samplers import Predict, SeededNoise
from diffviz.core.schedules import build_schedule
from diffviz.data.images import Picture, fit
from diffviz.engine.gate import Preparation
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RunApproach", "fitted_picture", "run_noise", "starting_pictures"]

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class RunApproach(Preparation):
    """A step on the way to where the run begins: of its parent down to a fork, or of an inversion upwards."""

    t: int


def fitted_picture(images: ImageStore, key: str, shape: Shape, how: str) -> Picture:
    """A picture at the denoiser's shape (C, H, W): float32 (H, W, C), by "crop", "pad" or "resize"."""
    assert how in ("crop", "pad", "resize")
    return fit(images.x_0(key), shape[1:], how, shape[0])  # type: ignore[arg-type]


def run_noise(request: ReverseRequest, shape: Shape) -> SeededNoise:
    """All noise of a run; along a path every sample has the same, so that only the start tells them apart."""
    return SeededNoise(
        request.seed,
        shape,
        request.num_samples,
        redrawn=request.redrawn,
        is_shared=request.is_path,
    )


def starting_pictures(
    request: ReverseRequest, images: ImageStore, shape: Shape, predict: Predict, times: tuple[int, ...]
) -> Generator[RunApproach, None, Tensor]:
    """The pictures that a run begins with.

    Parameters
    ----------
    request
        The run.
    images, shape
        Where pictures come from, and (C, H, W) of the denoiser's.
    predict
        The denoiser without guidance, for inversion.
    times
        The times of the run.

    Yields
    ------
    RunApproach
        For each step of an inversion.

    Returns
    -------
    Tensor
        Float64 (num_samples, C, H, W).
    """
    if request.path_seed is None and request.path_image is None:
        if request.start_image is None:
            return run_noise(request, shape)(Stream.X_T, 0)
        if not request.is_inverted:
            return _noised(request, images, shape)
        only = yield from _inverted(request, request.start_image, images, shape, predict, times)
        return only.repeat(request.num_samples, 1, 1, 1)
    if request.path_image is not None and request.start_image is not None:
        first = yield from _inverted(request, request.start_image, images, shape, predict, times)
        last = yield from _inverted(request, request.path_image, images, shape, predict, times)
    else:
        assert request.path_seed is not None
        first, last = (
            SeededNoise(seed, shape, 1)(Stream.X_T, 0) for seed in (request.seed, request.path_seed)
        )
    return path_between(first, last, request.num_samples)


def _noised(request: ReverseRequest, images: ImageStore, shape: Shape) -> Tensor:
    """The picture noised to start_t (Meng et al., 2022, SDEdit)."""
    assert request.start_image is not None
    assert request.start_t is not None
    noise = run_noise(request, shape)(Stream.X_T, 0)
    level = build_schedule(request.schedule).level(request.start_t)
    x_start: Tensor = q_sample(_clean(request, request.start_image, images, shape), noise, level)
    return x_start


def _inverted(
    request: ReverseRequest,
    key: str,
    images: ImageStore,
    shape: Shape,
    predict: Predict,
    times: tuple[int, ...],
) -> Generator[RunApproach, None, Tensor]:
    """The noise at the first of the times that a picture comes from (Song et al., 2021)."""
    x = _clean(request, key, images, shape)
    for step in invert(predict, x, build_schedule(request.schedule), times):
        x = step.x_t
        yield RunApproach(step.t)
    return x


def _clean(request: ReverseRequest, key: str, images: ImageStore, shape: Shape) -> Tensor:
    import torch

    picture = fitted_picture(images, key, shape, request.start_fit)
    return torch.from_numpy(np.moveaxis(picture, -1, 0)[None].astype(np.float64))
