"""The random choices of training, each a pure function of the seed and its place in the run."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Choice(IntEnum):
    ORDER = 1
    TIME = 2
    HIDDEN_LABEL = 3
    MIRROR = 4
    SHIFT = 5
    KEPT = 6


def batch_indices(seed: int, step: int, batch_size: int, num_examples: int) -> NDArray[np.int64]:
    """Which examples step `step` sees: every epoch is one permutation, and batches run across its end."""
    places = np.arange(step * batch_size, (step + 1) * batch_size)
    epochs, offsets = np.divmod(places, num_examples)
    indices = np.empty(batch_size, np.int64)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        indices[here] = _permutation(seed, int(epoch), num_examples)[offsets[here]]
    return indices


class TimestepDraw(StrEnum):
    """How the times of a batch are drawn; each time is uniform in all of them.

    `STRATIFIED` takes one time from every equal part of the chain, `ANTITHETIC` pairs each t with T + 1 − t;
    with both the loss of a batch varies less than with independent (`UNIFORM`) times.
    """

    STRATIFIED = "stratified"
    ANTITHETIC = "antithetic"
    UNIFORM = "uniform"


def timesteps(
    seed: int, step: int, batch_size: int, num_timesteps: int, draw: TimestepDraw
) -> NDArray[np.int64]:
    """Times 1..T of a batch, both ends included.

    An antithetic batch of odd size holds one time without its partner.
    """
    rng = _generator(seed, _Choice.TIME, step)
    u = rng.random(batch_size)
    if draw == TimestepDraw.STRATIFIED:
        u = (rng.permutation(batch_size) + u) / batch_size
    times = np.minimum((u * num_timesteps).astype(np.int64), num_timesteps - 1) + 1
    if draw == TimestepDraw.ANTITHETIC:
        half = batch_size // 2
        times[batch_size - half :] = num_timesteps + 1 - times[:half]
    return times


def hidden_labels(seed: int, step: int, batch_size: int, probability: float) -> NDArray[np.bool_]:
    """Whose label is replaced by "no class" in this batch."""
    return _generator(seed, _Choice.HIDDEN_LABEL, step).random(batch_size) < probability


def mirrored(seed: int, step: int, batch_size: int) -> NDArray[np.bool_]:
    """Which pictures of this batch are mirrored left to right: each with probability 1/2."""
    return _generator(seed, _Choice.MIRROR, step).random(batch_size) < 0.5


def kept(seed: int, step: int, shape: tuple[int, ...], share: float) -> NDArray[np.bool_]:
    """Which hidden values dropout leaves in this step: each with probability `share`."""
    return _generator(seed, _Choice.KEPT, step).random(shape) < share


def shift(seed: int, step: int, reach: int) -> tuple[int, int]:
    """Rows and columns by which this batch is shifted, counted from `reach` up and left: 0..2·reach."""
    rows, columns = _generator(seed, _Choice.SHIFT, step).integers(0, 2 * reach + 1, 2)
    return int(rows), int(columns)


@lru_cache(maxsize=2)
def _permutation(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return _generator(seed, _Choice.ORDER, epoch).permutation(count)


def _generator(seed: int, choice: _Choice, index: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, choice, index])))
