"""What the commands write: arrays, figures and animations, whole or not at all, with a bar on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diffviz.data.images import Pixels
    from diffviz.export.settings import AnimationSettings

T = TypeVar("T")

ANIMATION = "Animation"
FpsOption = Annotated[float, typer.Option(help="Frames per second.", rich_help_panel=ANIMATION)]
HoldOption = Annotated[
    float, typer.Option(help="Seconds that the last frame stays longer.", rich_help_panel=ANIMATION)
]
LoopOption = Annotated[bool, typer.Option(help="Start again at the end.", rich_help_panel=ANIMATION)]
CaptionsOption = Annotated[
    bool, typer.Option("--captions", help="Write t, ᾱ and the SNR on the picture.", rich_help_panel=ANIMATION)
]
ScaleOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Enlarge every pixel to a square; default 1, video up to 768 pixels.",
        rich_help_panel=ANIMATION,
    ),
]
ExactColourOption = Annotated[
    bool | None,
    typer.Option(
        "--exact-colour/--halved-colour",
        help="Colour at full resolution (4:4:4, lossless WebP) or at half.",
        rich_help_panel=ANIMATION,
    ),
]


def kind_of(out: Path) -> Literal["picture", "array", "animation"]:
    """What a command writes to a path, by its ending.

    Raises
    ------
    ValueError
        If the ending means nothing here.
    """
    from diffviz.export.settings import FORMATS

    endings = [form.suffix for form in FORMATS.values() if form.suffix]
    suffix = out.suffix.lower()
    if suffix == ".png":
        return "picture"
    if suffix == ".npy":
        return "array"
    if suffix and suffix not in endings and not out.is_dir():
        raise ValueError(
            f"-o {out}: use .png, .npy, {', '.join(endings)}, or a folder for numbered PNG files."
        )
    return "animation"


def animation_settings(
    out: Path, fps: float, hold: float, loop: bool, exact_colour: bool | None, metadata: str
) -> AnimationSettings:
    """The settings that the options describe.

    Raises
    ------
    ExportError
        If they cannot be had.
    """
    from diffviz.export.settings import AnimationSettings

    return AnimationSettings(
        out,
        format="png" if out.is_dir() else "",
        frame_rate_fps=fps,
        hold_last_s=hold,
        loop=loop,
        exact_colour=exact_colour,
        metadata=metadata,
    )


def frame_scale(settings: AnimationSettings, scale: int | None, height: int, width: int) -> int:
    """Enlargement asked for; without one 1, or for video that halves colour what keeps noise as it is.

    Raises
    ------
    ValueError
        If noise would lose its colour at that scale.
    """
    from diffviz.export.settings import whole_scale

    if scale is None:
        return whole_scale(settings, height, width) if settings.halves_colour else 1
    if settings.halves_colour and scale % 2:
        raise ValueError(
            f"--scale {scale}: this video halves colour, and only an even scale keeps noise as it is; "
            "take one, or --exact-colour."
        )
    return scale


def write_frames(frames: Iterable[Pixels], count: int, settings: AnimationSettings) -> None:
    """Write an animation to its end."""
    from diffviz.export.animation import write_animation

    with contextlib.closing(write_animation(frames, count, settings)) as steps:
        for _ in with_progress(steps, count, f"Writing {settings.path.name}"):
            pass


def write_array(path: Path, rows: Iterable[NDArray[np.float32]], shape: tuple[int, ...]) -> None:
    """Write float32 rows one by one as one NumPy array of that shape.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    import numpy as np

    from diffviz.export.whole_file import whole_file

    with whole_file(path) as stream:
        head = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, head)
        for row in with_progress(rows, shape[0], f"Writing {path.name}"):
            stream.write(np.ascontiguousarray(row, "<f4").data)


def with_progress(steps: Iterable[T], total: int, label: str) -> Iterator[T]:
    """The steps, with a bar on stderr while they run if that is a terminal."""
    if not sys.stderr.isatty():
        yield from steps
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        for step in steps:
            bar.advance(task)
            yield step


def tell(note: str) -> None:
    """Say something beside the output."""
    print(f"diffviz: {note}", file=sys.stderr)


def one_of(option: str, value: str, find: Callable[[str], T], known: Iterable[str]) -> T:
    """Look up what an option names, or raise a ValueError that lists what it can name."""
    try:
        return find(value)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{option} {value}: choose from {', '.join(known)}.") from error
