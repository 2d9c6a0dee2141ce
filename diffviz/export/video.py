"""H.264 in MP4 and VP9 in WebM, coded in process by FFmpeg through PyAV."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from diffviz.data.images import Pixels
from diffviz.export.settings import AnimationSettings
from diffviz.export.whole_file import ExportError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

# Constant quality. At half colour resolution noise survives through even enlargement (`whole_scale`), and at
# these figures every channel keeps its spread to a few per cent.
_OPTIONS: dict[tuple[str, bool], dict[str, str]] = {
    ("libx264", False): {"crf": "18", "preset": "medium"},
    ("libx264", True): {"crf": "16", "preset": "medium"},
    ("libvpx-vp9", False): {"crf": "24", "b:v": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
    ("libvpx-vp9", True): {"crf": "20", "b:v": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
}
_CODECS = {"mp4": "libx264", "webm": "libvpx-vp9"}
_BT709 = 1
_LIMITED_RANGE = 1


def missing_encoder(form: str) -> str | None:
    """Why a video format cannot be written on this machine, in one sentence; None if it can be."""
    label = {"mp4": "MP4", "webm": "WebM"}[form]
    try:
        import av

        av.Codec(_CODECS[form], "w")
    except ImportError:
        return f"{label} needs the package av, which could not be loaded."
    except Exception:  # av's own error classes differ between its versions
        return f"{label} needs the encoder {_CODECS[form]}, which the installed av does not have."
    return None


class VideoWriter:
    """Streams a video; frames of odd size are padded for 4:2:0 by repeating their last row and column."""

    def __init__(self, stream: BinaryIO, settings: AnimationSettings) -> None:
        if reason := missing_encoder(settings.format):
            raise ExportError(f"{settings.path} could not be written: {reason}")
        import av

        self._stream = stream
        self._settings = settings
        self._container = av.open(stream, "w", format=settings.format)
        if settings.metadata:
            self._container.metadata["comment"] = settings.metadata
        self._track: VideoStream | None = None
        self._frames = 0

    @property
    def bytes_written(self) -> int:
        """Size so far."""
        return self._stream.tell()

    def add(self, frame: Pixels, duration_s: Fraction, /) -> None:
        """Write one frame, as often as its duration asks for: players disagree about longer frames."""
        padded = _even(frame) if self._settings.halves_colour else frame
        if self._track is None:
            self._track = self._start(padded)
        for _ in range(max(1, round(duration_s * self._settings.frame_rate))):
            self._encode(padded)

    def finish(self) -> None:
        """Write what the encoder still holds, and the index."""
        if self._track is not None:
            self._container.mux(self._track.encode(None))
        self._container.close()

    def _start(self, frame: Pixels) -> VideoStream:
        codec = _CODECS[self._settings.format]
        exact = bool(self._settings.exact_colour)
        track: Any = self._container.add_stream(codec, rate=self._settings.frame_rate)
        track.height, track.width = frame.shape[:2]
        track.pix_fmt = "yuv444p" if exact else "yuv420p"
        track.options = dict(_OPTIONS[codec, exact])
        # Said outright: a player that has to guess takes BT.601 for small videos and shifts every colour.
        context = track.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED_RANGE
        video: VideoStream = track
        return video

    def _encode(self, frame: Pixels) -> None:
        import av
        from av.video.reformatter import ColorRange, Colorspace, Interpolation

        assert self._track is not None
        rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        # Averaging keeps each enlarged pixel's colour to itself; the default filter reaches its neighbours.
        coded = rgb.reformat(
            format=self._track.pix_fmt,
            interpolation=Interpolation.AREA,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        coded.pts = self._frames
        coded.time_base = 1 / self._settings.frame_rate
        self._frames += 1
        self._container.mux(self._track.encode(coded))


def _even(frame: Pixels) -> Pixels:
    """The frame with both sides even."""
    odd_rows, odd_columns = frame.shape[0] % 2, frame.shape[1] % 2
    if not odd_rows and not odd_columns:
        return frame
    return np.pad(frame, ((0, odd_rows), (0, odd_columns), (0, 0)), mode="edge")
