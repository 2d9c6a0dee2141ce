"""How much a denoiser loses at each noise level, on examples and noise that never change.

The same question is put to the network in training and to the exact denoiser of its data, so that the two
answers can be laid over each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.losses import loss_weights
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import NoiseSchedule, build_schedule
from diffviz.engine.training_log import Floor

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from diffviz.models.denoiser import Denoiser
    from diffviz.training.batch import Examples
    from diffviz.training.config import TrainingConfig

__all__ = ["NUM_BINS", "Probe", "floor_steps"]

NUM_BINS = 16
_PICTURES_PER_BIN, _POINTS_PER_BIN = 8, 256
_SEED = 31
_MOST_KNOWN_VALUES = 32_000_000


@dataclass(frozen=True, eq=False)
class Probe:
    """The examples that are asked about: some for each of 16 equal parts of the chain.

    Attributes
    ----------
    indices
        Which examples, shape (16, n).
    x_0, noise
        Shape (16, n, *shape), float32.
    times
        One time for each part.
    classes
        Class of each example, or None where it is hidden; None where there are no classes.
    weights
        Weight of ‖x̂_0 − x_0‖² at each of the times, in the units of the loss.
    """

    indices: Tensor
    x_0: Tensor
    noise: Tensor
    times: tuple[int, ...]
    classes: tuple[tuple[int | None, ...], ...] | None
    weights: NDArray[np.float64]
    schedule: NoiseSchedule

    @classmethod
    def of(cls, config: TrainingConfig, examples: Examples) -> Probe:
        """Choose examples and noise for a recipe; a function of recipe and data alone."""
        import torch

        schedule = build_schedule(config.schedule)
        shape = tuple(examples.values.shape[1:])
        count = _PICTURES_PER_BIN if len(shape) == 3 else _POINTS_PER_BIN
        rng = np.random.default_rng(_SEED)
        chosen = torch.from_numpy(rng.integers(0, len(examples.values), (NUM_BINS, count)))
        noise = draw_noise((NUM_BINS, count, *shape), _SEED, Stream.REDRAW)
        centres = (np.arange(NUM_BINS) + 0.5) / NUM_BINS
        times = np.ceil(centres * schedule.num_timesteps).astype(int)
        hidden = rng.random((NUM_BINS, count)) < config.class_dropout
        classes = None
        if config.network.num_classes and examples.labels is not None:
            labels = examples.labels[chosen].tolist()
            classes = tuple(
                tuple(None if gone else label for label, gone in zip(row, hides))
                for row, hides in zip(labels, hidden.tolist())
            )
        return cls(
            chosen,
            torch.stack([examples.x_0(row) for row in chosen]),
            torch.from_numpy(noise),
            tuple(int(t) for t in times),
            classes,
            loss_weights(config.loss, PredictionType.X_0, schedule)[times],
            schedule,
        )

    def losses(self, denoiser: Denoiser) -> Iterator[float]:
        """Weighted loss in one part of the chain after the other."""
        from diffviz.evaluation.losses import squared_errors

        for row, t in enumerate(self.times):
            classes = None if self.classes is None else self.classes[row]
            errors = squared_errors(
                denoiser, self.x_0[row], self.noise[row], self.schedule.level(t), PredictionType.X_0, classes
            )
            yield float(errors.mean()) * float(self.weights[row])


def floor_steps(config: TrainingConfig, examples: Examples, probe: Probe) -> Iterator[Floor | None]:
    """Ask the exact denoiser of the data, one part of the chain at each step; the last one is the floor.

    At most 32 million numbers are known to it, mirrored pictures included; with more data it knows a random
    choice of them, with the examples that it is asked about.
    """
    import torch

    from diffviz.models.exact import ExactDenoiser

    total = len(examples.values)
    most = _MOST_KNOWN_VALUES // (examples.values[0].numel() * (2 if config.mirror else 1))
    chosen = torch.arange(total)
    if total > most:
        asked = torch.from_numpy(np.unique(probe.indices.numpy()))
        others = torch.from_numpy(np.setdiff1d(chosen.numpy(), asked.numpy()))
        order = torch.from_numpy(np.random.default_rng(_SEED).permutation(len(others)))
        chosen = torch.cat([asked, others[order[: max(0, most - len(asked))]]])
    known = examples.x_0(chosen)
    labels = None if probe.classes is None or examples.labels is None else examples.labels[chosen]
    if config.mirror:
        known = torch.cat([known, known.flip(-1)])
        labels = None if labels is None else torch.cat([labels, labels])
    exact = ExactDenoiser(known, labels)
    losses = []
    for loss in probe.losses(exact):
        losses.append(loss)
        if len(losses) < NUM_BINS:
            yield None
    yield Floor(np.array(losses, np.float32), len(chosen), total)
