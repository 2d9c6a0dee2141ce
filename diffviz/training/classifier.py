"""Training a classifier, on noisy pictures (to guide a denoiser) or on clean ones (to judge its samples)."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.models.architecture import initialise
from diffviz.models.catalog import CLASSIFIER, ClassifierInfo
from diffviz.models.checkpoint import CheckpointHeader, write_checkpoint
from diffviz.models.classifier import (
    Classifier,
    ClassifierConfig,
    ClassifierNetwork,
    describe_classifier,
)
from diffviz.training import draws
from diffviz.training.ema import WeightAverage
from diffviz.training.examples import Material
from diffviz.training.loop import TrainingError

_WARMUP_FRACTION = 0.05
_DROPOUT = 0.2


@dataclass(frozen=True)
class ClassifierRecipe:
    """Everything that decides the outcome, with the data.

    Attributes
    ----------
    data
        A data set by name, or a folder whose sub-folders are classes.
    images
        Length of the run in images seen.
    noisy
        Whether pictures are noised to a time drawn from 0…T; otherwise all are clean (t = 0).
    learning_rate
        Reached after a twentieth of the run, from where it falls in a straight line to zero.
    ema_decay
        Long-run decay of the weights' moving average, which is what is kept.
    shift_pixels, mirror
        Each batch is shifted by up to so many pixels either way, and half of its pictures are mirrored left
        to right, lest a small set be learnt by heart.
    name
        What the classifier is called; empty: after its data.
    """

    data: str = "fashion-mnist"
    images: int = 150_000
    noisy: bool = True
    schedule: ScheduleSpec = field(default_factory=lambda: ScheduleSpec("cosine"))
    base_channels: int = 32
    batch_size: int = 32
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    ema_decay: float = 0.995
    shift_pixels: int = 0
    mirror: bool = False
    seed: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with; the message is one sentence for the user."""
        allowed = (
            (self.images >= 1, "The number of images must be at least 1."),
            (self.batch_size >= 1, "The batch must hold at least 1 image."),
            (0 < self.learning_rate < 1, "The learning rate must lie between 0 and 1."),
            (self.weight_decay >= 0, "The weight decay must not be negative."),
            (0 <= self.ema_decay < 1, "The decay of the average must be at least 0 and below 1."),
            (self.seed >= 0, "The seed must not be negative."),
            (
                self.base_channels >= 8 and self.base_channels % 8 == 0,
                "The base width of a classifier is a multiple of 8.",
            ),
        )
        for holds, sentence in allowed:
            if not holds:
                raise ValueError(sentence)

    @property
    def num_steps(self) -> int:
        """Steps of the optimiser."""
        return -(-self.images // self.batch_size)

    def learning_rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        done = (step + 1) / self.num_steps
        return self.learning_rate * min(done / _WARMUP_FRACTION, (1 - done + 1 / self.num_steps))


@dataclass(frozen=True)
class ClassifierStep:
    """One step of the optimiser: cross-entropy in nats and share of the batch that was right, before it."""

    step: int
    images_seen: int
    loss: float
    accuracy: float


class ClassifierRun:
    """A classifier in training.

    Parameters
    ----------
    recipe
        The recipe.
    material
        Pictures with classes; they stay on the CPU.
    device
        Where the network computes.

    Raises
    ------
    ValueError
        If the pictures have no classes.
    """

    def __init__(self, recipe: ClassifierRecipe, material: Material, device: str = "cpu") -> None:
        labels = material.examples.labels
        if labels is None or len(material.shape) != 3:
            raise ValueError(f"A classifier needs pictures of several classes, which {recipe.data} has not.")
        self.recipe = recipe
        self.material = material
        self.device = torch.device(device)
        self.schedule = build_schedule(recipe.schedule)
        self.config = ClassifierConfig(len(material.class_names), material.shape[0], recipe.base_channels)
        network = ClassifierNetwork(self.config)
        initialise(network, recipe.seed)
        self.network = network.to(self.device).train()
        self.average = WeightAverage(self.network, recipe.ema_decay)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.step = 0
        self._labels = labels
        self._signal = torch.from_numpy(self.schedule.sqrt_alphas_cumprod.astype(np.float32))
        self._spread = torch.from_numpy(self.schedule.sqrt_one_minus_alphas_cumprod.astype(np.float32))

    @property
    def images_seen(self) -> int:
        """Pictures drawn so far."""
        return self.step * self.recipe.batch_size

    def advance(self) -> ClassifierStep:
        """Take one step of the optimiser.

        Raises
        ------
        TrainingError
            If the loss is not a finite number; weights and average are then those of the step before.
        """
        x_t, t, labels = (part.to(self.device) for part in self._draw())
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate_at(self.step)
        logits = self.network(x_t, t, self._kept())
        loss = functional.cross_entropy(logits, labels)
        if not math.isfinite(float(loss.detach())):
            raise TrainingError(
                f"The loss is not a number at step {self.step + 1}: try a lower learning rate than "
                f"{self.recipe.learning_rate:g}."
            )
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.average.update(self.network)
        self.step += 1
        accuracy = float((logits.detach().argmax(1) == labels).float().mean())
        return ClassifierStep(self.step, self.images_seen, float(loss.detach()), accuracy)

    def _draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures, times and classes of the step to come, a function of seed and step alone."""
        recipe, step, size = self.recipe, self.step, self.recipe.batch_size
        count = len(self._labels)
        indices = torch.from_numpy(draws.batch_indices(recipe.seed, step, size, count))
        x_0, labels = self._varied(self.material.examples.x_0(indices)), self._labels[indices]
        if not recipe.noisy:
            return x_0, torch.zeros(size), labels
        noise = torch.from_numpy(draw_noise(tuple(x_0.shape), recipe.seed, Stream.TRAIN, step))
        # Draws begin at 1; here t = 0, the clean picture, belongs to the chain.
        times = self.schedule.num_timesteps + 1
        t = torch.from_numpy(
            draws.timesteps(recipe.seed, step, size, times, draws.TimestepDraw.STRATIFIED) - 1
        )
        signal, spread = (table[t][:, None, None, None] for table in (self._signal, self._spread))
        return signal * x_0 + spread * noise, t, labels

    def _kept(self) -> Tensor:
        """Factors of a dropout that is a function of seed and step alone."""
        shape = (self.recipe.batch_size, self.network.grid_values)
        kept = torch.from_numpy(draws.kept(self.recipe.seed, self.step, shape, 1 - _DROPOUT))
        return (kept.float() / (1 - _DROPOUT)).to(self.device)

    def _varied(self, x_0: Tensor) -> Tensor:
        """The batch shifted and mirrored as the recipe wants; what comes in at an edge repeats the edge."""
        recipe, step = self.recipe, self.step
        if recipe.mirror:
            turned = torch.from_numpy(draws.mirrored(recipe.seed, step, len(x_0)))
            x_0[turned] = x_0[turned].flip(-1)
        if recipe.shift_pixels:
            reach, (height, width) = recipe.shift_pixels, x_0.shape[-2:]
            top, left = draws.shift(recipe.seed, step, reach)
            padded = functional.pad(x_0, (reach,) * 4, mode="replicate")
            x_0 = padded[..., top : top + height, left : left + width]
        return x_0


def train_classifier(run: ClassifierRun) -> Iterator[ClassifierStep]:
    """Advance a run to the end of its recipe, one record per step."""
    while run.step < run.recipe.num_steps:
        yield run.advance()


def as_classifier(run: ClassifierRun) -> Classifier:
    """The averaged network of a run as it is now, in a copy that training does not touch."""
    network = ClassifierNetwork(run.config).to(run.device)
    run.average.copy_to(network.named_parameters())
    channels, height, width = run.material.shape
    info = ClassifierInfo(
        key="training",
        name=_name(run),
        trained_on=run.material.title,
        image_shape=(channels, height, width),
        class_names=run.material.class_names,
        schedule=run.recipe.schedule,
        parameters=sum(p.numel() for p in network.parameters()),
    )
    return Classifier(network.eval().requires_grad_(False), info)


def publish_classifier(run: ClassifierRun, path: Path) -> None:
    """Write the averaged network with a header that says what it is, beside its place and moved in.

    Raises
    ------
    OSError
        If the disk refuses; the old file is then still there.
    """
    header = CheckpointHeader(
        name=_name(run),
        architecture=describe_classifier(run.config),
        prediction="class",
        schedule=run.recipe.schedule,
        data_shape=run.material.shape,
        class_names=run.material.class_names,
        trained_on=run.material.title,
        licence=run.material.licence,
        images_seen=run.images_seen,
        command=_command_line(run.recipe),
    )
    write_checkpoint(path, header, run.average.weights)


def _name(run: ClassifierRun) -> str:
    return run.recipe.name or f"{run.material.title} classifier"


def _command_line(recipe: ClassifierRecipe) -> str:
    """The command that repeats a run, with the entries that differ from their defaults."""
    plain = ClassifierRecipe()
    words = ["diffviz", "train", "--data", recipe.data, "--arch", CLASSIFIER, "--images", str(recipe.images)]
    options = {
        "--schedule": (recipe.schedule.kind, plain.schedule.kind),
        "--timesteps": (recipe.schedule.num_timesteps, plain.schedule.num_timesteps),
        "--base": (recipe.base_channels, plain.base_channels),
        "--batch": (recipe.batch_size, plain.batch_size),
        "--lr": (recipe.learning_rate, plain.learning_rate),
        "--weight-decay": (recipe.weight_decay, plain.weight_decay),
        "--ema": (recipe.ema_decay, plain.ema_decay),
        "--seed": (recipe.seed, plain.seed),
        "--name": (recipe.name, plain.name),
    }
    for option, (value, default) in options.items():
        if value != default:
            words += [option, str(value)]
    return shlex.join(words)
