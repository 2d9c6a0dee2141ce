"""The random choices of training, each a pure function of the seed and its place in the run."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Choice(IntEnum):
    ORDER = 1
    TIME = 2
    HIDDEN_LABEL = 3


def batch_indices(seed: int, step: int, batch_size: int, num_examples: int) -> NDArray[np.int64]:
    """Which examples step `step` sees: every epoch is one permutation, and batches run across its end."""
    places = np.arange(step * batch_size, (step + 1) * batch_size)
    epochs, offsets = np.divmod(places, num_examples)
    indices = np.empty(batch_size, np.int64)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        indices[here] = _permutation(seed, int(epoch), num_examples)[offsets[here]]
    return indices


def timesteps(
    seed: int, step: int, batch_size: int, num_timesteps: int, *, stratified: bool
) -> NDArray[np.int64]:
    """Times 1..T of a batch, both ends included.

    Stratified draws take one time from each of `batch_size` equal parts of the chain, in random order: each
    time is still uniform, and the loss of a batch varies less.
    """
    rng = _generator(seed, _Choice.TIME, step)
    u = rng.random(batch_size)
    if stratified:
        u = (rng.permutation(batch_size) + u) / batch_size
    return np.minimum((u * num_timesteps).astype(np.int64), num_timesteps - 1) + 1


def hidden_labels(seed: int, step: int, batch_size: int, probability: float) -> NDArray[np.bool_]:
    """Whose label is replaced by "no class" in this batch."""
    return _generator(seed, _Choice.HIDDEN_LABEL, step).random(batch_size) < probability


@lru_cache(maxsize=2)
def _permutation(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return _generator(seed, _Choice.ORDER, epoch).permutation(count)


def _generator(seed: int, choice: _Choice, index: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, choice, index])))
