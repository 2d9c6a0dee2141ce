"""The command `forward`: a picture dissolving into noise, as a figure, an animation or numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from numpy.typing import NDArray

from diffviz.cli_output import (
    CaptionsOption,
    ExactColourOption,
    FpsOption,
    HoldOption,
    LoopOption,
    ScaleOption,
    animation_settings,
    frame_scale,
    kind_of,
    one_of,
    tell,
    write_array,
    write_frames,
)
from diffviz.cli_schedule import ParamOption, ZeroSnrOption, schedule_spec
from diffviz.core.forward import ForwardProcess, NoiseMode
from diffviz.core.schedules import build_schedule
from diffviz.data.images import Picture, fit, load_image, to_uint8
from diffviz.data.samples import SAMPLES, sample_picture
from diffviz.data.schedule_files import spec_to_json
from diffviz.export.figure import save_picture, strip
from diffviz.export.frames import FrameSpec, caption_fields, evenly_spaced_times, forward_frames
from diffviz.export.settings import settings_text

_FIGURE_TIMES, _ANIMATION_FRAMES = 5, 60


def forward(
    image: Annotated[
        str, typer.Argument(metavar="IMAGE", help="A picture file, or sample:chelsea and so on.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            help=".png figure; .gif .webp .apng .mp4 .webm; a folder for numbered PNG; .npy x_t.",
        ),
    ],
    schedule: Annotated[str, typer.Option(metavar="KIND", help="Kind of schedule, or its file.")] = "linear",
    timesteps: Annotated[int | None, typer.Option(help="T, 1 to 4000.", show_default="1000")] = None,
    param: ParamOption = None,
    zero_terminal_snr: ZeroSnrOption = False,
    t: Annotated[
        str | None,
        typer.Option(
            metavar="LIST", help="Times, such as 0,250,500 or 0:1000:10 (from:to:step). Default: even."
        ),
    ] = None,
    mode: Annotated[
        Literal["frozen", "markov", "redraw"],
        typer.Option(help="How the noise of different t belongs together."),
    ] = "frozen",
    seed: Annotated[int, typer.Option(min=0, help="Of the noise.")] = 7,
    size: Annotated[
        int | None, typer.Option(min=1, max=8192, metavar="PX", help="Longer side of the picture in pixels.")
    ] = None,
    fps: FpsOption = 20.0,
    hold: HoldOption = 0.0,
    loop: LoopOption = True,
    captions: CaptionsOption = False,
    scale: ScaleOption = None,
    exact_colour: ExactColourOption = None,
) -> None:
    """Let a picture dissolve into noise.

    The figure shows the listed t side by side; .npy holds x_t as float32 (len(t), H, W, C), unclipped, on
    the scale where -1 is black and 1 is white.
    """
    spec = schedule_spec(schedule, timesteps, param, zero_terminal_snr)
    last = spec.num_timesteps
    kind = kind_of(out)
    count = _ANIMATION_FRAMES if kind == "animation" else _FIGURE_TIMES
    times = evenly_spaced_times(0, last, count) if t is None else times_of(t, last)
    if kind == "animation":
        animation_settings(out, fps, hold, loop, exact_colour, "")  # refused before anything is computed
    process = ForwardProcess(_picture(image, size), build_schedule(spec), seed, NoiseMode(mode))
    settings = settings_text(
        command="forward", image=image, schedule=spec_to_json(spec), mode=mode, seed=seed, t=times
    )
    if kind == "array":
        write_array(out, _rows(process, times), (len(times), *process.x_0.shape))
    elif kind == "picture":
        labels = ["  ".join(caption_fields(process.schedule.level(time))) for time in times]
        pictures = [to_uint8(process.x_t(time)) for time in times]
        save_picture(out, strip(pictures, labels if captions else (), scale=scale or 1), settings)
    else:
        animation = animation_settings(out, fps, hold, loop, exact_colour, settings)
        height, width = process.x_0.shape[:2]
        look = FrameSpec(frame_scale(animation, scale, height, width), captions)
        write_frames(forward_frames(process, times, look), len(times), animation)


def times_of(text: str, last: int) -> tuple[int, ...]:
    """Times of a list such as ``0,10,20:100:20``; a range holds both its ends.

    Raises
    ------
    ValueError
        If the list cannot be read or holds a time outside 0…last.
    """
    times: list[int] = []
    try:
        for part in text.split(","):
            bounds = [int(number) for number in part.split(":")]
            if len(bounds) == 1:
                times += bounds
                continue
            start, stop, *step = bounds
            stride = abs(step[0]) if step else 1
            times += range(start, stop + 1, stride) if start <= stop else range(start, stop - 1, -stride)
            if len(step) > 1:
                raise ValueError
    except ValueError as error:
        raise ValueError(f"--t {text}: write times as 0,250,500 or 0:1000:10 (from:to:step).") from error
    outside = [time for time in times if not 0 <= time <= last]
    if outside or not times:
        raise ValueError(f"--t {outside[0] if outside else text}: times run from 0 to {last}.")
    return tuple(times)


def _picture(image: str, size: int | None) -> Picture:
    """The picture that a file name or sample:KEY stands for, at its own size or the one asked for."""
    origin, _, key = image.partition(":")
    is_sample = origin == "sample" and not Path(image).exists()
    keys = [sample.key for sample in SAMPLES]
    path = one_of("sample", key, lambda name: sample_picture(name).path, keys) if is_sample else Path(image)
    loaded = load_image(path, max_side=size or 1024, name=None if is_sample else image)
    height, width = loaded.x_0.shape[:2]
    if size is None:
        if loaded.note:
            note = loaded.note.replace(" for display", "; --size chooses another")
            tell(f"{image}: {width} × {height}, {note}")
        return loaded.x_0
    enlarged = size / max(height, width)
    return fit(loaded.x_0, (max(1, round(height * enlarged)), max(1, round(width * enlarged))), "resize")


def _rows(process: ForwardProcess, times: tuple[int, ...]) -> Iterator[NDArray[np.float32]]:
    for time in times:
        yield process.x_t(time)
