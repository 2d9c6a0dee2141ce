"""Training as a generator of small records; what shows or saves them is somebody else's business."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diffviz.core.losses import loss_weights, per_example_error, target_coefficients
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import build_schedule
from diffviz.models.architecture import Network, build_network, initialise
from diffviz.training import draws
from diffviz.training.config import TrainingConfig
from diffviz.training.ema import WeightAverage


class TrainingError(RuntimeError):
    """Training cannot go on; the message says at which step and what to try."""


@dataclass(frozen=True, eq=False)
class Examples:
    """What a network learns from.

    Attributes
    ----------
    values
        Pictures as uint8 (N, C, H, W), or points as float32 (N, d).
    labels
        int64, shape (N,); `None` where there are no classes.
    """

    values: Tensor
    labels: Tensor | None = None

    def x_0(self, indices: Tensor) -> Tensor:
        """Chosen examples as float32; pictures in [−1, 1]."""
        chosen = self.values[indices]
        return chosen.float() * (2 / 255) - 1 if chosen.dtype == torch.uint8 else chosen


@dataclass(frozen=True, eq=False)
class _Batch:
    """Noised examples, their times and classes, and what a perfect network would say."""

    x_t: Tensor
    t: Tensor
    target: Tensor
    classes: Tensor | None

    def split(self, parts: int) -> list[_Batch]:
        """Equal parts, as far as the size allows."""
        classes = [None] * parts if self.classes is None else self.classes.tensor_split(parts)
        tensors = (self.x_t.tensor_split(parts), self.t.tensor_split(parts), self.target.tensor_split(parts))
        return [_Batch(*values) for values in zip(*tensors, classes)]


@dataclass(frozen=True)
class TrainingStep:
    """One step of the optimiser: the loss is the weighted mean over the batch, before the step."""

    step: int
    images_seen: int
    loss: float
    learning_rate: float
    gradient_norm: float


class TrainingRun:
    """A network in training: weights, their average, the optimiser, and how far it is.

    Parameters
    ----------
    config
        The recipe.
    examples
        The data; they stay on the CPU.
    device
        Where the network computes.
    """

    def __init__(self, config: TrainingConfig, examples: Examples, device: str = "cpu") -> None:
        self.config = config
        self.examples = examples
        self.device = torch.device(device)
        self.schedule = build_schedule(config.schedule)
        self.network = build_network(config.network)
        initialise(self.network, config.seed)
        self.network.to(self.device).train()
        self.average = WeightAverage(self.network, config.ema_decay)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=config.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=config.weight_decay,
        )
        self.step = 0
        self._signal = _column(self.schedule.sqrt_alphas_cumprod)
        self._spread = _column(self.schedule.sqrt_one_minus_alphas_cumprod)
        self._of_x_0, self._of_noise = map(_column, target_coefficients(config.prediction, self.schedule))
        self._weights = _column(loss_weights(config.loss, config.prediction, self.schedule))

    @property
    def images_seen(self) -> int:
        """Examples drawn so far."""
        return self.step * self.config.batch_size

    def averaged_network(self) -> Network:
        """A copy of the network with averaged weights, in evaluation mode."""
        network = build_network(self.config.network).to(self.device)
        self.average.copy_to(network.named_parameters())
        return network.eval()

    def advance(self) -> TrainingStep:
        """Take one step of the optimiser.

        Raises
        ------
        TrainingError
            If the loss is not a finite number; weights and average are then those of the step before.
        """
        config = self.config
        learning_rate = config.learning_rate_at(self.images_seen)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        loss, gradients = self._gradients(self._draw())
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss is not a number at step {self.step + 1}: try a lower learning rate than "
                f"{config.learning_rate:g}, or float32 precision."
            )
        for parameter, gradient in zip(self.network.parameters(), gradients):
            parameter.grad = gradient
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), config.gradient_clip)
        self.optimizer.step()
        self.average.update(self.network)
        self.step += 1
        return TrainingStep(self.step, self.images_seen, loss, learning_rate, float(norm))

    def _draw(self) -> _Batch:
        """The batch of the step to come, a function of seed and step alone."""
        config, step = self.config, self.step
        size = config.batch_size
        indices = torch.from_numpy(draws.batch_indices(config.seed, step, size, len(self.examples.values)))
        x_0 = self.examples.x_0(indices)
        if config.mirror:
            turned = torch.from_numpy(draws.mirrored(config.seed, step, size))
            x_0[turned] = x_0[turned].flip(-1)
        noise = torch.from_numpy(draw_noise(tuple(x_0.shape), config.seed, Stream.TRAIN, step))
        steps = self.schedule.num_timesteps
        t = torch.from_numpy(draws.timesteps(config.seed, step, size, steps, config.timestep_draw))
        shape = (-1,) + (1,) * (x_0.ndim - 1)

        def mixed(of_x_0: Tensor, of_noise: Tensor) -> Tensor:
            return of_x_0[t].reshape(shape) * x_0 + of_noise[t].reshape(shape) * noise

        return _Batch(
            x_t=mixed(self._signal, self._spread),
            t=t,
            target=mixed(self._of_x_0, self._of_noise),
            classes=self._classes(indices),
        )

    def _classes(self, indices: Tensor) -> Tensor | None:
        null = self.config.network.num_classes
        if not null or self.examples.labels is None:
            return None
        hidden = draws.hidden_labels(
            self.config.seed, self.step, self.config.batch_size, self.config.class_dropout
        )
        return self.examples.labels[indices].masked_fill(torch.from_numpy(hidden), null)

    def _gradients(self, batch: _Batch) -> tuple[float, list[Tensor]]:
        parts = batch.split(self.config.batch_parts)
        if len(parts) == 1:
            return self._part_gradients(parts[0])
        with ThreadPoolExecutor(len(parts)) as pool:
            results = list(pool.map(self._part_gradients, parts))
        total = results[0][1]
        for _, gradients in results[1:]:
            torch._foreach_add_(total, gradients)
        return sum(loss for loss, _ in results), total

    def _part_gradients(self, part: _Batch) -> tuple[float, list[Tensor]]:
        """Share of the batch's loss and of its gradient that a part of the batch contributes."""
        half = self.config.precision == "bfloat16"
        classes = None if part.classes is None else part.classes.to(self.device)
        # The cache of casts is shared by all threads, so that parts would see each other's graphs.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half, cache_enabled=False):
            prediction = self.network(part.x_t.to(self.device), part.t.to(self.device), classes)
        error = per_example_error(prediction, part.target.to(self.device))
        loss = (error * self._weights[part.t].to(self.device)).sum() / self.config.batch_size
        return float(loss.detach()), list(torch.autograd.grad(loss, list(self.network.parameters())))


def _column(table: NDArray[np.float64]) -> Tensor:
    """A table over t = 0…T as float32."""
    return torch.from_numpy(np.array(table, np.float32))


def train(run: TrainingRun) -> Iterator[TrainingStep]:
    """Advance a run to the end of its recipe, one record per step."""
    while run.images_seen < run.config.images:
        yield run.advance()
