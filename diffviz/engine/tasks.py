"""What jobs run: generators of frozen records, each made, walked and closed in one worker thread.

Importing this does not import torch; running a task does. Tensors in the records are copies on the CPU that
nobody writes to, so they may be read in any thread.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffviz.core.forward import q_sample
from diffviz.core.noise import Stream
from diffviz.core.samplers import ReverseStep, SeededNoise, sample
from diffviz.core.schedules import build_schedule
from diffviz.core.timesteps import sampling_timesteps
from diffviz.data.images import ImageReadError, LoadedImage, Picture, Pixels, fit, load_image
from diffviz.engine.courtesy import leave_a_core_to_the_window
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseContext, ReverseRequest
from diffviz.models.denoiser import guided
from diffviz.models.devices import DeviceInfo, available_devices, best_device

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.models.denoiser import DenoiserInfo

__all__ = [
    "ExactExplanation",
    "GalleryThumbnail",
    "HeavyPicture",
    "OpenedImage",
    "ReverseContext",
    "ReverseRequest",
    "TorchReady",
    "explain_exact",
    "gallery_thumbnails",
    "open_images",
    "preload_torch",
    "reverse_steps",
]

_NUM_HEAVIEST = 5
# What the next step is computed from stays exact, so that a fork continues as its parent did.
_EXACT_FIELDS = frozenset({"x_t", "x_s"})


@dataclass(frozen=True)
class TorchReady:
    """Torch is loaded: its version, what it can compute on, and which of that is the fastest."""

    version: str
    devices: tuple[DeviceInfo, ...]
    best_device: str


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """A file that was tried: the picture, or one sentence on why there is none."""

    path: Path
    loaded: LoadedImage | None
    error: str | None = None


@dataclass(frozen=True, eq=False)
class GalleryThumbnail:
    """A small version of a picture, uint8 (h, w, C); None where its file cannot be read any more."""

    key: str
    pixels: Pixels | None


@dataclass(frozen=True, eq=False)
class HeavyPicture:
    """A picture that an exact denoiser thinks of: uint8 (H, W, C), its weight 0…1, its title or ""."""

    pixels: Pixels
    weight: float
    title: str


@dataclass(frozen=True, eq=False)
class ExactExplanation:
    """Why an exact denoiser answers as it does.

    Attributes
    ----------
    heaviest
        Its five likeliest pictures, falling.
    effective_count
        Between how many pictures it is undecided, 1…num_pictures (exponential of the entropy).
    num_pictures
        How many it knows, of the class if one is asked for.
    """

    heaviest: tuple[HeavyPicture, ...]
    effective_count: float
    num_pictures: int

    @property
    def rest_weight(self) -> float:
        """What the other pictures share."""
        return max(0.0, 1.0 - sum(picture.weight for picture in self.heaviest))


def reverse_steps(request: ReverseRequest, shelf: DenoiserShelf) -> Iterator[ReverseContext | ReverseStep]:
    """Walk from noise to pictures.

    The state of the chain lives on the CPU in float64 whatever device the network computes on, and noise is
    drawn there for each sample by itself: equal requests give equal pictures on every machine, and one sample
    is the same in every batch.

    Parameters
    ----------
    request
        What to do.
    shelf
        Where denoisers and pictures come from.

    Yields
    ------
    ReverseContext
        First, as soon as the denoiser is ready.
    ReverseStep
        Float64 x_t and x_s, float32 else, shape (B, C, H, W) on the CPU; x_t is the x_s of the step before.

    Raises
    ------
    CheckpointError, DatasetError, ImageReadError, ScheduleError
        If the schedule, a file or the device cannot be used.
    ValueError
        If sampler, schedule and denoiser do not go together; the message is one sentence.
    """
    leave_a_core_to_the_window()
    shelved = shelf.fetch(request)
    info = shelved.info(request.class_index)
    shape = _picture_shape(info)
    schedule = build_schedule(request.schedule)
    times = sampling_timesteps(schedule, request.sampler.num_sampling_steps, request.sampler.spacing)
    if request.start_t is not None:
        times = (request.start_t, *(t for t in times if t < request.start_t))
    guide = None
    if request.start_image is not None:
        guide = fit(shelf.images.x_0(request.start_image), shape[1:], "crop", shape[0])
    yield ReverseContext(request, info, shape, times, guide)
    predict = guided(shelved.denoiser, request.class_index, request.guidance_scale)
    noise_source = SeededNoise(request.seed, shape, request.num_samples)
    x_start = _start(request, guide, noise_source)
    steps = sample(predict, x_start, schedule, request.sampler, noise_source, start_t=request.start_t)
    yield from _detached(steps)


def explain_exact(
    request: ReverseRequest, shelf: DenoiserShelf, x_t: Tensor, t: int, sample: int = 0
) -> ExactExplanation | None:
    """Which pictures an exact denoiser sees in a noisy one; None for a network.

    Costs one evaluation of the denoiser for one picture, and its making if it is no longer at hand.

    Parameters
    ----------
    request
        The run that x_t belongs to.
    shelf
        Where denoisers come from.
    x_t
        Pictures of the run at time t, shape (B, C, H, W).
    t
        Time in 0…T.
    sample
        Which picture of the batch.
    """
    from diffviz.models.exact import ExactDenoiser

    shelved = shelf.fetch(request)
    denoiser, data = shelved.denoiser, shelved.data
    if data is None or not isinstance(denoiser, ExactDenoiser):
        return None
    level = build_schedule(request.schedule).level(t)
    posterior = denoiser.posterior(x_t[sample : sample + 1], level, request.class_index)
    indices = posterior.top_indices[0, :_NUM_HEAVIEST].tolist()
    weights = posterior.top_weights[0, :_NUM_HEAVIEST].tolist()
    heaviest = tuple(
        HeavyPicture(data.pixels[index], weight, data.titles[index] if data.titles else "")
        for index, weight in zip(indices, weights, strict=True)
    )
    count = data.count(request.class_index)
    return ExactExplanation(heaviest, float(posterior.effective_count[0]), count)


def preload_torch() -> Iterator[TorchReady]:
    """Import torch and look for devices; for a job right behind the first picture."""
    import torch

    leave_a_core_to_the_window()
    yield TorchReady(torch.__version__, available_devices(), best_device())


def open_images(
    files: Iterable[str | Path], background: tuple[int, int, int] = (255, 255, 255)
) -> Iterator[OpenedImage]:
    """Read picture files one by one; the window adds what it gets by `ImageStore.add_loaded`.

    Parameters
    ----------
    files
        What to read.
    background
        What transparent parts are laid over, 8-bit RGB.
    """
    for file in files:
        path = Path(file)
        try:
            yield OpenedImage(path, load_image(path, background=background))
        except ImageReadError as error:
            yield OpenedImage(path, None, str(error))


def gallery_thumbnails(images: ImageStore, keys: Iterable[str], size: int) -> Iterator[GalleryThumbnail]:
    """Small versions of pictures, `size` pixels at the longer side."""
    for key in keys:
        try:
            yield GalleryThumbnail(key, images.thumbnail(key, size))
        except (ImageReadError, KeyError):
            yield GalleryThumbnail(key, None)


def _picture_shape(info: DenoiserInfo) -> tuple[int, int, int]:
    if info.image_shape is None:
        raise ValueError(f"{info.name} does not work on pictures.")
    return info.image_shape


def _start(request: ReverseRequest, guide: Picture | None, noise_source: SeededNoise) -> Tensor:
    """x_T from pure noise, or the guide noised to start_t with the same noise (Meng et al., 2022, SDEdit)."""
    import torch

    noise = noise_source(Stream.X_T, 0)
    if guide is None or request.start_t is None:
        return noise
    x_0 = torch.from_numpy(np.moveaxis(guide, -1, 0).astype(np.float64))
    x_start: Tensor = q_sample(x_0, noise, build_schedule(request.schedule).level(request.start_t))
    return x_start


def _detached(steps: Iterator[ReverseStep]) -> Iterator[ReverseStep]:
    """The steps with tensors of their own; a picture that two steps share stays one."""
    import torch

    last_x_s: Tensor | None = None
    last_copy: Tensor | None = None
    for step in steps:
        copies: dict[str, Any] = {}
        for field in dataclasses.fields(step):
            value = getattr(step, field.name)
            if not isinstance(value, torch.Tensor):
                continue
            if value is last_x_s:
                copies[field.name] = last_copy
            else:
                dtype = torch.float64 if field.name in _EXACT_FIELDS else torch.float32
                copies[field.name] = value.detach().to("cpu", dtype, copy=True)
        last_x_s, last_copy = step.x_s, copies["x_s"]
        yield dataclasses.replace(step, **copies)
