"""What a frame of an export shows, how large it is, and its making; one scene for preview and file alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from diffviz.core.forward import ForwardProcess, q_sample
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import build_schedule
from diffviz.data.images import Picture, Pixels, fit, to_uint8
from diffviz.engine.forward_frames import ForwardFrames, noise_pixels
from diffviz.engine.history import Run, RunFrame
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseContext
from diffviz.engine.run_words import sample_names
from diffviz.engine.session import SessionState
from diffviz.export.frames import (
    FrameSpec,
    batch_grid,
    caption_fields,
    enlarge,
    equation_frames,
    forward_frames,
    make_frame,
    side_by_side,
)
from diffviz.export.lettering import add_caption, font, text_line, text_size_px

__all__ = ["ExportFrames", "Scene", "SceneError", "frame_size", "picture_size", "snapshot", "thumbnail_shape"]

What = Literal["forward", "reverse", "both", "samples"]
_STRIP_CELLS = 8
_GAP = 8
_PAPER, _INK = 18, 235
_PLAYHEAD = (79, 235, 198)


class SceneError(ValueError):
    """What was asked for cannot be shown; one sentence."""


@dataclass(frozen=True)
class Scene:
    """
    What the frames of an export show.

    Attributes
    ----------
    what
        The forward process of the session's picture, a reverse run, both side by side, or the samples of a
        run one after the other; "times" are then the places of the samples, from 0.
    picture
        "x_t", "equation" or "filmstrip" of the forward process; "x_t", "x_0" or "triptych" of a run; "x_t" or
        "x_0" of samples.
    state
        Picture, schedule, seed and noise mode are read, and of samples the time that is looked at.
    run
        The run, a `snapshot` that nobody changes; None where there is none.
    size
        Height and width to which the picture is brought before noise is added; None: its own.
    scale
        How much every pixel is enlarged; whole unless `is_smooth`.
    is_smooth
        Whether pixels blend when enlarged.
    captions
        Whether t, ᾱ, SNR and the denoiser are written on the frames.
    """

    what: What
    picture: str
    state: SessionState
    run: Run | None = None
    size: tuple[int, int] | None = None
    scale: float = 1
    is_smooth: bool = False
    captions: bool = True

    @property
    def spec(self) -> FrameSpec:
        """How one picture of the scene is enlarged and labelled."""
        return FrameSpec(self.scale, self.captions, self.is_smooth)

    @property
    def is_wide(self) -> bool:
        """Whether a frame is several pictures side by side."""
        return self.what == "both" or self.picture in {"equation", "triptych"}


def snapshot(run: Run) -> Run:
    """A copy of a run as it is now, safe to read in another thread; tensors are shared."""
    copy = Run(run.id, run.request)
    copy.context = run.context
    for step in run.steps:
        copy.append(step)
    return copy


def picture_size(scene: Scene, images: ImageStore) -> tuple[int, int]:
    """Height and width in pixels of one picture of the scene before it is enlarged."""
    if scene.what == "forward":
        height, width = images.x_0(scene.state.image).shape[:2]
        return scene.size or (height, width)
    run, context = _run_of(scene)
    count = 1 if scene.what == "samples" else run.request.num_samples
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    _, height, width = context.shape
    return rows * (height + 2) - 2, columns * (width + 2) - 2


def frame_size(scene: Scene, images: ImageStore) -> tuple[int, int]:
    """Width and height of the scene's frames in pixels, without making one."""
    height, width = (_scaled(side, scene.scale) for side in picture_size(scene, images))
    letter = text_size_px(height, width)
    if scene.what == "both":
        _, context = _run_of(scene)
        left_height, left_width = (_scaled(side, scene.scale) for side in context.shape[1:])
        factor = max(1, height // left_height)
        return factor * left_width + _GAP + width, max(height, factor * left_height)
    if scene.picture == "equation":
        return 3 * width + 8 * letter, height + round(1.6 * letter)
    if scene.picture == "triptych":
        return 3 * width + 2 * _GAP, height + round(1.6 * letter)
    if scene.picture == "filmstrip":
        return width, height + _GAP + _cell_size(height, width)[0] + round(1.6 * letter)
    return width, height


def thumbnail_shape(scene: Scene, images: ImageStore) -> tuple[int, int]:
    """Height and width of one picture of the scene, for the shape of its thumbnails."""
    if scene.what == "forward":
        height, width = images.x_0(scene.state.image).shape[:2]
        return height, width
    _, height, width = _run_of(scene)[1].shape
    return height, width


class ExportFrames:
    """Makes frames of scenes; one instance belongs to one thread, and is quick for scenes that go on."""

    def __init__(self, images: ImageStore) -> None:
        self.images = images
        self._forward = ForwardFrames(images)
        self._strip: tuple[object, Pixels] | None = None
        self._beside: tuple[object, ForwardProcess] | None = None

    def frame(self, scene: Scene, t: int) -> Pixels:
        """The frame at time t, uint8 (H, W, 3); a run shows the nearest time that it sampled."""
        return next(self.frames(scene, (t,)))

    def frames(self, scene: Scene, times: Iterable[int]) -> Iterator[Pixels]:
        """
        Frames at the times, in their order.

        Raises
        ------
        SceneError
            If a run is asked for that is not there or was not at a time.
        ImageReadError
            If the picture cannot be read any more.
        """
        if scene.what == "reverse":
            return (self._reverse(scene, t) for t in times)
        if scene.what == "both":
            return (self._both(scene, t) for t in times)
        if scene.what == "samples":
            return (self._sample(scene, place) for place in times)
        process = self._forward.process(scene.state, scene.size)
        if scene.picture == "equation":
            return equation_frames(process, times, scene.spec)
        if scene.picture == "filmstrip":
            return (self._filmstrip(scene, process, t) for t in times)
        return forward_frames(process, times, scene.spec)

    def cell(self, scene: Scene, t: int) -> Pixels:
        """The frame as a part of a strip: a single picture without words on it, because they stand below."""
        return self.frame(scene if scene.is_wide else replace(scene, captions=False), t)

    def label(self, scene: Scene, t: int, size: tuple[int, int]) -> str:
        """The words below a single picture of that height and width in pixels, as many as fit."""
        schedule = build_schedule(scene.state.schedule)
        if scene.what == "samples":
            run, _ = _run_of(scene)
            return sample_names(run.request)[t][0]
        if scene.what == "reverse":
            run, _ = _run_of(scene)
            t, schedule = _frame_of(run, t).t, build_schedule(run.request.schedule)
        fields = caption_fields(schedule.level(t))
        letters = font(text_size_px(*size))
        for count in range(len(fields), 1, -1):
            words = " · ".join(fields[:count])
            if letters.getlength(words) <= size[1]:
                return words
        return fields[0]

    def maker(self, scene: Scene) -> str:
        """Who made the pictures of a run, as the line below a strip; nothing for the forward process."""
        is_run = scene.what in ("reverse", "samples")
        return f"Denoised by {_maker_of(_run_of(scene)[1])}" if is_run else ""

    def thumbnail(self, scene: Scene, t: int, size: tuple[int, int]) -> Pixels:
        """A small picture of the scene at time t for a strip: of the run, or of the forward process."""
        if scene.what == "forward":
            return self._forward.thumbnail(scene.state, t, size)
        run, _ = _run_of(scene)
        if scene.what == "samples":
            return to_uint8(_sample_of(scene, t))
        found = _frame_of(run, t)
        shown = found.x_t if scene.picture == "x_t" else found.pred_x_0
        return to_uint8(batch_grid(shown[:1]))

    def _sample(self, scene: Scene, place: int) -> Pixels:
        """One sample at the time that is looked at."""
        frame = make_frame(_sample_of(scene, place), scene.spec)
        if scene.captions:
            run, context = _run_of(scene)
            add_caption(frame, [_maker_of(context)], at_top=True)
            add_caption(frame, [sample_names(run.request)[place][1]])
        return frame

    def _reverse(self, scene: Scene, t: int) -> Pixels:
        run, context = _run_of(scene)
        found = _frame_of(run, t)
        level = build_schedule(run.request.schedule).level(found.t)
        if scene.picture == "triptych":
            frame = self._triptych(scene, found)
        else:
            shown = found.x_t if scene.picture == "x_t" else found.pred_x_0
            frame = make_frame(batch_grid(shown), scene.spec, level)
        if scene.captions:
            add_caption(frame, [_maker_of(context)], at_top=True)
        return frame

    def _triptych(self, scene: Scene, found: RunFrame) -> Pixels:
        pictures = [
            enlarge(pixels, scene.scale, smooth=scene.is_smooth)
            for pixels in (
                to_uint8(batch_grid(found.x_t)),
                to_uint8(batch_grid(found.pred_x_0)),
                noise_pixels(batch_grid(found.pred_noise)),
            )
        ]
        height, width = pictures[0].shape[:2]
        letter = text_size_px(height, width)
        texts = (f"x at t = {found.t}", "predicted x₀", "predicted ε")
        lines = [text_line(text, width, letter, _INK, _PAPER) for text in texts]
        gap = np.full((height + lines[0].shape[0], _GAP, 3), _PAPER, np.uint8)
        columns = [np.vstack(pair) for pair in zip(pictures, lines, strict=True)]
        return np.hstack([columns[0], gap, columns[1], gap, columns[2]])

    def _both(self, scene: Scene, t: int) -> Pixels:
        run, context = _run_of(scene)
        found = _frame_of(run, t)
        schedule = build_schedule(run.request.schedule)
        level = schedule.level(found.t)
        left = make_frame(self._forward_beside(scene, run, context, found.t), scene.spec, level)
        shown = found.x_t if scene.picture == "x_t" else found.pred_x_0
        right = make_frame(batch_grid(shown), scene.spec, level)
        if scene.captions:
            add_caption(left, ["Forward"], at_top=True)
            add_caption(right, ["Reverse", _maker_of(context)], at_top=True)
        return next(side_by_side([left], [right], gap=_GAP))

    def _forward_beside(self, scene: Scene, run: Run, context: ReverseContext, t: int) -> Picture:
        """The forward process at the run's size, with the run's noise where it began from a picture."""
        channels, *size = context.shape
        schedule = build_schedule(run.request.schedule)
        if context.guide is not None:
            noise = draw_noise(context.shape, run.request.seed, Stream.X_T, 0, 0).transpose(1, 2, 0)
            noised: Picture = q_sample(context.guide, noise, schedule.level(t))
            return noised
        state = scene.state
        key = (run, state.image, state.seed, state.noise_mode)
        if self._beside is None or self._beside[0] != key:
            x_0 = fit(self.images.x_0(state.image), (size[0], size[1]), "crop", channels)
            self._beside = (key, ForwardProcess(x_0, schedule, state.seed, state.noise_mode))
        return self._beside[1].x_t(t)

    def _filmstrip(self, scene: Scene, process: ForwardProcess, t: int) -> Pixels:
        """x_t above the strip of all times, with the playhead where t is."""
        hero = next(forward_frames(process, (t,), scene.spec))
        height, width = hero.shape[:2]
        strip = self._strip_under(scene, (height, width)).copy()
        cell_height, cell_width = _cell_size(height, width)
        share = t / scene.state.num_timesteps
        left = (width - _STRIP_CELLS * cell_width) // 2
        middle = left + cell_width // 2 + round(share * (_STRIP_CELLS - 1) * cell_width)
        strip[:, max(0, middle - 4) : middle + 4] = _PAPER
        strip[:, max(0, middle - 2) : middle + 2] = _PLAYHEAD
        gap = np.full((_GAP, width, 3), _PAPER, np.uint8)
        letter = text_size_px(height, width)
        line = text_line("image  ←  t  →  noise", width, letter, _INK, _PAPER)
        assert strip.shape[0] == cell_height
        return np.vstack([hero, gap, strip, line])

    def _strip_under(self, scene: Scene, size: tuple[int, int]) -> Pixels:
        """The strip alone; kept, because only its playhead moves."""
        key = (replace(scene, captions=False), size)
        if self._strip is None or self._strip[0] != key:
            cell_height, cell_width = _cell_size(*size)
            total = scene.state.num_timesteps
            cells = [
                enlarge(
                    self._forward.thumbnail(
                        scene.state,
                        round(cell * total / (_STRIP_CELLS - 1)),
                        (max(1, cell_height // 2), max(1, cell_width // 2)),
                    ),
                    2,
                )
                for cell in range(_STRIP_CELLS)
            ]
            row = np.hstack(cells)
            spare = size[1] - row.shape[1]
            sides = ((0, 0), (spare // 2, spare - spare // 2), (0, 0))
            self._strip = (key, np.pad(row, sides, constant_values=_PAPER))
        return self._strip[1]


def _cell_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of a thumbnail under a frame: even, because each of its pixels is drawn 2 × 2."""
    cell_width = max(2, width // _STRIP_CELLS // 2 * 2)
    return max(2, round(height * cell_width / width / 2) * 2), cell_width


def _scaled(side: int, scale: float) -> int:
    return max(1, round(side * scale))


def _run_of(scene: Scene) -> tuple[Run, ReverseContext]:
    if scene.run is None or scene.run.context is None:
        raise SceneError("There is no reverse run to export yet.")
    return scene.run, scene.run.context


def _maker_of(context: ReverseContext) -> str:
    return context.info.detail or context.info.name


def _frame_of(run: Run, t: int) -> RunFrame:
    found = run.frame_at(t)
    if found is None:
        raise SceneError(f"Run {run.id} was not at t = {t}.")
    return found


def _sample_of(scene: Scene, place: int) -> Picture:
    """A sample at the time that is looked at, or at the end where the run has not been there."""
    run, _ = _run_of(scene)
    found = run.frame_at(scene.state.t) or _frame_of(run, run.times()[-1])
    return found.shown("x_t" if scene.picture == "x_t" else "x_0", place)
