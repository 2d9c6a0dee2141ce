"""What jobs run: generators of frozen records, each made, walked and closed in one worker thread.

Importing this does not import torch; running a task does. Tensors in the records are copies on the CPU that
nobody writes to, so they may be read in any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diffviz.core.schedules import build_schedule
from diffviz.data.images import ImageReadError, LoadedImage, Pixels, load_image
from diffviz.engine.courtesy import leave_a_core_to_the_window
from diffviz.engine.denoisers import DenoiserShelf, PictureData
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.models.devices import DeviceInfo, available_devices, best_device

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.models.exact import ExactPosterior

__all__ = [
    "ExactExplanation",
    "GalleryThumbnail",
    "HeavyPicture",
    "OpenedImage",
    "TorchReady",
    "explain_exact",
    "explanation",
    "gallery_thumbnails",
    "open_images",
    "preload_torch",
]

_NUM_HEAVIEST = 5


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
    return explanation(posterior, data, request.class_index)


def explanation(posterior: ExactPosterior, data: PictureData, class_index: int | None) -> ExactExplanation:
    """Which pictures stand behind the first answer of an exact denoiser that knows these data."""
    indices = posterior.top_indices[0, :_NUM_HEAVIEST].tolist()
    weights = posterior.top_weights[0, :_NUM_HEAVIEST].tolist()
    heaviest = tuple(
        HeavyPicture(data.pixels[index], weight, data.titles[index] if data.titles else "")
        for index, weight in zip(indices, weights, strict=True)
    )
    return ExactExplanation(heaviest, float(posterior.effective_count[0]), data.count(class_index))


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
