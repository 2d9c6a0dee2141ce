"""From a data set's name to what a network of a given make can learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from diffviz.data.datasets import DatasetError, load_dataset
from diffviz.data.point_files import fingerprint_of, learns_points, points_title, read_points
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
    points: torch.Tensor | None = None,
) -> Material:
    """Load a data set for an architecture ("unet", "convnet", "mlp" or "classifier").

    ``tell`` is called with how many files of a folder are read, of how many; what it raises ends the reading.
    ``points`` are those that a run has learned from so far: they count, whatever has become of their file.

    Raises
    ------
    DatasetError
        If it is not there, cannot be read, or is of the other kind (pictures, points).
    """
    if learns_points(name) != (architecture == "mlp"):
        kind = "points" if architecture == "mlp" else "pictures"
        known = f"; points are {', '.join(TOY_SETS)}, or a .csv or .npy file" if architecture == "mlp" else ""
        raise DatasetError(f"The architecture {architecture} learns {kind}, and “{name}” has none{known}.")
    if learns_points(name):
        return _points(name, points)
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


def _points(name: str, kept: torch.Tensor | None) -> Material:
    """A toy set by name, or the points of a file or what is kept of them."""
    title = points_title(name)
    if name in TOY_SETS:
        return Material(Examples(torch.from_numpy(draw_points(name))), title, (2,))
    if kept is not None:
        examples = Examples(kept, fingerprint=fingerprint_of(kept.numpy()))
        return Material(examples, title, (2,), notes=_changed_since(Path(name), examples))
    found = read_points(Path(name))
    examples = Examples(torch.from_numpy(found.points), fingerprint=fingerprint_of(found.points))
    return Material(examples, title, (2,), notes=found.notes)


def _changed_since(path: Path, examples: Examples) -> tuple[str, ...]:
    """That a file of points is not any more what a run began with; nothing where it is."""
    try:
        if fingerprint_of(read_points(path).points) == examples.fingerprint:
            return ()
        what = f"{path.name} holds other points now"
    except DatasetError:
        what = f"{path.name} is not there any more"
    return (f"{what}: the run goes on with those that it began with.",)
