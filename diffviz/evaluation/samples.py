"""Samples of a denoiser for given classes, as 8-bit pictures like the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffviz.core.noise import Stream
from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec, SeededNoise, sample
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.models.denoiser import Denoiser, guided

_AT_ONCE = 50


@dataclass(frozen=True, eq=False)
class Sampling:
    """How far the samples are; the last record has them, (N, C, H, W) of 8-bit values in [−1, 1]."""

    steps_done: int
    steps: int
    samples: Tensor | None = None


def draw_samples(
    denoiser: Denoiser,
    classes: Sequence[int | None],
    *,
    guidance_scale: float = 1.0,
    num_sampling_steps: int = 50,
    seed: int = 0,
) -> Iterator[Sampling]:
    """Sample by DDIM (η = 0, x̂_0 clipped), one record for each step of each batch.

    Parameters
    ----------
    denoiser
        A denoiser of pictures of one size.
    classes
        What to draw, one entry for each sample; `None`: no class.
    guidance_scale
        g of classifier-free guidance; 1: none.
    num_sampling_steps
        Steps of the sampler, at most T.
    seed
        Of the noise that the samples start from; a sample does not depend on how many are drawn.

    Raises
    ------
    ValueError
        If the denoiser's pictures have no size, or the number of steps is not possible.
    """
    if denoiser.info.image_shape is None:
        raise ValueError(f"{denoiser.info.name} does not draw pictures of a size of its own.")
    schedule = build_schedule(denoiser.info.schedule or ScheduleSpec("cosine"))
    spec = SamplerSpec(SamplerKind.DDIM, num_sampling_steps, clip=Clip.STATIC)
    starts = range(0, len(classes), _AT_ONCE)
    total = len(starts) * num_sampling_steps
    finished: list[Tensor] = []
    done = 0
    for start in starts:
        part = list(classes[start : start + _AT_ONCE])
        noise = SeededNoise(seed, denoiser.info.image_shape, len(part), start)
        wanted = None if all(index is None for index in part) else part
        predict = guided(denoiser, wanted, guidance_scale)
        for step in sample(predict, noise(Stream.X_T, 0).float(), schedule, spec, noise):
            done += 1
            if step.s == 0:
                finished.append(eight_bit(step.x_s))
            last = done == total
            yield Sampling(done, total, torch.cat(finished) if last else None)


def eight_bit(x_0: Tensor) -> Tensor:
    """The nearest values that an 8-bit picture can hold, in [−1, 1]."""
    return ((x_0.clamp(-1.0, 1.0) + 1.0) * 127.5).round() / 127.5 - 1.0
