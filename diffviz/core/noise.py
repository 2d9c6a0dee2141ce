"""Seeded noise: a pure function of (seed, stream, index, sample), whatever is drawn before it."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Float32Array: TypeAlias = NDArray[np.float32]

_BLOCK = 1 << 18
_WORKERS = min(4, os.cpu_count() or 1)


class Stream(StrEnum):
    """What the noise is for; streams never share a draw."""

    X_T = "x_T"
    FORWARD_STEP = "forward-step"
    FROZEN = "frozen"
    REDRAW = "redraw"
    BRIDGE = "bridge"
    ANCESTRAL = "ancestral"
    CHURN = "churn"
    TRAIN = "train"


def draw_noise(
    shape: Sequence[int], seed: int, stream: Stream, index: int = 0, sample: int = 0
) -> Float32Array:
    """Draw standard Gaussian noise.

    Each block of 2¹⁸ numbers has its own SFC64 generator, keyed by all arguments, so that large pictures
    are drawn by several threads and still come out the same on every machine.

    Parameters
    ----------
    shape
        Any shape; the numbers depend only on how many there are before in C order.
    seed
        The user's seed, 0…2⁶⁴ − 1.
    stream
        What the noise is for.
    index
        Which draw of the stream, usually a time t.
    sample
        Which picture of a batch.

    Returns
    -------
    ndarray
        float32, mean 0 and variance 1, independent for different arguments.

    Raises
    ------
    ValueError
        If seed, index or sample is negative.
    """
    if min(seed, index, sample) < 0:
        raise ValueError(f"Seed, index and sample start at 0, got {seed}, {index} and {sample}.")
    noise = np.empty(math.prod(shape), dtype=np.float32)
    key = (zlib.crc32(stream.value.encode()), *_words(seed), *_words(index), *_words(sample))

    def fill(block: int) -> None:
        generator = np.random.Generator(np.random.SFC64(np.random.SeedSequence((*key, block))))
        generator.standard_normal(dtype=np.float32, out=noise[block * _BLOCK : (block + 1) * _BLOCK])

    blocks = range(-(-noise.size // _BLOCK))
    if len(blocks) > 1 and _WORKERS > 1:
        with ThreadPoolExecutor(_WORKERS) as pool:
            list(pool.map(fill, blocks))
    else:
        for block in blocks:
            fill(block)
    return noise.reshape(tuple(shape))


def _words(number: int) -> tuple[int, int]:
    """Two 32-bit words, so that no two keys are written alike."""
    return number & 0xFFFFFFFF, (number >> 32) & 0xFFFFFFFF
