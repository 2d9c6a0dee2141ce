"""Exact denoisers made of pictures: of an array, or of a data set by name or folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diffviz.data.datasets import Dataset, load_dataset
from diffviz.data.images import Picture, from_uint8
from diffviz.models.denoiser import EXACT_PREFIX, DenoiserInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.models.exact import ExactDenoiser

# Converting pictures to float64 at every step would cost seven times the arithmetic on them.
_MOST_FLOAT64_BYTES = 256 * 2**20


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
