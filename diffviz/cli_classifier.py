"""What `train --arch classifier` does: a classifier of noisy pictures, which can guide a denoiser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from diffviz.cli_output import with_progress
from diffviz.core.schedules import ScheduleSpec

if TYPE_CHECKING:
    from diffviz.training.classifier import ClassifierRun
    from diffviz.training.examples import Material

_ENTRIES = {
    "data": "data",
    "base": "base_channels",
    "batch": "batch_size",
    "lr": "learning_rate",
    "weight-decay": "weight_decay",
    "ema": "ema_decay",
    "seed": "seed",
    "name": "name",
}


def train_classifier(
    options: Mapping[str, Any],
    schedule: ScheduleSpec,
    material: Material,
    images: int | None,
    out: Path,
    device: str,
) -> int:
    """Train a classifier, write it to `out`, and say how often it is right about held-out pictures.

    Parameters
    ----------
    options
        Entries of the recipe as the command line names them.
    schedule
        Of the noise that it learns to see through.
    material
        Pictures with classes.
    images
        Length of the run; `None`: that of the recipe.
    out
        Where it is written at the end.
    device
        Where it computes.

    Raises
    ------
    ValueError
        If an option is not for classifiers, or the pictures have no classes.
    """
    from diffviz.training import classifier as training

    if unknown := sorted(set(options) - set(_ENTRIES)):
        raise ValueError(f"--{unknown[0]} is not for the architecture classifier.")
    values: dict[str, Any] = {_ENTRIES[name]: value for name, value in options.items()}
    if images is not None:
        values["images"] = images
    run = training.ClassifierRun(training.ClassifierRecipe(schedule=schedule, **values), material, device)
    loss = 0.0
    for step in with_progress(training.train_classifier(run), run.recipe.num_steps, "Training a classifier"):
        keep = 0.98 if loss else 0.0
        loss = keep * loss + (1 - keep) * step.loss
    try:
        training.publish_classifier(run, out)
    except OSError as error:
        raise OSError(f"{out} could not be written ({error.strerror or error}).") from error
    typer.echo(f"{run.images_seen:,} images, loss {loss:.4f}, saved {out}")
    _report(run)
    return 0


def _report(run: ClassifierRun) -> None:
    """The share of held-out pictures that it gets right, by t, where some are held out."""
    from diffviz.data.datasets import SOURCES, DatasetError
    from diffviz.evaluation.accuracy import TIMES, accuracy_by_time
    from diffviz.training.classifier import as_classifier
    from diffviz.training.examples import load_material

    if run.recipe.data not in SOURCES:
        return
    try:
        held_out = load_material(run.recipe.data, "classifier", split="test").examples
    except DatasetError:
        return
    if held_out.labels is None:
        return
    x_0 = held_out.x_0(slice(None))
    rows = accuracy_by_time(as_classifier(run), x_0, held_out.labels, schedule=run.schedule)
    typer.echo(f"right about {len(x_0):,} held-out pictures, by t:")
    for row in with_progress(rows, len(TIMES), "Asking about held-out pictures"):
        typer.echo(f"{row.t:5d}  {100 * row.accuracy:5.1f} %")
