"""Training as a generator of small records; what shows or saves them is somebody else's business."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from diffviz.core.schedules import build_schedule
from diffviz.models.architecture import Network, build_network, initialise
from diffviz.training.batch import BatchSource, Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.ema import WeightAverage
from diffviz.training.gradients import GradientMachine
from diffviz.training.team import Team


class TrainingError(RuntimeError):
    """Training cannot go on; the message says at which step and what to try."""


@dataclass(frozen=True)
class TrainingStep:
    """One step of the optimiser.

    Attributes
    ----------
    step, images_seen
        How far the run is after it.
    loss
        Weighted mean over the batch, before the step.
    gradient_norm
        Before clipping.
    note
        What a person should know of this step, in one sentence; mostly empty.
    """

    step: int
    images_seen: int
    loss: float
    learning_rate: float
    gradient_norm: float
    note: str = ""


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
    team
        The processes that share each batch; without others this one computes all of it.

    Raises
    ------
    ValueError
        If there are fewer examples in a batch than processes.
    """

    def __init__(
        self, config: TrainingConfig, examples: Examples, device: str = "cpu", team: Team | None = None
    ) -> None:
        self.config = config
        self.examples = examples
        self.device = torch.device(device)
        self.team = team or Team()
        if config.batch_size < self.team.size:
            raise ValueError(f"A batch must hold at least {self.team.size} images, one for each process.")
        self.schedule = build_schedule(config.schedule)
        self.network = build_network(config.network)
        initialise(self.network, config.seed)
        self.network.to(self.device).train()
        if config.channels_last:
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = WeightAverage(self.network, config.ema_decay)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=config.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=config.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
        )
        self.step = 0
        self._batches = BatchSource(config, examples)
        self._gradients = GradientMachine(self.network, config, self.device)

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
            If the loss or its gradient is not a finite number; weights and average are then those of the step
            before.
        MemoryError
            If there is not enough memory for a single example.
        """
        config = self.config
        learning_rate = config.learning_rate_at(self.images_seen)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        share = self._batches.draw(self.step, self.team.rank, self.team.size)
        loss, gradients = self.team.add(*self._gradients.compute(share))
        for parameter, gradient in zip(self.network.parameters(), gradients):
            parameter.grad = gradient
        norm = float(nn.utils.clip_grad_norm_(self.network.parameters(), config.gradient_clip or math.inf))
        if not math.isfinite(loss) or not math.isfinite(norm):
            what = "gradient" if math.isfinite(loss) else "loss"
            raise TrainingError(
                f"The {what} is not a number at step {self.step + 1}: try a lower learning rate than "
                f"{config.learning_rate:g}, or float32 precision."
            )
        self.optimizer.step()
        self.average.update(self.network)
        self.step += 1
        note = self._gradients.take_notes()
        return TrainingStep(self.step, self.images_seen, loss, learning_rate, norm, note)


def train(run: TrainingRun) -> Iterator[TrainingStep]:
    """Advance a run to the end of its recipe, one record per step."""
    while run.images_seen < run.config.images:
        yield run.advance()
