"""A sheet of samples from the same noise every time, so that one sees learning happen."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import build_schedule
from diffviz.data.images import image_grid, to_uint8
from diffviz.export.whole_file import whole_file
from diffviz.models.denoiser import guided
from diffviz.training.config import SHEET_GUIDANCE

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.models.denoiser import NetworkDenoiser

COLUMNS = 8
NUM_POINTS = 2000
_VIEW = 3.0
_BINS = 128


def draw_samples(
    denoiser: NetworkDenoiser,
    shape: tuple[int, ...],
    classes: list[int | None],
    *,
    num_sampling_steps: int = 25,
    guidance_scale: float = 1.0,
    seed: int = 0,
) -> Tensor:
    """Sample by DDIM (η = 0), one sample per entry of `classes`; float32, shape (N, *shape)."""
    x = start_noise(shape, len(classes), seed)
    for x_s in sampling_steps(
        denoiser, x, classes, num_sampling_steps=num_sampling_steps, guidance_scale=guidance_scale
    ):
        x = x_s
    return x


def start_noise(shape: tuple[int, ...], count: int, seed: int = 0) -> Tensor:
    """Pure noise to sample from; one sample is the same in every batch. Float32, shape (count, *shape)."""
    return torch.from_numpy(
        np.stack([draw_noise(shape, seed, Stream.X_T, sample=index) for index in range(count)])
    )


def sampling_steps(
    denoiser: NetworkDenoiser,
    x: Tensor,
    classes: list[int | None],
    *,
    num_sampling_steps: int = 25,
    guidance_scale: float = 1.0,
) -> Iterator[Tensor]:
    """Walk by DDIM (η = 0) from pure noise to samples; what each step comes to, the last of which counts."""
    schedule = build_schedule(denoiser.info.schedule) if denoiser.info.schedule else denoiser.schedule
    spec = SamplerSpec(
        kind=SamplerKind.DDIM,
        num_sampling_steps=min(num_sampling_steps, schedule.num_timesteps),
        clip=Clip.STATIC if x.ndim == 4 else Clip.NONE,
    )
    wanted = None if all(index is None for index in classes) else classes
    predict = guided(denoiser, wanted, guidance_scale)
    silence = torch.zeros_like(x)
    for step in sample(predict, x, schedule, spec, lambda _stream, _t: silence):
        yield step.x_s


def sample_sheet(denoiser: NetworkDenoiser, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Eight samples of each class in a row (or 64 without classes) as one picture; points as their density.

    Returns
    -------
    ndarray
        uint8, shape (H, W, C).
    """
    if len(shape) == 1:
        return _density(draw_samples(denoiser, shape, [None] * NUM_POINTS).numpy())
    count = len(denoiser.info.class_names)
    classes: list[int | None] = [index for index in range(count) for _ in range(COLUMNS)]
    drawn = draw_samples(denoiser, shape, classes or [None] * COLUMNS**2, guidance_scale=SHEET_GUIDANCE)
    pictures = drawn.permute(0, 2, 3, 1).numpy()
    return np.asarray(image_grid([to_uint8(picture) for picture in pictures], COLUMNS), np.uint8)


def save_sheet(sheet: NDArray[np.uint8], path: Path) -> None:
    """Write a sheet as PNG, beside its place and moved in.

    Raises
    ------
    ExportError
        If it cannot be written.
    """
    content = io.BytesIO()
    Image.fromarray(sheet if sheet.shape[2] == 3 else sheet[..., 0]).save(content, "PNG")
    with whole_file(path) as stream:
        stream.write(content.getvalue())


def _density(points: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Where points lie in [−3, 3]², bright where there are many."""
    edges = np.linspace(-_VIEW, _VIEW, _BINS + 1)
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=[edges, edges])
    bright = np.sqrt(counts[::-1] / max(counts.max(), 1.0))
    return np.asarray(np.round(255 * bright), np.uint8)[..., None]
