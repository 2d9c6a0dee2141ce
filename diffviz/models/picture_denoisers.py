"""Denoisers made of pictures alone: exact and Gaussian, of an array or of a data set by name or folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from diffviz.data.datasets import Dataset, load_dataset
from diffviz.data.images import Picture, Pixels, from_uint8
from diffviz.models.denoiser import (
    BLUR_PREFIX,
    EXACT_PREFIX,
    GAUSSIAN_PREFIX,
    Denoiser,
    DenoiserInfo,
    blur_shape,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.models.exact import ExactDenoiser
    from diffviz.models.simple_denoisers import WienerDenoiser

# Converting pictures to float64 at every step would cost seven times the arithmetic on them.
_MOST_FLOAT64_BYTES = 256 * 2**20
# Principal components cost the cube of the smaller of count and size, and somebody waits for them.
_MOST_GAUSSIAN, _MOST_LARGE_GAUSSIAN, _LARGE_VALUES = 10_000, 1_000, 1_000


def exact_denoiser(images: Picture, labels: NDArray[np.int64] | None, info: DenoiserInfo) -> ExactDenoiser:
    """The exact denoiser of some pictures; small sets are kept in float64, in which it computes.

    Parameters
    ----------
    images
        Float32 (N, H, W, C) in [-1, 1].
    labels
        Class of each, or None.
    info
        What it is.
    """
    import torch

    from diffviz.models.exact import ExactDenoiser

    points = torch.from_numpy(np.ascontiguousarray(np.moveaxis(images, -1, 1)))
    if 8 * points.numel() <= _MOST_FLOAT64_BYTES:
        points = points.double()
    return ExactDenoiser(points, None if labels is None else torch.from_numpy(labels), info)


def exact_of_dataset(key: str, size: int = 32) -> tuple[ExactDenoiser, Dataset]:
    """The exact denoiser called ``exact:NAME`` or ``exact:FOLDER``, and the pictures it knows.

    Parameters
    ----------
    key
        ``exact:`` and the name of a data set or a folder.
    size
        Side in pixels to which the pictures of a folder are fitted.

    Raises
    ------
    DatasetError
        If there is no such data set or folder, or it holds no pictures.
    """
    dataset = load_dataset(key.removeprefix(EXACT_PREFIX), size=size)
    count, height, width, channels = dataset.images.shape
    info = DenoiserInfo(
        key=key,
        name=f"Exact denoiser, {dataset.name}",
        trained_on=f"{count:,} pictures",
        image_shape=(channels, height, width),
        class_names=dataset.class_names,
        kind="exact",
        detail=f"Exact denoiser · {count:,} {dataset.name.lower()}",
    )
    labels = dataset.labels if dataset.class_names else None
    return exact_denoiser(from_uint8(dataset.images), labels, info), dataset


def gaussian_denoiser(images: Pixels, labels: NDArray[np.int64] | None, info: DenoiserInfo) -> WienerDenoiser:
    """The Gaussian denoiser of some pictures.

    Parameters
    ----------
    images
        uint8 (N, H, W, C).
    labels
        Class of each, or None.
    info
        What it is; of how many pictures it knows the moments is filled in.
    """
    import torch

    from diffviz.models.simple_denoisers import WienerDenoiser

    points = np.ascontiguousarray(np.moveaxis(from_uint8(images), -1, 1))
    return WienerDenoiser(
        torch.from_numpy(points),
        None if labels is None else torch.from_numpy(labels),
        replace(info, trained_on=f"{len(images):,} pictures"),
    )


def gaussian_of_dataset(key: str, size: int = 32) -> tuple[WienerDenoiser, Dataset]:
    """The denoiser called ``gaussian:NAME`` or ``gaussian:FOLDER``, and the pictures it knows moments of.

    These are as many of the set, evenly picked, as can be had at once.

    Parameters and errors are those of `exact_of_dataset`.
    """
    dataset = load_dataset(key.removeprefix(GAUSSIAN_PREFIX), size=size)
    most = _MOST_LARGE_GAUSSIAN if dataset.images[0].size > _LARGE_VALUES else _MOST_GAUSSIAN
    chosen = np.linspace(0, len(dataset.images) - 1, min(len(dataset.images), most)).astype(int)
    dataset = replace(dataset, images=dataset.images[chosen], labels=dataset.labels[chosen])
    _, height, width, channels = dataset.images.shape
    info = DenoiserInfo(
        key=key,
        name=f"Gaussian denoiser, {dataset.name}",
        image_shape=(channels, height, width),
        class_names=dataset.class_names,
        kind="gaussian",
        detail=f"Gaussian denoiser · {dataset.name.lower()}",
    )
    labels = dataset.labels if dataset.class_names else None
    return gaussian_denoiser(dataset.images, labels, info), dataset


def denoiser_without_network(key: str, size: int = 32) -> Denoiser:
    """The denoiser called ``exact:…``, ``gaussian:…`` or ``blur:…``.

    Parameters
    ----------
    key
        Its name.
    size
        Side in pixels to which the pictures of a folder are fitted.

    Raises
    ------
    DatasetError
        If there is no such data set or folder, or it holds no pictures.
    ValueError
        If a blur has no size.
    """
    if key.startswith(BLUR_PREFIX):
        from diffviz.models.simple_denoisers import BlurDenoiser

        return BlurDenoiser(blur_shape(key))
    if key.startswith(GAUSSIAN_PREFIX):
        return gaussian_of_dataset(key, size)[0]
    return exact_of_dataset(key, size)[0]
