"""Pictures and figures of reverse runs as the window shows them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffviz.core.forward import q_sample
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import build_schedule
from diffviz.data.images import Picture, Pixels, image_grid, to_uint8
from diffviz.engine.forward_frames import noise_pixels
from diffviz.engine.history import Run, RunFrame
from diffviz.evaluation.metrics import psnr

Pictures: TypeAlias = NDArray[np.float32]

_MOST_CURVE_POINTS = 60
# From dark over amber to light: falls in lightness alone, so that it is read without colour, too.
_RAMP = np.array(
    [
        (0x10, 0x12, 0x16),
        (0x26, 0x24, 0x2C),
        (0x5C, 0x42, 0x2A),
        (0xB0, 0x75, 0x2A),
        (0xF5, 0xB8, 0x4C),
        (0xFF, 0xEC, 0xBE),
    ],
    dtype=np.float64,
)


@dataclass(frozen=True, eq=False)
class BatchPixels:
    """x_t, x̂_0 and ε̂ of all samples of a step, each one picture (a grid of several), uint8 (H, W, C)."""

    x_t: Pixels
    x_0: Pixels
    noise: Pixels

    def of(self, shows: str) -> Pixels:
        """Return the picture called "x_t", "x_0" or "noise"."""
        return {"x_t": self.x_t, "x_0": self.x_0, "noise": self.noise}[shows]


def batch_pixels(frame: RunFrame) -> BatchPixels:
    """Pictures of a step, several samples in a grid."""
    return BatchPixels(
        image_grid(list(to_uint8(frame.pictures("x_t")))),
        image_grid(list(to_uint8(frame.pictures("x_0")))),
        image_grid(list(noise_pixels(frame.pictures("noise")))),
    )


class PsnrCurves:
    """
    (t, dB) to the picture that a run started from; each step is measured once, as it comes.

    Attributes
    ----------
    run
        The run that is measured; it has a guide.
    forward
        x_t of the picture on its way into the noise.
    reverse, predicted
        x_t and x̂_0 of the first sample on the way back.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        guide = run.context.guide if run.context is not None else None
        self._way_in = _WayIn(guide, run) if guide is not None and not run.request.is_inverted else None
        self.forward = self._way_in.curve() if self._way_in is not None else []
        self.reverse: list[tuple[int, float]] = []
        self.predicted: list[tuple[int, float]] = []

    def way_in_db(self, t: int) -> float:
        """PSNR of x_t on the way in at exactly this time; infinite where there was no such way."""
        return self._way_in.at(t) if self._way_in is not None else math.inf

    def catch_up(self) -> None:
        """Measure the times that came since the last call."""
        guide = self.run.context.guide if self.run.context is not None else None
        reached = self.reverse[-1][0] if self.reverse else None
        for t in self.run.times():
            frame = self.run.frame_at(t) if reached is None or t < reached else None
            if frame is not None and guide is not None:
                self.reverse.append((t, psnr(frame.shown("x_t"), guide)))
                self.predicted.append((t, psnr(frame.shown("x_0"), guide)))


class _WayIn:
    """PSNR of the picture that a run started from at each time, noised with the noise that the run had."""

    def __init__(self, guide: Picture, run: Run) -> None:
        height, width, channels = guide.shape
        noise = draw_noise((channels, height, width), run.request.seed, Stream.X_T, 0, 0)
        self._guide, self._noise = guide, noise.transpose(1, 2, 0)
        self._schedule = build_schedule(run.request.schedule)
        self._start_t = run.request.start_t or self._schedule.num_timesteps

    def at(self, t: int) -> float:
        """PSNR in dB; infinite at t = 0."""
        return psnr(q_sample(self._guide, self._noise, self._schedule.level(t)), self._guide)

    def curve(self) -> list[tuple[int, float]]:
        """(t, dB) at a few times up to where the run began."""
        count = min(_MOST_CURVE_POINTS, self._start_t)
        times = sorted({round(self._start_t * index / count) for index in range(1, count + 1)})
        return [(t, self.at(t)) for t in times]


def brightest_words(largest: float) -> str:
    """What the brightest place of a difference stands for; black and white are 2 apart."""
    beyond = largest > 2.0
    return f"brightest: {largest:.3g}{', more than from black to white' if beyond else ' of 2'}"


def difference_pixels(first: Pictures, second: Pictures) -> tuple[Pixels, float]:
    """Where two batches differ, as one picture from dark (equal) to bright (most different).

    Parameters
    ----------
    first, second
        float32 (B, H, W, C), compared value by value.

    Returns
    -------
    tuple
        uint8 (H, W, 3), a grid of several samples, and the largest mean difference of a pixel.
    """
    apart = np.abs(first - second).mean(axis=-1)
    largest = float(apart.max())
    share = apart / largest if largest > 0 else apart
    stops = np.linspace(0.0, 1.0, len(_RAMP))
    coloured = [np.stack([np.interp(one, stops, _RAMP[:, c]) for c in range(3)], -1) for one in share]
    return image_grid([picture.round().astype(np.uint8) for picture in coloured]), largest
