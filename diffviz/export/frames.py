"""Frames of an animation: pictures of the forward and the reverse process, enlarged and captioned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from diffviz.data.images import Picture, Pixels, image_grid, noise_as_picture, to_uint8
from diffviz.export.lettering import add_caption, text_line, text_size_px

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.forward import ForwardProcess
    from diffviz.core.samplers import ReverseStep
    from diffviz.core.schedules import NoiseLevel, NoiseSchedule

Shows = Literal["x_t", "x_0", "noise"]
_PAPER, _INK = 18, 235


@dataclass(frozen=True)
class FrameSpec:
    """What a picture looks like as a frame.

    Attributes
    ----------
    scale
        Whole number by which every pixel is enlarged to a square, so that noise is never smoothed.
        `whole_scale` of `export.animation` says what suits a format. Any number above 0 if `is_smooth`.
    captions
        Whether t, ᾱ and the SNR are written on the frame.
    is_smooth
        Whether pixels blend into each other (Lanczos) instead.
    """

    scale: float = 1
    captions: bool = False
    is_smooth: bool = False


def evenly_spaced_times(first: int, last: int, count: int) -> tuple[int, ...]:
    """``count`` times from ``first`` to ``last``, both included, in either direction, without doubles."""
    times = np.round(np.linspace(first, last, max(count, 1))).astype(int).tolist()
    return tuple(dict.fromkeys(times))


def caption_fields(level: NoiseLevel) -> tuple[str, str, str]:
    """Time, ᾱ and SNR in decibels as short texts, most important first."""
    decibels = 10 / math.log(10) * level.log_snr
    snr = f"{decibels:.1f}" if math.isfinite(decibels) else "∞" if decibels > 0 else "-∞"
    alpha = level.alpha_cumprod
    shown = f"{alpha:.4f}" if alpha >= 1e-3 or alpha == 0 else f"{alpha:.1e}".replace("e-0", "e-")
    return f"t = {level.t:g}", f"ᾱ {shown}".replace("-", "−"), f"SNR {snr} dB".replace("-", "−")


def enlarge(pixels: Pixels, scale: float, *, smooth: bool = False) -> Pixels:
    """8-bit pixels (H, W, 1 or 3) as RGB with every pixel a square of ``scale``; always a new array.

    If ``smooth``, resampled by Lanczos to round(scale H) × round(scale W), where ``scale`` need not be whole.
    """
    colour = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    if scale == 1:
        return colour.copy() if colour is pixels else colour
    if smooth:
        height, width = (max(1, round(side * scale)) for side in colour.shape[:2])
        return np.array(Image.fromarray(colour).resize((width, height), Image.Resampling.LANCZOS))
    whole = int(scale)
    return np.repeat(np.repeat(colour, whole, axis=0), whole, axis=1)


def make_frame(picture: Picture, spec: FrameSpec, level: NoiseLevel | None = None) -> Pixels:
    """A picture (H, W, C) in [-1, 1] as a frame, uint8 (scale H, scale W, 3)."""
    frame = enlarge(to_uint8(picture), spec.scale, smooth=spec.is_smooth)
    if spec.captions and level is not None:
        add_caption(frame, caption_fields(level))
    return frame


def forward_frames(process: ForwardProcess, times: Iterable[int], spec: FrameSpec) -> Iterator[Pixels]:
    """x_t at each of the times, in their order."""
    x_t = np.empty_like(process.x_0)
    for t in times:
        yield make_frame(process.x_t(t, out=x_t), spec, process.schedule.level(t))


def equation_frames(process: ForwardProcess, times: Iterable[int], spec: FrameSpec) -> Iterator[Pixels]:
    """x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε in three pictures, with the factors under them."""
    x_t = np.empty_like(process.x_0)

    def grown(picture: Picture) -> Pixels:
        return enlarge(to_uint8(picture), spec.scale, smooth=spec.is_smooth)

    clean = grown(process.x_0)
    height, width = clean.shape[:2]
    size_px = text_size_px(height, width)
    signs = [_sign(text, height, 2 * size_px) for text in ("=", "+")]
    for t in times:
        level = process.schedule.level(t)
        noisy = grown(process.x_t(t, out=x_t))
        noise = process.noise(t) if t else np.zeros_like(x_t)
        pictures = np.hstack([noisy, signs[0], clean, signs[1], grown(noise_as_picture(noise))])
        texts = (
            f"x at t = {t}",
            f"{level.sqrt_alpha_cumprod:.3f} × x₀",
            f"{level.sqrt_one_minus_alpha_cumprod:.3f} × ε",
        )
        lines = [text_line(text, width, size_px, _INK, _PAPER) for text in texts]
        gap = np.full((len(lines[0]), signs[0].shape[1], 3), _PAPER, np.uint8)
        yield np.vstack([pictures, np.hstack([lines[0], gap, lines[1], gap, lines[2]])])


def reverse_frames(
    steps: Iterable[ReverseStep],
    schedule: NoiseSchedule,
    spec: FrameSpec,
    shows: Shows = "x_0",
    columns: int | None = None,
    *,
    has_end: bool = True,
) -> Iterator[Pixels]:
    """One frame for every step of a sampler, several samples as a grid.

    Parameters
    ----------
    steps
        Their pictures have shape (B, C, H, W).
    schedule
        The chain that the steps' times belong to.
    shows
        "x_0" or "noise": the denoiser's guess at each time. "x_t": the picture itself, with one more frame
        for the finished one at the end.
    columns
        Of the grid; by default it is nearly square.
    has_end
        Whether the last step is the end; a stretch of a run that is left on its way has none.
    """
    last: ReverseStep | None = None
    for step in steps:
        if shows == "noise":
            picture = noise_as_picture(batch_grid(step.pred_noise, columns))
        else:
            picture = batch_grid(step.x_t if shows == "x_t" else step.pred_x_0, columns)
        yield make_frame(picture, spec, schedule.level(step.t))
        last = step
    if has_end and last is not None and shows == "x_t":
        yield make_frame(batch_grid(last.x_s, columns), spec, schedule.level(last.s))


def batch_grid(batch: Tensor, columns: int | None = None) -> Picture:
    """A batch (B, C, H, W) as one picture (rows, columns, C): a grid, or the only sample itself."""
    pictures = np.moveaxis(batch.detach().cpu().numpy(), 1, -1).astype(np.float32)
    return pictures[0] if len(pictures) == 1 else image_grid(list(pictures), columns)


def side_by_side(
    left: Iterable[Pixels], right: Iterable[Pixels], titles: Sequence[str] = (), gap: int = 8
) -> Iterator[Pixels]:
    """Two animations in one, frame for frame, until the shorter one ends; with titles at the top left.

    The lower one is enlarged by whole numbers as long as it fits beside the other, and centred.
    """
    for pair in zip(left, right):
        height = max(frame.shape[0] for frame in pair)
        framed = []
        for index, frame in enumerate(pair):
            panel = enlarge(frame, max(1, height // frame.shape[0]))
            if index < len(titles):
                add_caption(panel, [titles[index]], at_top=True)
            above = (height - panel.shape[0]) // 4 * 2  # even, as video that halves colour needs it
            below = height - panel.shape[0] - above
            framed.append(np.pad(panel, ((above, below), (0, 0), (0, 0)), constant_values=_PAPER))
        yield np.hstack([framed[0], np.full((height, gap, 3), _PAPER, np.uint8), framed[1]])


def _sign(text: str, height: int, size_px: int) -> Pixels:
    """A mathematical sign in the middle of a strip as high as a picture."""
    line = text_line(text, 2 * size_px, size_px, _INK, _PAPER)
    above = max(0, (height - len(line)) // 2)
    padded = np.pad(
        line, ((above, max(0, height - len(line) - above)), (0, 0), (0, 0)), constant_values=_PAPER
    )
    return padded[:height]
