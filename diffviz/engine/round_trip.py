"""How well a picture comes back from the noise that it was inverted to, over the number of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.inversion import invert
from diffviz.core.samplers import SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import build_schedule
from diffviz.core.timesteps import Spacing, sampling_timesteps
from diffviz.data.images import Picture
from diffviz.engine.courtesy import leave_a_core_to_the_window
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.request import ReverseRequest
from diffviz.engine.run_start import fitted_picture
from diffviz.models.denoiser import guided

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.noise import Stream
    from diffviz.core.schedules import NoiseSchedule

__all__ = ["ROUND_TRIP_STEPS", "RoundTrip", "RoundTripCall", "round_trips"]

ROUND_TRIP_STEPS = (5, 10, 20, 50, 100)


@dataclass(frozen=True)
class RoundTripCall:
    """The denoiser was asked once more: how often of how many times, of all round trips."""

    done: int
    total: int


@dataclass(frozen=True, eq=False)
class RoundTrip:
    """A picture inverted and sampled again: steps each way, root mean square error, what came back."""

    num_steps: int
    error: float
    x_0: Picture


def round_trips(
    request: ReverseRequest, shelf: DenoiserShelf, counts: Sequence[int] = ROUND_TRIP_STEPS
) -> Iterator[RoundTripCall | RoundTrip]:
    """Invert the picture of a run by DDIM and sample it again, with more and more steps.

    Both ways go without guidance and without fresh noise: what is left is the error of the steps, of first
    order in their length (Song et al., 2021).

    Parameters
    ----------
    request
        A run that begins with a picture.
    shelf
        Where denoisers and pictures come from.
    counts
        How many steps up to the time at which the run begins; fewer where the chain has fewer.

    Yields
    ------
    RoundTripCall
        After each step of either way.
    RoundTrip
        After each way back.

    Raises
    ------
    ValueError
        If the run does not begin with a picture.
    """
    import torch

    if request.start_image is None or request.start_t is None:
        raise ValueError("Only a run from a picture has a round trip.")
    leave_a_core_to_the_window()
    shelved = shelf.fetch(request)
    shape = shelved.denoiser.info.image_shape
    if shape is None:
        raise ValueError(f"{shelved.denoiser.info.name} does not work on pictures.")
    schedule = build_schedule(request.schedule)
    picture = fitted_picture(shelf.images, request.start_image, shape, request.start_fit)
    x_0 = torch.from_numpy(np.moveaxis(picture, -1, 0)[None].astype(np.float64))
    predict = guided(shelved.denoiser, request.class_index)
    grids = _grids(request, schedule, counts)
    total, done = 2 * sum(len(times) for times in grids.values()), 0
    for spec, times in grids.items():
        x = x_0
        for up in invert(predict, x_0, schedule, times):
            x, done = up.x_t, done + 1
            yield RoundTripCall(done, total)
        for down in sample(predict, x, schedule, spec, _no_noise, start_t=request.start_t):
            x, done = down.x_s, done + 1
            yield RoundTripCall(done, total)
        error = float((x - x_0).square().mean().sqrt())
        yield RoundTrip(len(times), error, np.moveaxis(x[0].float().numpy(), 0, -1))


def _grids(
    request: ReverseRequest, schedule: NoiseSchedule, counts: Sequence[int]
) -> dict[SamplerSpec, tuple[int, ...]]:
    """The samplers, and the times from where the run begins, falling, without 0; about as many as asked."""
    assert request.start_t is not None
    start, total = request.start_t, schedule.num_timesteps
    grids: dict[SamplerSpec, tuple[int, ...]] = {}
    for count in counts:
        steps = min(max(round(count * total / start), 1), total)
        grid = sampling_timesteps(schedule, steps, Spacing.TRAILING)
        grids[SamplerSpec(SamplerKind.DDIM, steps)] = (start, *(t for t in grid if t < start))
    return grids


def _no_noise(stream: Stream, index: int) -> Tensor:
    raise AssertionError(f"A deterministic sampler asked for noise of {stream} at {index}.")
