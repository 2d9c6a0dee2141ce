"""Exports as jobs: what is written, when which frame comes, how large it will be, and the writing itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from diffviz.core.schedules import ScheduleSpec
from diffviz.data.images import Pixels
from diffviz.engine.export_scene import ExportFrames, Scene
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.export.animation import (
    AnimationSettings,
    ExportStep,
    settings_text,
    write_animation,
)
from diffviz.export.apng import still_png
from diffviz.export.estimate import estimate_size, sample_indices
from diffviz.export.figure import save_picture, strip

__all__ = [
    "STACK_GAP_PX",
    "Direction",
    "ExportRequest",
    "ExportStep",
    "animation_times",
    "estimated_bytes",
    "export_steps",
    "request_text",
    "strip_picture",
]

Direction = Literal["to_noise", "to_image", "there_and_back"]
STACK_GAP_PX = 8


@dataclass(frozen=True)
class ExportRequest:
    """
    One export.

    Attributes
    ----------
    scene
        What a frame shows.
    times
        When; one frame for each.
    settings
        File, format, frame rate and so on; its ``metadata`` is filled in by `export_steps`.
    is_strip
        Make one PNG picture of all frames instead of an animation.
    """

    scene: Scene
    times: tuple[int, ...]
    settings: AnimationSettings
    is_strip: bool = False


def animation_times(first: int, last: int, count: int, direction: Direction) -> tuple[int, ...]:
    """
    Times of the frames of an animation, evenly spaced.

    There and back begins and ends at ``first``.

    Parameters
    ----------
    first, last
        Both shown; ``first`` nearer to the image.
    count
        How many frames, exactly; where the range has fewer times some are shown twice.
    """
    if direction == "there_and_back":
        there = _evenly(first, last, (count + 1) // 2)
        return (*there, *reversed(there[: count // 2]))
    there = _evenly(first, last, count)
    return there if direction == "to_noise" else there[::-1]


def export_steps(request: ExportRequest, images: ImageStore) -> Iterator[ExportStep]:
    """
    Write an export, frame by frame.

    Closing the generator, or an error, leaves no partial file behind, and what was there before stays.

    Raises
    ------
    ExportError
        If the file cannot be written; the message is one sentence.
    SceneError
        If there is no run to show.
    ImageReadError
        If the picture cannot be read any more.
    """
    frames = ExportFrames(images)
    if request.is_strip:
        yield from _strip_steps(request, frames)
        return
    settings = replace(request.settings, metadata=request_text(request, images))
    yield from write_animation(frames.frames(request.scene, request.times), len(request.times), settings)


def estimated_bytes(request: ExportRequest, frames: ExportFrames) -> int:
    """Size that the file will have, about, from a few of its frames; a strip is made and measured."""
    if request.is_strip:
        return len(still_png(strip_picture(request, frames)))
    indices = sample_indices(len(request.times), request.settings)
    samples = frames.frames(request.scene, [request.times[index] for index in indices])
    return estimate_size(samples, len(request.times), request.settings)


def strip_picture(request: ExportRequest, frames: ExportFrames) -> Pixels:
    """The one picture of a strip: single pictures from left to right, wide ones below each other."""
    return _arranged(request, frames, [frames.cell(request.scene, t) for t in request.times])


def request_text(request: ExportRequest, images: ImageStore) -> str:
    """Everything needed to make the export again, as one line of JSON for its metadata."""
    scene, settings = request.scene, request.settings
    state = scene.state
    values: dict[str, Any] = {
        "what": scene.what,
        "picture": scene.picture,
        "times": list(request.times),
        "frame_rate_fps": settings.frame_rate_fps,
        "scale": scene.scale,
        "scaling": "smooth" if scene.is_smooth else "sharp",
    }
    if scene.size is not None:
        values["reduced_to"] = list(scene.size)
    if scene.what == "samples":
        values["shown_at"] = state.t
    if scene.what in ("forward", "both"):
        values["image"] = images.entry(state.image).title
        values |= {
            "schedule": _described(state.schedule),
            "seed": state.seed,
            "noise": state.noise_mode.value,
        }
    if scene.what != "forward" and scene.run is not None:
        context = scene.run.context
        values |= {"run": scene.run.id, **_run_values(scene.run.request, images)}
        if context is not None:
            values["denoiser"] = context.info.name
    return settings_text(**values)


def _run_values(run: ReverseRequest, images: ImageStore) -> dict[str, Any]:
    """Everything that a run was asked for; of a fork also where it left its parent, and all of the parent."""
    values: dict[str, Any] = {
        "schedule": _described(run.schedule),
        "denoiser_key": run.denoiser,
        "class": run.class_index,
        "guidance_scale": run.guidance_scale,
        # JSON knows no infinity, and "up to any noise level" is what is left out.
        "sampler": {name: value for name, value in asdict(run.sampler).items() if value != math.inf},
        "reverse_seed": run.seed,
        "num_samples": run.num_samples,
        "start_t": run.start_t,
    }
    unusual = {
        "guidance_rescale": run.guidance_rescale or None,
        "classifier_scale": run.classifier_scale or None,
        "start_image": None if run.start_image is None else images.entry(run.start_image).title,
        "start_fit": None if run.start_image is None else run.start_fit,
        "is_inverted": run.is_inverted or None,
        "path_seed": run.path_seed,
        "path_image": None if run.path_image is None else images.entry(run.path_image).title,
        "path_guidance": run.path_guidance,
        "exact_size": run.exact_size or None,
        "redrawn": [list(pair) for pair in run.redrawn] or None,
        "slip": None if run.slip is None else run.slip.value,
    }
    values |= {name: value for name, value in unusual.items() if value is not None}
    if run.fork is not None:
        values |= {"forked_at": run.fork.t, "forked_from": _run_values(run.fork.parent, images)}
    return values


def _strip_steps(request: ExportRequest, frames: ExportFrames) -> Iterator[ExportStep]:
    cells: list[Pixels] = []
    count = len(request.times)
    for t in request.times:
        cells.append(frames.cell(request.scene, t))
        if len(cells) < count:
            yield ExportStep(len(cells), count, 0)
    path = request.settings.path
    save_picture(path, _arranged(request, frames, cells), request_text(request, frames.images))
    yield ExportStep(count, count, path.stat().st_size)


def _arranged(request: ExportRequest, frames: ExportFrames, cells: list[Pixels]) -> Pixels:
    scene = request.scene
    if scene.is_wide:
        return strip(cells, columns=1, gap=STACK_GAP_PX)
    if not scene.captions:
        return strip(cells)
    height, width = cells[0].shape[:2]
    labels = [frames.label(scene, t, (height, width)) for t in request.times]
    return strip(cells, labels, footer=frames.maker(scene))


def _described(spec: ScheduleSpec) -> dict[str, Any]:
    described: dict[str, Any] = {"kind": spec.kind, "num_timesteps": spec.num_timesteps, **dict(spec.params)}
    if spec.zero_terminal_snr:
        described["zero_terminal_snr"] = True
    if spec.points:
        described |= {"quantity": spec.quantity, "points": [list(point) for point in spec.points]}
    return described


def _evenly(first: int, last: int, count: int) -> tuple[int, ...]:
    return tuple(round(t) for t in np.linspace(first, last, count).tolist())
