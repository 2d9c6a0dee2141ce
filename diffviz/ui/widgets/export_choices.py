"""What can be chosen about an export, and how the choices are made to agree with what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from diffviz.export.settings import FORMATS, GIF_FRAME_RATES, MAX_FRAME_RATE

STRIP = "strip"
VIDEO_FORMATS = frozenset({"mp4", "webm"})
LOOPING_FORMATS = frozenset({"gif", "webp", "apng"})

PICTURES: dict[str, dict[str, str]] = {
    "forward": {"x_t": "Noisy image", "equation": "Equation", "filmstrip": "Filmstrip"},
    "reverse": {"x_0": "Prediction $x̂_0$", "x_t": "Chain $x_t$", "triptych": "Triptych"},
    "both": {"x_0": "$x_t$ beside $x̂_0$", "x_t": "$x_t$ beside $x_t$"},
    "samples": {"x_0": "Prediction $x̂_0$", "x_t": "Chain $x_t$"},
}
"""Pictures to choose from for each process; the first is the usual one."""

DIRECTIONS = {
    "to_noise": "Image to noise",
    "to_image": "Noise to image",
    "there_and_back": "There and back",
}

SAMPLE_DIRECTIONS = {
    "to_noise": "First to last",
    "to_image": "Last to first",
    "there_and_back": "There and back",
}
"""The same directions where frames are samples."""

FEWEST_FRAMES, MOST_FRAMES = 2, 2000
FEWEST_PICTURES, MOST_PICTURES = 2, 24
MAX_HOLD_S = 10.0
LARGEST_SIDE = 16_384


@dataclass(frozen=True)
class ExportChoices:
    """
    Everything that the dialog holds.

    Attributes
    ----------
    format
        Key of `FORMATS`, or "strip" for one picture.
    what
        "forward", "reverse", "both" side by side, or the "samples" of a run one after the other.
    picture
        A key of `PICTURES` of `what`.
    width
        Of a frame in pixels; the height follows. 0: the usual one.
    is_smooth
        Enlarge smoothly instead of drawing every pixel as a square.
    exact_colour, lossless
        Keep colour at full resolution in a film, and every pixel in a WebP.
    num_frames, num_pictures
        Of an animation, and of a strip.
    frame_rate_fps
        Of an animation.
    direction
        A key of `DIRECTIONS`.
    first_t, last_t
        The stretch of time, ``first_t`` nearer to the image; of samples their places from 0.
    captions
        Label with t, ᾱ and SNR.
    loop, holds_last, hold_s
        Whether it starts again, and whether and how long its last frame stays.
    """

    format: str = "mp4"
    what: str = "forward"
    picture: str = "x_t"
    width: int = 0
    is_smooth: bool = False
    exact_colour: bool = False
    lossless: bool = True
    num_frames: int = 120
    num_pictures: int = 8
    frame_rate_fps: float = 20.0
    direction: str = "to_noise"
    first_t: int = 0
    last_t: int = 1000
    captions: bool = True
    loop: bool = True
    holds_last: bool = False
    hold_s: float = 0.5

    @property
    def is_strip(self) -> bool:
        """Whether one picture is made instead of an animation."""
        return self.format == STRIP

    @property
    def is_video(self) -> bool:
        """Whether it is a film for players."""
        return self.format in VIDEO_FORMATS

    @property
    def keeps_colour(self) -> bool:
        """Whether the file has colour at full resolution."""
        if self.is_video:
            return self.exact_colour
        return self.lossless or self.format != "webp"

    @property
    def count(self) -> int:
        """How many frames, or pictures of a strip, are made."""
        return self.num_pictures if self.is_strip else self.num_frames

    @property
    def hold_last_s(self) -> float:
        """Seconds for which the last frame stays."""
        return self.hold_s if self.holds_last and not self.is_strip else 0.0

    @property
    def duration_s(self) -> float:
        """Length in seconds; 0 for a strip."""
        return 0.0 if self.is_strip else self.num_frames / self.frame_rate_fps + self.hold_last_s


@dataclass(frozen=True)
class ExportOffer:
    """
    What there is to export.

    Attributes
    ----------
    limits
        For each process that there is, the times it covers, smaller first.
    lengths
        For each process that there is, T.
    size
        Width and height in pixels that frames of some choices get, and a sentence about their pixels.
    next_width
        Width of the next larger (+1) or smaller (−1) frames than those of some choices.
    unavailable
        Why a process or a format cannot be chosen, by its key.
    """

    limits: Mapping[str, tuple[int, int]]
    lengths: Mapping[str, int]
    size: Callable[[ExportChoices], tuple[int, int, str]]
    next_width: Callable[[ExportChoices, int], int]
    unavailable: Mapping[str, str] = field(default_factory=dict)


def settled(choices: ExportChoices, offer: ExportOffer) -> ExportChoices:
    """
    Make choices agree with each other and with what there is.

    What cannot be had gives way to the nearest thing that can: another format, a range within the times that
    the run covers, a size that keeps pixels square. Settled choices stay as they are.
    """
    form = choices.format if choices.format in (*FORMATS, STRIP) else "mp4"
    if form in offer.unavailable:
        form = next((key for key in FORMATS if key not in offer.unavailable), "png")
    what = choices.what if choices.what in offer.limits else "forward"
    picture = choices.picture if choices.picture in PICTURES[what] else next(iter(PICTURES[what]))
    if form == STRIP and picture == "filmstrip":
        picture = "x_t"
    start, end = offer.limits[what]
    first = min(max(choices.first_t, start), max(start, end - 1))
    last = min(max(choices.last_t, first + 1), max(end, first + 1))
    direction = choices.direction if choices.direction in DIRECTIONS else "to_noise"
    if form == STRIP and direction == "there_and_back":
        direction = "to_noise"
    choices = replace(
        choices,
        format=form,
        what=what,
        picture=picture,
        first_t=first,
        last_t=last,
        direction=direction,
        num_frames=min(max(choices.num_frames, FEWEST_FRAMES), MOST_FRAMES),
        num_pictures=min(max(choices.num_pictures, FEWEST_PICTURES), MOST_PICTURES),
        frame_rate_fps=_frame_rate(choices.frame_rate_fps, form),
        hold_s=min(max(choices.hold_s, 0.0), MAX_HOLD_S),
    )
    return replace(choices, width=offer.size(choices)[0])


def pace_of(what: str, before: str, last: int) -> dict[str, float]:
    """Frames and rate of another process: for samples one each, in six seconds; the usual ones after that."""
    if what == "samples":
        count = last + 1
        return {"num_frames": count, "num_pictures": count, "frame_rate_fps": max(1.0, count / 6)}
    usual = {"num_frames": 120, "num_pictures": 8, "frame_rate_fps": 20.0}
    return usual if before == "samples" else {}


def _frame_rate(frame_rate_fps: float, form: str) -> float:
    if form == "gif":
        return min(GIF_FRAME_RATES, key=lambda rate: abs(rate - frame_rate_fps))
    return min(max(round(frame_rate_fps, 2), 1.0), MAX_FRAME_RATE)
