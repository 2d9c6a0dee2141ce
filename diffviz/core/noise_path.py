"""The accumulated noise of a forward process at any time, in any order, with bounded memory."""

from __future__ import annotations

import math
from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.noise import Float32Array, Stream, draw_noise
from diffviz.core.posterior import bridge_coefficients

if TYPE_CHECKING:
    from diffviz.core.schedules import NoiseSchedule

CACHE_BYTES = 64 * 2**20


class NoiseMode(StrEnum):
    """How the noise of different times belongs together; each single frame has the same law in all three."""

    FROZEN = "frozen"
    MARKOV = "markov"
    REDRAW = "redraw"


class NoisePath:
    """ε̄_t in x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε̄_t, a function of (seed, mode, t) alone.

    ``FROZEN`` is one draw for all t, ``REDRAW`` one for each t. ``MARKOV`` is the accumulated noise of the
    chain: its end is drawn first and every other time lies in the middle of a bridge between two that are
    known, so that one frame costs O(log T) draws whatever was looked at before.

    Parameters
    ----------
    schedule
        The chain.
    shape
        Shape of a picture.
    seed
        The user's seed.
    mode
        Which of the three.
    cache_bytes
        Memory for frames that may be needed again; one frame is always kept.

    Notes
    -----
    Reading changes the cache: use one path in one thread.
    """

    def __init__(
        self,
        schedule: NoiseSchedule,
        shape: tuple[int, ...],
        seed: int,
        mode: NoiseMode,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._schedule, self._shape, self._seed, self._mode = schedule, shape, seed, mode
        self._capacity = max(1, cache_bytes // max(1, 4 * math.prod(shape)))
        self._cache: OrderedDict[int, Float32Array] = OrderedDict()
        self._last_clean = int(np.flatnonzero(schedule.one_minus_alphas_cumprod == 0.0)[-1])

    def at(self, t: int) -> Float32Array:
        """ε̄_t: float32, the shape of a picture, read-only, variance 1.

        While no noise has been added (t = 0, β = 0) it is the noise that comes next, which has weight 0.
        """
        total = self._schedule.num_timesteps
        if not 0 <= t <= total:
            raise IndexError(f"t = {t} is outside 0…{total}.")
        if self._mode is NoiseMode.FROZEN:
            return self._kept(0)
        if self._mode is NoiseMode.MARKOV:
            return self._kept(min(max(t, self._last_clean + 1), total))
        return self._kept(t)

    def _kept(self, key: int) -> Float32Array:
        found = self._cache.get(key)
        if found is None:
            found = self._made(key)
            found.flags.writeable = False
            self._cache[key] = found
        self._cache.move_to_end(key)
        while len(self._cache) > self._capacity:
            self._cache.popitem(last=False)
        return found

    def _made(self, key: int) -> Float32Array:
        if self._mode is NoiseMode.FROZEN:
            return draw_noise(self._shape, self._seed, Stream.FROZEN)
        if self._mode is NoiseMode.REDRAW:
            return draw_noise(self._shape, self._seed, Stream.REDRAW, key)
        if key == self._schedule.num_timesteps:
            return draw_noise(self._shape, self._seed, Stream.BRIDGE, key)
        return self._bridged(key)

    def _bridged(self, s: int) -> Float32Array:
        """The middle of the bridge over s, in units of the noise amplitude at each of the three times."""
        a, b = self._interval(s)
        bridge = bridge_coefficients(self._schedule, a, s, b)
        amplitude = self._schedule.sqrt_one_minus_alphas_cumprod
        c_a = bridge.c_a * float(amplitude[a] / amplitude[s])
        c_b = bridge.c_b * float(amplitude[b] / amplitude[s])
        if bridge.variance == 0.0:
            # An identity step on one side: the same noise, to the last bit.
            return self._kept(a if c_a else b).copy()
        noise = draw_noise(self._shape, self._seed, Stream.BRIDGE, s)
        noise *= np.float32(math.sqrt(bridge.variance) / float(amplitude[s]))
        for factor, time in ((c_a, a), (c_b, b)):
            if factor:
                noise += np.float32(factor) * self._kept(time)
        return noise

    def _interval(self, s: int) -> tuple[int, int]:
        a, b = self._last_clean, self._schedule.num_timesteps
        while (middle := (a + b) // 2) != s:
            a, b = (middle, b) if middle < s else (a, middle)
        return a, b
