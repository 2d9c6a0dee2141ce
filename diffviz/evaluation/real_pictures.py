"""Real pictures that a denoiser is measured with: those it was trained on, and those held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from diffviz.data.datasets import SOURCES, DatasetError
from diffviz.training.examples import Material, load_material

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["both_splits", "even_places", "some_pictures", "some_places"]


def both_splits(name: str, size: int) -> tuple[Material, Material | None]:
    """The training pictures of a data set or folder, and those held out, if there are any.

    Parameters
    ----------
    name
        A data set, or a folder of pictures.
    size
        Side in pixels to which the pictures of a folder are fitted.

    Raises
    ------
    DatasetError
        If it is not there or cannot be read.
    """
    train = load_material(name, "unet", image_size=size)
    if name not in SOURCES:
        return train, None
    try:
        return train, load_material(name, "unet", image_size=size, split="test")
    except DatasetError:
        return train, None


def some_pictures(material: Material, count: int, seed: int) -> Tensor:
    """Some of the pictures, (N, C, H, W) in [−1, 1], with classes in the proportions of all."""
    return material.examples.x_0(some_places(material, count, seed))


def some_places(material: Material, count: int, seed: int) -> Tensor:
    """Which pictures `some_pictures` takes, int64 (N,)."""
    values, labels = material.examples.values, material.examples.labels
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(values))
    if labels is not None:
        order = order[np.argsort(labels.numpy()[order], kind="stable")]
    return torch.from_numpy(order[even_places(len(order), min(count, len(order)))])


def even_places(total: int, count: int) -> NDArray[np.int64]:
    """Places of `count` things spread evenly over `total`."""
    return ((np.arange(count) + 0.5) * total / count).astype(np.int64)
