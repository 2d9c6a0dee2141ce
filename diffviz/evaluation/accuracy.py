"""How often a classifier is right about real pictures, clean and at several noise levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from diffviz.core.forward import q_sample
from diffviz.core.noise import Stream, draw_noise

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.schedules import NoiseSchedule
    from diffviz.models.classifier import Classifier

TIMES = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
"""Shares of the chain at which a classifier is usually asked."""
_AT_ONCE = 500


@dataclass(frozen=True)
class AccuracyAt:
    """Share of pictures, noised to time t, whose likeliest class is their own; with its standard error."""

    t: int
    accuracy: float
    standard_error: float
    num_pictures: int


def accuracy_by_time(
    classifier: Classifier,
    x_0: Tensor,
    labels: Tensor,
    *,
    schedule: NoiseSchedule,
    shares: Sequence[float] = TIMES,
    seed: int = 0,
) -> Iterator[AccuracyAt]:
    """Ask a classifier about noised pictures, one record for each time.

    Parameters
    ----------
    classifier
        The classifier.
    x_0, labels
        Pictures (N, C, H, W) in [−1, 1] and their classes (N,).
    schedule
        The chain.
    shares
        t/T for the times to ask at, 0 for clean pictures.
    seed
        Of the noise.
    """
    for share in shares:
        t = round(share * schedule.num_timesteps)
        level = schedule.level(t)
        right = 0
        for start in range(0, len(x_0), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            shape = tuple(x_0[part].shape)
            noise = torch.from_numpy(draw_noise(shape, seed, Stream.REDRAW, t, start // _AT_ONCE))
            said = classifier.log_probabilities(q_sample(x_0[part], noise, level), level)
            right += int((said.argmax(1) == labels[part]).sum())
        accuracy = right / len(x_0)
        error = (accuracy * (1 - accuracy) / len(x_0)) ** 0.5
        yield AccuracyAt(t, accuracy, error, len(x_0))
