"""Frames of the forward process for what the session shows, at the speed of a scrub."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffviz.core.forward import ForwardProcess, NoiseMode
from diffviz.core.schedules import NoiseLevel, build_schedule
from diffviz.data.images import Picture, Pixels, fit, noise_as_picture, to_uint8
from diffviz.engine.images import ImageStore
from diffviz.engine.state import SessionState
from diffviz.evaluation.metrics import psnr

__all__ = ["ForwardFrames", "ForwardPictures", "FrameReadings", "noise_pixels", "read_frame"]

_NUM_PROCESSES = 3
_QUICK_VALUES = 262_144
_READING_VALUES = 262_144
_STRIP_VALUES = 393_216


@dataclass(frozen=True, eq=False)
class ForwardPictures:
    """x_t as pixels, and the two pictures that it is the weighted sum of.

    Attributes
    ----------
    hero
        x_t as 8-bit pixels; valid until the second call after this one.
    first, second
        Clean picture and accumulated noise, or the frame before and the noise of the step; None where they
        are as they were.
    terms
        The same two unclipped, float32 (H, W, C).
    weights
        Their factors in x_t.
    """

    hero: Pixels
    first: Pixels | None
    second: Pixels | None
    terms: tuple[Picture, Picture]
    weights: tuple[float, float]

    def values_at(self, place: tuple[int, int, int]) -> tuple[float, float, float]:
        """x_t and its two terms, unclipped, at a row, column and channel."""
        first, second = (float(term[place]) for term in self.terms)
        return self.weights[0] * first + self.weights[1] * second, first, second


@dataclass(frozen=True, eq=False)
class FrameReadings:
    """What the inspector says about a frame.

    Attributes
    ----------
    mean, std
        Over all values of x_t.
    psnr_db
        To x_0; infinite where they are equal.
    values
        Values of x_t, at most about 262,144 of them, evenly picked.
    """

    mean: float
    std: float
    psnr_db: float
    values: NDArray[np.float32]


class ForwardFrames:
    """The forward process of the session's picture; one instance belongs to one thread.

    The pixels of two calls alternate between two buffers: the picture on the screen stays valid while the
    next one is computed.
    """

    def __init__(self, images: ImageStore) -> None:
        self._images = images
        self._processes: OrderedDict[tuple[object, ...], ForwardProcess] = OrderedDict()
        self._pixels: list[Pixels] = []
        self._turn = 0
        # NumPy lets go of the interpreter while it computes: two cores halve the time of a large frame.
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="frame")

    def process(self, state: SessionState, size: tuple[int, int] | None = None) -> ForwardProcess:
        """The process that the state describes; kept for as long as it is among the last few asked for.

        Parameters
        ----------
        state
            Picture, schedule, seed and noise mode are read.
        size
            Height and width to which the picture is brought first; None: its own.
        """
        # A file that was opened again under the same key may hold other pixels.
        key = (state.image, self._images.version, state.schedule, state.seed, state.noise_mode, size)
        found = self._processes.get(key)
        if found is None:
            x_0 = self._images.x_0(state.image)
            if size is not None and size != x_0.shape[:2]:
                x_0 = fit(x_0, size, "resize")
            found = ForwardProcess(x_0, build_schedule(state.schedule), state.seed, state.noise_mode)
            self._processes[key] = found
            while len(self._processes) > _NUM_PROCESSES:
                self._processes.popitem(last=False)
        self._processes.move_to_end(key)
        return found

    def is_quick(self, state: SessionState, *, as_step: bool) -> bool:
        """Whether the pictures cost so little that they are computed where they are shown."""
        few_values = self._images.x_0(state.image).size <= _QUICK_VALUES
        return few_values or (state.noise_mode is NoiseMode.FROZEN and not as_step)

    def equation(self, state: SessionState, *, all_three: bool) -> ForwardPictures:
        """x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε; with frozen noise only x_t changes with t.

        Parameters
        ----------
        state
            What is shown.
        all_three
            Make the pictures of x_0 and ε too, though only t may have changed.
        """
        process = self.process(state)
        if not self._pixels or self._pixels[0].shape != process.x_0.shape:
            self._pixels = [np.empty(process.x_0.shape, np.uint8) for _ in range(2)]
        self._turn = 1 - self._turn
        hero = self._pixels[self._turn]
        noise = process.noise(state.t)
        self._draw(process, state.t, hero.reshape(-1))
        moves = all_three or process.mode is not NoiseMode.FROZEN
        level = process.schedule.level(state.t)
        return ForwardPictures(
            hero,
            to_uint8(process.x_0) if all_three else None,
            noise_pixels(noise) if moves else None,
            (process.x_0, noise),
            (level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod),
        )

    def _draw(self, process: ForwardProcess, t: int, pixels: Pixels) -> None:
        """Write x_t as pixels; a thread beside this one takes strips of a large picture, as many as it can.

        Whoever is free takes the next strip: a sampler that holds the other core slows a frame by a strip
        at most, not by half of the picture.
        """
        starts = iter(range(0, pixels.size, _STRIP_VALUES))
        is_large = pixels.size > _QUICK_VALUES
        beside = self._beside.submit(_draw_strips, process, t, pixels, starts) if is_large else None
        _draw_strips(process, t, pixels, starts)
        if beside is not None:
            beside.result()

    def step(self, state: SessionState) -> ForwardPictures:
        """x_t = √α_t x_{t−1} + √β_t z_t; at t = 0 the clean picture with nothing added."""
        process = self.process(state)
        if state.t == 0:
            clean, nothing = to_uint8(process.x_0), np.zeros_like(process.x_0)
            return ForwardPictures(clean, clean, noise_pixels(nothing), (process.x_0, nothing), (1.0, 0.0))
        step = process.step(state.t)
        return ForwardPictures(
            to_uint8(step.x_t),
            to_uint8(step.x_prev),
            noise_pixels(step.noise),
            (step.x_prev, step.noise),
            (math.sqrt(1.0 - step.variance), math.sqrt(step.variance)),
        )

    def thumbnail(self, state: SessionState, t: int, size: tuple[int, int]) -> Pixels:
        """x_t of a small copy of the picture: noised after it was made small, so that noise stays noise."""
        return to_uint8(self.process(state, size).x_t(t))


def _draw_strips(process: ForwardProcess, t: int, pixels: Pixels, starts: Iterator[int]) -> None:
    """Draw the strips that begin at `starts`."""
    for place, values in process.pieces(t, starts, _STRIP_VALUES):
        to_uint8(values, out=pixels[place], scratch=values)


def noise_pixels(noise: NDArray[np.float32]) -> Pixels:
    """Noise as a picture: three standard deviations to either side fill the range of grey."""
    return to_uint8(noise_as_picture(noise))


def read_frame(pictures: ForwardPictures, x_0: Picture, level: NoiseLevel) -> FrameReadings:
    """Mean, spread, PSNR and a sample of the values of a frame.

    Large pictures are read at every n-th value: the error of the figures is far below a display digit.
    """
    stride = max(1, x_0.size // _READING_VALUES)
    first, second = (term.reshape(-1)[::stride] for term in pictures.terms)
    values = np.float32(pictures.weights[0]) * first + np.float32(pictures.weights[1]) * second
    is_clean = level.one_minus_alpha_cumprod == 0.0
    ratio = float("inf") if is_clean else psnr(values, x_0.reshape(-1)[::stride])
    return FrameReadings(
        float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64)), ratio, values
    )
