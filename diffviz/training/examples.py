"""From a data set's name to what a network of a given make can learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from diffviz.data.datasets import DatasetError, load_dataset
from diffviz.data.toy2d import TOY_SETS, draw_points
from diffviz.training.batch import Examples


@dataclass(frozen=True, eq=False)
class Material:
    """Examples with what a person and a file should know of them.

    Attributes
    ----------
    shape
        Shape of one example: (C, H, W) of a picture, (d,) of a point.
    notes
        Sentences about what was left out or changed.
    """

    examples: Examples
    title: str
    shape: tuple[int, ...]
    class_names: tuple[str, ...] = ()
    licence: str = ""
    notes: tuple[str, ...] = ()


def load_material(
    name: str,
    architecture: str,
    *,
    image_size: int = 32,
    split: str = "train",
    tell: Callable[[int, int], None] | None = None,
) -> Material:
    """Load a data set for an architecture ("unet", "convnet", "mlp" or "classifier").

    ``tell`` is called with how many files of a folder are read, of how many; what it raises ends the reading.

    Raises
    ------
    DatasetError
        If it is not there, cannot be read, or is of the other kind (pictures, points).
    """
    if (name in TOY_SETS) != (architecture == "mlp"):
        kind = "points" if architecture == "mlp" else "pictures"
        known = f"; sets of points are {', '.join(TOY_SETS)}" if architecture == "mlp" else ""
        raise DatasetError(f"The architecture {architecture} learns {kind}, and “{name}” has none{known}.")
    if name in TOY_SETS:
        points = torch.from_numpy(draw_points(name))
        return Material(Examples(points), TOY_SETS[name][0], tuple(points.shape[1:]))
    dataset = load_dataset(name, split=split, size=image_size, tell=tell)
    values = torch.from_numpy(np.ascontiguousarray(dataset.images.transpose(0, 3, 1, 2)))
    has_classes = len(dataset.class_names) > 1
    labels = torch.from_numpy(dataset.labels) if has_classes else None
    return Material(
        Examples(values, labels),
        dataset.name,
        tuple(values.shape[1:]),
        dataset.class_names if has_classes else (),
        dataset.licence,
        dataset.notes,
    )
