"""Animations written to files frame by frame, by a generator that can be driven and stopped from anywhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from PIL import features

from diffviz.data.images import Pixels
from diffviz.export.apng import ApngWriter, still_png
from diffviz.export.gif import GifWriter
from diffviz.export.settings import (
    FORMATS,
    GIF_FRAME_RATES,
    AnimationSettings,
    Format,
    FrameWriter,
    format_of,
    settings_text,
    whole_scale,
)
from diffviz.export.video import VideoWriter, missing_encoder
from diffviz.export.webp import WebpWriter
from diffviz.export.whole_file import ExportError, whole_file, whole_folder

__all__ = [
    "FORMATS",
    "GIF_FRAME_RATES",
    "AnimationSettings",
    "ExportError",
    "ExportStep",
    "Format",
    "encoded_size",
    "encoders_available",
    "format_of",
    "settings_text",
    "whole_scale",
    "write_animation",
]


@dataclass(frozen=True)
class ExportStep:
    """One more frame is written.

    Attributes
    ----------
    index, count
        How many frames are written, of how many.
    bytes_written
        Size of the file so far; an encoder may hold some frames back until the end.
    """

    index: int
    count: int
    bytes_written: int


def write_animation(
    frames: Iterable[Pixels], count: int, settings: AnimationSettings
) -> Generator[ExportStep, None, None]:
    """Write frames to a file, one by one, without keeping them.

    Parameters
    ----------
    frames
        uint8 (H, W, 3), all of one size, already enlarged (see `whole_scale`).
    count
        How many there will be, for progress.
    settings
        What to write and where. The file appears when the generator is exhausted; if it is closed or fails
        before that, what was there stays and nothing is left beside it.

    Yields
    ------
    ExportStep
        After every frame.

    Raises
    ------
    ExportError
        If the place cannot be written to (a full disk, no permission), the format's encoder is missing, the
        frames are too large for it, or there are none.
    """
    written = 0
    duration_s = 1 / settings.frame_rate
    last_s = duration_s + Fraction(settings.hold_last_s).limit_denominator(1000)
    with _opened(settings) as writer:
        # One frame behind, because only the next one tells that this was not the last.
        waiting: Pixels | None = None
        for frame in frames:
            if waiting is None:
                _check_size(frame, settings)
            elif frame.shape != waiting.shape:
                raise ValueError(
                    f"Frame {written + 2} is {frame.shape}, the ones before are {waiting.shape}."
                )
            else:
                writer.add(waiting, duration_s)
                written += 1
                yield ExportStep(written, max(count, written + 1), writer.bytes_written)
            waiting = frame
        if waiting is None:
            raise ExportError(f"{settings.path} could not be written: there is no frame to write.")
        writer.add(waiting, last_s)
        writer.finish()
        yield ExportStep(written + 1, written + 1, writer.bytes_written)


def encoded_size(frames: Sequence[Pixels], settings: AnimationSettings) -> int:
    """Size in bytes of frames, encoded in memory."""
    if settings.format == "png":
        return sum(len(still_png(frame, settings.metadata)) for frame in frames)
    stream = io.BytesIO()
    writer = _WRITERS[settings.format](stream, settings)
    for frame in frames:
        writer.add(frame, 1 / settings.frame_rate)
    writer.finish()
    return len(stream.getvalue())


def encoders_available() -> dict[str, str | None]:
    """For every format: None if it can be written here, otherwise one sentence that says why not."""
    return {
        form: missing_encoder(form)
        if form in {"mp4", "webm"}
        else "WebP needs a Pillow that was built with it."
        if form == "webp" and not features.check("webp")
        else None
        for form in FORMATS
    }


class _FolderWriter:
    """Numbered PNG files; time is left to whoever plays them."""

    def __init__(self, folder: Path, settings: AnimationSettings) -> None:
        self.bytes_written = 0
        self._folder = folder
        self._settings = settings
        self._written = 0

    def add(self, frame: Pixels, _duration_s: Fraction, /) -> None:
        content = still_png(frame, self._settings.metadata)
        (self._folder / f"frame_{self._written:05d}.png").write_bytes(content)
        self._written += 1
        self.bytes_written += len(content)

    def finish(self) -> None:
        """Nothing is left to write."""


_WRITERS: dict[str, Callable[[BinaryIO, AnimationSettings], FrameWriter]] = {
    "gif": GifWriter,
    "apng": ApngWriter,
    "webp": WebpWriter,
    "mp4": VideoWriter,
    "webm": VideoWriter,
}


@contextmanager
def _opened(settings: AnimationSettings) -> Iterator[FrameWriter]:
    """A writer whose file or folder takes its place when the block ends well."""
    if settings.format == "png":
        with whole_folder(settings.path, "frame_*.png") as folder:
            yield _FolderWriter(folder, settings)
    else:
        with whole_file(settings.path) as stream:
            yield _WRITERS[settings.format](stream, settings)


def _check_size(frame: Pixels, settings: AnimationSettings) -> None:
    """Refuse what the format cannot hold."""
    form = FORMATS[settings.format]
    if max(frame.shape[:2]) > form.max_side:
        raise ExportError(
            f"{settings.path} could not be written: {frame.shape[1]} × {frame.shape[0]} is too large, "
            f"{form.label} ends at {form.max_side} pixels a side."
        )
