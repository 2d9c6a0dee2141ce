"""The judge of samples: a classifier of clean real pictures, trained once per data set and kept."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diffviz import paths
from diffviz.models.checkpoint import CheckpointError
from diffviz.models.classifier import Classifier, load_classifier
from diffviz.training.classifier import (
    ClassifierRecipe,
    ClassifierRun,
    publish_classifier,
    train_classifier,
)

if TYPE_CHECKING:
    import torch

    from diffviz.training.examples import Material

IMAGES = 90_000
"""Length of a judge's training in pictures seen."""
_SMALL_SET = 20_000
_MOST_PASSES = 12
_WITH_A_SIDE = ("mnist",)
"""Sets whose pictures mean something else, or nothing, when mirrored."""


@dataclass(frozen=True, eq=False)
class Judging:
    """How far the judge's training is; the last record has the judge."""

    steps_done: int
    steps: int
    judge: Classifier | None = None


def prepare_judge(data: str, material: Material, device: str = "cpu") -> Iterator[Judging]:
    """Load the judge of a data set from the user's folder, or train and keep it.

    Parameters
    ----------
    data
        The data set's name or folder.
    material
        Its training pictures, with classes.
    device
        Where the judge computes.

    Raises
    ------
    ValueError
        If the pictures have no classes.
    OSError
        If the judge cannot be kept.
    """
    recipe = judge_recipe(data, material)
    path = judge_path(recipe, material)
    try:
        yield Judging(recipe.num_steps, recipe.num_steps, load_classifier(path, device))
        return
    except CheckpointError:
        pass  # not there yet, or not whole
    run = ClassifierRun(recipe, material, device)
    for step in train_classifier(run):
        yield Judging(step.step, recipe.num_steps)
    publish_classifier(run, path)
    yield Judging(recipe.num_steps, recipe.num_steps, load_classifier(path, device))


def judge_recipe(data: str, material: Material) -> ClassifierRecipe:
    """How the judge of a data set is trained: on a small set with variations, lest it learn it by heart."""
    count = len(material.examples.values)
    small = count < _SMALL_SET
    return ClassifierRecipe(
        data=data,
        images=min(IMAGES, _MOST_PASSES * count),
        noisy=False,
        shift_pixels=2 if small else 0,
        mirror=small and data not in _WITH_A_SIDE,
        name=f"Judge of {material.title}",
    )


def judge_path(recipe: ClassifierRecipe, material: Material) -> Path:
    """Where the judge of these very pictures lies."""
    labels = material.examples.labels
    mark = _checksum(material.examples.values, zlib.crc32(repr(recipe).encode()))
    mark = mark if labels is None else _checksum(labels, mark)
    return paths.user_data_dir() / "judges" / f"{Path(recipe.data).name}-{mark:08x}.safetensors"


def _checksum(values: torch.Tensor, start: int) -> int:
    return zlib.crc32(values.contiguous().numpy().data, start)
