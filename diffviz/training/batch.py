"""What a network learns from: the examples, and the batch of each step as a pure function of the recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from diffviz.core.losses import loss_weights, target_coefficients
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import build_schedule
from diffviz.training import draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.training.config import TrainingConfig


@dataclass(frozen=True, eq=False)
class Examples:
    """What a network learns from.

    Attributes
    ----------
    values
        Pictures as uint8 (N, C, H, W), or points as float32 (N, d).
    labels
        int64, shape (N,); `None` where there are no classes.
    fingerprint
        By which the points of a person's own file are known again; empty for other data.
    """

    values: Tensor
    labels: Tensor | None = None
    fingerprint: str = ""

    def x_0(self, indices: Tensor | slice) -> Tensor:
        """Chosen examples as float32; pictures in [−1, 1]."""
        chosen = self.values[indices]
        return chosen.float() * (2 / 255) - 1 if chosen.dtype == torch.uint8 else chosen


@dataclass(frozen=True, eq=False)
class Batch:
    """Noised examples and what a perfect network would say.

    Attributes
    ----------
    x_t, target
        float32, shape (B, …).
    t, classes
        int64, shape (B,); classes are `None` where the network knows none.
    weight
        How much the error of each example counts, float32, shape (B,).
    """

    x_t: Tensor
    t: Tensor
    target: Tensor
    weight: Tensor
    classes: Tensor | None

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.t)

    def split(self, parts: int) -> list[Batch]:
        """At most `parts` parts of equal size, as far as the number of examples allows; none is empty."""
        parts = min(parts, len(self))
        columns = [
            tensor.tensor_split(parts) if tensor is not None else [None] * parts
            for tensor in (self.x_t, self.t, self.target, self.weight, self.classes)
        ]
        return [Batch(*values) for values in zip(*columns)]

    def to(self, device: torch.device, memory_format: torch.memory_format) -> Batch:
        """The same batch on a device, pictures in a memory format."""
        x_t = self.x_t.to(device)
        return Batch(
            x_t=x_t.contiguous(memory_format=memory_format) if x_t.ndim == 4 else x_t,
            t=self.t.to(device),
            target=self.target.to(device),
            weight=self.weight.to(device),
            classes=None if self.classes is None else self.classes.to(device),
        )


class BatchSource:
    """The batches of a run, on the CPU.

    Parameters
    ----------
    config
        The recipe; the batches do not depend on its length or learning rate.
    examples
        The data.
    """

    def __init__(self, config: TrainingConfig, examples: Examples) -> None:
        self.config = config
        self.examples = examples
        schedule = build_schedule(config.schedule)
        self._num_timesteps = schedule.num_timesteps
        self._signal = _column(schedule.sqrt_alphas_cumprod)
        self._spread = _column(schedule.sqrt_one_minus_alphas_cumprod)
        self._of_x_0, self._of_noise = map(_column, target_coefficients(config.prediction, schedule))
        self._weights = _column(loss_weights(config.loss, config.prediction, schedule))

    def draw(self, step: int, rank: int = 0, size: int = 1) -> Batch:
        """The batch of a step, or the share of it that process `rank` of `size` computes.

        Everything is drawn for the whole batch before a share is taken, so that the shares of any number of
        processes make up the same batch.
        """
        config, batch_size = self.config, self.config.batch_size
        mine = slice(batch_size * rank // size, batch_size * (rank + 1) // size)
        seed, count = config.seed, len(self.examples.values)
        indices = torch.from_numpy(draws.batch_indices(seed, step, batch_size, count))[mine]
        t = torch.from_numpy(
            draws.timesteps(seed, step, batch_size, self._num_timesteps, config.timestep_draw)
        )[mine]
        x_0 = self.examples.x_0(indices)
        if config.mirror:
            turned = torch.from_numpy(draws.mirrored(seed, step, batch_size))[mine]
            x_0[turned] = x_0[turned].flip(-1)
        noise = torch.from_numpy(draw_noise((batch_size, *x_0.shape[1:]), seed, Stream.TRAIN, step))[mine]
        shape = (-1,) + (1,) * (x_0.ndim - 1)

        def mixed(of_x_0: Tensor, of_noise: Tensor) -> Tensor:
            return of_x_0[t].reshape(shape) * x_0 + of_noise[t].reshape(shape) * noise

        return Batch(
            x_t=mixed(self._signal, self._spread),
            t=t,
            target=mixed(self._of_x_0, self._of_noise),
            weight=self._weights[t],
            classes=self._classes(step, indices, mine),
        )

    def _classes(self, step: int, indices: Tensor, mine: slice) -> Tensor | None:
        null = self.config.network.num_classes
        if not null or self.examples.labels is None:
            return None
        config = self.config
        hidden = draws.hidden_labels(config.seed, step, config.batch_size, config.class_dropout)
        return self.examples.labels[indices].masked_fill(torch.from_numpy(hidden)[mine], null)


def _column(table: NDArray[np.float64]) -> Tensor:
    """A table over t = 0…T as float32."""
    return torch.from_numpy(np.array(table, np.float32))
