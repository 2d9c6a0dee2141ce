"""What an animation file is to be: the formats, and one frozen description of an export."""

import json
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from diffviz.data.images import Pixels
from diffviz.export.whole_file import ExportError

GIF_FRAME_RATES = (50.0, 100 / 3, 25.0, 20.0, 10.0)
MAX_FRAME_RATE = 120.0


@dataclass(frozen=True)
class Format:
    """One kind of animation file.

    Attributes
    ----------
    key, suffix, label
        Short name, file ending (empty for a folder) and name for the user.
    summary
        What it is good for, in two or three words.
    max_side
        Longest side in pixels that the format can hold.
    exact_by_default
        Whether every pixel is kept unless asked otherwise.
    can_halve_colour
        Whether it stores colour at half resolution when not exact (4:2:0): independent noise in neighbouring
        pixels then loses its colour, unless each pixel is drawn as an even square.
    """

    key: str
    suffix: str
    label: str
    summary: str
    max_side: int
    exact_by_default: bool = True
    can_halve_colour: bool = False


FORMATS: dict[str, Format] = {
    form.key: form
    for form in (
        Format("gif", ".gif", "GIF", "universal, 256 colours", 65_535),
        Format("mp4", ".mp4", "MP4", "smallest", 16_384, False, True),
        Format("webp", ".webp", "WebP", "sharp, small", 16_383, True, True),
        Format("apng", ".apng", "APNG", "lossless", 65_535),
        Format("webm", ".webm", "WebM", "free video", 16_384, False, True),
        Format("png", "", "PNG", "one per frame", 65_535),
    )
}


def format_of(path: Path) -> str:
    """Key of the format that a path asks for; a path without an ending is a folder of PNG files.

    Raises
    ------
    ExportError
        If the ending is that of no format.
    """
    for form in FORMATS.values():
        if path.suffix.lower() == form.suffix:
            return form.key
    endings = ", ".join(form.suffix for form in FORMATS.values() if form.suffix)
    raise ExportError(f"{path} cannot be an animation: use {endings}, or a folder for numbered PNG files.")


@dataclass(frozen=True)
class AnimationSettings:
    """How an animation is written.

    Attributes
    ----------
    path
        The file, or for "png" the folder.
    format
        Key of `FORMATS`; taken from the path's ending where it is empty.
    frame_rate_fps
        Frames per second; a GIF knows only `GIF_FRAME_RATES`, because it counts in hundredths of a second.
    loop
        Whether it starts again at its end (GIF, APNG and WebP).
    hold_last_s
        Seconds for which the last frame stays longer than the others.
    exact_colour
        Keep colour at full resolution: 4:4:4 video, lossless WebP. None: what the format does by default.
    metadata
        Text to carry along, such as `settings_text`; "" for none.

    Raises
    ------
    ExportError
        If the format is unknown or the frame rate is none that it can have.
    """

    path: Path
    format: str = ""
    frame_rate_fps: float = 20.0
    loop: bool = True
    hold_last_s: float = 0.0
    exact_colour: bool | None = None
    metadata: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", self.format or format_of(self.path))
        if self.format not in FORMATS:
            raise ExportError(f"There is no format {self.format!r}; there are {', '.join(FORMATS)}.")
        if self.exact_colour is None:
            object.__setattr__(self, "exact_colour", FORMATS[self.format].exact_by_default)
        rates = ", ".join(f"{rate:.3g}" for rate in GIF_FRAME_RATES)
        if self.format == "gif" and all(abs(self.frame_rate_fps - rate) > 0.05 for rate in GIF_FRAME_RATES):
            raise ExportError(f"A GIF cannot have {self.frame_rate_fps:g} frames per second: take {rates}.")
        if not 0 < self.frame_rate_fps <= MAX_FRAME_RATE:
            limit = f"more than 0 and at most {MAX_FRAME_RATE:g}"
            raise ExportError(f"{self.frame_rate_fps:g} frames per second cannot be written: take {limit}.")
        if self.hold_last_s < 0:
            raise ExportError(f"The last frame cannot be held for {self.hold_last_s:g} seconds.")

    @property
    def frame_rate(self) -> Fraction:
        """Frames per second as an exact ratio."""
        if self.format == "gif":
            return Fraction(100, round(100 / self.frame_rate_fps))
        return Fraction(self.frame_rate_fps).limit_denominator(1001)

    @property
    def halves_colour(self) -> bool:
        """Whether the file stores colour at half resolution (4:2:0)."""
        return FORMATS[self.format].can_halve_colour and not self.exact_colour


def whole_scale(settings: AnimationSettings, height: int, width: int, *, target: int = 768) -> int:
    """Whole number by which a picture is best enlarged: the largest that stays within ``target`` pixels.

    It is even, and at least 2, for a file that stores colour at half resolution: then each halved colour
    sample belongs to one pixel of the picture, and noise stays noise.
    """
    scale = max(1, target // max(height, width))
    return max(2, scale - scale % 2) if settings.halves_colour else scale


def settings_text(**values: Any) -> str:
    """Settings as one line of JSON, with the program's name and version in front; for ``metadata``."""
    return json.dumps({"software": f"diffviz {version('diffviz')}", **values}, ensure_ascii=True, default=str)


class FrameWriter(Protocol):
    """Takes frames one by one and writes them to a stream."""

    @property
    def bytes_written(self) -> int:
        """Size so far."""

    def add(self, frame: Pixels, duration_s: Fraction, /) -> None:
        """Write one more frame, uint8 (H, W, 3), that is shown for ``duration_s``."""

    def finish(self) -> None:
        """Write what belongs behind the last frame."""
