"""Pictures and figures of reverse runs as the window shows them."""

from __future__ import annotations

from dataclasses import dataclass

from diffviz.core.forward import q_sample
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import NoiseSchedule
from diffviz.data.images import Picture, Pixels, image_grid, to_uint8
from diffviz.engine.forward_frames import noise_pixels
from diffviz.engine.history import RunFrame
from diffviz.evaluation.metrics import psnr

_MOST_CURVE_POINTS = 60


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


def _times(start_t: int) -> tuple[int, ...]:
    count = min(_MOST_CURVE_POINTS, start_t)
    return tuple(sorted({round(start_t * index / count) for index in range(1, count + 1)}))


def forward_psnr(
    guide: Picture, schedule: NoiseSchedule, seed: int, start_t: int
) -> tuple[tuple[int, float], ...]:
    """(t, dB) of the noised picture on the way in, with the noise that the run started from."""
    noise = draw_noise((guide.shape[2], *guide.shape[:2]), seed, Stream.X_T, 0, 0).transpose(1, 2, 0)
    return tuple((t, psnr(q_sample(guide, noise, schedule.level(t)), guide)) for t in _times(start_t))
